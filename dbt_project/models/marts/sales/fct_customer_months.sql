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

activity as (

    select
        merchant_id,
        customer_id,
        'order' as event_kind,
        order_date as event_date,
        amount,
        0 as costed_amount,
        0 as margin_amount
    from orders

    union all

    select
        merchant_id,
        customer_id,
        'purchase_day' as event_kind,
        purchase_date as event_date,
        0 as amount,
        0 as costed_amount,
        0 as margin_amount
    from purchase_days

    union all

    select
        merchant_id,
        customer_id,
        'line' as event_kind,
        order_date as event_date,
        0 as amount,
        net_amount as costed_amount,
        margin_amount
    from order_lines
    where margin_amount is not null

    union all

    select
        merchant_id,
        customer_id,
        'refund' as event_kind,
        refund_date as event_date,
        amount,
        case when margin_amount is null then 0 else -net_amount end as costed_amount,
        -coalesce(margin_amount, 0) as margin_amount
    from refund_lines
    where is_attributed

),

months as (

    select
        merchant_id,
        customer_id,
        {{ month_of('event_date') }} as activity_month,
        count(*) filter (where event_kind = 'order') as order_count,
        count(*) filter (where event_kind = 'purchase_day') as purchase_day_count,
        coalesce(sum(amount) filter (where event_kind = 'order'), 0) as gross_amount,
        coalesce(sum(amount) filter (where event_kind = 'refund'), 0) as refund_amount,
        sum(costed_amount) as costed_amount,
        sum(margin_amount) as margin_amount
    from activity
    group by merchant_id, customer_id, {{ month_of('event_date') }}

)

select
    months.merchant_id,
    months.customer_id,
    months.activity_month,
    customers.acquisition_month,
    months.order_count,
    months.purchase_day_count,
    {{ money('months.gross_amount') }} as gross_amount,
    {{ money('months.refund_amount') }} as refund_amount,
    {{ money('months.gross_amount - months.refund_amount') }} as net_amount,
    {{ money('months.costed_amount') }} as costed_amount,
    {{ money('months.margin_amount') }} as margin_amount,
    customers.currency_code
from months
inner join customers
    on
        months.merchant_id = customers.merchant_id
        and months.customer_id = customers.customer_id
