-- What rows of a batch are compared by; its streams are compared one after the other.
create temporary table {brought} (
    {keys},
    changed_at timestamp with time zone,
    row_number bigint,
    content_hash text
) on commit drop
