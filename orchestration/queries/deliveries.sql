-- One row per merchant, destination, audience or campaign, and outcome: all time, and by the run in question.
select
    merchant_id,
    destination,
    audience,
    campaign,
    operation,
    outcome,
    reason,
    count(*) as delivery_count,
    count(*) filter (where run_id = :run_id) as run_delivery_count
from activation.deliveries
where merchant_id = any(:merchant_ids)
group by merchant_id, destination, audience, campaign, operation, outcome, reason
order by merchant_id, destination, audience, campaign, operation, outcome, count(*) desc
