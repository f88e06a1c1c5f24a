-- Roles belong to the whole server, so other databases' migrations may be creating them at this very moment: each step
-- looks before it acts, and takes "somebody else just did" for done.
do $$
declare
    wanted text;
begin
    foreach wanted in array {roles}::text[] loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
        for attempt in 1..20 loop
            -- A superuser may take on any role; to anyone else it has to be granted, even if they created it
            -- (since PostgreSQL 16 a creator gets the right to administer a role, not to act as it).
            exit when exists (select from pg_catalog.pg_roles where rolname = current_user and rolsuper);
            exit when exists (
                select
                from pg_catalog.pg_auth_members as members
                inner join pg_catalog.pg_roles as granted on granted.oid = members.roleid
                inner join pg_catalog.pg_roles as member on member.oid = members.member
                where
                    granted.rolname = wanted
                    and member.rolname = current_user
                    -- The column set_option exists from PostgreSQL 16 on; before, every membership had it.
                    and coalesce((to_jsonb(members) ->> 'set_option')::boolean, true)
            );
            begin
                execute format('grant %I to %I', wanted, current_user);
            exception
                -- XX000 is "tuple concurrently updated": another session is granting the same role.
                when internal_error or unique_violation then perform pg_catalog.pg_sleep(0.05);
            end;
        end loop;
    end loop;
end
$$
