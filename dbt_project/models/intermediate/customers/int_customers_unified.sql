{{ config(materialized='view') }}

-- A view, and so must stay: stored personal data stands in the vault alone.
with all_customers as (

    select * from {{ ref('int_customers_unioned') }}

),

all_orders as (

    select * from {{ ref('int_orders_unioned') }}

),

judged_orders as (

    select * from {{ ref('int_orders_unified') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

records as (

    select
        *,
        row_number() over (
            partition by merchant_id, customer_id
            order by coalesce(source_updated_at, loaded_at) desc, store_id asc
        ) as newness,
        -- A refusal without a date holds against every consent.
        max(coalesce(email_consent_at, 'infinity')) filter (where not has_email_consent) over (
            partition by merchant_id, customer_id
        ) as refused_at
    from all_customers
    where merchant_id in (select merchants.merchant_id from merchants)

),

newest_records as (

    select
        *,
        coalesce(has_email_consent and (refused_at is null or email_consent_at > refused_at), false) as is_consenting
    from records
    where newness = 1

),

newest_order_emails as (

    select distinct on (all_orders.merchant_id, all_orders.customer_id)
        all_orders.merchant_id,
        all_orders.customer_id,
        all_orders.email,
        all_orders.has_generated_email
    from all_orders
    inner join judged_orders
        on
            all_orders.merchant_id = judged_orders.merchant_id
            and all_orders.store_id = judged_orders.store_id
            and all_orders.order_id = judged_orders.order_id
    where
        all_orders.email is not null
        and judged_orders.is_eligible
    order by
        all_orders.merchant_id asc,
        all_orders.customer_id asc,
        all_orders.ordered_at desc,
        all_orders.order_id asc,
        all_orders.email asc

)

select
    coalesce(newest_records.merchant_id, newest_order_emails.merchant_id) as merchant_id,
    coalesce(newest_records.customer_id, newest_order_emails.customer_id) as customer_id,
    coalesce(newest_records.email, newest_order_emails.email) as email,
    newest_records.first_name,
    newest_records.last_name,
    coalesce(newest_records.is_consenting, false) as has_email_consent,
    newest_records.email_consent_at,
    coalesce(newest_records.is_generated, newest_order_emails.has_generated_email, false) as is_generated
from newest_records
full join newest_order_emails
    on
        newest_records.merchant_id = newest_order_emails.merchant_id
        and newest_records.customer_id = newest_order_emails.customer_id
