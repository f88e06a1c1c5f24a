-- The raw tables of the WooCommerce source, one per stream of models/records/woocommerce.py.
create schema raw_woocommerce;

create table raw_woocommerce.customers (
    merchant_id text not null,
    store_id text not null,
    customer_id text not null,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    email text,
    first_name text,
    last_name text,
    username text,
    role text,
    is_paying_customer boolean,
    billing_first_name text,
    billing_last_name text,
    billing_company text,
    billing_address_1 text,
    billing_address_2 text,
    billing_city text,
    billing_postcode text,
    billing_phone text,
    billing_state text,
    billing_country text,
    billing_email text,
    shipping_first_name text,
    shipping_last_name text,
    shipping_company text,
    shipping_address_1 text,
    shipping_address_2 text,
    shipping_city text,
    shipping_postcode text,
    shipping_phone text,
    shipping_state text,
    shipping_country text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint customers_pkey primary key (merchant_id, store_id, customer_id)
);

comment on table raw_woocommerce.customers is 'One record per account of the shop; who buys as a guest has none.';
comment on column raw_woocommerce.customers.merchant_id is 'The tenant.';
comment on column raw_woocommerce.customers.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.customers.customer_id is 'WooCommerce''s customer id.';
comment on column raw_woocommerce.customers.date_created_gmt is 'When the account was made.';
comment on column raw_woocommerce.customers.date_modified_gmt is
'When the account was last changed; an order changes it too.';
comment on column raw_woocommerce.customers.email is 'The account''s address.';
comment on column raw_woocommerce.customers.first_name is 'Given name.';
comment on column raw_woocommerce.customers.last_name is 'Family name.';
comment on column raw_woocommerce.customers.username is 'The name to log in with.';
comment on column raw_woocommerce.customers.role is
'The account''s role, such as customer, subscriber or administrator.';
comment on column raw_woocommerce.customers.is_paying_customer is
'Whether WooCommerce has seen a paid order of theirs.';
comment on column raw_woocommerce.customers.billing_first_name is 'Given name of the bill.';
comment on column raw_woocommerce.customers.billing_last_name is 'Family name of the bill.';
comment on column raw_woocommerce.customers.billing_company is 'Company of the bill.';
comment on column raw_woocommerce.customers.billing_address_1 is 'Street and number of the bill.';
comment on column raw_woocommerce.customers.billing_address_2 is 'Second line of the street of the bill.';
comment on column raw_woocommerce.customers.billing_city is 'City of the bill.';
comment on column raw_woocommerce.customers.billing_postcode is 'Postal code of the bill.';
comment on column raw_woocommerce.customers.billing_phone is 'Telephone number of the bill.';
comment on column raw_woocommerce.customers.billing_state is
'State or province of the bill, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.customers.billing_country is 'ISO 3166 code of the country of the bill.';
comment on column raw_woocommerce.customers.billing_email is 'The address for bills.';
comment on column raw_woocommerce.customers.shipping_first_name is 'Given name of the delivery.';
comment on column raw_woocommerce.customers.shipping_last_name is 'Family name of the delivery.';
comment on column raw_woocommerce.customers.shipping_company is 'Company of the delivery.';
comment on column raw_woocommerce.customers.shipping_address_1 is 'Street and number of the delivery.';
comment on column raw_woocommerce.customers.shipping_address_2 is 'Second line of the street of the delivery.';
comment on column raw_woocommerce.customers.shipping_city is 'City of the delivery.';
comment on column raw_woocommerce.customers.shipping_postcode is 'Postal code of the delivery.';
comment on column raw_woocommerce.customers.shipping_phone is 'Telephone number of the delivery.';
comment on column raw_woocommerce.customers.shipping_state is
'State or province of the delivery, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.customers.shipping_country is 'ISO 3166 code of the country of the delivery.';
comment on column raw_woocommerce.customers.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.customers.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.customers.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.customers.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.customers.is_deleted is 'Gone at the source.';

create table raw_woocommerce.discounts (
    merchant_id text not null,
    store_id text not null,
    coupon_id text not null,
    code text,
    amount numeric(18, 4),
    status text,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    discount_type text,
    description text,
    date_expires_gmt timestamp with time zone,
    usage_count bigint,
    individual_use boolean,
    usage_limit bigint,
    usage_limit_per_user bigint,
    limit_usage_to_x_items bigint,
    free_shipping boolean,
    exclude_sale_items boolean,
    minimum_amount numeric(18, 4),
    maximum_amount numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint discounts_pkey primary key (merchant_id, store_id, coupon_id)
);

comment on table raw_woocommerce.discounts is
'One record per coupon of the shop, drafts and what lies in the trash included.';
comment on column raw_woocommerce.discounts.merchant_id is 'The tenant.';
comment on column raw_woocommerce.discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.discounts.coupon_id is 'WooCommerce''s coupon id.';
comment on column raw_woocommerce.discounts.code is 'What customers enter.';
comment on column raw_woocommerce.discounts.amount is 'A percentage or an amount, by `discount_type`.';
comment on column raw_woocommerce.discounts.status is 'publish, draft, pending, private, future or trash.';
comment on column raw_woocommerce.discounts.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.discounts.date_modified_gmt is
'When it was last changed; its use does not count as a change.';
comment on column raw_woocommerce.discounts.discount_type is 'percent, fixed_cart, fixed_product, or a plugin''s.';
comment on column raw_woocommerce.discounts.description is 'What the merchant wrote about it.';
comment on column raw_woocommerce.discounts.date_expires_gmt is 'When it ends; null for never.';
comment on column raw_woocommerce.discounts.usage_count is 'How often it was used.';
comment on column raw_woocommerce.discounts.individual_use is 'Whether it excludes other coupons.';
comment on column raw_woocommerce.discounts.usage_limit is 'How often it may be used; null for any number.';
comment on column raw_woocommerce.discounts.usage_limit_per_user is
'How often one customer may use it; null for any number.';
comment on column raw_woocommerce.discounts.limit_usage_to_x_items is
'How many items it may reduce; null for any number.';
comment on column raw_woocommerce.discounts.free_shipping is 'Whether it waives shipping.';
comment on column raw_woocommerce.discounts.exclude_sale_items is 'Whether it leaves out items on sale.';
comment on column raw_woocommerce.discounts.minimum_amount is 'The least that must be spent; 0 for none.';
comment on column raw_woocommerce.discounts.maximum_amount is 'The most that may be spent; 0 for any.';
comment on column raw_woocommerce.discounts.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.discounts.is_deleted is 'Gone at the source.';

create table raw_woocommerce.order_discounts (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    coupon_line_id text not null,
    code text,
    discount numeric(18, 4),
    discount_tax numeric(18, 4),
    discount_type text,
    nominal_amount numeric(18, 4),
    free_shipping boolean,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_discounts_pkey primary key (merchant_id, store_id, order_id, coupon_line_id)
);

comment on table raw_woocommerce.order_discounts is
'One record per coupon used in an order; the amounts are already taken off its lines.';
comment on column raw_woocommerce.order_discounts.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_discounts.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_discounts.order_id is 'The order.';
comment on column raw_woocommerce.order_discounts.coupon_line_id is 'WooCommerce''s id of the coupon''s use.';
comment on column raw_woocommerce.order_discounts.code is 'The coupon''s code.';
comment on column raw_woocommerce.order_discounts.discount is 'What it took off, before tax.';
comment on column raw_woocommerce.order_discounts.discount_tax is 'What it took off the tax.';
comment on column raw_woocommerce.order_discounts.discount_type is
'percent, fixed_cart, fixed_product, or a plugin''s.';
comment on column raw_woocommerce.order_discounts.nominal_amount is
'The coupon''s own figure: a percentage or an amount.';
comment on column raw_woocommerce.order_discounts.free_shipping is 'Whether it waived shipping.';
comment on column raw_woocommerce.order_discounts.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_discounts.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_discounts.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_discounts.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_discounts.is_deleted is 'Gone at the source.';

create table raw_woocommerce.order_fees (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    fee_line_id text not null,
    name text,
    tax_class text,
    tax_status text,
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_fees_pkey primary key (merchant_id, store_id, order_id, fee_line_id)
);

comment on table raw_woocommerce.order_fees is
'One record per fee of an order; plugins write discounts as fees below zero.';
comment on column raw_woocommerce.order_fees.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_fees.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_fees.order_id is 'The order.';
comment on column raw_woocommerce.order_fees.fee_line_id is 'WooCommerce''s id of the fee.';
comment on column raw_woocommerce.order_fees.name is 'What it is for.';
comment on column raw_woocommerce.order_fees.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.order_fees.tax_status is 'taxable or none.';
comment on column raw_woocommerce.order_fees.total is 'The fee before tax.';
comment on column raw_woocommerce.order_fees.total_tax is 'Tax on it.';
comment on column raw_woocommerce.order_fees.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_fees.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_fees.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_fees.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_fees.is_deleted is 'Gone at the source.';

create table raw_woocommerce.order_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    line_id text not null,
    name text,
    product_id text,
    variation_id text,
    quantity numeric(18, 4),
    tax_class text,
    subtotal numeric(18, 4),
    subtotal_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    sku text,
    global_unique_id text,
    parent_name text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_lines_pkey primary key (merchant_id, store_id, order_id, line_id)
);

comment on table raw_woocommerce.order_lines is 'One record per line of an order.';
comment on column raw_woocommerce.order_lines.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_lines.order_id is 'The order.';
comment on column raw_woocommerce.order_lines.line_id is 'WooCommerce''s id of the line.';
comment on column raw_woocommerce.order_lines.name is 'The product''s name when it was ordered.';
comment on column raw_woocommerce.order_lines.product_id is 'The product; 0 where it no longer exists.';
comment on column raw_woocommerce.order_lines.variation_id is 'The product''s variation; 0 for none.';
comment on column raw_woocommerce.order_lines.quantity is 'How much was ordered.';
comment on column raw_woocommerce.order_lines.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.order_lines.subtotal is 'The line before coupons and tax.';
comment on column raw_woocommerce.order_lines.subtotal_tax is 'Tax on it before coupons.';
comment on column raw_woocommerce.order_lines.total is 'The line after coupons, before tax.';
comment on column raw_woocommerce.order_lines.total_tax is 'Tax on it after coupons.';
comment on column raw_woocommerce.order_lines.sku is 'The product''s code.';
comment on column raw_woocommerce.order_lines.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.order_lines.parent_name is 'The product''s name where the line names a variation.';
comment on column raw_woocommerce.order_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_lines.is_deleted is 'Gone at the source.';

create table raw_woocommerce.order_shipping_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    shipping_line_id text not null,
    method_title text,
    method_id text,
    instance_id text,
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    tax_status text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_shipping_lines_pkey primary key (merchant_id, store_id, order_id, shipping_line_id)
);

comment on table raw_woocommerce.order_shipping_lines is 'One record per way of shipping of an order.';
comment on column raw_woocommerce.order_shipping_lines.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_shipping_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_shipping_lines.order_id is 'The order.';
comment on column raw_woocommerce.order_shipping_lines.shipping_line_id is 'WooCommerce''s id of the line.';
comment on column raw_woocommerce.order_shipping_lines.method_title is 'The way of shipping, as the customer saw it.';
comment on column raw_woocommerce.order_shipping_lines.method_id is 'The way of shipping, by its id.';
comment on column raw_woocommerce.order_shipping_lines.instance_id is
'Which of the shop''s settings of that method it was.';
comment on column raw_woocommerce.order_shipping_lines.total is 'Its price before tax.';
comment on column raw_woocommerce.order_shipping_lines.total_tax is 'Tax on it.';
comment on column raw_woocommerce.order_shipping_lines.tax_status is 'taxable or none.';
comment on column raw_woocommerce.order_shipping_lines.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_shipping_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_shipping_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_shipping_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_shipping_lines.is_deleted is 'Gone at the source.';

create table raw_woocommerce.order_taxes (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    tax_line_id text not null,
    rate_code text,
    rate_id text,
    label text,
    compound boolean,
    tax_total numeric(18, 4),
    shipping_tax_total numeric(18, 4),
    rate_percent numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_taxes_pkey primary key (merchant_id, store_id, order_id, tax_line_id)
);

comment on table raw_woocommerce.order_taxes is
'One record per tax rate of an order; what the lines'' own taxes add up to.';
comment on column raw_woocommerce.order_taxes.merchant_id is 'The tenant.';
comment on column raw_woocommerce.order_taxes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.order_taxes.order_id is 'The order.';
comment on column raw_woocommerce.order_taxes.tax_line_id is 'WooCommerce''s id of the tax line.';
comment on column raw_woocommerce.order_taxes.rate_code is 'The rate, such as US-NY-NY-1.';
comment on column raw_woocommerce.order_taxes.rate_id is 'The rate''s id in the shop''s tables.';
comment on column raw_woocommerce.order_taxes.label is 'The rate''s name.';
comment on column raw_woocommerce.order_taxes.compound is 'Whether it is raised on other taxes too.';
comment on column raw_woocommerce.order_taxes.tax_total is 'Tax on lines and fees.';
comment on column raw_woocommerce.order_taxes.shipping_tax_total is 'Tax on shipping.';
comment on column raw_woocommerce.order_taxes.rate_percent is 'The rate in percent.';
comment on column raw_woocommerce.order_taxes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.order_taxes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.order_taxes.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.order_taxes.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.order_taxes.is_deleted is 'Gone at the source.';

create table raw_woocommerce.orders (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    number text,
    parent_id text,
    status text not null,
    currency text not null,
    version text,
    prices_include_tax boolean,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    date_paid_gmt timestamp with time zone,
    date_completed_gmt timestamp with time zone,
    discount_total numeric(18, 4),
    discount_tax numeric(18, 4),
    shipping_total numeric(18, 4),
    shipping_tax numeric(18, 4),
    cart_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    customer_id text,
    billing_email text,
    billing_first_name text,
    billing_last_name text,
    billing_company text,
    billing_address_1 text,
    billing_address_2 text,
    billing_city text,
    billing_postcode text,
    billing_phone text,
    billing_state text,
    billing_country text,
    shipping_first_name text,
    shipping_last_name text,
    shipping_company text,
    shipping_address_1 text,
    shipping_address_2 text,
    shipping_city text,
    shipping_postcode text,
    shipping_phone text,
    shipping_state text,
    shipping_country text,
    payment_method text,
    payment_method_title text,
    transaction_id text,
    created_via text,
    customer_note text,
    customer_ip_address text,
    customer_user_agent text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint orders_pkey primary key (merchant_id, store_id, order_id)
);

comment on table raw_woocommerce.orders is
'One record per order, whatever its status: drafts and what lies in the trash included.';
comment on column raw_woocommerce.orders.merchant_id is 'The tenant.';
comment on column raw_woocommerce.orders.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.orders.order_id is 'WooCommerce''s order id.';
comment on column raw_woocommerce.orders.number is 'The number that the customer knows; plugins change it.';
comment on column raw_woocommerce.orders.parent_id is
'The order that this one belongs to, such as a subscription''s first; 0 for none.';
comment on column raw_woocommerce.orders.status is
'pending, processing, on-hold, completed, cancelled, refunded, failed, checkout-draft, trash, or others.';
comment on column raw_woocommerce.orders.currency is 'ISO 4217 code of every amount of the order.';
comment on column raw_woocommerce.orders.version is 'The version of WooCommerce that last wrote the order.';
comment on column raw_woocommerce.orders.prices_include_tax is
'Whether prices were entered with tax; amounts of lines are without it all the same.';
comment on column raw_woocommerce.orders.date_created_gmt is 'When the order was placed.';
comment on column raw_woocommerce.orders.date_modified_gmt is
'When the order was last changed; deleting a refund does not count as a change.';
comment on column raw_woocommerce.orders.date_paid_gmt is 'When it was paid; null until then.';
comment on column raw_woocommerce.orders.date_completed_gmt is 'When it was completed; null until then.';
comment on column raw_woocommerce.orders.discount_total is 'What coupons took off, before tax.';
comment on column raw_woocommerce.orders.discount_tax is 'What coupons took off the tax.';
comment on column raw_woocommerce.orders.shipping_total is 'Shipping before tax.';
comment on column raw_woocommerce.orders.shipping_tax is 'Tax on shipping.';
comment on column raw_woocommerce.orders.cart_tax is 'Tax on lines and fees.';
comment on column raw_woocommerce.orders.total is
'What the customer paid or owes: lines, fees, shipping and tax; refunds don''t lower it.';
comment on column raw_woocommerce.orders.total_tax is 'All tax of the order.';
comment on column raw_woocommerce.orders.customer_id is
'The customer''s account; 0 for a guest, and when the account was deleted.';
comment on column raw_woocommerce.orders.billing_email is 'The address given with the order, as it was typed.';
comment on column raw_woocommerce.orders.billing_first_name is 'Given name of the bill.';
comment on column raw_woocommerce.orders.billing_last_name is 'Family name of the bill.';
comment on column raw_woocommerce.orders.billing_company is 'Company of the bill.';
comment on column raw_woocommerce.orders.billing_address_1 is 'Street and number of the bill.';
comment on column raw_woocommerce.orders.billing_address_2 is 'Second line of the street of the bill.';
comment on column raw_woocommerce.orders.billing_city is 'City of the bill.';
comment on column raw_woocommerce.orders.billing_postcode is 'Postal code of the bill.';
comment on column raw_woocommerce.orders.billing_phone is 'Telephone number of the bill.';
comment on column raw_woocommerce.orders.billing_state is
'State or province of the bill, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.orders.billing_country is 'ISO 3166 code of the country of the bill.';
comment on column raw_woocommerce.orders.shipping_first_name is 'Given name of the delivery.';
comment on column raw_woocommerce.orders.shipping_last_name is 'Family name of the delivery.';
comment on column raw_woocommerce.orders.shipping_company is 'Company of the delivery.';
comment on column raw_woocommerce.orders.shipping_address_1 is 'Street and number of the delivery.';
comment on column raw_woocommerce.orders.shipping_address_2 is 'Second line of the street of the delivery.';
comment on column raw_woocommerce.orders.shipping_city is 'City of the delivery.';
comment on column raw_woocommerce.orders.shipping_postcode is 'Postal code of the delivery.';
comment on column raw_woocommerce.orders.shipping_phone is 'Telephone number of the delivery.';
comment on column raw_woocommerce.orders.shipping_state is
'State or province of the delivery, as WooCommerce abbreviates it.';
comment on column raw_woocommerce.orders.shipping_country is 'ISO 3166 code of the country of the delivery.';
comment on column raw_woocommerce.orders.payment_method is 'The way of paying, by its id.';
comment on column raw_woocommerce.orders.payment_method_title is 'The way of paying, as the customer saw it.';
comment on column raw_woocommerce.orders.transaction_id is 'The payment''s id at the payment provider.';
comment on column raw_woocommerce.orders.created_via is
'What made the order: checkout, store-api, admin, rest-api, subscription, …';
comment on column raw_woocommerce.orders.customer_note is 'What the customer wrote with the order.';
comment on column raw_woocommerce.orders.customer_ip_address is 'Where the order was placed from.';
comment on column raw_woocommerce.orders.customer_user_agent is 'The browser that it was placed with.';
comment on column raw_woocommerce.orders.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.orders.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.orders.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.orders.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.orders.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_categories (
    merchant_id text not null,
    store_id text not null,
    category_id text not null,
    name text,
    slug text,
    parent text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_categories_pkey primary key (merchant_id, store_id, category_id)
);

comment on table raw_woocommerce.product_categories is 'One record per category of products.';
comment on column raw_woocommerce.product_categories.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_categories.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_categories.category_id is 'WooCommerce''s category id.';
comment on column raw_woocommerce.product_categories.name is 'Its name.';
comment on column raw_woocommerce.product_categories.slug is 'Its name in addresses.';
comment on column raw_woocommerce.product_categories.parent is 'The category above it; 0 for none.';
comment on column raw_woocommerce.product_categories.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_categories.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_categories.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_categories.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_categories.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_category_links (
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

comment on table raw_woocommerce.product_category_links is 'One record per category that a product is in.';
comment on column raw_woocommerce.product_category_links.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_category_links.store_id is
'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_category_links.product_id is 'The product.';
comment on column raw_woocommerce.product_category_links.category_id is 'The category.';
comment on column raw_woocommerce.product_category_links.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_category_links.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_category_links.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_category_links.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_category_links.is_deleted is 'Gone at the source.';

create table raw_woocommerce.product_variants (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    variation_id text not null,
    name text,
    permalink text,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    status text,
    sku text,
    global_unique_id text,
    price numeric(18, 4),
    regular_price numeric(18, 4),
    sale_price numeric(18, 4),
    date_on_sale_from_gmt timestamp with time zone,
    date_on_sale_to_gmt timestamp with time zone,
    virtual boolean,
    downloadable boolean,
    tax_status text,
    tax_class text,
    stock_quantity numeric(18, 4),
    stock_status text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint product_variants_pkey primary key (merchant_id, store_id, product_id, variation_id)
);

comment on table raw_woocommerce.product_variants is 'One record per variation of a variable product.';
comment on column raw_woocommerce.product_variants.merchant_id is 'The tenant.';
comment on column raw_woocommerce.product_variants.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.product_variants.product_id is 'The product.';
comment on column raw_woocommerce.product_variants.variation_id is 'WooCommerce''s id of the variation.';
comment on column raw_woocommerce.product_variants.name is 'What tells it from the others, such as S, Blue.';
comment on column raw_woocommerce.product_variants.permalink is 'Its page.';
comment on column raw_woocommerce.product_variants.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.product_variants.date_modified_gmt is 'When it was last changed.';
comment on column raw_woocommerce.product_variants.status is 'publish, private, draft, pending, future or trash.';
comment on column raw_woocommerce.product_variants.sku is 'The shop''s own code.';
comment on column raw_woocommerce.product_variants.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.product_variants.price is 'The price in force; null where there is none.';
comment on column raw_woocommerce.product_variants.regular_price is 'The price without a sale.';
comment on column raw_woocommerce.product_variants.sale_price is 'The price of a sale.';
comment on column raw_woocommerce.product_variants.date_on_sale_from_gmt is 'When the sale begins.';
comment on column raw_woocommerce.product_variants.date_on_sale_to_gmt is 'When the sale ends.';
comment on column raw_woocommerce.product_variants.virtual is 'Whether nothing is shipped.';
comment on column raw_woocommerce.product_variants.downloadable is 'Whether it is a download.';
comment on column raw_woocommerce.product_variants.tax_status is 'taxable, shipping or none.';
comment on column raw_woocommerce.product_variants.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.product_variants.stock_quantity is 'Stock; null where it is not managed.';
comment on column raw_woocommerce.product_variants.stock_status is 'instock, outofstock or onbackorder.';
comment on column raw_woocommerce.product_variants.source_updated_at is
'When the source last changed it, where it says.';
comment on column raw_woocommerce.product_variants.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.product_variants.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.product_variants.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.product_variants.is_deleted is 'Gone at the source.';

create table raw_woocommerce.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    name text,
    slug text,
    permalink text,
    type text,
    date_created_gmt timestamp with time zone,
    date_modified_gmt timestamp with time zone,
    featured boolean,
    catalog_visibility text,
    parent_id text,
    status text,
    sku text,
    global_unique_id text,
    price numeric(18, 4),
    regular_price numeric(18, 4),
    sale_price numeric(18, 4),
    date_on_sale_from_gmt timestamp with time zone,
    date_on_sale_to_gmt timestamp with time zone,
    virtual boolean,
    downloadable boolean,
    tax_status text,
    tax_class text,
    stock_quantity numeric(18, 4),
    stock_status text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id)
);

comment on table raw_woocommerce.products is 'One record per product, drafts and what lies in the trash included.';
comment on column raw_woocommerce.products.merchant_id is 'The tenant.';
comment on column raw_woocommerce.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.products.product_id is 'WooCommerce''s product id.';
comment on column raw_woocommerce.products.name is 'Its name.';
comment on column raw_woocommerce.products.slug is 'Its name in addresses.';
comment on column raw_woocommerce.products.permalink is 'Its page.';
comment on column raw_woocommerce.products.type is 'simple, variable, grouped, external, or a plugin''s.';
comment on column raw_woocommerce.products.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.products.date_modified_gmt is 'When it was last changed.';
comment on column raw_woocommerce.products.featured is 'Whether the shop features it.';
comment on column raw_woocommerce.products.catalog_visibility is 'visible, catalog, search or hidden.';
comment on column raw_woocommerce.products.parent_id is 'The product that it belongs to; 0 for none.';
comment on column raw_woocommerce.products.status is 'publish, private, draft, pending, future or trash.';
comment on column raw_woocommerce.products.sku is 'The shop''s own code.';
comment on column raw_woocommerce.products.global_unique_id is 'GTIN, UPC, EAN or ISBN.';
comment on column raw_woocommerce.products.price is 'The price in force; null where there is none.';
comment on column raw_woocommerce.products.regular_price is 'The price without a sale.';
comment on column raw_woocommerce.products.sale_price is 'The price of a sale.';
comment on column raw_woocommerce.products.date_on_sale_from_gmt is 'When the sale begins.';
comment on column raw_woocommerce.products.date_on_sale_to_gmt is 'When the sale ends.';
comment on column raw_woocommerce.products.virtual is 'Whether nothing is shipped.';
comment on column raw_woocommerce.products.downloadable is 'Whether it is a download.';
comment on column raw_woocommerce.products.tax_status is 'taxable, shipping or none.';
comment on column raw_woocommerce.products.tax_class is 'The class of tax; empty for the standard one.';
comment on column raw_woocommerce.products.stock_quantity is 'Stock; null where it is not managed.';
comment on column raw_woocommerce.products.stock_status is 'instock, outofstock or onbackorder.';
comment on column raw_woocommerce.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.products.is_deleted is 'Gone at the source.';

create table raw_woocommerce.refund_lines (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    line_id text not null,
    line_type text not null,
    refunded_item_id text,
    name text,
    product_id text,
    variation_id text,
    quantity numeric(18, 4),
    subtotal numeric(18, 4),
    subtotal_tax numeric(18, 4),
    total numeric(18, 4) not null,
    total_tax numeric(18, 4),
    sku text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_lines_pkey primary key (merchant_id, store_id, order_id, refund_id, line_id)
);

comment on table raw_woocommerce.refund_lines is
'One record per line, shipping or fee of a refund; a refund by amount only has none.';
comment on column raw_woocommerce.refund_lines.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refund_lines.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refund_lines.order_id is 'The order.';
comment on column raw_woocommerce.refund_lines.refund_id is 'The refund.';
comment on column raw_woocommerce.refund_lines.line_id is 'WooCommerce''s id of the refund''s line.';
comment on column raw_woocommerce.refund_lines.line_type is 'line_item, shipping or fee.';
comment on column raw_woocommerce.refund_lines.refunded_item_id is
'The order''s line, shipping line or fee that it refunds.';
comment on column raw_woocommerce.refund_lines.name is 'What was refunded.';
comment on column raw_woocommerce.refund_lines.product_id is 'The product; 0 where there is none.';
comment on column raw_woocommerce.refund_lines.variation_id is 'The product''s variation; 0 for none.';
comment on column raw_woocommerce.refund_lines.quantity is
'How much came back, below zero; 0 where only money went back.';
comment on column raw_woocommerce.refund_lines.subtotal is 'Before tax, below zero.';
comment on column raw_woocommerce.refund_lines.subtotal_tax is 'Tax on the subtotal, below zero.';
comment on column raw_woocommerce.refund_lines.total is 'What went back before tax, below zero.';
comment on column raw_woocommerce.refund_lines.total_tax is 'Tax that went back, below zero.';
comment on column raw_woocommerce.refund_lines.sku is 'The product''s code.';
comment on column raw_woocommerce.refund_lines.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refund_lines.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refund_lines.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refund_lines.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refund_lines.is_deleted is 'Gone at the source.';

create table raw_woocommerce.refund_taxes (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    tax_line_id text not null,
    rate_code text,
    rate_id text,
    label text,
    tax_total numeric(18, 4),
    shipping_tax_total numeric(18, 4),
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refund_taxes_pkey primary key (merchant_id, store_id, order_id, refund_id, tax_line_id)
);

comment on table raw_woocommerce.refund_taxes is
'One record per tax rate of a refund; what its lines'' own taxes add up to.';
comment on column raw_woocommerce.refund_taxes.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refund_taxes.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refund_taxes.order_id is 'The order.';
comment on column raw_woocommerce.refund_taxes.refund_id is 'The refund.';
comment on column raw_woocommerce.refund_taxes.tax_line_id is 'WooCommerce''s id of the tax line.';
comment on column raw_woocommerce.refund_taxes.rate_code is 'The rate, such as US-NY-NY-1.';
comment on column raw_woocommerce.refund_taxes.rate_id is 'The rate''s id in the shop''s tables.';
comment on column raw_woocommerce.refund_taxes.label is 'The rate''s name.';
comment on column raw_woocommerce.refund_taxes.tax_total is 'Tax on lines and fees that went back, below zero.';
comment on column raw_woocommerce.refund_taxes.shipping_tax_total is 'Tax on shipping that went back, below zero.';
comment on column raw_woocommerce.refund_taxes.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refund_taxes.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refund_taxes.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refund_taxes.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refund_taxes.is_deleted is 'Gone at the source.';

create table raw_woocommerce.refunds (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    refund_id text not null,
    date_created_gmt timestamp with time zone,
    amount numeric(18, 4) not null,
    reason text,
    refunded_by text,
    refunded_payment boolean,
    refund_type text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint refunds_pkey primary key (merchant_id, store_id, order_id, refund_id)
);

comment on table raw_woocommerce.refunds is
'One record per refund of an order, in the order''s currency, on its own date.';
comment on column raw_woocommerce.refunds.merchant_id is 'The tenant.';
comment on column raw_woocommerce.refunds.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.refunds.order_id is 'The order.';
comment on column raw_woocommerce.refunds.refund_id is 'WooCommerce''s refund id.';
comment on column raw_woocommerce.refunds.date_created_gmt is 'When it was made.';
comment on column raw_woocommerce.refunds.amount is 'What went back, above zero, tax and shipping included.';
comment on column raw_woocommerce.refunds.reason is 'Why, as the merchant wrote it.';
comment on column raw_woocommerce.refunds.refunded_by is 'The account that made it; 0 where it was not a person.';
comment on column raw_woocommerce.refunds.refunded_payment is
'Whether the payment provider was told to send the money back.';
comment on column raw_woocommerce.refunds.refund_type is 'full or partial, of WooCommerce versions that say so.';
comment on column raw_woocommerce.refunds.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.refunds.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.refunds.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.refunds.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.refunds.is_deleted is 'Gone at the source.';

create table raw_woocommerce.shop (
    merchant_id text not null,
    store_id text not null,
    shop_id text not null,
    name text,
    home text,
    url text,
    timezone_string text,
    gmt_offset numeric(18, 4),
    currency text,
    price_num_decimals bigint,
    calc_taxes boolean,
    prices_include_tax boolean,
    tax_round_at_subtotal boolean,
    default_country text,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint shop_pkey primary key (merchant_id, store_id, shop_id)
);

comment on table raw_woocommerce.shop is
'One record per shop: its name, its currency and the clock that its days follow.';
comment on column raw_woocommerce.shop.merchant_id is 'The tenant.';
comment on column raw_woocommerce.shop.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_woocommerce.shop.shop_id is 'The shop''s address without scheme: what it is known by.';
comment on column raw_woocommerce.shop.name is 'The site''s title.';
comment on column raw_woocommerce.shop.home is 'The shop''s address as visitors see it.';
comment on column raw_woocommerce.shop.url is 'The address of its WordPress.';
comment on column raw_woocommerce.shop.timezone_string is
'IANA zone of the shop''s days; empty where it is set to a fixed offset.';
comment on column raw_woocommerce.shop.gmt_offset is
'Hours that the shop''s clock is ahead of UTC at the time of reading.';
comment on column raw_woocommerce.shop.currency is
'ISO 4217 code of the shop''s own currency; an order may have another.';
comment on column raw_woocommerce.shop.price_num_decimals is 'Decimal places that the shop rounds prices to.';
comment on column raw_woocommerce.shop.calc_taxes is 'Whether the shop calculates taxes.';
comment on column raw_woocommerce.shop.prices_include_tax is 'Whether the merchant enters prices with tax.';
comment on column raw_woocommerce.shop.tax_round_at_subtotal is
'Whether tax is rounded once per order rather than on each line.';
comment on column raw_woocommerce.shop.default_country is 'The shop''s country and state, such as US:NY.';
comment on column raw_woocommerce.shop.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_woocommerce.shop.content_hash is 'Digest of the record''s own columns.';
comment on column raw_woocommerce.shop.batch_id is 'The archived batch that this version came with.';
comment on column raw_woocommerce.shop.loaded_at is 'When this version of the record was landed.';
comment on column raw_woocommerce.shop.is_deleted is 'Gone at the source.';
