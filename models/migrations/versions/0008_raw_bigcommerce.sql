-- The raw tables of the BigCommerce source, one per stream of models/records/bigcommerce/.
create schema raw_bigcommerce;

create table raw_bigcommerce.currencies (
    merchant_id text not null,
    store_id text not null,
    currency_id text not null,
    currency_code text not null,
    name text,
    currency_exchange_rate numeric(24, 10),
    decimal_places bigint,
    is_default boolean,
    is_transactional boolean,
    enabled boolean,
    auto_update boolean,
    last_updated timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint currencies_pkey primary key (merchant_id, store_id, currency_id)
);

comment on table raw_bigcommerce.currencies is 'One record per currency that the store shows or takes.';
comment on column raw_bigcommerce.currencies.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.currencies.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.currencies.currency_id is 'Its id.';
comment on column raw_bigcommerce.currencies.currency_code is 'ISO 4217 code.';
comment on column raw_bigcommerce.currencies.name is 'Its name.';
comment on column raw_bigcommerce.currencies.currency_exchange_rate is 'The store''s rate of it.';
comment on column raw_bigcommerce.currencies.decimal_places is 'How many decimal places it is shown with.';
comment on column raw_bigcommerce.currencies.is_default is 'Whether it is the store''s own.';
comment on column raw_bigcommerce.currencies.is_transactional is
'Whether buyers can pay in it; else prices are only shown in it.';
comment on column raw_bigcommerce.currencies.enabled is 'Whether it is in use.';
comment on column raw_bigcommerce.currencies.auto_update is 'Whether the platform keeps its rate up to date.';
comment on column raw_bigcommerce.currencies.last_updated is 'When it was last changed, in UTC.';
comment on column raw_bigcommerce.currencies.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.currencies.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.currencies.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.currencies.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.currencies.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.customers (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    email text,
    first_name text,
    last_name text,
    company text,
    phone text,
    notes text,
    registration_ip_address text,
    customer_group_id text,
    tax_exempt_category text,
    accepts_product_review_abandoned_cart_emails boolean,
    store_credit_amount numeric(18, 4),
    address_count bigint,
    attribute_count bigint,
    country_code text,
    origin_channel_id text,
    date_created timestamp with time zone not null,
    date_modified timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customers_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_bigcommerce.customers is
'One record per customer with an account; guests stand on their orders only.';
comment on column raw_bigcommerce.customers.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.customers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.customers.customer_id is 'The customer''s id.';
comment on column raw_bigcommerce.customers.email is 'Their address.';
comment on column raw_bigcommerce.customers.first_name is 'Given name.';
comment on column raw_bigcommerce.customers.last_name is 'Family name.';
comment on column raw_bigcommerce.customers.company is 'Company.';
comment on column raw_bigcommerce.customers.phone is 'Telephone.';
comment on column raw_bigcommerce.customers.notes is 'What the store''s staff noted.';
comment on column raw_bigcommerce.customers.registration_ip_address is
'The address on the network that they registered from.';
comment on column raw_bigcommerce.customers.customer_group_id is 'The customer group; 0 for none.';
comment on column raw_bigcommerce.customers.tax_exempt_category is 'The code of what they pay no tax on.';
comment on column raw_bigcommerce.customers.accepts_product_review_abandoned_cart_emails is
'Whether they agreed to emails about reviews and abandoned carts; newsletters are in subscribers.';
comment on column raw_bigcommerce.customers.store_credit_amount is 'The store credit that they have.';
comment on column raw_bigcommerce.customers.address_count is 'How many addresses they have.';
comment on column raw_bigcommerce.customers.attribute_count is 'How many attributes they have.';
comment on column raw_bigcommerce.customers.country_code is 'The country of their first address.';
comment on column raw_bigcommerce.customers.origin_channel_id is 'The sales channel that they registered at.';
comment on column raw_bigcommerce.customers.date_created is 'When they registered, in UTC.';
comment on column raw_bigcommerce.customers.date_modified is 'When their account was last changed, in UTC.';
comment on column raw_bigcommerce.customers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.customers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.customers.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.customers.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.customers.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.discounts (
    merchant_id text not null,
    store_id text not null,
    discount_kind text not null,
    discount_id text not null,
    name text,
    code text,
    type text,
    amount numeric(18, 4),
    min_purchase numeric(18, 4),
    is_enabled boolean,
    num_uses bigint,
    max_uses bigint,
    currency_code text,
    date_created timestamp with time zone,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint discounts_pkey primary key (merchant_id, store_id, discount_kind, discount_id)
);

comment on table raw_bigcommerce.discounts is 'One record per coupon or promotion that the store has defined.';
comment on column raw_bigcommerce.discounts.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.discounts.discount_kind is 'coupon or promotion.';
comment on column raw_bigcommerce.discounts.discount_id is 'Its id among its kind.';
comment on column raw_bigcommerce.discounts.name is 'What the store calls it.';
comment on column raw_bigcommerce.discounts.code is 'A coupon''s code; a promotion may have many, or need none.';
comment on column raw_bigcommerce.discounts.type is
'per_item_discount, percentage_discount, per_total_discount, shipping_discount, free_shipping; COUPON or AUTOMATIC of a promotion.';
comment on column raw_bigcommerce.discounts.amount is 'A coupon''s figure: money, or a percentage.';
comment on column raw_bigcommerce.discounts.min_purchase is 'The least that has to be bought.';
comment on column raw_bigcommerce.discounts.is_enabled is 'Whether it can be used.';
comment on column raw_bigcommerce.discounts.num_uses is 'How often it was used.';
comment on column raw_bigcommerce.discounts.max_uses is 'How often it may be used; null or 0 for any number of times.';
comment on column raw_bigcommerce.discounts.currency_code is 'The currency that it is meant for; * for any.';
comment on column raw_bigcommerce.discounts.date_created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.discounts.starts_at is 'When it begins, in UTC.';
comment on column raw_bigcommerce.discounts.ends_at is 'When it ends, in UTC.';
comment on column raw_bigcommerce.discounts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.discounts.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.order_discounts (
    merchant_id text not null,
    store_id text not null,
    order_coupon_id text not null,
    order_id text not null,
    coupon_id text,
    code text,
    type bigint,
    amount numeric(18, 4),
    discount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_discounts_pkey primary key (merchant_id, store_id, order_id, order_coupon_id)
);

comment on table raw_bigcommerce.order_discounts is 'One record per coupon used in an order.';
comment on column raw_bigcommerce.order_discounts.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_discounts.order_coupon_id is 'Its id.';
comment on column raw_bigcommerce.order_discounts.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_discounts.coupon_id is 'The coupon''s definition, as in discounts.';
comment on column raw_bigcommerce.order_discounts.code is 'The code that was entered.';
comment on column raw_bigcommerce.order_discounts.type is
'0 per item, 1 percentage, 2 off the total, 3 off shipping, 4 free shipping, 5 a promotion''s coupon.';
comment on column raw_bigcommerce.order_discounts.amount is 'The coupon''s own figure: money, or a percentage.';
comment on column raw_bigcommerce.order_discounts.discount is 'What it took off the order.';
comment on column raw_bigcommerce.order_discounts.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_discounts.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.order_fees (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    fee_id text not null,
    type text,
    display_name_customer text,
    display_name_merchant text,
    source text,
    base_cost numeric(18, 4),
    cost_ex_tax numeric(18, 4),
    cost_inc_tax numeric(18, 4),
    cost_tax numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_fees_pkey primary key (merchant_id, store_id, order_id, fee_id)
);

comment on table raw_bigcommerce.order_fees is 'One record per fee on an order.';
comment on column raw_bigcommerce.order_fees.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_fees.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_fees.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_fees.fee_id is 'The fee''s id.';
comment on column raw_bigcommerce.order_fees.type is 'The fee''s kind.';
comment on column raw_bigcommerce.order_fees.display_name_customer is 'What buyers see.';
comment on column raw_bigcommerce.order_fees.display_name_merchant is 'What the store''s staff sees.';
comment on column raw_bigcommerce.order_fees.source is 'Who added it.';
comment on column raw_bigcommerce.order_fees.base_cost is 'The fee as it was entered.';
comment on column raw_bigcommerce.order_fees.cost_ex_tax is 'The fee, without tax.';
comment on column raw_bigcommerce.order_fees.cost_inc_tax is 'The fee, with tax.';
comment on column raw_bigcommerce.order_fees.cost_tax is 'The tax in it: the fee.';
comment on column raw_bigcommerce.order_fees.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_fees.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_fees.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_fees.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_fees.is_deleted is 'Gone at the source.';

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
    constraint order_line_discounts_pkey primary key (merchant_id, store_id, order_id, order_product_id, discount_position)
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

create table raw_bigcommerce.order_shipping_lines (
    merchant_id text not null,
    store_id text not null,
    order_address_id text not null,
    order_id text not null,
    shipping_method text,
    items_total bigint,
    items_shipped bigint,
    base_cost numeric(18, 4),
    cost_ex_tax numeric(18, 4),
    cost_inc_tax numeric(18, 4),
    cost_tax numeric(18, 4),
    base_handling_cost numeric(18, 4),
    handling_cost_ex_tax numeric(18, 4),
    handling_cost_inc_tax numeric(18, 4),
    handling_cost_tax numeric(18, 4),
    shipping_zone_id text,
    shipping_zone_name text,
    country_iso2 text,
    state text,
    city text,
    zip text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_shipping_lines_pkey primary key (merchant_id, store_id, order_id, order_address_id)
);

comment on table raw_bigcommerce.order_shipping_lines is
'One record per shipping address of an order, with what shipping and handling to it cost.';
comment on column raw_bigcommerce.order_shipping_lines.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_shipping_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_shipping_lines.order_address_id is
'The shipping address''s id, which lines and refunds name.';
comment on column raw_bigcommerce.order_shipping_lines.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_shipping_lines.shipping_method is 'The shipping method''s name.';
comment on column raw_bigcommerce.order_shipping_lines.items_total is 'Items that go there.';
comment on column raw_bigcommerce.order_shipping_lines.items_shipped is 'Items shipped so far.';
comment on column raw_bigcommerce.order_shipping_lines.base_cost is 'What shipping costs before discounts.';
comment on column raw_bigcommerce.order_shipping_lines.cost_ex_tax is 'Shipping, without tax.';
comment on column raw_bigcommerce.order_shipping_lines.cost_inc_tax is 'Shipping, with tax.';
comment on column raw_bigcommerce.order_shipping_lines.cost_tax is 'The tax in it: shipping.';
comment on column raw_bigcommerce.order_shipping_lines.base_handling_cost is 'What handling costs before discounts.';
comment on column raw_bigcommerce.order_shipping_lines.handling_cost_ex_tax is 'Handling, without tax.';
comment on column raw_bigcommerce.order_shipping_lines.handling_cost_inc_tax is 'Handling, with tax.';
comment on column raw_bigcommerce.order_shipping_lines.handling_cost_tax is 'The tax in it: handling.';
comment on column raw_bigcommerce.order_shipping_lines.shipping_zone_id is 'The shipping zone.';
comment on column raw_bigcommerce.order_shipping_lines.shipping_zone_name is 'The shipping zone''s name.';
comment on column raw_bigcommerce.order_shipping_lines.country_iso2 is 'Where it goes: the country.';
comment on column raw_bigcommerce.order_shipping_lines.state is 'Where it goes: the state or province.';
comment on column raw_bigcommerce.order_shipping_lines.city is 'Where it goes: the city.';
comment on column raw_bigcommerce.order_shipping_lines.zip is 'Where it goes: the postal code.';
comment on column raw_bigcommerce.order_shipping_lines.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_shipping_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_shipping_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_shipping_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_shipping_lines.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.order_taxes (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    tax_id text not null,
    order_address_id text,
    order_product_id text,
    line_item_type text,
    name text,
    tax_class text,
    tax_class_id text,
    sales_tax_id text,
    rate numeric(24, 10),
    priority bigint,
    priority_amount numeric(18, 4),
    line_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_taxes_pkey primary key (merchant_id, store_id, order_id, tax_id)
);

comment on table raw_bigcommerce.order_taxes is
'One record per tax on a line, shipping, handling or wrapping of an order.';
comment on column raw_bigcommerce.order_taxes.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.order_taxes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.order_taxes.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.order_taxes.tax_id is 'Its id.';
comment on column raw_bigcommerce.order_taxes.order_address_id is 'The shipping address that it follows from.';
comment on column raw_bigcommerce.order_taxes.order_product_id is 'The line, for taxes on lines and on their handling.';
comment on column raw_bigcommerce.order_taxes.line_item_type is
'What is taxed: item, shipping, handling or gift-wrapping.';
comment on column raw_bigcommerce.order_taxes.name is 'The tax''s name.';
comment on column raw_bigcommerce.order_taxes.tax_class is 'The tax class''s name, such as Gift Wrapping.';
comment on column raw_bigcommerce.order_taxes.tax_class_id is 'The tax class''s id.';
comment on column raw_bigcommerce.order_taxes.sales_tax_id is 'The tax rate''s id.';
comment on column raw_bigcommerce.order_taxes.rate is 'The rate in percent.';
comment on column raw_bigcommerce.order_taxes.priority is 'The order in which taxes apply.';
comment on column raw_bigcommerce.order_taxes.priority_amount is 'The tax of this priority on the whole order.';
comment on column raw_bigcommerce.order_taxes.line_amount is 'The tax on this line.';
comment on column raw_bigcommerce.order_taxes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.order_taxes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.order_taxes.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.order_taxes.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.order_taxes.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.orders (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    customer_id text,
    date_created timestamp with time zone not null,
    date_modified timestamp with time zone not null,
    date_shipped timestamp with time zone,
    status_id bigint not null,
    status text,
    payment_status text,
    payment_method text,
    payment_provider_id text,
    is_archived boolean,
    order_source text,
    channel_id text,
    cart_id text,
    external_source text,
    external_id text,
    external_order_id text,
    external_merchant_id text,
    default_currency_code text not null,
    currency_code text,
    currency_exchange_rate numeric(24, 10),
    store_default_currency_code text,
    store_default_to_transactional_exchange_rate numeric(24, 10),
    is_tax_inclusive_pricing boolean,
    subtotal_ex_tax numeric(18, 4),
    subtotal_inc_tax numeric(18, 4),
    subtotal_tax numeric(18, 4),
    base_shipping_cost numeric(18, 4),
    shipping_cost_ex_tax numeric(18, 4),
    shipping_cost_inc_tax numeric(18, 4),
    shipping_cost_tax numeric(18, 4),
    base_handling_cost numeric(18, 4),
    handling_cost_ex_tax numeric(18, 4),
    handling_cost_inc_tax numeric(18, 4),
    handling_cost_tax numeric(18, 4),
    base_wrapping_cost numeric(18, 4),
    wrapping_cost_ex_tax numeric(18, 4),
    wrapping_cost_inc_tax numeric(18, 4),
    wrapping_cost_tax numeric(18, 4),
    discount_amount numeric(18, 4),
    coupon_discount numeric(18, 4),
    total_ex_tax numeric(18, 4) not null,
    total_inc_tax numeric(18, 4) not null,
    total_tax numeric(18, 4),
    store_credit_amount numeric(18, 4),
    gift_certificate_amount numeric(18, 4),
    refunded_amount numeric(18, 4),
    items_total bigint,
    items_shipped bigint,
    order_is_digital boolean,
    tax_provider_id text,
    customer_locale text,
    is_email_opt_in boolean,
    geoip_country_iso2 text,
    ip_address text,
    billing_email text,
    billing_first_name text,
    billing_last_name text,
    billing_company text,
    billing_phone text,
    billing_street_1 text,
    billing_street_2 text,
    billing_city text,
    billing_zip text,
    billing_state text,
    billing_country_iso2 text,
    customer_message text,
    staff_notes text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint orders_pkey primary key (merchant_id, store_id, order_id)
);

comment on table raw_bigcommerce.orders is
'One record per order in any status, incomplete, declined and archived ones among them.';
comment on column raw_bigcommerce.orders.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.orders.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.orders.order_id is 'The order''s number.';
comment on column raw_bigcommerce.orders.customer_id is 'The customer''s id; 0 for a guest.';
comment on column raw_bigcommerce.orders.date_created is 'When the order was placed, in UTC.';
comment on column raw_bigcommerce.orders.date_modified is 'When the order was last changed, in UTC.';
comment on column raw_bigcommerce.orders.date_shipped is 'When the whole order had been shipped, in UTC.';
comment on column raw_bigcommerce.orders.status_id is
'0 incomplete, 1 pending, 2 shipped, 3 partially shipped, 4 refunded, 5 cancelled, 6 declined, 7 awaiting payment, 8 awaiting pickup, 9 awaiting shipment, 10 completed, 11 awaiting fulfillment, 12 manual verification required, 13 disputed, 14 partially refunded.';
comment on column raw_bigcommerce.orders.status is 'The status in the words of the store, which may have renamed it.';
comment on column raw_bigcommerce.orders.payment_status is
'How far the payment is, such as captured, declined, refunded or void.';
comment on column raw_bigcommerce.orders.payment_method is 'How it was paid, in the store''s words.';
comment on column raw_bigcommerce.orders.payment_provider_id is 'The payment''s id at the provider.';
comment on column raw_bigcommerce.orders.is_archived is
'Whether the merchant deleted the order, which BigCommerce calls archiving.';
comment on column raw_bigcommerce.orders.order_source is
'Where the order was made: www, iphone, manual, external and others.';
comment on column raw_bigcommerce.orders.channel_id is 'The sales channel.';
comment on column raw_bigcommerce.orders.cart_id is 'The cart that the order was made from.';
comment on column raw_bigcommerce.orders.external_source is 'The system that handed the order in.';
comment on column raw_bigcommerce.orders.external_id is 'The order''s id in another system, such as a marketplace.';
comment on column raw_bigcommerce.orders.external_order_id is
'The order''s id in another system, as set by an integration.';
comment on column raw_bigcommerce.orders.external_merchant_id is 'The merchant''s id in another system.';
comment on column raw_bigcommerce.orders.default_currency_code is
'The currency that the buyer paid in: the currency of all amounts.';
comment on column raw_bigcommerce.orders.currency_code is 'The currency in which prices were shown.';
comment on column raw_bigcommerce.orders.currency_exchange_rate is 'From the store''s currency to the one shown.';
comment on column raw_bigcommerce.orders.store_default_currency_code is
'The store''s own currency, where several are in use.';
comment on column raw_bigcommerce.orders.store_default_to_transactional_exchange_rate is
'How much of the currency paid in one unit of the store''s currency was; null where only one is in use.';
comment on column raw_bigcommerce.orders.is_tax_inclusive_pricing is
'Whether the store''s prices hold the tax already.';
comment on column raw_bigcommerce.orders.subtotal_ex_tax is
'The lines, before discounts on the order and coupons, without tax.';
comment on column raw_bigcommerce.orders.subtotal_inc_tax is
'The lines, before discounts on the order and coupons, with tax.';
comment on column raw_bigcommerce.orders.subtotal_tax is
'The tax in it: the lines, before discounts on the order and coupons.';
comment on column raw_bigcommerce.orders.base_shipping_cost is 'What shipping costs before discounts.';
comment on column raw_bigcommerce.orders.shipping_cost_ex_tax is 'Shipping, without tax.';
comment on column raw_bigcommerce.orders.shipping_cost_inc_tax is 'Shipping, with tax.';
comment on column raw_bigcommerce.orders.shipping_cost_tax is 'The tax in it: shipping.';
comment on column raw_bigcommerce.orders.base_handling_cost is 'What handling costs before discounts.';
comment on column raw_bigcommerce.orders.handling_cost_ex_tax is 'Handling, without tax.';
comment on column raw_bigcommerce.orders.handling_cost_inc_tax is 'Handling, with tax.';
comment on column raw_bigcommerce.orders.handling_cost_tax is 'The tax in it: handling.';
comment on column raw_bigcommerce.orders.base_wrapping_cost is 'What gift wrapping costs before discounts.';
comment on column raw_bigcommerce.orders.wrapping_cost_ex_tax is 'Gift wrapping, without tax.';
comment on column raw_bigcommerce.orders.wrapping_cost_inc_tax is 'Gift wrapping, with tax.';
comment on column raw_bigcommerce.orders.wrapping_cost_tax is 'The tax in it: gift wrapping.';
comment on column raw_bigcommerce.orders.discount_amount is
'Discounts on the order, promotions and manual ones, coupons left aside.';
comment on column raw_bigcommerce.orders.coupon_discount is 'What coupons took off.';
comment on column raw_bigcommerce.orders.total_ex_tax is 'The order''s total without tax.';
comment on column raw_bigcommerce.orders.total_inc_tax is 'The order''s total with tax, before refunds.';
comment on column raw_bigcommerce.orders.total_tax is 'The order''s tax in all.';
comment on column raw_bigcommerce.orders.store_credit_amount is 'How much of it was paid with store credit.';
comment on column raw_bigcommerce.orders.gift_certificate_amount is 'How much of it was paid with gift certificates.';
comment on column raw_bigcommerce.orders.refunded_amount is
'The platform''s own figure, which is 0 whatever was refunded: see refunds.';
comment on column raw_bigcommerce.orders.items_total is 'Items in the order.';
comment on column raw_bigcommerce.orders.items_shipped is 'Items shipped so far.';
comment on column raw_bigcommerce.orders.order_is_digital is 'Whether nothing in it has to be shipped.';
comment on column raw_bigcommerce.orders.tax_provider_id is 'Who worked out the tax.';
comment on column raw_bigcommerce.orders.customer_locale is 'The buyer''s language.';
comment on column raw_bigcommerce.orders.is_email_opt_in is
'Whether the buyer ticked the box for emails at the checkout.';
comment on column raw_bigcommerce.orders.geoip_country_iso2 is
'The country that the buyer''s address on the network points to.';
comment on column raw_bigcommerce.orders.ip_address is 'The buyer''s address on the network.';
comment on column raw_bigcommerce.orders.billing_email is 'The address given with the order.';
comment on column raw_bigcommerce.orders.billing_first_name is 'Given name of who pays.';
comment on column raw_bigcommerce.orders.billing_last_name is 'Family name of who pays.';
comment on column raw_bigcommerce.orders.billing_company is 'Company of who pays.';
comment on column raw_bigcommerce.orders.billing_phone is 'Telephone of who pays.';
comment on column raw_bigcommerce.orders.billing_street_1 is 'Street of who pays.';
comment on column raw_bigcommerce.orders.billing_street_2 is 'Street of who pays, second line.';
comment on column raw_bigcommerce.orders.billing_city is 'City of who pays.';
comment on column raw_bigcommerce.orders.billing_zip is 'Postal code of who pays.';
comment on column raw_bigcommerce.orders.billing_state is 'State or province of who pays.';
comment on column raw_bigcommerce.orders.billing_country_iso2 is 'Country of who pays.';
comment on column raw_bigcommerce.orders.customer_message is 'What the buyer wrote with the order.';
comment on column raw_bigcommerce.orders.staff_notes is 'What the store''s staff noted.';
comment on column raw_bigcommerce.orders.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.orders.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.orders.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.orders.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.orders.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_categories (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    parent_id text,
    name text not null,
    sort_order bigint,
    is_visible boolean,
    custom_url text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_categories_pkey primary key (merchant_id, store_id, category_id)
);

comment on table raw_bigcommerce.product_categories is 'One record per category of the catalogue''s tree.';
comment on column raw_bigcommerce.product_categories.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_categories.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_categories.category_id is 'The category''s id.';
comment on column raw_bigcommerce.product_categories.parent_id is 'The category above it; 0 at the top.';
comment on column raw_bigcommerce.product_categories.name is 'Its name.';
comment on column raw_bigcommerce.product_categories.sort_order is 'Its place among its siblings.';
comment on column raw_bigcommerce.product_categories.is_visible is 'Whether buyers see it.';
comment on column raw_bigcommerce.product_categories.custom_url is 'Its path in the shop.';
comment on column raw_bigcommerce.product_categories.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_categories.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_categories.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_categories.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_categories.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_category_links (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    category_id text not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_category_links_pkey primary key (merchant_id, store_id, product_id, category_id)
);

comment on table raw_bigcommerce.product_category_links is 'One record per category that a product is in.';
comment on column raw_bigcommerce.product_category_links.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_category_links.store_id is
'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_category_links.product_id is 'The product.';
comment on column raw_bigcommerce.product_category_links.category_id is 'The category.';
comment on column raw_bigcommerce.product_category_links.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_category_links.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_category_links.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_category_links.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_category_links.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.product_variants (
    merchant_id text not null,
    store_id text not null,
    variant_id text not null,
    product_id text not null,
    sku text,
    upc text,
    mpn text,
    gtin text,
    options text,
    price numeric(18, 4),
    sale_price numeric(18, 4),
    retail_price numeric(18, 4),
    calculated_price numeric(18, 4),
    cost_price numeric(18, 4),
    inventory_level bigint,
    purchasing_disabled boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_variants_pkey primary key (merchant_id, store_id, product_id, variant_id)
);

comment on table raw_bigcommerce.product_variants is
'One record per variant of a product; a product without options has one.';
comment on column raw_bigcommerce.product_variants.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.product_variants.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.product_variants.variant_id is 'The variant''s id.';
comment on column raw_bigcommerce.product_variants.product_id is 'The product.';
comment on column raw_bigcommerce.product_variants.sku is 'Its code.';
comment on column raw_bigcommerce.product_variants.upc is 'Its barcode.';
comment on column raw_bigcommerce.product_variants.mpn is 'Its maker''s number.';
comment on column raw_bigcommerce.product_variants.gtin is 'Its global trade item number.';
comment on column raw_bigcommerce.product_variants.options is 'What tells it apart, such as Size: M, Colour: Red.';
comment on column raw_bigcommerce.product_variants.price is 'Its own price; null where the product''s holds.';
comment on column raw_bigcommerce.product_variants.sale_price is 'Its own price on sale.';
comment on column raw_bigcommerce.product_variants.retail_price is 'Its own price elsewhere.';
comment on column raw_bigcommerce.product_variants.calculated_price is 'What is charged for it.';
comment on column raw_bigcommerce.product_variants.cost_price is 'What it costs the merchant.';
comment on column raw_bigcommerce.product_variants.inventory_level is 'How many are in stock.';
comment on column raw_bigcommerce.product_variants.purchasing_disabled is 'Whether it cannot be bought.';
comment on column raw_bigcommerce.product_variants.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.product_variants.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.product_variants.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.product_variants.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.product_variants.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    name text not null,
    type text,
    sku text,
    upc text,
    mpn text,
    gtin text,
    brand_id text,
    brand_name text,
    price numeric(18, 4),
    sale_price numeric(18, 4),
    retail_price numeric(18, 4),
    calculated_price numeric(18, 4),
    cost_price numeric(18, 4),
    tax_class_id text,
    inventory_tracking text,
    inventory_level bigint,
    total_sold bigint,
    availability text,
    condition text,
    is_visible boolean,
    is_featured boolean,
    base_variant_id text,
    custom_url text,
    date_created timestamp with time zone,
    date_modified timestamp with time zone not null,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id)
);

comment on table raw_bigcommerce.products is 'One record per product of the catalogue.';
comment on column raw_bigcommerce.products.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.products.product_id is 'The product''s id.';
comment on column raw_bigcommerce.products.name is 'Its name.';
comment on column raw_bigcommerce.products.type is 'physical or digital.';
comment on column raw_bigcommerce.products.sku is 'Its code.';
comment on column raw_bigcommerce.products.upc is 'Its barcode.';
comment on column raw_bigcommerce.products.mpn is 'Its maker''s number.';
comment on column raw_bigcommerce.products.gtin is 'Its global trade item number.';
comment on column raw_bigcommerce.products.brand_id is 'Its brand; 0 for none.';
comment on column raw_bigcommerce.products.brand_name is 'The brand''s name.';
comment on column raw_bigcommerce.products.price is 'Its price, in the store''s currency.';
comment on column raw_bigcommerce.products.sale_price is 'Its price on sale; 0 for none.';
comment on column raw_bigcommerce.products.retail_price is 'Its price elsewhere; 0 for none.';
comment on column raw_bigcommerce.products.calculated_price is 'What is charged for it.';
comment on column raw_bigcommerce.products.cost_price is 'What it costs the merchant.';
comment on column raw_bigcommerce.products.tax_class_id is 'Its tax class.';
comment on column raw_bigcommerce.products.inventory_tracking is 'none, product or variant.';
comment on column raw_bigcommerce.products.inventory_level is 'How many are in stock.';
comment on column raw_bigcommerce.products.total_sold is 'How many were ever sold, as the platform counts.';
comment on column raw_bigcommerce.products.availability is 'available, disabled or preorder.';
comment on column raw_bigcommerce.products.condition is 'New, Used or Refurbished.';
comment on column raw_bigcommerce.products.is_visible is 'Whether buyers see it.';
comment on column raw_bigcommerce.products.is_featured is 'Whether it is shown first.';
comment on column raw_bigcommerce.products.base_variant_id is 'The only variant of a product without options.';
comment on column raw_bigcommerce.products.custom_url is 'Its path in the shop.';
comment on column raw_bigcommerce.products.date_created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.products.date_modified is 'When it was last changed, in UTC.';
comment on column raw_bigcommerce.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.products.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.refund_lines (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    item_position bigint not null,
    order_id text not null,
    item_type text not null,
    item_id text,
    quantity bigint,
    requested_amount numeric(18, 4),
    adjustments_amount numeric(18, 4),
    reason text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_lines_pkey primary key (merchant_id, store_id, order_id, refund_id, item_position)
);

comment on table raw_bigcommerce.refund_lines is
'One record per item refunded: a product, wrapping, shipping, handling, a fee, or the order itself.';
comment on column raw_bigcommerce.refund_lines.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refund_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refund_lines.refund_id is 'The refund.';
comment on column raw_bigcommerce.refund_lines.item_position is 'Its place among the refund''s items, from 1.';
comment on column raw_bigcommerce.refund_lines.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refund_lines.item_type is 'PRODUCT, GIFT_WRAPPING, SHIPPING, HANDLING, ORDER or FEE.';
comment on column raw_bigcommerce.refund_lines.item_id is
'The line for PRODUCT and GIFT_WRAPPING, the shipping address for SHIPPING and HANDLING, the order for ORDER, the fee for FEE.';
comment on column raw_bigcommerce.refund_lines.quantity is 'How many went back, for PRODUCT.';
comment on column raw_bigcommerce.refund_lines.requested_amount is 'What was refunded for the item.';
comment on column raw_bigcommerce.refund_lines.adjustments_amount is
'What was kept back from it, as a negative amount.';
comment on column raw_bigcommerce.refund_lines.reason is 'Why.';
comment on column raw_bigcommerce.refund_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refund_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refund_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refund_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refund_lines.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.refund_payments (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    refund_payment_id text not null,
    order_id text not null,
    provider_id text,
    amount numeric(18, 4) not null,
    offline boolean,
    is_declined boolean,
    transaction_id text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_payments_pkey primary key (merchant_id, store_id, order_id, refund_id, refund_payment_id)
);

comment on table raw_bigcommerce.refund_payments is 'One record per way in which a refund was paid out.';
comment on column raw_bigcommerce.refund_payments.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refund_payments.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refund_payments.refund_id is 'The refund.';
comment on column raw_bigcommerce.refund_payments.refund_payment_id is 'The payment''s id.';
comment on column raw_bigcommerce.refund_payments.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refund_payments.provider_id is 'Through whom, such as storecredit.';
comment on column raw_bigcommerce.refund_payments.amount is 'How much.';
comment on column raw_bigcommerce.refund_payments.offline is 'Whether it was paid outside of the platform.';
comment on column raw_bigcommerce.refund_payments.is_declined is 'Whether the provider declined it.';
comment on column raw_bigcommerce.refund_payments.transaction_id is 'The transaction, as in transactions.';
comment on column raw_bigcommerce.refund_payments.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refund_payments.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refund_payments.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refund_payments.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refund_payments.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.refunds (
    merchant_id text not null,
    store_id text not null,
    refund_id text not null,
    order_id text not null,
    created timestamp with time zone not null,
    reason text,
    user_id text,
    total_amount numeric(18, 4) not null,
    total_tax numeric(18, 4),
    uses_merchant_override_values boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refunds_pkey primary key (merchant_id, store_id, order_id, refund_id)
);

comment on table raw_bigcommerce.refunds is 'One record per refund of an order.';
comment on column raw_bigcommerce.refunds.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.refunds.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.refunds.refund_id is 'The refund''s id.';
comment on column raw_bigcommerce.refunds.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.refunds.created is 'When it was made, in UTC.';
comment on column raw_bigcommerce.refunds.reason is 'Why.';
comment on column raw_bigcommerce.refunds.user_id is 'The member of the store''s staff who made it.';
comment on column raw_bigcommerce.refunds.total_amount is 'What went back, tax included, in the order''s currency.';
comment on column raw_bigcommerce.refunds.total_tax is 'The tax in it; negative where tax was collected.';
comment on column raw_bigcommerce.refunds.uses_merchant_override_values is
'Whether amount and tax were entered rather than worked out.';
comment on column raw_bigcommerce.refunds.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.refunds.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.refunds.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.refunds.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.refunds.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.shop (
    merchant_id text not null,
    store_id text not null,
    shop_id text not null,
    name text,
    domain text,
    secure_url text,
    status text,
    currency text not null,
    decimal_places bigint,
    timezone_name text,
    country_code text,
    language text,
    plan_name text,
    plan_level text,
    is_price_entered_with_tax boolean,
    multi_storefront_enabled boolean,
    default_channel_id text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint shop_pkey primary key (merchant_id, store_id, shop_id)
);

comment on table raw_bigcommerce.shop is 'One record per store: the store itself.';
comment on column raw_bigcommerce.shop.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.shop.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.shop.shop_id is 'The store''s hash.';
comment on column raw_bigcommerce.shop.name is 'Its name.';
comment on column raw_bigcommerce.shop.domain is 'Its address.';
comment on column raw_bigcommerce.shop.secure_url is 'Its address with https.';
comment on column raw_bigcommerce.shop.status is 'Its status, such as live.';
comment on column raw_bigcommerce.shop.currency is 'Its own currency.';
comment on column raw_bigcommerce.shop.decimal_places is 'How many decimal places that is shown with.';
comment on column raw_bigcommerce.shop.timezone_name is 'Its time zone.';
comment on column raw_bigcommerce.shop.country_code is 'Its country.';
comment on column raw_bigcommerce.shop.language is 'Its language.';
comment on column raw_bigcommerce.shop.plan_name is
'The plan that it is on, which decides how many requests it may answer.';
comment on column raw_bigcommerce.shop.plan_level is 'That plan''s level.';
comment on column raw_bigcommerce.shop.is_price_entered_with_tax is 'Whether its prices are entered with tax.';
comment on column raw_bigcommerce.shop.multi_storefront_enabled is 'Whether it has several storefronts.';
comment on column raw_bigcommerce.shop.default_channel_id is 'Its first sales channel.';
comment on column raw_bigcommerce.shop.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.shop.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.shop.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.shop.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.shop.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.subscribers (
    merchant_id text not null,
    store_id text not null,
    subscriber_id text not null,
    email text,
    first_name text,
    last_name text,
    source text,
    order_id text,
    channel_id text,
    has_marketing_newsletter boolean,
    has_abandoned_cart boolean,
    date_created timestamp with time zone,
    date_modified timestamp with time zone,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint subscribers_pkey primary key (merchant_id, store_id, subscriber_id)
);

comment on table raw_bigcommerce.subscribers is
'One record per address that was ever signed up, with what it agrees to now.';
comment on column raw_bigcommerce.subscribers.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.subscribers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.subscribers.subscriber_id is 'The subscriber''s id.';
comment on column raw_bigcommerce.subscribers.email is 'Their address.';
comment on column raw_bigcommerce.subscribers.first_name is 'Given name.';
comment on column raw_bigcommerce.subscribers.last_name is 'Family name.';
comment on column raw_bigcommerce.subscribers.source is 'Where they signed up: storefront, order or custom.';
comment on column raw_bigcommerce.subscribers.order_id is 'The order that they signed up with.';
comment on column raw_bigcommerce.subscribers.channel_id is 'The sales channel that they signed up at.';
comment on column raw_bigcommerce.subscribers.has_marketing_newsletter is
'Whether they agree to newsletters now; null where the store does not say.';
comment on column raw_bigcommerce.subscribers.has_abandoned_cart is
'Whether they agree to emails about abandoned carts; null where unsaid.';
comment on column raw_bigcommerce.subscribers.date_created is 'When they signed up, in UTC.';
comment on column raw_bigcommerce.subscribers.date_modified is 'When that was last changed, in UTC.';
comment on column raw_bigcommerce.subscribers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.subscribers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.subscribers.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.subscribers.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.subscribers.is_deleted is 'Gone at the source.';

create table raw_bigcommerce.transactions (
    merchant_id text not null,
    store_id text not null,
    transaction_id text not null,
    order_id text not null,
    date_created timestamp with time zone not null,
    event text not null,
    status text,
    method text,
    gateway text,
    gateway_transaction_id text,
    payment_method_id text,
    reference_transaction_id text,
    amount numeric(18, 4) not null,
    currency text not null,
    test boolean,
    fraud_review boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint transactions_pkey primary key (merchant_id, store_id, order_id, transaction_id)
);

comment on table raw_bigcommerce.transactions is 'One record per event in an order''s payment.';
comment on column raw_bigcommerce.transactions.merchant_id is 'The tenant.';
comment on column raw_bigcommerce.transactions.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_bigcommerce.transactions.transaction_id is 'The transaction''s id.';
comment on column raw_bigcommerce.transactions.order_id is 'The order that it belongs to.';
comment on column raw_bigcommerce.transactions.date_created is 'When it happened, in UTC.';
comment on column raw_bigcommerce.transactions.event is
'purchase, authorization, capture, refund, void, pending or settled.';
comment on column raw_bigcommerce.transactions.status is 'ok or error.';
comment on column raw_bigcommerce.transactions.method is
'How it was paid, such as credit_card, store_credit or gift_certificate.';
comment on column raw_bigcommerce.transactions.gateway is 'Through whom.';
comment on column raw_bigcommerce.transactions.gateway_transaction_id is 'Its id there.';
comment on column raw_bigcommerce.transactions.payment_method_id is 'The payment method''s id.';
comment on column raw_bigcommerce.transactions.reference_transaction_id is 'The transaction that it acts upon.';
comment on column raw_bigcommerce.transactions.amount is 'How much, never negative: the event says which way it went.';
comment on column raw_bigcommerce.transactions.currency is 'The transaction''s currency.';
comment on column raw_bigcommerce.transactions.test is 'Whether no real money moved.';
comment on column raw_bigcommerce.transactions.fraud_review is 'Whether the gateway wants it looked at.';
comment on column raw_bigcommerce.transactions.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_bigcommerce.transactions.content_hash is 'Digest of the record''s own columns.';
comment on column raw_bigcommerce.transactions.batch_id is 'The archived batch that this version came with.';
comment on column raw_bigcommerce.transactions.loaded_at is 'When this version of the record was landed.';
comment on column raw_bigcommerce.transactions.is_deleted is 'Gone at the source.';
