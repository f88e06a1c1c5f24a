-- One row per merchant and RFM segment, the most valuable first.
select
    merchant_id,
    rfm_segment,
    count(*) as customer_count,
    sum(net_amount) as net_amount,
    sum(clv_amount) as clv_amount,
    avg(clv_amount) as average_clv_amount,
    avg(churn_probability) as average_churn_probability
from marts.customer_360
where merchant_id = any(:merchant_ids) and rfm_segment is not null
group by merchant_id, rfm_segment
order by merchant_id, sum(clv_amount) desc
