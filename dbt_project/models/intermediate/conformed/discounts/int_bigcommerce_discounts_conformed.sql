with discounts as (

    select * from {{ ref('stg_bigcommerce__discounts') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

)

select
    discounts.merchant_id,
    discounts.store_id,
    discounts.discount_kind || ':' || discounts.discount_id as discount_id,
    discounts.code,
    discounts.discount_name,
    discounts.discount_type,
    case
        when discounts.discount_type = 'percentage_discount' then cast(discounts.discount_value / 100 as numeric(18, 8))
    end as percentage_rate,
    case
        when discounts.discount_type in ('per_item_discount', 'per_total_discount', 'shipping_discount')
            then discounts.discount_value
    end as discount_amount,
    coalesce(discounts.original_currency_code, stores.original_currency_code) as original_currency_code,
    coalesce(discounts.is_enabled, false) as is_active,
    discounts.usage_count,
    discounts.starts_at,
    discounts.ends_at,
    'bigcommerce' as source_name
from discounts
left join stores
    on
        discounts.merchant_id = stores.merchant_id
        and discounts.store_id = stores.store_id
