"""Create the loyalty ledger, the facts beside orders that it follows from, and what follows from it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements)


def downgrade() -> None:
    op.execute(sa.schema.DropSchema("loyalty", cascade=True))
