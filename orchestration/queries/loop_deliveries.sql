-- One row per message of a campaign, with who got it.
select
    deliveries.delivery_id,
    deliveries.outcome,
    contacts.email
from activation.deliveries as deliveries
inner join vault.customer_contacts as contacts
    on
        deliveries.merchant_id = contacts.merchant_id
        and deliveries.customer_id = contacts.customer_id
where deliveries.campaign = :campaign
order by deliveries.delivery_id
