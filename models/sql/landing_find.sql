-- Rows that differ between what was brought and what is there. Old versions make room for those that the transaction
-- brings next, so nobody ever sees a row missing; what is gone is marked. An address is good within one statement.
with differing as materialized (
    select
        brought.row_number,
        there.address,
        coalesce(not there.is_deleted, false) as was_live,
        {older} as is_echo
    from {brought} as brought
    full join ({there}) as there on {same_key}
    where
        case
            when brought.row_number is null then there.is_whole and not there.is_deleted and {is_unprotected}
            else brought.content_hash is distinct from there.content_hash or there.is_deleted
        end
),

removed as (
    delete from {raw}
    where
        ctid = any(
            array(
                select address
                from differing
                where row_number is not null and address is not null and not is_echo
            )
        )
),

marked as (
    update {raw}
    set
        is_deleted = true,
        loaded_at = %(loaded_at)s,
        batch_id = %(batch_id)s
    where
        ctid = any(
            array(
                select address
                from differing
                where row_number is null
            )
        )
)

select
    array_agg(row_number) filter (where address is null) as new_rows,
    array_agg(row_number) filter (where row_number is not null and address is not null and not is_echo) as changed_rows,
    array_agg(row_number) filter (where is_echo) as echoes,
    count(*) filter (where row_number is not null and address is not null and not is_echo and was_live) as changed_live,
    count(*) filter (where row_number is null) as gone
from differing
