-- The store's rows near the keys that were asked for; many of them are of those keys, and the rest does no harm.
select
    {held_keys},
    held.ctid as address,
    held.content_hash,
    held.source_updated_at,
    held.is_deleted,
    false as is_whole
from {raw} as held
where held.merchant_id = %(merchant_id)s and held.store_id = %(store_id)s and {is_near}
