-- The content hashes of live rows, many in one text: the driver takes a microsecond for each row that it receives.
select string_agg(live.content_hash, '') as gathered
from (
    select
        content_hash,
        (row_number() over () - 1) / 50000 as piece
    from {raw}
    where
        merchant_id = %(merchant_id)s
        and store_id = %(store_id)s
        and not is_deleted
        and {is_near}
    limit %(most)s
) as live
group by live.piece
