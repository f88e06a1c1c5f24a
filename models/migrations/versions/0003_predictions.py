"""Create the tables of purchase summaries, model runs, backtests and predictions."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("ml"))
    op.create_table(
        "backtests",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("model_run_id", sa.Text(), nullable=False),
        sa.Column("model_name", sa.Text(), nullable=False, comment="The model, or the baseline it is held against."),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("calibration_end_date", sa.Date(), nullable=False),
        sa.Column("holdout_days", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True, comment="Null where the metric is undefined."),
        sa.PrimaryKeyConstraint(
            "merchant_id", "model_run_id", "model_name", "metric", "calibration_end_date", name="backtests_pkey"
        ),
        schema="ml",
        comment="One row per model run, model, metric and calibration end: forecasts held against what happened.",
    )
    op.create_table(
        "holdout_weeks",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("model_run_id", sa.Text(), nullable=False),
        sa.Column("week_number", sa.Integer(), nullable=False, comment="1 is the first week after calibration."),
        sa.Column("week_end_date", sa.Date(), nullable=False),
        sa.Column("actual_purchases", sa.Double(), nullable=False, comment="Repeat purchase days in the week."),
        sa.Column("expected_purchases", sa.Double(), nullable=False, comment="What the calibrated model expected."),
        sa.PrimaryKeyConstraint("merchant_id", "model_run_id", "week_number", name="holdout_weeks_pkey"),
        schema="ml",
        comment="One row per model run and holdout week: expected against actual repeat purchases.",
    )
    op.create_table(
        "model_runs",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column(
            "model_run_id",
            sa.Text(),
            nullable=False,
            comment="Digest of data, settings and code: a repeat is the same.",
        ),
        sa.Column("model_name", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        sa.Column(
            "model_card",
            postgresql.JSONB(),
            nullable=False,
            comment="Window, parameters, hashes, versions, metrics.",
        ),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("customer_count", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text, nullable=False, comment="The pipeline run that last arrived at it."),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True, comment="Null while withheld."),
        sa.Column(
            "superseded_at", sa.DateTime(timezone=True), nullable=True, comment="When another run took its place."
        ),
        sa.PrimaryKeyConstraint("merchant_id", "model_run_id", name="model_runs_pkey"),
        schema="ml",
        comment="One row per merchant and fitted model run, with its card.",
    )
    op.create_table(
        "predictions",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("model_run_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("frequency", sa.BigInteger(), nullable=False),
        sa.Column("recency_days", sa.Double(), nullable=False),
        sa.Column("age_days", sa.Double(), nullable=False),
        sa.Column("probability_alive", sa.Double(), nullable=False),
        sa.Column("expected_purchases", sa.Double(), nullable=False, comment="Over clv_horizon_days."),
        sa.Column(
            "expected_spend_amount",
            sa.Numeric(precision=18, scale=4),
            nullable=False,
            comment="Expected spend of one purchase day.",
        ),
        sa.Column(
            "clv_amount",
            sa.Numeric(precision=18, scale=4),
            nullable=False,
            comment="Discounted expected spend over clv_horizon_days.",
        ),
        sa.Column("clv_horizon_days", sa.Integer(), nullable=False),
        sa.Column("annual_discount_rate", sa.Double(), nullable=False),
        sa.Column("churn_probability", sa.Double(), nullable=False, comment="No purchase within churn_horizon_days."),
        sa.Column("churn_horizon_days", sa.Integer(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "model_run_id", "customer_id", name="predictions_pkey"),
        schema="ml",
        comment="One row per customer and model run; append-only.",
    )
    op.create_table(
        "purchase_summaries",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("frequency", sa.BigInteger(), nullable=False, comment="Repeat purchase days (x)."),
        sa.Column("recency_days", sa.Double(), nullable=False, comment="First to last purchase day (t_x)."),
        sa.Column("age_days", sa.Double(), nullable=False, comment="First purchase day to the as-of date (T)."),
        sa.Column(
            "spend_day_count", sa.BigInteger(), nullable=False, comment="Repeat purchase days that cost something."
        ),
        sa.Column(
            "monetary_value", sa.Double(), nullable=True, comment="Mean spend of those days; null when there is none."
        ),
        sa.PrimaryKeyConstraint("merchant_id", "customer_id", name="purchase_summaries_pkey"),
        schema="ml",
        comment="One row per customer of a merchant: the purchase history as the models see it, at the as-of date.",
    )
    op.execute(Path(__file__).with_name("0003_customer_lifetime_value.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("drop view ml.customer_lifetime_value")
    op.drop_table("purchase_summaries", schema="ml")
    op.drop_table("predictions", schema="ml")
    op.drop_table("model_runs", schema="ml")
    op.drop_table("holdout_weeks", schema="ml")
    op.drop_table("backtests", schema="ml")
    op.execute(sa.schema.DropSchema("ml"))
