with discounts as (

    select * from {{ ref('stg_shopify__discounts') }}

),

codes as (

    select * from {{ ref('stg_shopify__discount_codes') }}

)

select
    discounts.merchant_id,
    discounts.store_id,
    coalesce(discounts.discount_id || ':' || codes.code_id, discounts.discount_id) as discount_id,
    codes.code,
    discounts.discount_name,
    discounts.discount_type,
    cast(discounts.value_rate as numeric(18, 8)) as percentage_rate,
    discounts.value_amount as discount_amount,
    discounts.value_currency_code as original_currency_code,
    discounts.discount_status = 'ACTIVE' as is_active,
    coalesce(codes.usage_count, discounts.usage_count) as usage_count,
    discounts.starts_at,
    discounts.ends_at,
    'shopify' as source_name
from discounts
left join codes
    on
        discounts.merchant_id = codes.merchant_id
        and discounts.store_id = codes.store_id
        and discounts.discount_id = codes.discount_id
