select count(*) as row_count
from {raw}
where merchant_id = %(merchant_id)s and store_id = %(store_id)s and not is_deleted
