"""Create the raw tables of the Shopify source, one per stream of `models.records.shopify`."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Named one by one, and in the order of their making: a file that an installation lacks is an error, not a gap.
_FILES = (
    "shop",
    "customers",
    "orders",
    "order_lines",
    "order_charges",
    "refunds",
    "transactions",
    "checkouts",
    "products",
    "discounts",
)


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("raw_shopify"))
    for name in _FILES:
        statements = (Path(__file__).with_suffix("") / f"{name}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(statements)


def downgrade() -> None:
    op.execute(sa.schema.DropSchema("raw_shopify", cascade=True))
