"""Keep a merchant's half-life of purchases, and from which scores on a customer is recent, frequent and big."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_COLUMNS = (
    ("rfm_half_life_days", "180", "After how many days a purchase weighs half in the weighted scores."),
    ("rfm_recent_score", "4", "From which recency score on a customer counts as recent."),
    ("rfm_frequent_score", "4", "From which frequency score on a customer counts as frequent."),
    ("rfm_big_score", "4", "From which monetary score on a customer counts as a big spender."),
)


def upgrade() -> None:
    for name, default, comment in _COLUMNS:
        column = sa.Column(name, sa.Integer(), nullable=False, server_default=default, comment=comment)
        op.add_column("merchants", column, schema="ops")


def downgrade() -> None:
    for name, _, _ in _COLUMNS:
        op.drop_column("merchants", name, schema="ops")
