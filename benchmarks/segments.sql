-- A merchant's published tables, made up: customers with every trait, orders of the last three years with a line each and some
-- refunds. Numbers are spread by multiplication with primes, so that nothing is in order and every run has the same rows.
insert into ops.merchants (
    merchant_id, merchant_name, time_zone, currency_code, as_of_date, counts_zero_amount_days, updated_at
)
values ('bench', 'Bench', 'Europe/Berlin', 'EUR', :as_of_date, true, :as_of_date);

insert into marts.customer_360 (
    merchant_id, customer_id, as_of_date, first_order_date, last_order_date, days_since_last_order, order_count,
    purchase_day_count, gross_amount, refund_amount, net_amount, aov_amount, currency_code, recency_score, frequency_score,
    monetary_score, rfm_segment, lifecycle_stage, has_email, has_email_consent, is_generated_person, probability_alive,
    expected_purchases, clv_amount, clv_percent_rank, churn_probability
)
select
    'bench',
    'c' || n,
    :as_of_date,
    cast(:as_of_date as date) - cast(n * 7919 % 1000 as int),
    cast(:as_of_date as date) - cast(n * 104729 % 700 as int),
    n * 104729 % 700,
    1 + n % 9,
    1 + n % 9,
    n % 500,
    0,
    n % 500,
    n % 80,
    'EUR',
    1 + n % 5,
    1 + n * 3 % 5,
    1 + n * 7 % 5,
    (array['champions', 'loyal', 'new', 'promising', 'at_risk', 'hibernating', 'lost'])[1 + n * 31 % 7],
    (array['new', 'active', 'loyal', 'cooling', 'at_risk', 'lapsed'])[1 + n * 17 % 6],
    true,
    n % 3 = 0,
    false,
    (n * 611953 % 1000) / 1000.0,
    n % 7,
    n * 15485863 % 400,
    (n * 611957 % 1000) / 1000.0,
    (n * 611959 % 1000) / 1000.0
from generate_series(cast(1 as bigint), :customers) as n;

insert into marts.dim_customers (merchant_id, customer_id, country_code, acquisition_channel)
select
    'bench',
    'c' || n,
    (array['DE', 'FR', 'AT', 'CH', 'NL'])[1 + n * 13 % 5],
    (array['search', 'social', 'direct', 'email'])[1 + n * 11 % 4]
from generate_series(cast(1 as bigint), :customers) as n;

insert into marts.fct_orders (
    merchant_id, store_id, order_id, customer_id, order_date, order_number, is_first_order, quantity, channel, amount,
    original_currency_code
)
select
    'bench',
    'web',
    'o' || n,
    'c' || (1 + n * 49979687 % :customers),
    cast(:as_of_date as date) - cast(n * 86028121 % 1095 as int),
    1,
    n % 5 = 0,
    1 + n % 4,
    (array['web', 'app', 'pos'])[1 + n * 19 % 3],
    5 + n % 200,
    'EUR'
from generate_series(cast(1 as bigint), :customers * 5) as n;

insert into marts.fct_order_lines (
    merchant_id, store_id, order_id, line_id, customer_id, order_date, product_id, sku, is_gift_card, quantity, net_amount,
    discount_amount
)
select
    merchant_id,
    store_id,
    order_id,
    '1',
    customer_id,
    order_date,
    'p' || (cast(amount as int) * 37 % 1000),
    's' || quantity,
    false,
    quantity,
    amount,
    0
from marts.fct_orders;

insert into marts.fct_refunds (merchant_id, store_id, order_id, refund_id, customer_id, refund_date, amount)
select
    merchant_id,
    store_id,
    order_id,
    'r' || order_id,
    customer_id,
    order_date,
    amount
from marts.fct_orders
where cast(amount as int) % 20 = 0;

insert into intermediate.int_product_categories_unioned (merchant_id, store_id, category_id, category_name)
select
    'bench',
    'web',
    'k' || n,
    'Category ' || n
from generate_series(1, 50) as n;

insert into intermediate.int_product_category_links_unioned (merchant_id, store_id, product_id, category_id)
select
    'bench',
    'web',
    'p' || n,
    'k' || (1 + n % 50)
from generate_series(0, 999) as n;

create index on marts.dim_customers (merchant_id, customer_id);
create index on marts.fct_orders (merchant_id, customer_id);
create index on marts.fct_order_lines (merchant_id, store_id, order_id);
