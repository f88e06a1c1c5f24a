with source as (

    select * from {{ source('raw_shopify', 'orders') }}

)

select
    merchant_id,
    store_id,
    order_id,
    name as order_number,
    processed_at as ordered_at,
    cancelled_at,
    test as is_test,
    coalesce(edited, false) as is_edited,
    taxes_included as has_included_tax,
    coalesce(duties_included, false) as has_included_duties,
    display_financial_status as financial_status,
    customer_id as account_id,
    nullif(trim(email), '') as email,
    nullif(trim(phone), '') as phone,
    nullif(source_name, '') as channel,
    nullif(upper(trim(shipping_country_code)), '') as country_code,
    currency_code as original_currency_code,
    presentment_currency_code,
    subtotal_line_items_quantity as quantity,
    total_price_shop_amount as total_amount,
    current_total_price_shop_amount as current_total_amount,
    subtotal_price_shop_amount as subtotal_amount,
    total_price_presentment_amount as presentment_total_amount,
    coalesce(total_tax_shop_amount, 0) as order_tax_amount,
    coalesce(total_tip_received_shop_amount, 0) as tip_amount,
    greatest(original_total_duties_shop_amount, current_total_duties_shop_amount, 0) as order_duty_amount,
    greatest(original_total_additional_fees_shop_amount, current_total_additional_fees_shop_amount, 0) as fee_amount,
    coalesce(total_refunded_shop_amount, 0) as refunded_amount,
    coalesce(total_received_shop_amount, 0) as received_amount,
    coalesce(total_outstanding_shop_amount, 0) as outstanding_amount,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
