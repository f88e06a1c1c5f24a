{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'period_month']}]) }}

with purchase_days as (

    select * from {{ ref('int_purchase_days_aggregated') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

numbered as (

    select
        merchant_id,
        customer_id,
        amount,
        {{ month_of('purchase_date') }} as period_month,
        row_number() over (partition by merchant_id, customer_id order by purchase_date) as purchase_number
    from purchase_days

),

buyer_months as (

    select
        merchant_id,
        customer_id,
        period_month,
        min(purchase_number) = 1 as is_new,
        bool_or(purchase_number = 2) as has_second_purchase,
        count(*) as purchase_day_count,
        sum(amount) as gross_amount
    from numbered
    group by merchant_id, customer_id, period_month

),

active_months as (

    select
        merchant_id,
        period_month,
        count(*) as buyer_count,
        count(*) filter (where is_new) as new_customer_count,
        count(*) filter (where has_second_purchase) as second_purchase_count,
        sum(purchase_day_count) as purchase_day_count,
        sum(gross_amount) filter (where is_new) as new_gross_amount,
        sum(gross_amount) filter (where not is_new) as returning_gross_amount
    from buyer_months
    group by merchant_id, period_month

),

months as (

    select
        merchant_id,
        calendar_month as period_month,
        max(calendar_date) >= cast(calendar_month + interval '1 month' as date) - 1 as is_complete_period
    from dates
    group by merchant_id, calendar_month

),

every_month as (

    select
        months.*,
        merchants.currency_code,
        coalesce(active_months.buyer_count, 0) as buyer_count,
        coalesce(active_months.new_customer_count, 0) as new_customer_count,
        coalesce(active_months.second_purchase_count, 0) as second_purchase_count,
        coalesce(active_months.purchase_day_count, 0) as purchase_day_count,
        coalesce(active_months.new_gross_amount, 0) as new_gross_amount,
        coalesce(active_months.returning_gross_amount, 0) as returning_gross_amount
    from months
    inner join merchants
        on months.merchant_id = merchants.merchant_id
    left join active_months
        on
            months.merchant_id = active_months.merchant_id
            and months.period_month = active_months.period_month

)

select
    merchant_id,
    period_month,
    is_complete_period,
    buyer_count,
    new_customer_count,
    buyer_count - new_customer_count as returning_customer_count,
    {{ rate('buyer_count - new_customer_count', 'buyer_count') }} as returning_rate,
    cast(purchase_day_count as bigint) as purchase_day_count,
    {{ money('new_gross_amount') }} as new_gross_amount,
    {{ money('returning_gross_amount') }} as returning_gross_amount,
    cast(sum(new_customer_count) over to_date as bigint) as customer_to_date_count,
    cast(sum(second_purchase_count) over to_date as bigint) as repeat_customer_to_date_count,
    {{ rate('sum(second_purchase_count) over to_date', 'sum(new_customer_count) over to_date') }} as repeat_rate,
    currency_code
from every_month
window to_date as (partition by merchant_id order by period_month)
