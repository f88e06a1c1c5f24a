with discounts as (

    select * from {{ ref('stg_woocommerce__discounts') }}

),

stores as (

    select * from {{ ref('int_stores_unioned') }}

)

select
    discounts.merchant_id,
    discounts.store_id,
    discounts.coupon_id as discount_id,
    discounts.code,
    cast(null as text) as discount_name,
    discounts.discount_type,
    case
        when discounts.discount_type = 'percent' then cast(discounts.discount_value / 100 as numeric(18, 8))
    end as percentage_rate,
    case
        when discounts.discount_type in ('fixed_cart', 'fixed_product') then discounts.discount_value
    end as discount_amount,
    stores.original_currency_code,
    coalesce(discounts.coupon_status = 'publish', false) as is_active,
    discounts.usage_count,
    cast(null as timestamptz) as starts_at,
    discounts.ends_at,
    'woocommerce' as source_name
from discounts
left join stores
    on
        discounts.merchant_id = stores.merchant_id
        and discounts.store_id = stores.store_id
