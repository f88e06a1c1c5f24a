-- The store's rows of some keys, looked up one by one; the offset keeps the planner from joining all rows of it.
select
    {held_keys},
    held.address,
    held.content_hash,
    held.source_updated_at,
    held.is_deleted,
    {came_whole} as is_whole
from {asking}
cross join lateral (
    select
        {keys},
        content_hash,
        source_updated_at,
        is_deleted,
        ctid as address
    from {raw} as held
    where held.merchant_id = %(merchant_id)s and held.store_id = %(store_id)s and {same_key}
    offset 0
) as held
