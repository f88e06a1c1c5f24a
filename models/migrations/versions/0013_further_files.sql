-- Raw tables of the files source: what stands beside orders.
create table raw_files.order_items (
    merchant_id text not null,
    store_id text not null,
    order_id text not null,
    line_id text not null,
    product_id text,
    sku text,
    product_name text,
    quantity bigint,
    amount numeric(18, 4) not null,
    currency_code text not null,
    source_file text,
    source_line bigint,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint order_items_pkey primary key (merchant_id, store_id, order_id, line_id)
);

comment on table raw_files.order_items is
'One record per line of an order, from files of lines beside those of orders.';
comment on column raw_files.order_items.merchant_id is 'The tenant.';
comment on column raw_files.order_items.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_files.order_items.order_id is 'The order that the line belongs to.';
comment on column raw_files.order_items.line_id is 'The seller''s line id, or one made of content and occurrence.';
comment on column raw_files.order_items.product_id is 'The seller''s product id.';
comment on column raw_files.order_items.sku is 'The product''s code.';
comment on column raw_files.order_items.product_name is 'The product''s name.';
comment on column raw_files.order_items.quantity is 'Items in the line.';
comment on column raw_files.order_items.amount is 'What the customer paid for the line.';
comment on column raw_files.order_items.currency_code is 'ISO 4217 code of the order''s currency.';
comment on column raw_files.order_items.source_file is 'The file that the record was read from, without its folder.';
comment on column raw_files.order_items.source_line is 'The record''s line in that file, 1-based.';
comment on column raw_files.order_items.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_files.order_items.content_hash is 'Digest of the record''s own columns.';
comment on column raw_files.order_items.batch_id is 'The archived batch that this version came with.';
comment on column raw_files.order_items.loaded_at is 'When this version of the record was landed.';
comment on column raw_files.order_items.is_deleted is 'Gone at the source.';

create table raw_files.products (
    merchant_id text not null,
    store_id text not null,
    product_id text not null,
    valid_from date not null,
    product_name text,
    category_name text,
    sku text,
    price_amount numeric(18, 4),
    unit_cost_amount numeric(18, 4),
    currency_code text not null,
    source_file text,
    source_line bigint,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint products_pkey primary key (merchant_id, store_id, product_id, valid_from)
);

comment on table raw_files.products is
'One record per product and day from which on it holds.';
comment on column raw_files.products.merchant_id is 'The tenant.';
comment on column raw_files.products.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_files.products.product_id is 'The seller''s product id.';
comment on column raw_files.products.valid_from is 'The first day on which it holds; 1900-01-01 for always.';
comment on column raw_files.products.product_name is 'The product''s name.';
comment on column raw_files.products.category_name is 'The category that it is in.';
comment on column raw_files.products.sku is 'The product''s code.';
comment on column raw_files.products.price_amount is 'What one costs the customer.';
comment on column raw_files.products.unit_cost_amount is 'What one costs the merchant, without tax.';
comment on column raw_files.products.currency_code is 'ISO 4217 code of price and cost.';
comment on column raw_files.products.source_file is 'The file that the record was read from, without its folder.';
comment on column raw_files.products.source_line is 'The record''s line in that file, 1-based.';
comment on column raw_files.products.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_files.products.content_hash is 'Digest of the record''s own columns.';
comment on column raw_files.products.batch_id is 'The archived batch that this version came with.';
comment on column raw_files.products.loaded_at is 'When this version of the record was landed.';
comment on column raw_files.products.is_deleted is 'Gone at the source.';

create table raw_files.marketing_spend (
    merchant_id text not null,
    store_id text not null,
    spend_id text not null,
    spend_date date not null,
    channel text not null,
    campaign text,
    amount numeric(18, 4) not null,
    currency_code text not null,
    source_file text,
    source_line bigint,
    source_updated_at timestamp with time zone,
    content_hash text not null,
    batch_id text not null,
    loaded_at timestamp with time zone not null,
    is_deleted boolean not null default false,
    constraint marketing_spend_pkey primary key (merchant_id, store_id, spend_id)
);

comment on table raw_files.marketing_spend is
'One record per day, channel and campaign on which money was spent, as the file has it.';
comment on column raw_files.marketing_spend.merchant_id is 'The tenant.';
comment on column raw_files.marketing_spend.store_id is 'The merchant''s store that the record belongs to.';
comment on column raw_files.marketing_spend.spend_id is 'The file''s id of the row, or one made of its content.';
comment on column raw_files.marketing_spend.spend_date is 'The day on which it was spent.';
comment on column raw_files.marketing_spend.channel is 'Where it was spent.';
comment on column raw_files.marketing_spend.campaign is 'The campaign within the channel.';
comment on column raw_files.marketing_spend.amount is 'What was spent.';
comment on column raw_files.marketing_spend.currency_code is 'ISO 4217 code of the amount.';
comment on column raw_files.marketing_spend.source_file is
'The file that the record was read from, without its folder.';
comment on column raw_files.marketing_spend.source_line is 'The record''s line in that file, 1-based.';
comment on column raw_files.marketing_spend.source_updated_at is 'When the source last changed it, where it says.';
comment on column raw_files.marketing_spend.content_hash is 'Digest of the record''s own columns.';
comment on column raw_files.marketing_spend.batch_id is 'The archived batch that this version came with.';
comment on column raw_files.marketing_spend.loaded_at is 'When this version of the record was landed.';
comment on column raw_files.marketing_spend.is_deleted is 'Gone at the source.';
