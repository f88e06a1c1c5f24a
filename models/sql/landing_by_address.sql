-- Rows are found one by one, by address or key.
set local enable_hashjoin = off;
set local enable_nestloop = on
