"""Purchase days, refunds and first orders as dbt has them: what every forecast is made of.

Reads only.
"""

import polars as pl
import sqlalchemy as sa

from ml.histories.first_orders import FACTS, FIRST_ORDERS_SCHEMA
from models.reading import read_frame

_INTERMEDIATE = "intermediate"
_PURCHASE_DAYS = sa.table(
    "int_purchase_days_aggregated",
    sa.column("merchant_id"),
    sa.column("customer_id", sa.Text),
    sa.column("purchase_date", sa.Date),
    sa.column("amount", sa.Numeric(18, 4)),
    schema=_INTERMEDIATE,
)
_REFUNDS = sa.table(
    "int_refunds_attributed",
    sa.column("merchant_id"),
    sa.column("customer_id", sa.Text),
    sa.column("purchase_date", sa.Date),
    sa.column("refund_date", sa.Date),
    sa.column("amount", sa.Numeric(18, 4)),
    schema=_INTERMEDIATE,
)

_FIRST_ORDERS = sa.table(
    "int_first_orders_described",
    sa.column("merchant_id"),
    sa.column("customer_id", sa.Text),
    sa.column("purchase_date", sa.Date),
    sa.column("channel", sa.Text),
    sa.column("has_discount", sa.Boolean),
    sa.column("country_code", sa.Text),
    schema=_INTERMEDIATE,
)

HISTORY_TABLES = (_PURCHASE_DAYS.name, _REFUNDS.name, _FIRST_ORDERS.name)
"""The dbt models that a forecast reads; to make a past one again, these are built and what they stand on."""


def purchase_history(
    connection: sa.Connection, merchant_id: str, customer_id: str | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A merchant's purchase days and attributed refunds, as `ml.histories.purchase_summary` takes them.

    Args:
        connection: Any that may read the intermediate tables.
        merchant_id: Whose customers.
        customer_id: One of them; None is all.
    """
    frames = []
    for table, names in (
        (_PURCHASE_DAYS, ("customer_id", "purchase_date", "amount")),
        (_REFUNDS, ("customer_id", "purchase_date", "refund_date", "amount")),
    ):
        query = sa.select(*(table.c[name] for name in names)).where(
            table.c.merchant_id == merchant_id, table.c.purchase_date.is_not(None)
        )
        if customer_id is not None:
            query = query.where(table.c.customer_id == customer_id)
        frames.append(read_frame(connection, query))
    days, refunds = frames
    return days, refunds


def first_orders(connection: sa.Connection, merchant_id: str, customer_id: str | None = None) -> pl.DataFrame:
    """What first orders say of a merchant's customers, as `ml.histories.first_orders` takes it.

    Who is not there has a first order that says nothing.

    Args:
        connection: Any that may read the intermediate tables.
        merchant_id: Whose customers.
        customer_id: One of them; None is all.
    """
    table = _FIRST_ORDERS
    says = sa.or_(*(table.c[name].is_not(None) for name in FACTS))
    query = sa.select(*(table.c[name] for name in FIRST_ORDERS_SCHEMA.names())).where(
        table.c.merchant_id == merchant_id, says
    )
    if customer_id is not None:
        query = query.where(table.c.customer_id == customer_id)
    return read_frame(connection, query)
