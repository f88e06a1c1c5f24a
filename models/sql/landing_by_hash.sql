-- Comparisons of many rows are hash joins, in memory of their own: statistics of tables filled a moment ago say
-- nothing. Local to the transaction.
set local work_mem = '128MB';
set local jit = off;
set local enable_bitmapscan = off;
set local enable_hashjoin = on;
set local enable_mergejoin = off;
set local enable_sort = off;
set local enable_nestloop = off
