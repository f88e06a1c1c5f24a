"""The `ml` schema: purchase summaries, model runs with their cards, backtests and predictions."""

import sqlalchemy as sa

from models.schema import ML, Json, Money, Timestamp, metadata

purchase_summaries = sa.Table(
    "purchase_summaries",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("frequency", sa.BigInteger, nullable=False, comment="Repeat purchase days (x)."),
    sa.Column("recency_days", sa.Double, nullable=False, comment="First to last purchase day (t_x)."),
    sa.Column("age_days", sa.Double, nullable=False, comment="First purchase day to the as-of date (T)."),
    sa.Column("spend_day_count", sa.BigInteger, nullable=False, comment="Repeat purchase days that cost something."),
    sa.Column("monetary_value", sa.Double, comment="Mean spend of those days; null when there is none."),
    schema=ML,
    comment="One row per customer of a merchant: the purchase history as the models see it, at the as-of date.",
)

model_runs = sa.Table(
    "model_runs",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column(
        "model_run_id", sa.Text, primary_key=True, comment="Digest of data, settings and code: a repeat is the same."
    ),
    sa.Column("model_name", sa.Text, nullable=False, comment="The champion, whose counts are predicted."),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("model_card", Json, nullable=False, comment="Window, parameters, hashes, versions, metrics."),
    sa.Column("data_hash", sa.Text, nullable=False),
    sa.Column("code_hash", sa.Text, nullable=False),
    sa.Column("customer_count", sa.BigInteger, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False, comment="The pipeline run that last arrived at it."),
    sa.Column("fitted_at", Timestamp, nullable=False),
    sa.Column("published_at", Timestamp, comment="Null while withheld."),
    sa.Column("superseded_at", Timestamp, comment="When another run took its place."),
    sa.Column(
        "base_model_name",
        sa.Text,
        comment="The parametric model under the champion; null of runs before there was one.",
    ),
    sa.Column("prediction_basis", sa.Text, comment="model, prior (in part) or naive (no model could be published)."),
    sa.Column("incumbent_run_id", sa.Text, comment="The model run that spoke before; part of the digest."),
    sa.Column("thread_count", sa.Integer, comment="Threads that the calculation had; sums may differ by them."),
    sa.Column(
        "inputs",
        Json,
        comment="What the tables it read were built from, as in ops.built_merchants; null of runs before.",
    ),
    schema=ML,
    comment="One row per merchant and fitted model run, with its card.",
)

backtests = sa.Table(
    "backtests",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("model_name", sa.Text, primary_key=True, comment="The model, or the baseline it is held against."),
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("calibration_end_date", sa.Date, primary_key=True),
    sa.Column("holdout_days", sa.Integer, nullable=False),
    sa.Column("value", sa.Double, comment="Null where the metric is undefined."),
    sa.Column(
        "value_low", sa.Double, comment="Lower end of the interval of the value, had other customers been drawn."
    ),
    sa.Column("value_high", sa.Double, comment="Its upper end; null where it has none."),
    schema=ML,
    comment="One row per model run, model, metric and calibration end: forecasts held against what happened.",
)

calibration_deciles = sa.Table(
    "calibration_deciles",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("model_name", sa.Text, primary_key=True),
    sa.Column("quantity", sa.Text, primary_key=True, comment="purchase_count, spend or order_probability."),
    sa.Column("calibration_end_date", sa.Date, primary_key=True),
    sa.Column("holdout_days", sa.Integer, nullable=False),
    sa.Column("decile", sa.Integer, primary_key=True, comment="1 is the tenth of customers with the lowest forecast."),
    sa.Column("customer_count", sa.BigInteger, nullable=False),
    sa.Column("expected_value", sa.Double, nullable=False, comment="Mean forecast of these customers."),
    sa.Column("actual_value", sa.Double, nullable=False, comment="Mean of what they did."),
    schema=ML,
    comment="One row per model run, origin, model, quantity and tenth of the customers by forecast: said and done.",
)

holdout_weeks = sa.Table(
    "holdout_weeks",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("week_number", sa.Integer, primary_key=True, comment="1 is the first week after calibration."),
    sa.Column("week_end_date", sa.Date, nullable=False),
    sa.Column("actual_purchases", sa.Double, nullable=False, comment="Repeat purchase days in the week."),
    sa.Column("expected_purchases", sa.Double, nullable=False, comment="What the calibrated model expected."),
    schema=ML,
    comment="One row per model run and holdout week: expected against actual repeat purchases.",
)

cohort_forecasts = sa.Table(
    "cohort_forecasts",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("quantity", sa.Text, primary_key=True, comment="purchase_count, or clv in the merchant's currency."),
    sa.Column("cohort", sa.Text, primary_key=True, comment="Month of first purchase, such as 2026-01, or all."),
    sa.Column("cohort_month", sa.Date, comment="Its first day; null for all."),
    sa.Column("customer_count", sa.BigInteger, nullable=False),
    sa.Column("expected", sa.Double, nullable=False, comment="Sum over the customers, within the run's horizon."),
    sa.Column("low", sa.Double, nullable=False, comment="Lower end of the band, at the interval level of the run."),
    sa.Column("high", sa.Double, nullable=False, comment="Its upper end."),
    schema=ML,
    comment="One row per model run, quantity and month of first purchase: what those customers will do together.",
)

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, primary_key=True),
    sa.Column("model_name", sa.Text, nullable=False, comment="The champion, whose counts and spend these are."),
    sa.Column("base_model_name", sa.Text, nullable=False, comment="The parametric model that gives all the rest."),
    sa.Column("prediction_basis", sa.Text, nullable=False, comment="model, prior (in part) or naive (a last resort)."),
    sa.Column("prior_share", sa.Double, comment="How much of the rate of buying is other merchants', 0 to 1."),
    sa.Column("frequency", sa.BigInteger, nullable=False),
    sa.Column("recency_days", sa.Double, nullable=False),
    sa.Column("age_days", sa.Double, nullable=False),
    sa.Column("probability_alive", sa.Double, nullable=False),
    sa.Column("expected_purchases", sa.Double, nullable=False, comment="Over clv_horizon_days."),
    sa.Column("purchases_low", sa.Double, comment="Lower end of the interval of purchase days at interval_level."),
    sa.Column("purchases_high", sa.Double, comment="Its upper end."),
    sa.Column("expected_spend_amount", Money, nullable=False, comment="Expected spend of one purchase day."),
    sa.Column("clv_amount", Money, nullable=False, comment="Discounted expected spend over clv_horizon_days."),
    sa.Column("clv_low_amount", Money, comment="Lower end of the interval of discounted spend at interval_level."),
    sa.Column("clv_high_amount", Money, comment="Its upper end."),
    sa.Column("interval_level", sa.Double, comment="The share of customers whose outcome an interval encloses."),
    sa.Column("clv_horizon_days", sa.Integer, nullable=False),
    sa.Column("annual_discount_rate", sa.Double, nullable=False),
    sa.Column(
        "residual_clv_amount", Money, comment="Discounted expected spend of all the future; null without a rate."
    ),
    sa.Column("churn_probability", sa.Double, nullable=False, comment="No purchase within churn_horizon_days."),
    sa.Column("churn_horizon_days", sa.Integer, nullable=False),
    sa.Column(
        "next_purchase_date",
        sa.Date,
        comment="By then half of such customers, if still customers, have bought again; null beyond the horizon.",
    ),
    sa.Column("currency_code", sa.Text, nullable=False),
    schema=ML,
    comment="One row per customer and model run; append-only, one partition per year of as_of_date.",
    postgresql_partition_by="RANGE (as_of_date)",
)
