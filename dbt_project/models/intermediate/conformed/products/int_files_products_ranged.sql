with products as (

    select * from {{ ref('stg_files__products') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

ranged as (

    select
        *,
        coalesce(
            lead(valid_from_date) over (
                partition by merchant_id, store_id, product_id
                order by valid_from_date
            ),
            cast('infinity' as date)
        ) as valid_until_date
    from products

)

select
    ranged.merchant_id,
    ranged.store_id,
    ranged.product_id,
    ranged.valid_from_date,
    ranged.valid_until_date,
    ranged.valid_from_date <= merchants.as_of_date and ranged.valid_until_date > merchants.as_of_date as is_current,
    ranged.product_name,
    ranged.category_name,
    ranged.sku,
    ranged.price_amount,
    ranged.unit_cost_amount,
    ranged.original_currency_code
from ranged
inner join merchants
    on ranged.merchant_id = merchants.merchant_id
