-- Raw tables of the WooCommerce source: what an order's total is made of besides its lines.
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
