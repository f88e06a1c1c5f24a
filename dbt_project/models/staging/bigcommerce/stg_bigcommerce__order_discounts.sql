with source as (

    select * from {{ source('raw_bigcommerce', 'order_discounts') }}

)

select
    merchant_id,
    store_id,
    order_id,
    order_coupon_id,
    coupon_id,
    code,
    type as discount_type,
    discount as discount_amount,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
