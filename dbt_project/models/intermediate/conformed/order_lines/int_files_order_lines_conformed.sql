with lines as (

    select * from {{ ref('stg_files__order_lines') }}

),

items as (

    select * from {{ ref('stg_files__order_items') }}

),

-- A file of lines often names products by their code alone.
records as (

    select
        merchant_id,
        store_id,
        order_id,
        line_id,
        sku as product_id,
        sku,
        product_name,
        quantity,
        original_amount,
        original_currency_code
    from lines

    union all

    select
        merchant_id,
        store_id,
        order_id,
        line_id,
        coalesce(product_id, sku) as product_id,
        sku,
        product_name,
        quantity,
        original_amount,
        original_currency_code
    from items

)

select
    merchant_id,
    store_id,
    order_id,
    line_id,
    product_id,
    cast(null as text) as variant_id,
    sku,
    product_name,
    cast(quantity as numeric(18, 4)) as quantity,
    original_amount as line_amount,
    {{ no_money() }} as discount_amount,
    {{ no_money() }} as tax_amount,
    {{ no_money() }} as included_tax_amount,
    cast(null as numeric(18, 4)) as unit_cost_amount,
    false as is_gift_card,
    false as is_tip,
    original_currency_code,
    'files' as source_name
from records
