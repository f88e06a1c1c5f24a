do $$
declare
    wanted text;
begin
    foreach wanted in array {schemas}::text[] loop
        execute format('create schema if not exists %I authorization %I', wanted, {transformer});
        if (select nspowner::regrole::text from pg_catalog.pg_namespace where nspname = wanted) <> {transformer} then
            execute format('alter schema %I owner to %I', wanted, {transformer});
        end if;
    end loop;
end
$$
