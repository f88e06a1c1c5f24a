update {raw} as held
set
    is_deleted = true,
    loaded_at = %(loaded_at)s,
    batch_id = %(batch_id)s
from {gone} as gone
where
    held.merchant_id = %(merchant_id)s
    and held.store_id = %(store_id)s
    and not held.is_deleted
    and {same_key}
