-- Where a customer stands among the others of a merchant's model run.
with customers as (
    select
        customer_id,
        frequency,
        clv_amount,
        age_days - recency_days as silent_days
    from ml.predictions
    where
        merchant_id = :merchant_id
        and model_run_id = :model_run_id
        and as_of_date = :as_of_date
),

one as (
    select
        clv_amount,
        silent_days
    from customers
    where customer_id = :customer_id
)

select
    count(*) as customer_count,
    count(*) filter (where customers.clv_amount < one.clv_amount) as lower_value_count,
    count(*) filter (where customers.frequency between :least_frequency and :most_frequency) as comparable_count,
    count(*) filter (
        where
        customers.frequency between :least_frequency and :most_frequency
        and customers.silent_days < one.silent_days
    ) as less_silent_count,
    percentile_cont(0.5) within group (order by customers.silent_days) filter (
        where customers.frequency between :least_frequency and :most_frequency
    ) as comparable_silent_days
from customers
cross join one
