-- How large are the RFM segments, what did they bring, and whom may we write to?
select
    rfm_segment,
    count(*) as customer_count,
    count(*) filter (where has_email and has_email_consent) as reachable_count,
    sum(net_amount) as net_amount,
    round(avg(net_amount), 2) as average_net_amount
from marts.customer_360
where
    merchant_id = 'my_brand'
    and rfm_segment is not null
group by rfm_segment
order by net_amount desc, rfm_segment asc
