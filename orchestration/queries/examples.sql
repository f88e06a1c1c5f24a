-- The three most valuable current members of each audience that somebody was told about.
select
    ranked.merchant_id,
    ranked.audience,
    ranked.customer_id,
    ranked.rfm_segment,
    ranked.clv_amount,
    ranked.currency_code,
    ranked.churn_probability,
    ranked.churn_horizon_days
from (
    select
        members.merchant_id,
        members.audience,
        members.customer_id,
        customers.rfm_segment,
        customers.clv_amount,
        customers.currency_code,
        customers.churn_probability,
        customers.churn_horizon_days,
        row_number() over (
            partition by members.merchant_id, members.audience
            order by customers.clv_amount desc, members.customer_id asc
        ) as value_rank
    from activation.audience_members as members
    inner join marts.customer_360 as customers
        on
            members.merchant_id = customers.merchant_id
            and members.customer_id = customers.customer_id
    where members.merchant_id = any(:merchant_ids) and members.left_at is null and customers.clv_amount is not null
) as ranked
where ranked.value_rank <= 3
order by ranked.merchant_id asc, ranked.audience asc, ranked.value_rank asc
