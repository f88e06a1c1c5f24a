"""Keep campaigns: their versions, who is in which arm, and who is not to be written to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

_MONEY = sa.Numeric(18, 4)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign_versions",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("campaign_version", sa.Text(), nullable=False, comment="Digest of the declaration."),
        sa.Column(
            "declaration", postgresql.JSONB(), nullable=False, comment="As perennial.yml had it; holds no secret."
        ),
        sa.Column("first_as_of_date", sa.Date(), nullable=False, comment="The first day that it was worked out for."),
        sa.Column("last_as_of_date", sa.Date(), nullable=False, comment="The latest day that it was worked out for."),
        sa.Column("first_run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "campaign", "campaign_version", name="campaign_versions_pkey"),
        schema="activation",
        comment="One row per version of a campaign that a run has worked out.",
    )
    op.create_table(
        "campaign_enrolments",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column(
            "period", sa.Text(), nullable=False, comment="What the trigger is about, such as the day of an order."
        ),
        sa.Column("campaign_version", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False, comment="message or holdout; written before anything is sent."),
        sa.Column("refusal", sa.Text(), comment="Why they take no part, in either arm; null when they do."),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="The day that the trigger was found for."),
        sa.Column("triggered_at", _TIME, nullable=False, comment="When it happened, as far as the night knows."),
        sa.Column(
            "window_days", sa.Integer(), nullable=False, comment="Days after the as-of date whose revenue counts."
        ),
        sa.Column("forecast_amount", _MONEY, comment="Revenue expected in the window, before anything was sent."),
        sa.Column("currency_code", sa.Text()),
        sa.Column("consent_at", _TIME, comment="When they agreed to be written to, as the shop says."),
        sa.Column("model_run_id", sa.Text()),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("enrolled_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "campaign", "customer_id", "period", name="campaign_enrolments_pkey"),
        schema="activation",
        comment="One row per customer whom a campaign's trigger found, with the arm, or why they take no part.",
    )
    op.create_index(
        "campaign_enrolments_merchant_id_customer_id_idx",
        "campaign_enrolments",
        ["merchant_id", "customer_id"],
        schema="activation",
    )
    op.create_table(
        "suppressions",
        sa.Column("suppression_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="Such as email."),
        sa.Column("address_hash", sa.Text(), comment="SHA-256 of the address in small letters; null for a customer."),
        sa.Column("customer_id", sa.Text(), comment="The customer; null for an address."),
        sa.Column("reason", sa.Text(), nullable=False, comment="bounce, complaint, unsubscribe, invalid or manual."),
        sa.Column("evidence", sa.Text(), comment="Where it is known from, such as a provider or a campaign's link."),
        sa.Column("suppressed_at", _TIME, nullable=False),
        sa.Column("lifted_at", _TIME, comment="When a person lifted it; null while it stands."),
        sa.Column("lifted_because", sa.Text()),
        sa.PrimaryKeyConstraint("suppression_id", name="suppressions_pkey"),
        sa.CheckConstraint("num_nonnulls(address_hash, customer_id) = 1", name=op.f("suppressions_of_one_check")),
        schema="activation",
        comment="One row per address or customer who is not to be written to, and why.",
    )
    for of in ("address_hash", "customer_id"):
        op.create_index(
            f"suppressions_standing_{of.split('_')[0]}_idx",
            "suppressions",
            ["merchant_id", "channel", of, "reason"],
            unique=True,
            schema="activation",
            postgresql_where=sa.text(f"lifted_at is null and {of} is not null"),
        )


def downgrade() -> None:
    for name in ("suppressions", "campaign_enrolments", "campaign_versions"):
        op.drop_table(name, schema="activation")
