-- Live rows whose content is not in the batch, and whose keys were not brought with another content either.
insert into {found} (address, was_live)
select
    held.ctid,
    true as was_live
from {raw} as held
where
    held.merchant_id = %(merchant_id)s
    and held.store_id = %(store_id)s
    and not held.is_deleted
    and {is_near}
    and held.content_hash in (select unfound.content_hash from {unfound} as unfound)
    and not exists (
        select 1
        from {brought}
        where {same_key}
    )
    and {is_said_gone}
    and {is_unprotected}
