-- Raw tables of the BigCommerce source: what was ordered.
create table raw_bigcommerce.order_lines (
    merchant_id text not null,
    store_id text not null,
    order_product_id text not null,
    order_id text not null,
    product_id text,
    variant_id text,
    order_address_id text,
    type text,
    name text,
    sku text,
    upc text,
    brand text,
    quantity bigint not null,
    quantity_shipped bigint,
    quantity_refunded bigint,
    is_refunded boolean,
    base_price numeric(18, 4),
    price_ex_tax numeric(18, 4),
    price_inc_tax numeric(18, 4),
    price_tax numeric(18, 4),
    base_total numeric(18, 4),
    total_ex_tax numeric(18, 4) not null,
    total_inc_tax numeric(18, 4) not null,
    total_tax numeric(18, 4),
    discounted_total_inc_tax numeric(18, 4),
    base_cost_price numeric(18, 4),
    cost_price_ex_tax numeric(18, 4),
    cost_price_inc_tax numeric(18, 4),
    cost_price_tax numeric(18, 4),
    wrapping_cost_ex_tax numeric(18, 4),
    wrapping_cost_inc_tax numeric(18, 4),
    wrapping_cost_tax numeric(18, 4),
    wrapping_name text,
    fixed_shipping_cost numeric(18, 4),
    is_bundled_product boolean,
    parent_order_product_id text,
    gift_certificate_id text,
    return_id text,
    external_id text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_lines_pkey primary key (merchant_id, store_id, order_id, order_product_id)
);

comment on table raw_bigcommerce.order_lines is
'One record per line of an order: a product, a download or a gift certificate sold.';
comment on column raw_bigcommerce.order_lines.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_lines.order_product_id is 'The line''s id.';
comment on column raw_bigcommerce.order_lines.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_lines.product_id is 'The product; 0 for one that is in no catalogue.';
comment on column raw_bigcommerce.order_lines.variant_id is 'The variant.';
comment on column raw_bigcommerce.order_lines.order_address_id is
'The shipping address that it goes to; 0 for what is not shipped.';
comment on column raw_bigcommerce.order_lines.type is
'physical, digital or giftcertificate: the sale of a gift certificate is no revenue.';
comment on column raw_bigcommerce.order_lines.name is 'The product''s name as the buyer saw it.';
comment on column raw_bigcommerce.order_lines.sku is 'The product''s code.';
comment on column raw_bigcommerce.order_lines.upc is 'The product''s barcode.';
comment on column raw_bigcommerce.order_lines.brand is 'The brand''s name.';
comment on column raw_bigcommerce.order_lines.quantity is 'How many were ordered.';
comment on column raw_bigcommerce.order_lines.quantity_shipped is 'How many were shipped.';
comment on column raw_bigcommerce.order_lines.quantity_refunded is 'How many were refunded.';
comment on column raw_bigcommerce.order_lines.is_refunded is 'Whether the line was refunded.';
comment on column raw_bigcommerce.order_lines.base_price is 'The catalogue''s price of one.';
comment on column raw_bigcommerce.order_lines.price_ex_tax is 'The price of one, without tax.';
comment on column raw_bigcommerce.order_lines.price_inc_tax is 'The price of one, with tax.';
comment on column raw_bigcommerce.order_lines.price_tax is 'The tax in it: the price of one.';
comment on column raw_bigcommerce.order_lines.base_total is 'The catalogue''s price of all of them.';
comment on column raw_bigcommerce.order_lines.total_ex_tax is
'The line before discounts on the order and coupons, without tax.';
comment on column raw_bigcommerce.order_lines.total_inc_tax is
'The line before discounts on the order and coupons, with tax.';
comment on column raw_bigcommerce.order_lines.total_tax is 'The tax on the line.';
comment on column raw_bigcommerce.order_lines.discounted_total_inc_tax is 'The line after all discounts, with tax.';
comment on column raw_bigcommerce.order_lines.base_cost_price is 'What one costs the merchant.';
comment on column raw_bigcommerce.order_lines.cost_price_ex_tax is 'What one costs the merchant, without tax.';
comment on column raw_bigcommerce.order_lines.cost_price_inc_tax is 'What one costs the merchant, with tax.';
comment on column raw_bigcommerce.order_lines.cost_price_tax is 'The tax in it: what one costs the merchant.';
comment on column raw_bigcommerce.order_lines.wrapping_cost_ex_tax is 'Gift wrapping of the line, without tax.';
comment on column raw_bigcommerce.order_lines.wrapping_cost_inc_tax is 'Gift wrapping of the line, with tax.';
comment on column raw_bigcommerce.order_lines.wrapping_cost_tax is 'The tax in it: gift wrapping of the line.';
comment on column raw_bigcommerce.order_lines.wrapping_name is 'The gift wrapping chosen.';
comment on column raw_bigcommerce.order_lines.fixed_shipping_cost is 'A shipping price of the product''s own.';
comment on column raw_bigcommerce.order_lines.is_bundled_product is 'Whether it was sold as a part of another line.';
comment on column raw_bigcommerce.order_lines.parent_order_product_id is 'The line that it was sold as a part of.';
comment on column raw_bigcommerce.order_lines.gift_certificate_id is 'The gift certificate that the line sold.';
comment on column raw_bigcommerce.order_lines.return_id is 'The return that the line is in; 0 for none.';
comment on column raw_bigcommerce.order_lines.external_id is 'The line''s id in another system.';
comment on column raw_bigcommerce.order_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_lines.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.order_line_discounts (
    merchant_id text not null,
    store_id text not null,
    order_product_id text not null,
    discount_position bigint not null,
    order_id text not null,
    discount_id text,
    name text,
    code text,
    target text,
    amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_line_discounts_pkey
    primary key (merchant_id, store_id, order_id, order_product_id, discount_position)
);

comment on table raw_bigcommerce.order_line_discounts is
'One record per discount on a line: what coupons, promotions and manual discounts took off it.';
comment on column raw_bigcommerce.order_line_discounts.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_line_discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_line_discounts.order_product_id is 'The line.';
comment on column raw_bigcommerce.order_line_discounts.discount_position is
'Its place among the line''s discounts, from 1.';
comment on column raw_bigcommerce.order_line_discounts.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_line_discounts.discount_id is
'What gave it: a coupon''s id, total-coupon, manual-discount and others.';
comment on column raw_bigcommerce.order_line_discounts.name is 'What the store calls it.';
comment on column raw_bigcommerce.order_line_discounts.code is 'The coupon''s code; null for what needs none.';
comment on column raw_bigcommerce.order_line_discounts.target is 'Whether it was given on the order or on the product.';
comment on column raw_bigcommerce.order_line_discounts.amount is 'What it took off the line.';
comment on column raw_bigcommerce.order_line_discounts.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_line_discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_line_discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_line_discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_line_discounts.is_deleted is 'Gone at the source.';
