select pg_advisory_lock(hashtextextended('perennial migrations', 0))
