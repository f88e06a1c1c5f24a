with shopify as (

    select * from {{ ref('stg_shopify__shops') }}

),

bigcommerce as (

    select * from {{ ref('stg_bigcommerce__shops') }}

),

woocommerce as (

    select * from {{ ref('stg_woocommerce__shops') }}

),

records as (

    select
        merchant_id,
        store_id,
        shop_id,
        shop_name,
        original_currency_code,
        time_zone,
        cast(null as bigint) as decimal_places,
        'shopify' as source_name,
        cast(null as text) as country_code,
        loaded_at
    from shopify

    union all

    select
        merchant_id,
        store_id,
        shop_id,
        shop_name,
        original_currency_code,
        time_zone,
        decimal_places,
        'bigcommerce' as source_name,
        country_code,
        loaded_at
    from bigcommerce

    union all

    select
        merchant_id,
        store_id,
        shop_id,
        shop_name,
        original_currency_code,
        nullif(time_zone, '') as time_zone,
        decimal_places,
        'woocommerce' as source_name,
        country_code,
        loaded_at
    from woocommerce

)

-- A shop that moved to another address is there twice; the one that was read last is the store's.
select distinct on (merchant_id, store_id)
    merchant_id,
    store_id,
    shop_id,
    shop_name,
    original_currency_code,
    time_zone,
    decimal_places,
    country_code,
    source_name
from records
order by merchant_id asc, store_id asc, loaded_at desc, shop_id asc
