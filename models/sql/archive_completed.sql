-- DuckDB. The records of files that were archived before their stream had all of its columns; these are null.
create or replace view {view} as
select *
from {archived}
union all by name
select *
from {declared}
