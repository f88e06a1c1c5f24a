with source as (

    select * from {{ source('raw_woocommerce', 'discounts') }}

)

select
    merchant_id,
    store_id,
    coupon_id,
    code,
    status as coupon_status,
    discount_type,
    amount as discount_value,
    usage_count,
    date_expires_gmt as ends_at,
    date_created_gmt as created_at,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
