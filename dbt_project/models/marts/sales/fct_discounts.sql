{{ config(materialized='view') }}

with order_discounts as (

    select * from {{ ref('int_order_discounts_unioned') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

order_terms as (

    select * from {{ ref('int_orders_reconciled') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

-- Where the platform says only what an order's discounts come to, a discount that is alone in its order took all of it.
valued as (

    select
        order_discounts.*,
        coalesce(
            order_discounts.discount_amount,
            case
                when
                    count(*) over (
                        partition by order_discounts.merchant_id, order_discounts.store_id, order_discounts.order_id
                    ) = 1
                    then order_terms.discount_amount
            end
        ) as original_discount_amount
    from order_discounts
    inner join order_terms
        on
            order_discounts.merchant_id = order_terms.merchant_id
            and order_discounts.store_id = order_terms.store_id
            and order_discounts.order_id = order_terms.order_id

)

select
    valued.merchant_id,
    valued.store_id,
    valued.order_id,
    valued.order_discount_id,
    orders.customer_id,
    orders.order_date,
    orders.is_first_order,
    valued.code,
    valued.discount_name,
    valued.discount_type,
    {{ amount_in_merchant_currency(
        'valued.original_discount_amount',
        'valued.original_currency_code',
        'orders.currency_code',
        'exchange_rates.exchange_rate'
    ) }} as discount_amount,
    orders.currency_code,
    {{ money('valued.original_discount_amount') }} as original_discount_amount,
    valued.original_currency_code,
    valued.source_name
from valued
inner join orders
    on
        valued.merchant_id = orders.merchant_id
        and valued.store_id = orders.store_id
        and valued.order_id = orders.order_id
left join exchange_rates
    on
        valued.merchant_id = exchange_rates.merchant_id
        and valued.original_currency_code = exchange_rates.original_currency_code
        and orders.order_date >= exchange_rates.valid_from_date
        and orders.order_date < exchange_rates.valid_until_date
