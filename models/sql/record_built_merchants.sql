-- What every merchant's tables have just been built from: the batches that have landed, and what is declared.
insert into ops.built_merchants (merchant_id, run_id, built_at, project_digest, versions, stores, declared)
with
declared as (
    select
        merchant_id,
        jsonb_object_agg(table_name, table_rows) as declared
    from {declarations}
    group by merchant_id
),

landed as (
    select
        merchant_id,
        store_id,
        source,
        max(batch_number) as batch_number,
        count(*) as batch_count
    from ops.archive_batches
    where landed_at is not null
    group by merchant_id, store_id, source
),

stores as (
    select
        merchant_id,
        jsonb_agg(
            jsonb_build_object(
                'store_id', store_id,
                'source', source,
                'batch_number', batch_number,
                'batch_count', batch_count
            )
            order by source, store_id
        ) as stores
    from landed
    group by merchant_id
)

select
    merchants.merchant_id,
    %(run_id)s as run_id,
    %(built_at)s as built_at,
    %(project_digest)s as project_digest,
    %(versions)s || jsonb_build_object('postgresql', current_setting('server_version')) as versions,
    coalesce(stores.stores, '[]') as stores,
    coalesce(declared.declared, '{{}}') as declared
from ops.merchants
left join declared on merchants.merchant_id = declared.merchant_id
left join stores on merchants.merchant_id = stores.merchant_id
