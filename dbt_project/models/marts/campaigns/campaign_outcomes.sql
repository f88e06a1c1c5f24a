{{ config(materialized='view') }}

with enrolments as (

    select * from {{ ref('stg_activation__campaign_enrolments') }}
    where refusal is null

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

identities as (

    select * from {{ ref('int_identity_records_assigned') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

windows as (

    select
        enrolments.merchant_id,
        enrolments.enrolment_key,
        enrolments.campaign_name,
        enrolments.customer_id as enrolled_customer_id,
        enrolments.period,
        coalesce(identities.customer_id, enrolments.customer_id) as customer_id,
        enrolments.arm,
        enrolments.enrolled_date,
        enrolments.enrolled_date + enrolments.window_days as window_end_date,
        enrolments.forecast_amount,
        merchants.currency_code,
        merchants.as_of_date >= enrolments.enrolled_date + enrolments.window_days as is_complete
    from enrolments
    inner join merchants
        on enrolments.merchant_id = merchants.merchant_id
    left join identities
        on
            enrolments.merchant_id = identities.merchant_id
            and enrolments.customer_id = identities.record_id

),

ordered as (

    select
        windows.merchant_id,
        windows.enrolment_key,
        count(*) as order_count,
        sum(orders.amount) as order_amount
    from windows
    inner join orders
        on
            windows.merchant_id = orders.merchant_id
            and windows.customer_id = orders.customer_id
            and windows.enrolled_date < orders.order_date
            and windows.window_end_date >= orders.order_date
    group by windows.merchant_id, windows.enrolment_key

),

-- What comes back of the window's orders counts, whenever it does.
refunded as (

    select
        windows.merchant_id,
        windows.enrolment_key,
        sum(refunds.amount) as refund_amount
    from windows
    inner join refunds
        on
            windows.merchant_id = refunds.merchant_id
            and windows.customer_id = refunds.customer_id
            and windows.enrolled_date < refunds.purchase_date
            and windows.window_end_date >= refunds.purchase_date
    group by windows.merchant_id, windows.enrolment_key

)

select
    windows.merchant_id,
    windows.campaign_name,
    windows.enrolled_customer_id,
    windows.period,
    windows.customer_id,
    windows.arm,
    windows.enrolled_date,
    windows.window_end_date,
    windows.is_complete,
    coalesce(ordered.order_count, 0) as order_count,
    coalesce(ordered.order_amount, 0) as order_amount,
    coalesce(refunded.refund_amount, 0) as refund_amount,
    coalesce(ordered.order_amount, 0) - coalesce(refunded.refund_amount, 0) as revenue_amount,
    windows.forecast_amount,
    windows.currency_code
from windows
left join ordered
    on
        windows.merchant_id = ordered.merchant_id
        and windows.enrolment_key = ordered.enrolment_key
left join refunded
    on
        windows.merchant_id = refunded.merchant_id
        and windows.enrolment_key = refunded.enrolment_key
