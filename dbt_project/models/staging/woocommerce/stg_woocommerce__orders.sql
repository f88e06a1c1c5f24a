with source as (

    select * from {{ source('raw_woocommerce', 'orders') }}

)

select
    merchant_id,
    store_id,
    order_id,
    status as order_status,
    nullif(customer_id, '0') as account_id,
    nullif(trim(billing_email), '') as email,
    nullif(trim(billing_phone), '') as phone,
    nullif(trim(concat_ws(' ', billing_first_name, billing_last_name)), '') as buyer_name,
    coalesce(date_created_gmt, date_modified_gmt, loaded_at) as ordered_at,
    date_paid_gmt as paid_at,
    currency as original_currency_code,
    shipping_total as shipping_amount,
    total_tax as tax_amount,
    total as total_amount,
    payment_method,
    nullif(transaction_id, '') as payment_reference,
    nullif(created_via, '') as channel,
    coalesce(nullif(upper(trim(shipping_country)), ''), nullif(upper(trim(billing_country)), '')) as country_code,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
