-- Raw tables of the WooCommerce source: coupons as the shop defines them.
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
