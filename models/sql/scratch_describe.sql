-- A statement that makes an empty database with the encoding and the sort order of this one.
select
    format(
        'create database %%I template template0 encoding %%L lc_collate %%L lc_ctype %%L',
        %(name)s::text,
        pg_encoding_to_char(described.encoding),
        described.datcollate,
        described.datctype
    )
    -- PostgreSQL 17 renamed the column, and added a provider.
    || case described.datlocprovider
        when 'i'
            then
                format(
                    ' locale_provider icu icu_locale %%L',
                    coalesce(to_jsonb(described) ->> 'datlocale', to_jsonb(described) ->> 'daticulocale')
                )
        when 'b' then format(' locale_provider builtin builtin_locale %%L', to_jsonb(described) ->> 'datlocale')
        else ''
    end
from pg_database as described
where described.datname = current_database()
