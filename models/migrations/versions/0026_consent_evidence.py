"""Keep with each enrolment how the consent was known."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column(
        "campaign_enrolments",
        sa.Column("consent_evidence", sa.Text(), comment="How that is known: the store, and what it keeps as proof."),
        schema="activation",
    )


def downgrade() -> None:
    op.drop_column("campaign_enrolments", "consent_evidence", schema="activation")
