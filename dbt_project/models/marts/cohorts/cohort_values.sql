{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'dimension_name', 'original_value']}]) }}

with customers as (

    select * from {{ ref('dim_customers') }}

),

described as (

    select
        customers.merchant_id,
        {{ cohort_values_as_rows() }}
    from customers
    where customers.first_purchase_date is not null

),

counted as (

    select
        merchant_id,
        dimension_name,
        coalesce(original_value, 'unknown') as original_value,
        count(*) as customer_count
    from described
    group by merchant_id, dimension_name, coalesce(original_value, 'unknown')

),

ranked as (

    select
        *,
        row_number() over (
            partition by merchant_id, dimension_name, original_value = 'unknown'
            order by customer_count desc, original_value asc
        ) as value_number
    from counted

)

-- Ten values tell something; a thousand products with three customers each do not, and are a table that nobody reads.
select
    merchant_id,
    dimension_name,
    original_value,
    case when original_value = 'unknown' or value_number <= 10 then original_value else 'other' end as dimension_value,
    customer_count
from ranked
