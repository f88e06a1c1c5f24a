insert into {table} ({columns})
select {columns}
from jsonb_populate_recordset(null::{table}, %(rows)s)
