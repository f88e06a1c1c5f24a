"""Keep which run tried a delivery in vain last, so that the repeats of a run's steps do not count as runs."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_BEFORE, _AFTER = "Of the customer's row and contact.", "Of the customer's row, contact, suppression and memberships."


def upgrade() -> None:
    op.add_column(
        "deliveries",
        sa.Column(
            "failed_run_id", sa.Text(), comment="The last run that tried it in vain; its steps' repeats do not count."
        ),
        schema="activation",
    )
    op.alter_column("customer_states", "state_hash", comment=_AFTER, existing_comment=_BEFORE, schema="activation")


def downgrade() -> None:
    op.alter_column("customer_states", "state_hash", comment=_BEFORE, existing_comment=_AFTER, schema="activation")
    op.drop_column("deliveries", "failed_run_id", schema="activation")
