{{ config(materialized='view') }}

-- A view, and so must stay: stored personal data stands in the vault alone.
with file_customers as (

    select * from {{ ref('stg_files__customers') }}

),

file_orders as (

    select * from {{ ref('stg_files__orders') }}

),

file_order_lines as (

    select * from {{ ref('stg_files__order_lines') }}

),

orders as (

    select * from {{ ref('int_orders_unified') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

-- Another source adds its customers here.
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
    from file_customers
    where merchant_id in (select merchants.merchant_id from merchants)

),

newest_records as (

    select
        *,
        coalesce(has_email_consent and (refused_at is null or email_consent_at > refused_at), false) as is_consenting
    from records
    where newness = 1

),

-- Another source adds the addresses of its orders here.
order_emails as (

    select
        merchant_id,
        store_id,
        order_id,
        email
    from file_orders
    where email is not null

    union

    select
        merchant_id,
        store_id,
        order_id,
        email
    from file_order_lines
    where email is not null

),

newest_order_emails as (

    select distinct on (orders.merchant_id, orders.customer_id)
        orders.merchant_id,
        orders.customer_id,
        order_emails.email
    from orders
    inner join order_emails
        on
            orders.merchant_id = order_emails.merchant_id
            and orders.store_id = order_emails.store_id
            and orders.order_id = order_emails.order_id
    where orders.is_eligible
    order by
        orders.merchant_id asc,
        orders.customer_id asc,
        orders.ordered_at desc,
        orders.order_id asc,
        order_emails.email asc

)

select
    coalesce(newest_records.merchant_id, newest_order_emails.merchant_id) as merchant_id,
    coalesce(newest_records.customer_id, newest_order_emails.customer_id) as customer_id,
    coalesce(newest_records.email, newest_order_emails.email) as email,
    newest_records.first_name,
    newest_records.last_name,
    coalesce(newest_records.is_consenting, false) as has_email_consent,
    newest_records.email_consent_at,
    coalesce(newest_records.is_generated, false) as is_generated
from newest_records
full join newest_order_emails
    on
        newest_records.merchant_id = newest_order_emails.merchant_id
        and newest_records.customer_id = newest_order_emails.customer_id
