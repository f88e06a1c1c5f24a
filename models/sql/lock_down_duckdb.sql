-- DuckDB. From here on the connection reads the named folder and nothing else, and cannot be told otherwise.
-- The check sees a view's pattern as it is written, so the folder is named in both ways.
set allowed_directories = [{folder}, {pattern}];
set enable_external_access = false;
set lock_configuration = true
