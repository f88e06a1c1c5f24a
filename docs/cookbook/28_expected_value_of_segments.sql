-- What will each segment bring, and how sure is that?
-- Over the horizon of the forecast. Ends of customers' intervals do not add up to an interval of their sum, so they are
-- not shown; `prediction_basis` says what the numbers rest on.
select
    rfm_segment,
    prediction_basis,
    count(*) as customer_count,
    round(cast(sum(expected_purchases) as numeric), 1) as expected_purchases,
    sum(clv_amount) as clv_amount,
    round(avg(clv_amount), 2) as average_clv_amount,
    round(cast(avg(churn_probability) as numeric), 4) as average_churn_probability
from marts.customer_360
where
    merchant_id = 'my_brand'
    and clv_amount is not null
group by rfm_segment, prediction_basis
order by clv_amount desc, rfm_segment asc
