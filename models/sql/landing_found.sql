select
    array_agg(row_number) filter (where address is null) as new_rows,
    array_agg(row_number) filter (where row_number is not null and address is not null and not is_echo) as changed_rows,
    array_agg(row_number) filter (where is_echo) as echoes,
    count(*) filter (where row_number is not null and address is not null and not is_echo and was_live) as changed_live,
    count(*) filter (where row_number is null) as gone
from {found}
