{{ config(tags=['before_ml'], indexes=[{'columns': ['merchant_id', 'customer_id']}]) }}

with customers as (

    select * from {{ ref('dim_customers') }}

),

cohort_values as (

    select * from {{ ref('cohort_values') }}

)

select
    customers.merchant_id,
    customers.customer_id,
    {%- for name in cohort_dimensions() %}
        coalesce({{ name }}_values.dimension_value, 'unknown') as {{ name }}_value,
    {%- endfor %}
    customers.first_purchase_date
from customers
{%- for name, expression in cohort_dimensions().items() %}
    left join cohort_values as {{ name }}_values
        on
            customers.merchant_id = {{ name }}_values.merchant_id
            and {{ name }}_values.dimension_name = '{{ name }}'
            and {{ expression }} = {{ name }}_values.original_value
{%- endfor %}
where customers.first_purchase_date is not null
