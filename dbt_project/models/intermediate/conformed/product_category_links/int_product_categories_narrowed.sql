with category_links as (

    select * from {{ ref('int_product_category_links_unioned') }}

),

categories as (

    select * from {{ ref('int_product_categories_unioned') }}

)

-- Of a product's categories the narrowest says most of it.
select distinct on (category_links.merchant_id, category_links.store_id, category_links.product_id)
    category_links.merchant_id,
    category_links.store_id,
    category_links.product_id,
    categories.category_name
from category_links
inner join categories
    on
        category_links.merchant_id = categories.merchant_id
        and category_links.store_id = categories.store_id
        and category_links.category_id = categories.category_id
order by
    category_links.merchant_id asc,
    category_links.store_id asc,
    category_links.product_id asc,
    count(*) over (
        partition by category_links.merchant_id, category_links.store_id, category_links.category_id
    ) asc,
    category_links.category_id asc
