-- DuckDB. From here on the connection reads the named folder and nothing else, and cannot be told otherwise.
set allowed_directories = [{folder}];
set enable_external_access = false;
set lock_configuration = true
