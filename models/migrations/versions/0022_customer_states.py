"""Keep which customers changed when, so that a sync need not look at all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_UNSETTLED = sa.text("outcome in ('reserved', 'retry', 'maybe_sent', 'dead')")


def upgrade() -> None:
    op.create_table(
        "customer_states",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("state_hash", sa.Text(), nullable=False, comment="Of the customer's row and contact."),
        sa.Column("change_number", sa.BigInteger(), nullable=False, comment="Which reconciliation found it so first."),
        sa.Column("is_gone", sa.Boolean(), nullable=False, comment="Whether the customer is there no more."),
        sa.PrimaryKeyConstraint("merchant_id", "customer_id", name="customer_states_pkey"),
        schema="activation",
        comment="One row per customer of marts.customer_360, now or once: when what can be sent of them changed.",
    )
    op.create_index(
        "customer_states_merchant_id_change_number_idx",
        "customer_states",
        ["merchant_id", "change_number"],
        schema="activation",
    )
    op.create_table(
        "sync_cursors",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False, comment="The audience or the segment."),
        sa.Column("settings_hash", sa.Text(), nullable=False, comment="Of the sync and of what says who is a member."),
        sa.Column("change_number", sa.BigInteger(), nullable=False, comment="Everything up to it is in the ledger."),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="The day that was planned for."),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=False, comment="When all were looked at last."),
        sa.PrimaryKeyConstraint("merchant_id", "destination", "audience", name="sync_cursors_pkey"),
        schema="activation",
        comment="One row per sync: up to which change of customers its ledger is in step.",
    )
    op.create_index(
        "deliveries_unsettled_idx",
        "deliveries",
        ["merchant_id", "destination", "audience"],
        schema="activation",
        postgresql_where=_UNSETTLED,
    )


def downgrade() -> None:
    op.drop_index("deliveries_unsettled_idx", table_name="deliveries", schema="activation")
    op.drop_table("sync_cursors", schema="activation")
    op.drop_table("customer_states", schema="activation")
