-- How many rows a store has near some keys, counted no further than it matters.
select count(*) as row_count
from (
    select 1 as one
    from {raw}
    where merchant_id = %(merchant_id)s and store_id = %(store_id)s and {is_near}
    limit %(most)s
) as counted
