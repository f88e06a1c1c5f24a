-- Who moved between segments last month?
-- Those who stayed are left out. Segments are recorded night by night, so history begins with the first run.
with

ranked as (
    select
        from_segment,
        to_segment,
        customer_count,
        rank() over (partition by merchant_id order by period_month desc) as month_rank
    from marts.rfm_transitions
    where merchant_id = 'my_brand'
)

select
    from_segment,
    to_segment,
    customer_count
from ranked
where
    month_rank = 1
    and from_segment <> to_segment
order by customer_count desc, from_segment asc, to_segment asc
