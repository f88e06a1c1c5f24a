-- DuckDB. Timestamps are shown and returned in UTC, wherever the machine stands.
set TimeZone = 'UTC'
