-- The tables of the connected user that have grown since they were measured. Sizes come from the files, not from
-- the counters of the server, which arrive seconds late.
with owned_tables as (

    select
        pg_namespace.nspname as schema_name,
        pg_class.relname as table_name,
        pg_class.reltuples as measured_rows,
        pg_class.relpages as measured_pages,
        pg_catalog.pg_relation_size(pg_class.oid) / cast(current_setting('block_size') as bigint) as pages
    from pg_catalog.pg_class
    inner join pg_catalog.pg_namespace on pg_class.relnamespace = pg_namespace.oid
    inner join pg_catalog.pg_roles on pg_class.relowner = pg_roles.oid
    where
        pg_class.relkind = 'r'
        and pg_class.relpersistence = 'p'
        and pg_roles.rolname = current_user
        and pg_namespace.nspname not like 'pg\_%'

)

select
    schema_name,
    table_name
from owned_tables
where
    pages > 0
    and (measured_rows < 0 or pages > measured_pages * 1.1)
order by schema_name, table_name
