"""Keep whether mail providers' suppression lists could be read: while one could not, its merchant's messages wait."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "list_readings",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False, comment="The destination's name in perennial.yml."),
        sa.Column("read_at", _TIME, comment="When its list was read last; null while it never was."),
        sa.Column("failed_at", _TIME, comment="When it could not be read since; null while it can."),
        sa.PrimaryKeyConstraint("merchant_id", "destination", name="list_readings_pkey"),
        schema="activation",
        comment="One row per mail provider of a merchant that keeps a suppression list: whether it could be read.",
    )


def downgrade() -> None:
    op.drop_table("list_readings", schema="activation")
