-- Parents of which parts came, and of which the warehouse knows nothing.
select {touched_keys}
from {touched}
where
    not {touched}.is_whole
    and not exists (
        select 1
        from {raw} as held
        where held.merchant_id = %(merchant_id)s and held.store_id = %(store_id)s and {same_key}
    )
limit 1
