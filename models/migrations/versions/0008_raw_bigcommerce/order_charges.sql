-- Raw tables of the BigCommerce source: what an order's total is made of besides its lines.
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
