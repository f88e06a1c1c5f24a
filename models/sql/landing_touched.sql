-- Parents that a batch says something about, and whether all of their parts came along.
create temporary table {touched} on commit drop as
select
    {keys},
    false as is_whole
from {raw}
with no data
