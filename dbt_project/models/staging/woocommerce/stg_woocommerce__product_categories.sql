with source as (

    select * from {{ source('raw_woocommerce', 'product_categories') }}

)

select
    merchant_id,
    store_id,
    category_id,
    {{ plain_name('name') }} as category_name,
    nullif(parent, '0') as parent_category_id,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
