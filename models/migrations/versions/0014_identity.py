"""Keep who is who: what a merchant's records are recognised by, and what was decided by hand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "identity_decisions",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False, comment="join, separate or undo."),
        sa.Column(
            "record_ids",
            sa.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="The records that are joined, or that are separated from the others.",
        ),
        sa.Column(
            "other_record_ids",
            sa.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="Of a separation, the customer's other records when it was decided.",
        ),
        sa.Column("undone_decision_id", sa.BigInteger(), comment="Of an undoing, the decision that no longer stands."),
        sa.Column("actor", sa.Text(), nullable=False, comment="Who decided, as they called themselves."),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="identity_decisions_pkey"),
        sa.UniqueConstraint(
            "merchant_id", "undone_decision_id", name="identity_decisions_merchant_id_undone_decision_id_key"
        ),
        schema="ops",
        comment="One row per decision by hand on who is who: records joined or separated, or a decision undone.",
    )
    op.add_column(
        "merchants",
        sa.Column(
            "identity_rules", postgresql.JSONB(), comment="What makes two records one person; null for what is usual."
        ),
        schema="ops",
    )
    op.add_column(
        "customers",
        sa.Column("external_id", sa.Text(), comment="The id that another system of the seller has for them."),
        schema="raw_files",
    )


def downgrade() -> None:
    op.drop_column("customers", "external_id", schema="raw_files")
    op.drop_column("merchants", "identity_rules", schema="ops")
    op.drop_table("identity_decisions", schema="ops")
