-- One row per pair of segments of a merchant, now and as they would be: the models' own text, on other declarations.
-- simulated.… stands for what that model selects, with these declarations in the place of the merchants'.
with merchants_then as ( -- noqa: ST03
    select
        merchant_id,
        as_of_date,
        coalesce(cast(:half_life_days as integer), rfm_half_life_days) as rfm_half_life_days,
        coalesce(cast(:recent_score as integer), rfm_recent_score) as rfm_recent_score,
        coalesce(cast(:frequent_score as integer), rfm_frequent_score) as rfm_frequent_score,
        coalesce(cast(:big_score as integer), rfm_big_score) as rfm_big_score
    from staging.stg_ops__merchants
    where merchant_id = :merchant_id
),

scores_then as ( -- noqa: ST03
    select * from simulated.int_customers_scored
),

rfm_then as (
    select * from simulated.customer_rfm
),

pairs as (
    select
        rfm_now.customer_id,
        case when :is_weighted then rfm_now.weighted_rfm_segment else rfm_now.rfm_segment end as segment_now,
        case when :is_weighted then rfm_then.weighted_rfm_segment else rfm_then.rfm_segment end as segment_then
    from marts.customer_rfm as rfm_now
    inner join rfm_then
        on
            rfm_now.merchant_id = rfm_then.merchant_id
            and rfm_now.customer_id = rfm_then.customer_id
)

select
    segment_now,
    segment_then,
    count(*) as customer_count,
    (array_agg(customer_id order by customer_id))[1 : cast(:sample as integer)] as customer_ids -- noqa: LT01
from pairs
group by segment_now, segment_then
order by segment_now, segment_then
