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

identities as (

    select * from {{ ref('int_identity_records_assigned') }}

),

identified as (

    select
        all_customers.merchant_id,
        all_customers.store_id,
        coalesce(identities.customer_id, all_customers.customer_id) as customer_id,
        all_customers.email,
        all_customers.first_name,
        all_customers.last_name,
        all_customers.has_email_consent,
        all_customers.email_consent_at,
        all_customers.store_id || ': ' || all_customers.email_consent_evidence as email_consent_evidence,
        all_customers.is_generated,
        coalesce(all_customers.source_updated_at, all_customers.loaded_at) as updated_at,
        -- A refusal without a date holds against every consent, whichever of the person's records it stands on.
        max(coalesce(all_customers.email_consent_at, 'infinity'))
        filter (where not all_customers.has_email_consent) over (
            partition by all_customers.merchant_id, coalesce(identities.customer_id, all_customers.customer_id)
        ) as refused_at
    from all_customers
    left join identities
        on
            all_customers.merchant_id = identities.merchant_id
            and all_customers.customer_id = identities.record_id
    where all_customers.merchant_id in (select merchants.merchant_id from merchants)

),

judged_records as (

    select
        *,
        coalesce(has_email_consent and (refused_at is null or email_consent_at > refused_at), false) as is_consenting
    from identified

),

-- The address that was agreed to is the one to write to; without consent the newest record says what is known.
newest_records as (

    select distinct on (merchant_id, customer_id) *
    from judged_records
    order by merchant_id asc, customer_id asc, is_consenting desc, updated_at desc, store_id asc, email asc

),

newest_order_emails as (

    select distinct on (judged_orders.merchant_id, judged_orders.customer_id)
        judged_orders.merchant_id,
        judged_orders.customer_id,
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
        judged_orders.merchant_id asc,
        judged_orders.customer_id asc,
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
    newest_records.email_consent_evidence,
    coalesce(newest_records.is_generated, newest_order_emails.has_generated_email, false) as is_generated
from newest_records
full join newest_order_emails
    on
        newest_records.merchant_id = newest_order_emails.merchant_id
        and newest_records.customer_id = newest_order_emails.customer_id
