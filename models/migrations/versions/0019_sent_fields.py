"""Keep what a destination was sent last, field by field."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "sent_fields",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False, comment="The destination's name in perennial.yml."),
        sa.Column("audience", sa.Text(), nullable=False, comment="The audience or the segment."),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False, comment="Of all that was sent last and accepted."),
        sa.Column(
            "fields",
            postgresql.JSONB(),
            nullable=False,
            comment="What was sent last, by the destination's names; of what can identify a person, a digest.",
        ),
        sa.PrimaryKeyConstraint("merchant_id", "destination", "audience", "customer_id", name="sent_fields_pkey"),
        schema="activation",
        comment="One row per customer whom a destination holds: the fields that it was sent last.",
    )


def downgrade() -> None:
    op.drop_table("sent_fields", schema="activation")
