"""What activation reads about customers: their row in `marts.customer_360`, and how they may be written to.

dbt owns both tables; they are declared here to be read, in a metadata of their own, so that no migration touches them.
Must not decide anything about a customer.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from models.schema import Money, Timestamp

# Never given to Alembic: dbt creates and rebuilds these tables.
_reading = sa.MetaData()

customer_360 = sa.Table(
    "customer_360",
    _reading,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date),
    sa.Column("first_order_date", sa.Date),
    sa.Column("last_order_date", sa.Date),
    sa.Column("days_since_last_order", sa.Integer),
    sa.Column("order_count", sa.BigInteger),
    sa.Column("purchase_day_count", sa.BigInteger),
    sa.Column("gross_amount", Money),
    sa.Column("refund_amount", Money),
    sa.Column("net_amount", Money),
    sa.Column("aov_amount", Money),
    sa.Column("life_days", sa.Integer),
    sa.Column("net_per_month_amount", Money),
    sa.Column("margin_amount", Money),
    sa.Column("margin_per_month_amount", Money),
    sa.Column("margin_basis", sa.Text),
    sa.Column("currency_code", sa.Text),
    sa.Column("recency_score", sa.Integer),
    sa.Column("frequency_score", sa.Integer),
    sa.Column("monetary_score", sa.Integer),
    sa.Column("rfm_segment", sa.Text),
    sa.Column("weighted_frequency_score", sa.Integer),
    sa.Column("weighted_monetary_score", sa.Integer),
    sa.Column("weighted_rfm_segment", sa.Text),
    sa.Column("lifecycle_stage", sa.Text),
    sa.Column("has_email", sa.Boolean),
    sa.Column("has_email_consent", sa.Boolean),
    sa.Column("is_generated_person", sa.Boolean),
    sa.Column("probability_alive", sa.Double),
    sa.Column("expected_purchases", sa.Double),
    sa.Column("expected_spend_amount", Money),
    sa.Column("clv_amount", Money),
    sa.Column("total_clv_amount", Money),
    sa.Column("clv_percent_rank", sa.Double),
    sa.Column("clv_horizon_days", sa.Integer),
    sa.Column("churn_probability", sa.Double),
    sa.Column("churn_horizon_days", sa.Integer),
    sa.Column("purchases_low", sa.Double),
    sa.Column("purchases_high", sa.Double),
    sa.Column("clv_low_amount", Money),
    sa.Column("clv_high_amount", Money),
    sa.Column("interval_level", sa.Double),
    sa.Column("residual_clv_amount", Money),
    sa.Column("next_purchase_date", sa.Date),
    sa.Column("model_name", sa.Text),
    sa.Column("base_model_name", sa.Text),
    sa.Column("prediction_basis", sa.Text),
    sa.Column("prior_share", sa.Double),
    sa.Column("model_run_id", sa.Text),
    schema="marts",
)

customer_contacts = sa.Table(
    "customer_contacts",
    _reading,
    sa.Column("merchant_id", sa.Text),
    sa.Column("customer_id", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("has_email_consent", sa.Boolean),
    sa.Column("email_consent_at", Timestamp),
    sa.Column("email_consent_evidence", sa.Text),
    sa.Column("is_generated", sa.Boolean),
    schema="vault",
)

segment_memberships = sa.Table(
    "segment_memberships",
    _reading,
    sa.Column("merchant_id", sa.Text),
    sa.Column("segment_name", sa.Text),
    sa.Column("customer_id", sa.Text),
    sa.Column("entered_date", sa.Date),
    sa.Column("entered_at", Timestamp),
    sa.Column("left_date", sa.Date),
    sa.Column("left_at", Timestamp),
    sa.Column("is_current", sa.Boolean),
    schema="marts",
)

PERSONAL_FIELDS = ("email", "first_name", "last_name")


class ColumnKind(StrEnum):
    """What a column's values can be compared with, and how they are written in a payload."""

    TEXT = "text"
    COUNT = "whole numbers"
    AMOUNT = "amounts of money"
    NUMBER = "numbers"
    QUANTITY = "quantities"
    DATE = "dates"
    TRUTH = "true or false"


def kind_of(column: sa.Column[Any]) -> ColumnKind:
    """What a column's values can be compared with, by its type."""
    kinds: tuple[tuple[type[sa.types.TypeEngine[Any]], ColumnKind], ...] = (
        (sa.Boolean, ColumnKind.TRUTH),
        (sa.Date, ColumnKind.DATE),
        (sa.Integer, ColumnKind.COUNT),
        (sa.Double, ColumnKind.NUMBER),
        (sa.Numeric, ColumnKind.AMOUNT),
        (sa.Text, ColumnKind.TEXT),
    )
    return next(kind for type_, kind in kinds if isinstance(column.type, type_))


CUSTOMER_COLUMNS: Mapping[str, ColumnKind] = {
    column.name: kind_of(column) for column in customer_360.columns if column.name != "merchant_id"
}
"""The columns that a rule may test and a sync may send, with their kinds; the merchant is always given, never one."""
