with source as (

    select * from {{ source('raw_bigcommerce', 'orders') }}

)

select
    merchant_id,
    store_id,
    order_id,
    status_id as status_number,
    status as order_status,
    payment_status,
    payment_method,
    is_archived,
    nullif(customer_id, '0') as account_id,
    nullif(trim(billing_email), '') as email,
    nullif(trim(billing_phone), '') as phone,
    nullif(trim(concat_ws(' ', billing_first_name, billing_last_name)), '') as buyer_name,
    date_created as ordered_at,
    default_currency_code as original_currency_code,
    is_tax_inclusive_pricing,
    coalesce(shipping_cost_ex_tax, 0) as shipping_ex_tax_amount,
    coalesce(shipping_cost_inc_tax, 0) as shipping_inc_tax_amount,
    coalesce(handling_cost_ex_tax, 0) as handling_ex_tax_amount,
    coalesce(handling_cost_inc_tax, 0) as handling_inc_tax_amount,
    coalesce(wrapping_cost_ex_tax, 0) as wrapping_ex_tax_amount,
    coalesce(wrapping_cost_inc_tax, 0) as wrapping_inc_tax_amount,
    coalesce(discount_amount, 0) as order_discount_amount,
    coalesce(coupon_discount, 0) as coupon_discount_amount,
    coalesce(total_tax, 0) as tax_amount,
    total_inc_tax as total_amount,
    coalesce(store_credit_amount, 0) as store_credit_tender_amount,
    coalesce(gift_certificate_amount, 0) as gift_card_tender_amount,
    items_total as quantity,
    nullif(order_source, '') as channel,
    nullif(upper(trim(billing_country_iso2)), '') as country_code,
    source_updated_at,
    loaded_at
from source
-- Tombstones are the landing's bookkeeping. They end here, once, so that no model downstream can forget them.
where not is_deleted
