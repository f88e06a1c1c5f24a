-- Keys that a platform confirmed to be gone.
create temporary table {gone} on commit drop as
select {keys}
from {raw}
with no data
