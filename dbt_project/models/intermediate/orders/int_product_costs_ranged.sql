-- A table: a planner that does not know how few costs there are goes through all of them for every line that was sold.
with products as (

    select * from {{ ref('int_files_products_ranged') }}

),

-- A code means one product in all of a merchant's stores; of several that claim it the first store's, and id, decides.
codes as (

    select distinct on (merchant_id, sku, valid_from_date)
        merchant_id,
        sku,
        valid_from_date,
        unit_cost_amount,
        original_currency_code
    from products
    where sku is not null
    order by merchant_id asc, sku asc, valid_from_date asc, store_id asc, product_id asc

)

select
    merchant_id,
    'product' as match_kind,
    store_id,
    product_id as match_id,
    valid_from_date,
    valid_until_date,
    unit_cost_amount,
    original_currency_code
from products

union all

select
    merchant_id,
    'sku' as match_kind,
    '' as store_id,
    sku as match_id,
    valid_from_date,
    coalesce(
        lead(valid_from_date) over (partition by merchant_id, sku order by valid_from_date),
        cast('infinity' as date)
    ) as valid_until_date,
    unit_cost_amount,
    original_currency_code
from codes
