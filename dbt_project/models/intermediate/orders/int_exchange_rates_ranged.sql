with exchange_rates as (

    select * from {{ ref('stg_ops__exchange_rates') }}

)

select
    merchant_id,
    original_currency_code,
    valid_from_date,
    coalesce(
        lead(valid_from_date) over (
            partition by merchant_id, original_currency_code
            order by valid_from_date
        ),
        cast('infinity' as date)
    ) as valid_until_date,
    exchange_rate
from exchange_rates
