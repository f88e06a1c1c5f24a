-- What rows of a batch are compared by, and which rows differ: of the batch, of the warehouse (then without a place in
-- the batch), or of both. An address is good until the end of the transaction that looked.
create temporary table {brought} on commit drop as
select
    {columns},
    cast(0 as bigint) as row_number,
    content_hash
from {raw}
with no data;
create temporary table {found} (row_number bigint, address tid, was_live boolean, is_echo boolean) on commit drop
