-- One row: what is known of a customer as of the last night, by the address that the shop has of them.
select
    customers.customer_id,
    customers.as_of_date,
    customers.currency_code,
    customers.order_count,
    customers.clv_amount,
    customers.churn_probability,
    balances.available_points,
    balances.spent_points,
    coalesce(redeemed.state, '') as redemption_state,
    stays.customer_id is not null as is_in_segment
from vault.customer_contacts as contacts
inner join marts.customer_360 as customers
    on
        contacts.merchant_id = customers.merchant_id
        and contacts.customer_id = customers.customer_id
left join loyalty.balances as balances
    on
        customers.merchant_id = balances.merchant_id
        and customers.customer_id = balances.customer_id
left join loyalty.redemptions as redeemed
    on
        customers.merchant_id = redeemed.merchant_id
        and customers.customer_id = redeemed.customer_id
left join marts.segment_memberships as stays
    on
        customers.merchant_id = stays.merchant_id
        and customers.customer_id = stays.customer_id
        and stays.segment_name = 'bought_again'
        and stays.is_current
where contacts.email = :email
