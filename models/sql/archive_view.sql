-- DuckDB. The folders' values stay text: 007 is a store, not a number.
create view {view} as
select *
from read_parquet(
    {files},
    hive_partitioning = true,
    hive_types_autocast = false,
    hive_types = {{'day': date}},
    union_by_name = true
)
