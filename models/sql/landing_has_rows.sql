select {name} as stream_name
where
    exists (
        select 1
        from {raw}
        where merchant_id = %(merchant_id)s and store_id = %(store_id)s
    )
