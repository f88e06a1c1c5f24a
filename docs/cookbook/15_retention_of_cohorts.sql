-- Of those who first bought in a month, how many bought again one, two, three and six months later?
select
    acquisition_month,
    max(cohort_customer_count) as customer_count,
    max(retention_rate) filter (where period_number = 1) as after_one_month_rate,
    max(retention_rate) filter (where period_number = 2) as after_two_months_rate,
    max(retention_rate) filter (where period_number = 3) as after_three_months_rate,
    max(retention_rate) filter (where period_number = 6) as after_six_months_rate
from marts.cohort_retention
where
    merchant_id = 'my_brand'
    and is_complete_period
group by acquisition_month
order by acquisition_month
