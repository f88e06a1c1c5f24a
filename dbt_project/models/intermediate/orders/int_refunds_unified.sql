with refunds as (

    select * from {{ ref('int_refunds_reconciled') }}

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
        refunds.*,
        identities.customer_id as resolved_customer_id,
        merchants.currency_code,
        merchants.as_of_date,
        cast(refunds.refunded_at at time zone merchants.time_zone as date) as refund_date
    from refunds
    inner join merchants
        on refunds.merchant_id = merchants.merchant_id
    left join identities
        on
            refunds.merchant_id = identities.merchant_id
            and refunds.customer_id = identities.record_id

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
            and dated.refund_date >= exchange_rates.valid_from_date
            and dated.refund_date < exchange_rates.valid_until_date

),

judged as (

    select
        *,
        case
            when excluded_reason is not null then excluded_reason
            when refund_date > as_of_date then 'after_as_of_date'
            when total_amount < 0 then 'negative_amount'
            when amount is null then 'no_exchange_rate'
        end as ineligible_reason
    from converted

)

select
    merchant_id,
    store_id,
    refund_id,
    order_id,
    coalesce(resolved_customer_id, customer_id) as customer_id,
    refunded_at,
    refund_date,
    amount,
    currency_code,
    original_amount,
    original_currency_code,
    ineligible_reason is null as is_eligible,
    ineligible_reason,
    source_name
from judged
