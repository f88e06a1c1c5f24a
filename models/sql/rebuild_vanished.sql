-- DuckDB. Parts that did not come along when their parent was read, or whose parent is gone.
union
select
    {known_keys},
    parent_states.batch_number
from (select distinct {keys}, record_key from occurrences) as known
inner join parent_states using ({parent_keys})
anti join occurrences using ({keys}, batch_number)
anti join protections using (record_key, batch_number)
where parent_states.state <> 'echo'
