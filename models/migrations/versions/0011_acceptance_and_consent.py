"""Keep which mismatches of totals an owner accepts, and Shopify customers' consent to text messages."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_CONSENT = (
    (
        "sms_marketing_state",
        sa.Text(),
        "SUBSCRIBED, NOT_SUBSCRIBED, PENDING, UNSUBSCRIBED or REDACTED; null without phone.",
    ),
    ("sms_marketing_opt_in_level", sa.Text(), "SINGLE_OPT_IN, CONFIRMED_OPT_IN or UNKNOWN."),
    (
        "sms_marketing_updated_at",
        sa.DateTime(timezone=True),
        "When they last agreed to text messages or withdrew.",
    ),
)


def upgrade() -> None:
    op.create_table(
        "stores",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column(
            "accepted_difference_amount",
            sa.Numeric(18, 4),
            nullable=False,
            comment="How far any order's or refund's total may be from what its parts add up to, in its own currency.",
        ),
        sa.Column(
            "accepted_order_ids",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="Orders whose totals, and whose refunds' totals, may be anything.",
        ),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", name="stores_pkey"),
        schema="ops",
        comment=(
            "One row per store as declared in perennial.yml, with the mismatches of totals that its owner accepts."
        ),
    )
    for name, kind, comment in _CONSENT:
        op.add_column("customers", sa.Column(name, kind, comment=comment), schema="raw_shopify")


def downgrade() -> None:
    for name, _, _ in _CONSENT:
        op.drop_column("customers", name, schema="raw_shopify")
    op.drop_table("stores", schema="ops")
