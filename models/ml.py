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
    sa.Column("model_name", sa.Text, nullable=False),
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
    schema=ML,
    comment="One row per model run, model, metric and calibration end: forecasts held against what happened.",
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

predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("model_run_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("frequency", sa.BigInteger, nullable=False),
    sa.Column("recency_days", sa.Double, nullable=False),
    sa.Column("age_days", sa.Double, nullable=False),
    sa.Column("probability_alive", sa.Double, nullable=False),
    sa.Column("expected_purchases", sa.Double, nullable=False, comment="Over clv_horizon_days."),
    sa.Column("expected_spend_amount", Money, nullable=False, comment="Expected spend of one purchase day."),
    sa.Column("clv_amount", Money, nullable=False, comment="Discounted expected spend over clv_horizon_days."),
    sa.Column("clv_horizon_days", sa.Integer, nullable=False),
    sa.Column("annual_discount_rate", sa.Double, nullable=False),
    sa.Column("churn_probability", sa.Double, nullable=False, comment="No purchase within churn_horizon_days."),
    sa.Column("churn_horizon_days", sa.Integer, nullable=False),
    sa.Column("currency_code", sa.Text, nullable=False),
    schema=ML,
    comment="One row per customer and model run; append-only.",
)
