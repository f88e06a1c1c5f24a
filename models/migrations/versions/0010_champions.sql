-- Several origins and contenders per run, what is predicted beyond the mean, and predictions in a partition per year.
alter table ml.model_runs
add column base_model_name text,
add column prediction_basis text,
add column incumbent_run_id text,
add column thread_count integer;

comment on column ml.model_runs.model_name is 'The champion, whose counts are predicted.';
comment on column ml.model_runs.base_model_name is
'The parametric model under the champion; null of runs before there was one.';
comment on column ml.model_runs.prediction_basis is 'model, prior (in part) or naive (no model could be published).';
comment on column ml.model_runs.incumbent_run_id is 'The model run that spoke before; part of the digest.';
comment on column ml.model_runs.thread_count is 'Threads that the calculation had; sums may differ by them.';

alter table ml.backtests
add column value_low double precision,
add column value_high double precision;

comment on column ml.backtests.value_low is 'Lower end of the interval of the value, had other customers been drawn.';
comment on column ml.backtests.value_high is 'Its upper end; null where it has none.';

create table ml.calibration_deciles (
    merchant_id text not null,
    model_run_id text not null,
    model_name text not null,
    quantity text not null,
    calibration_end_date date not null,
    holdout_days integer not null,
    decile integer not null,
    customer_count bigint not null,
    expected_value double precision not null,
    actual_value double precision not null,
    constraint calibration_deciles_pkey primary key (
        merchant_id, model_run_id, model_name, quantity, calibration_end_date, decile
    )
);

comment on table ml.calibration_deciles is
'One row per model run, origin, model, quantity and tenth of the customers by forecast: said and done.';
comment on column ml.calibration_deciles.quantity is 'purchase_count, spend or order_probability.';
comment on column ml.calibration_deciles.decile is '1 is the tenth of customers with the lowest forecast.';
comment on column ml.calibration_deciles.expected_value is 'Mean forecast of these customers.';
comment on column ml.calibration_deciles.actual_value is 'Mean of what they did.';

create table ml.cohort_forecasts (
    merchant_id text not null,
    model_run_id text not null,
    quantity text not null,
    cohort text not null,
    cohort_month date,
    customer_count bigint not null,
    expected double precision not null,
    low double precision not null,
    high double precision not null,
    constraint cohort_forecasts_pkey primary key (merchant_id, model_run_id, quantity, cohort)
);

comment on table ml.cohort_forecasts is
'One row per model run, quantity and month of first purchase: what those customers will do together.';
comment on column ml.cohort_forecasts.quantity is 'purchase_count, or clv in the merchant''s currency.';
comment on column ml.cohort_forecasts.cohort is 'Month of first purchase, such as 2026-01, or all.';
comment on column ml.cohort_forecasts.cohort_month is 'Its first day; null for all.';
comment on column ml.cohort_forecasts.expected is 'Sum over the customers, within the run''s horizon.';
comment on column ml.cohort_forecasts.low is 'Lower end of the band, at the interval level of the run.';
comment on column ml.cohort_forecasts.high is 'Its upper end.';

alter table ml.predictions rename to predictions_before;
alter table ml.predictions_before rename constraint predictions_pkey to predictions_before_pkey;

create table ml.predictions (
    merchant_id text not null,
    model_run_id text not null,
    customer_id text not null,
    as_of_date date not null,
    model_name text not null,
    base_model_name text not null,
    prediction_basis text not null,
    prior_share double precision,
    frequency bigint not null,
    recency_days double precision not null,
    age_days double precision not null,
    probability_alive double precision not null,
    expected_purchases double precision not null,
    purchases_low double precision,
    purchases_high double precision,
    expected_spend_amount numeric(18, 4) not null,
    clv_amount numeric(18, 4) not null,
    clv_low_amount numeric(18, 4),
    clv_high_amount numeric(18, 4),
    interval_level double precision,
    clv_horizon_days integer not null,
    annual_discount_rate double precision not null,
    residual_clv_amount numeric(18, 4),
    churn_probability double precision not null,
    churn_horizon_days integer not null,
    next_purchase_date date,
    currency_code text not null,
    constraint predictions_pkey primary key (merchant_id, model_run_id, customer_id, as_of_date)
) partition by range (as_of_date);

comment on table ml.predictions is
'One row per customer and model run; append-only, one partition per year of as_of_date.';
comment on column ml.predictions.model_name is 'The champion, whose counts and spend these are.';
comment on column ml.predictions.base_model_name is 'The parametric model that gives all the rest.';
comment on column ml.predictions.prediction_basis is 'model, prior (in part) or naive (a last resort).';
comment on column ml.predictions.prior_share is 'How much of the rate of buying is other merchants'', 0 to 1.';
comment on column ml.predictions.expected_purchases is 'Over clv_horizon_days.';
comment on column ml.predictions.purchases_low is 'Lower end of the interval of purchase days at interval_level.';
comment on column ml.predictions.purchases_high is 'Its upper end.';
comment on column ml.predictions.expected_spend_amount is 'Expected spend of one purchase day.';
comment on column ml.predictions.clv_amount is 'Discounted expected spend over clv_horizon_days.';
comment on column ml.predictions.clv_low_amount is 'Lower end of the interval of discounted spend at interval_level.';
comment on column ml.predictions.clv_high_amount is 'Its upper end.';
comment on column ml.predictions.interval_level is 'The share of customers whose outcome an interval encloses.';
comment on column ml.predictions.residual_clv_amount is
'Discounted expected spend of all the future; null without a rate.';
comment on column ml.predictions.churn_probability is 'No purchase within churn_horizon_days.';
comment on column ml.predictions.next_purchase_date is
'By then half of such customers, if still customers, have bought again; null beyond the horizon.';

create table ml.predictions_2015 partition of ml.predictions
for values from ('2015-01-01') to ('2016-01-01');

create table ml.predictions_2016 partition of ml.predictions
for values from ('2016-01-01') to ('2017-01-01');

create table ml.predictions_2017 partition of ml.predictions
for values from ('2017-01-01') to ('2018-01-01');

create table ml.predictions_2018 partition of ml.predictions
for values from ('2018-01-01') to ('2019-01-01');

create table ml.predictions_2019 partition of ml.predictions
for values from ('2019-01-01') to ('2020-01-01');

create table ml.predictions_2020 partition of ml.predictions
for values from ('2020-01-01') to ('2021-01-01');

create table ml.predictions_2021 partition of ml.predictions
for values from ('2021-01-01') to ('2022-01-01');

create table ml.predictions_2022 partition of ml.predictions
for values from ('2022-01-01') to ('2023-01-01');

create table ml.predictions_2023 partition of ml.predictions
for values from ('2023-01-01') to ('2024-01-01');

create table ml.predictions_2024 partition of ml.predictions
for values from ('2024-01-01') to ('2025-01-01');

create table ml.predictions_2025 partition of ml.predictions
for values from ('2025-01-01') to ('2026-01-01');

create table ml.predictions_2026 partition of ml.predictions
for values from ('2026-01-01') to ('2027-01-01');

create table ml.predictions_2027 partition of ml.predictions
for values from ('2027-01-01') to ('2028-01-01');

create table ml.predictions_2028 partition of ml.predictions
for values from ('2028-01-01') to ('2029-01-01');

create table ml.predictions_2029 partition of ml.predictions
for values from ('2029-01-01') to ('2030-01-01');

create table ml.predictions_2030 partition of ml.predictions
for values from ('2030-01-01') to ('2031-01-01');

create table ml.predictions_2031 partition of ml.predictions
for values from ('2031-01-01') to ('2032-01-01');

create table ml.predictions_2032 partition of ml.predictions
for values from ('2032-01-01') to ('2033-01-01');

create table ml.predictions_2033 partition of ml.predictions
for values from ('2033-01-01') to ('2034-01-01');

create table ml.predictions_2034 partition of ml.predictions
for values from ('2034-01-01') to ('2035-01-01');

create table ml.predictions_2035 partition of ml.predictions
for values from ('2035-01-01') to ('2036-01-01');

create table ml.predictions_2036 partition of ml.predictions
for values from ('2036-01-01') to ('2037-01-01');

create table ml.predictions_2037 partition of ml.predictions
for values from ('2037-01-01') to ('2038-01-01');

create table ml.predictions_2038 partition of ml.predictions
for values from ('2038-01-01') to ('2039-01-01');

create table ml.predictions_2039 partition of ml.predictions
for values from ('2039-01-01') to ('2040-01-01');

create table ml.predictions_2040 partition of ml.predictions
for values from ('2040-01-01') to ('2041-01-01');

create table ml.predictions_other_years partition of ml.predictions default;

insert into ml.predictions (
    merchant_id,
    model_run_id,
    customer_id,
    as_of_date,
    frequency,
    recency_days,
    age_days,
    probability_alive,
    expected_purchases,
    expected_spend_amount,
    clv_amount,
    clv_horizon_days,
    annual_discount_rate,
    churn_probability,
    churn_horizon_days,
    currency_code,
    model_name,
    base_model_name,
    prediction_basis
)
select
    merchant_id,
    model_run_id,
    customer_id,
    as_of_date,
    frequency,
    recency_days,
    age_days,
    probability_alive,
    expected_purchases,
    expected_spend_amount,
    clv_amount,
    clv_horizon_days,
    annual_discount_rate,
    churn_probability,
    churn_horizon_days,
    currency_code,
    'bg_nbd' as model_name,
    'bg_nbd' as base_model_name,
    'model' as prediction_basis
from ml.predictions_before;

-- What stands on the view stays: its columns keep their places, and new ones come after them.
create or replace view ml.customer_lifetime_value as
select
    predictions.merchant_id,
    predictions.model_run_id,
    predictions.customer_id,
    predictions.as_of_date,
    predictions.frequency,
    predictions.recency_days,
    predictions.age_days,
    predictions.probability_alive,
    predictions.expected_purchases,
    predictions.expected_spend_amount,
    predictions.clv_amount,
    predictions.clv_horizon_days,
    predictions.annual_discount_rate,
    predictions.churn_probability,
    predictions.churn_horizon_days,
    predictions.currency_code,
    predictions.model_name,
    predictions.base_model_name,
    predictions.prediction_basis,
    predictions.prior_share,
    predictions.purchases_low,
    predictions.purchases_high,
    predictions.clv_low_amount,
    predictions.clv_high_amount,
    predictions.interval_level,
    predictions.residual_clv_amount,
    predictions.next_purchase_date
from ml.predictions
inner join ml.model_runs
    on
        predictions.merchant_id = model_runs.merchant_id
        and predictions.model_run_id = model_runs.model_run_id
where
    model_runs.published_at is not null
    and model_runs.superseded_at is null;

comment on view ml.customer_lifetime_value is
'One row per customer of a merchant: the predictions of the merchant''s latest published model run.';

drop table ml.predictions_before;
