select
    declared.merchant_id,
    cast({name} as text) as table_name,
    jsonb_agg(to_jsonb(declared) order by cast(to_jsonb(declared) as text)) as table_rows
from {table} as declared
group by declared.merchant_id
