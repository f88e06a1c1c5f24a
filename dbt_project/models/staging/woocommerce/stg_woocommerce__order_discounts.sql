with source as (

    select * from {{ source('raw_woocommerce', 'order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    coupon_line_id,
    code,
    discount_type,
    discount as discount_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
