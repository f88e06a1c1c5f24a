{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with people as (

    select * from {{ ref('int_customers_unified') }}

),

buyers as (

    select * from {{ ref('int_customers_summarized') }}

)

select
    coalesce(buyers.merchant_id, people.merchant_id) as merchant_id,
    coalesce(buyers.customer_id, people.customer_id) as customer_id,
    buyers.first_order_date,
    buyers.last_order_date,
    coalesce(buyers.order_count, 0) as order_count,
    buyers.acquisition_month,
    buyers.first_purchase_date,
    buyers.last_purchase_date,
    coalesce(buyers.purchase_day_count, 0) as purchase_day_count,
    people.email is not null as has_email,
    coalesce(people.has_email_consent, false) as has_email_consent,
    coalesce(people.is_generated, false) as is_generated_person
from buyers
full join people
    on
        buyers.merchant_id = people.merchant_id
        and buyers.customer_id = people.customer_id
