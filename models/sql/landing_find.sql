-- Rows that differ between what was brought and what is there.
insert into {found} (row_number, address, was_live, is_echo)
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
