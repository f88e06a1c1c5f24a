-- All of the store's rows, of which the batch has to hold each.
select
    {keys},
    ctid as address,
    content_hash,
    source_updated_at,
    is_deleted,
    true as is_whole
from {raw}
where merchant_id = %(merchant_id)s and store_id = %(store_id)s
