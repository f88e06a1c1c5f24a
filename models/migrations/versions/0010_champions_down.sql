-- Back to one table of predictions with means only; what was predicted beyond them is lost.
drop view ml.customer_lifetime_value cascade;

alter table ml.predictions rename to predictions_partitioned;
alter table ml.predictions_partitioned rename constraint predictions_pkey to predictions_partitioned_pkey;

create table ml.predictions (
    merchant_id text not null,
    model_run_id text not null,
    customer_id text not null,
    as_of_date date not null,
    frequency bigint not null,
    recency_days double precision not null,
    age_days double precision not null,
    probability_alive double precision not null,
    expected_purchases double precision not null,
    expected_spend_amount numeric(18, 4) not null,
    clv_amount numeric(18, 4) not null,
    clv_horizon_days integer not null,
    annual_discount_rate double precision not null,
    churn_probability double precision not null,
    churn_horizon_days integer not null,
    currency_code text not null,
    constraint predictions_pkey primary key (merchant_id, model_run_id, customer_id)
);

comment on table ml.predictions is 'One row per customer and model run; append-only.';
comment on column ml.predictions.expected_purchases is 'Over clv_horizon_days.';
comment on column ml.predictions.expected_spend_amount is 'Expected spend of one purchase day.';
comment on column ml.predictions.clv_amount is 'Discounted expected spend over clv_horizon_days.';
comment on column ml.predictions.churn_probability is 'No purchase within churn_horizon_days.';

insert into ml.predictions
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
    currency_code
from ml.predictions_partitioned;

drop table ml.predictions_partitioned;

drop table ml.calibration_deciles;

drop table ml.cohort_forecasts;

alter table ml.backtests
drop column value_low,
drop column value_high;

alter table ml.model_runs
drop column base_model_name,
drop column prediction_basis,
drop column incumbent_run_id,
drop column thread_count;

comment on column ml.model_runs.model_name is null;
