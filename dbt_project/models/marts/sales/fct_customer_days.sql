{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'customer_id', 'activity_date'],
    pre_hook="{{ delete_touched_rows('int_customers_touched', ['customer_id']) }}",
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with orders as (

    select * from {{ ref('fct_orders') }}

),

purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

refund_lines as (

    select * from {{ ref('fct_refund_lines') }}

),

customers as (

    select * from {{ ref('int_customers_summarized') }}

),

touched as (

    select * from {{ ref('int_customers_touched') }}

),

{{ costs_of_orders() }},

-- Of an order without lines nothing is known of the goods, and of money that went back for no line likewise.
activity as (

    select
        orders.merchant_id,
        orders.customer_id,
        orders.order_date as activity_date,
        1 as order_count,
        orders.amount as gross_amount,
        0 as refund_amount,
        coalesce(order_costs.costed_amount, 0) as costed_amount,
        coalesce(order_costs.margin_amount, 0) as margin_amount,
        case when order_costs.order_id is null then orders.amount else coalesce(order_costs.uncosted_amount, 0) end
            as uncosted_amount
    from {{ rows_of_touched('orders', ['customer_id']) }}
    left join order_costs
        on
            orders.merchant_id = order_costs.merchant_id
            and orders.store_id = order_costs.store_id
            and orders.order_id = order_costs.order_id

    union all

    select
        refund_lines.merchant_id,
        refund_lines.customer_id,
        refund_lines.refund_date as activity_date,
        0 as order_count,
        0 as gross_amount,
        refund_lines.amount as refund_amount,
        case when refund_lines.margin_amount is null then 0 else -refund_lines.net_amount end as costed_amount,
        -coalesce(refund_lines.margin_amount, 0) as margin_amount,
        {{ uncosted_refund('refund_lines') }} as uncosted_amount
    from {{ rows_of_touched('refund_lines', ['customer_id']) }}
    where refund_lines.is_attributed

)

select
    activity.merchant_id,
    activity.customer_id,
    activity.activity_date,
    customers.first_purchase_date,
    sum(activity.order_count) as order_count,
    bool_or(purchase_days.purchase_date is not null) as is_purchase_day,
    {{ money('sum(activity.gross_amount)') }} as gross_amount,
    {{ money('sum(activity.refund_amount)') }} as refund_amount,
    {{ money('sum(activity.gross_amount - activity.refund_amount)') }} as net_amount,
    {{ money('sum(activity.costed_amount)') }} as costed_amount,
    {{ money('sum(activity.margin_amount)') }} as margin_amount,
    {{ money('sum(activity.uncosted_amount)') }} as uncosted_amount,
    customers.currency_code
from activity
inner join {{ rows_of_touched('customers', ['customer_id']) }}
    on
        activity.merchant_id = customers.merchant_id
        and activity.customer_id = customers.customer_id
left join {{ rows_of_touched('purchase_days', ['customer_id']) }}
    on
        activity.merchant_id = purchase_days.merchant_id
        and activity.customer_id = purchase_days.customer_id
        and activity.activity_date = purchase_days.purchase_date
group by
    activity.merchant_id,
    activity.customer_id,
    activity.activity_date,
    customers.first_purchase_date,
    customers.currency_code
