-- What rows of a batch are compared by; its streams are compared one after the other.
create temporary table {brought} on commit drop as
select
    {keys},
    cast(null as timestamp with time zone) as changed_at,
    cast(null as bigint) as row_number,
    cast(null as text) as content_hash
with no data
