"""Create the raw tables of the WooCommerce source, one per stream of `models.records.woocommerce`."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# Named one by one, and in the order of their making: a file that an installation lacks is an error, not a gap.
_FILES = (
    "shop",
    "customers",
    "orders",
    "order_lines",
    "order_charges",
    "refunds",
    "products",
    "discounts",
)


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("raw_woocommerce"))
    for name in _FILES:
        statements = (Path(__file__).with_suffix("") / f"{name}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(statements)


def downgrade() -> None:
    op.execute(sa.schema.DropSchema("raw_woocommerce", cascade=True))
