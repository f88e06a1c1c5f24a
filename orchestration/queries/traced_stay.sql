-- When a customer entered a segment, at or before a day.
select max(entered_date) as entered_date
from marts.segment_memberships
where
    merchant_id = :merchant_id
    and segment_name = :segment_name
    and customer_id = :customer_id
    and entered_date <= :as_of_date
