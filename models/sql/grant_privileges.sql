-- What each role may do. Runs after every migration, so that new tables are covered; repeating it changes nothing.
do $$
declare
    found text;
begin
    execute format('grant temporary on database %I to {loader}, {transformer}', current_database());

    -- Loading: rows of raw tables and of the books, never their structure.
    for found in select nspname from pg_catalog.pg_namespace where nspname like 'raw\_%' or nspname = 'ops' loop
        execute format('grant usage on schema %I to {loader}, {transformer}', found);
        execute format('grant select, insert, update, delete on all tables in schema %I to {loader}', found);
        execute format('grant usage, select on all sequences in schema %I to {loader}', found);
        execute format('grant select on all tables in schema %I to {transformer}', found);
    end loop;
    execute 'revoke insert, update, delete on ops.alembic_version from {loader}';

    -- Transforming: owns what dbt builds, writes predictions and deliveries.
    for found in select nspname from pg_catalog.pg_namespace where nspname in ('ml', 'activation', 'loyalty') loop
        execute format('grant usage on schema %I to {transformer}', found);
        execute format('grant select, insert, update, delete on all tables in schema %I to {transformer}', found);
        execute format('grant usage, select on all sequences in schema %I to {transformer}', found);
    end loop;
    -- What was posted stands.
    if to_regclass('loyalty.postings') is not null then
        execute 'revoke update, delete on loyalty.postings, loyalty.adjustments from {transformer}';
    end if;
end
$$;

-- Reading: marts and nothing else. dbt drops and re-creates its tables, so the privilege has to come with new ones too.
grant usage on schema marts to {reader};
grant select on all tables in schema marts to {reader};
alter default privileges for role {transformer} in schema marts grant select on tables to {reader};
