-- DuckDB. Some files of the archive, with the name of the one that each row stands in.
create or replace view {view} as
select *
from read_parquet({files}, filename = true, union_by_name = true)
