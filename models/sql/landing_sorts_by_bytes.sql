-- Whether the order of texts is that of their bytes; other orders only the server knows.
select datlocprovider = 'b' or (datlocprovider = 'c' and datcollate in ('C', 'POSIX')) as sorts_by_bytes
from pg_catalog.pg_database
where datname = current_database()
