-- Live rows whose content is not in the batch, and whose keys were not brought with another content either, are gone.
update {raw} as held
set
    is_deleted = true,
    loaded_at = %(loaded_at)s,
    batch_id = %(batch_id)s
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
