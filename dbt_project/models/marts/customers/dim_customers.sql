{{ config(
    tags=['before_ml'],
    indexes=[{'columns': ['merchant_id', 'customer_id']}],
) }}

with people as (

    select * from {{ ref('int_customers_unified') }}

),

buyers as (

    select * from {{ ref('int_customers_summarized') }}

),

acquisitions as (

    select * from {{ ref('customer_acquisitions') }}

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
    acquisitions.channel as acquisition_channel,
    acquisitions.country_code,
    acquisitions.has_discount as has_acquisition_discount,
    acquisitions.discount_name as acquisition_discount_name,
    acquisitions.product_id as acquisition_product_id,
    acquisitions.product_name as acquisition_product_name,
    acquisitions.category_name as acquisition_category_name,
    people.email is not null as has_email,
    coalesce(people.has_email_consent, false) as has_email_consent,
    coalesce(people.is_generated, false) as is_generated_person
from buyers
full join people
    on
        buyers.merchant_id = people.merchant_id
        and buyers.customer_id = people.customer_id
left join acquisitions
    on
        buyers.merchant_id = acquisitions.merchant_id
        and buyers.customer_id = acquisitions.customer_id
