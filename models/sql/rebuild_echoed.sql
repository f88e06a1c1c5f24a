-- DuckDB. Leaves out the parts that came with a late echo of their parent.
create or replace temporary table occurrences as
select occurrences.*
from occurrences
anti join (from parent_states where state = 'echo') as echoes using ({parent_keys}, batch_number)
