"""Create the audiences' members and the ledger of deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("activation"))
    op.create_table(
        "audience_members",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column(
            "entered_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="As-of time of the run that first found them in it.",
        ),
        sa.Column(
            "left_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="As-of time of the run that no longer did; null while they are in it.",
        ),
        sa.Column("rule_hash", sa.Text(), nullable=False, comment="Digest of the audience's rule when they entered."),
        sa.Column("model_run_id", sa.Text(), nullable=True, comment="The model run whose predictions the rule read."),
        sa.PrimaryKeyConstraint("merchant_id", "audience", "customer_id", "entered_at", name="audience_members_pkey"),
        schema="activation",
        comment="One row per customer and stay in an audience.",
    )
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False, comment="The destination's name in perennial.yml."),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False, comment="upsert or remove."),
        sa.Column(
            "action_key", sa.Text(), nullable=False, comment="Deterministic; the same action never has two keys."
        ),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Text(),
            nullable=False,
            comment="reserved, accepted, rejected, retry, maybe_sent, superseded, or withheld by a gate.",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why, when it was not accepted."),
        sa.Column("attempt_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("model_run_id", sa.Text(), nullable=True),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "details",
            postgresql.JSONB(),
            nullable=True,
            comment="Facts about the decision; never payload values.",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name="deliveries_pkey"),
        sa.UniqueConstraint("merchant_id", "action_key", name="deliveries_merchant_id_action_key_key"),
        schema="activation",
        comment="One row per action: reserved before the call, with its outcome after it.",
    )
    op.create_index(
        "deliveries_merchant_id_destination_audience_customer_id_idx",
        "deliveries",
        ["merchant_id", "destination", "audience", "customer_id"],
        unique=False,
        schema="activation",
    )


def downgrade() -> None:
    op.drop_index(
        "deliveries_merchant_id_destination_audience_customer_id_idx",
        table_name="deliveries",
        schema="activation",
    )
    op.drop_table("deliveries", schema="activation")
    op.drop_table("audience_members", schema="activation")
    op.execute(sa.schema.DropSchema("activation"))
