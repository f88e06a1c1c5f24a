-- Between which keys those of a batch lie, in the order of the warehouse's collation.
select
    min({key}) as first_key,
    max({key}) as last_key
from {touched}
