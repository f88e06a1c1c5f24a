-- What do we owe on gift cards, at the end of each month?
select distinct on (month_start)
    cast(date_trunc('month', movement_date) as date) as month_start,
    outstanding_amount
from marts.fct_gift_card_days
where merchant_id = 'my_brand'
order by month_start asc, movement_date desc
