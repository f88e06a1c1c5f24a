-- DuckDB. What the batches of one store said of parents: read whole, a late echo, or gone. Snapshots say it of each part.
create or replace temporary table parent_states as
select
    {keys_as_named_by_parts},
    batch_number,
    case when is_echo then 'echo' else 'read' end as state
from followed
where not is_snapshot
union all
select
    {keys_as_named_by_parts},
    batch_number,
    'gone' as state
from confirmed
where not is_snapshot
