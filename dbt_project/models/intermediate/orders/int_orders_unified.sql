{{ config(indexes=[{'columns': ['merchant_id', 'store_id', 'order_id']}]) }}

with orders as (

    select * from {{ ref('int_orders_reconciled') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

identities as (

    select * from {{ ref('int_identity_records_assigned') }}

),

dated as (

    select
        orders.*,
        identities.customer_id as resolved_customer_id,
        merchants.currency_code,
        merchants.as_of_date,
        cast(orders.ordered_at at time zone merchants.time_zone as date) as order_date
    from orders
    inner join merchants
        on orders.merchant_id = merchants.merchant_id
    left join identities
        on
            orders.merchant_id = identities.merchant_id
            and orders.customer_id = identities.record_id

),

converted as (

    select
        dated.*,
        {{ amount_in_merchant_currency(
            'dated.original_amount', 'dated.original_currency_code', 'dated.currency_code', 'exchange_rates.exchange_rate'
        ) }} as amount
    from dated
    left join exchange_rates
        on
            dated.merchant_id = exchange_rates.merchant_id
            and dated.original_currency_code = exchange_rates.original_currency_code
            and dated.order_date >= exchange_rates.valid_from_date
            and dated.order_date < exchange_rates.valid_until_date

),

judged as (

    select
        *,
        case
            when excluded_reason is not null then excluded_reason
            -- Where it charged shipping or a fee beside the cards, that is revenue.
            when is_gift_card_sale and original_amount = 0 then 'gift_card_sale'
            when order_date > as_of_date then 'after_as_of_date'
            when has_several_customers then 'several_customers'
            when has_several_currencies then 'several_currencies'
            when original_amount < 0 then 'negative_amount'
            when amount is null then 'no_exchange_rate'
        end as ineligible_reason
    from converted

)

select
    merchant_id,
    store_id,
    order_id,
    coalesce(resolved_customer_id, customer_id) as customer_id,
    ordered_at,
    order_date,
    quantity,
    channel,
    country_code,
    has_discount,
    amount,
    currency_code,
    original_amount,
    original_currency_code,
    ineligible_reason is null as is_eligible,
    ineligible_reason,
    source_name
from judged
