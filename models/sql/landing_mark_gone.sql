update {raw} as held
set
    is_deleted = true,
    loaded_at = %(loaded_at)s,
    batch_id = %(batch_id)s
from {found} as found
where held.ctid = found.address and found.row_number is null
