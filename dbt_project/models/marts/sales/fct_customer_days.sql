{{ config(indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

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

order_costs as (

    select
        merchant_id,
        store_id,
        order_id,
        sum(net_amount) filter (where margin_amount is not null) as costed_amount,
        sum(margin_amount) as margin_amount,
        sum(abs(net_amount)) filter (where margin_amount is null and not is_gift_card) as uncosted_amount
    from order_lines
    group by merchant_id, store_id, order_id

),

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
    from orders
    left join order_costs
        on
            orders.merchant_id = order_costs.merchant_id
            and orders.store_id = order_costs.store_id
            and orders.order_id = order_costs.order_id

    union all

    select
        merchant_id,
        customer_id,
        refund_date as activity_date,
        0 as order_count,
        0 as gross_amount,
        amount as refund_amount,
        case when margin_amount is null then 0 else -net_amount end as costed_amount,
        -coalesce(margin_amount, 0) as margin_amount,
        case when margin_amount is null and line_kind in ('product', 'order', 'rest') then abs(net_amount) else 0 end
            as uncosted_amount
    from refund_lines
    where is_attributed

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
inner join customers
    on
        activity.merchant_id = customers.merchant_id
        and activity.customer_id = customers.customer_id
left join purchase_days
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
