-- The content hashes of live rows, many in one text: the driver takes a microsecond for each row that it receives. No
-- more rows are looked at than may be worth reading; their count says whether these are all.
select
    string_agg(near.content_hash, '') filter (where not near.is_deleted) as gathered,
    count(*) as row_count
from (
    select
        content_hash,
        is_deleted
    from {raw}
    where merchant_id = %(merchant_id)s and store_id = %(store_id)s and {is_near}
    limit %(most)s
) as near
group by ascii(near.content_hash)
