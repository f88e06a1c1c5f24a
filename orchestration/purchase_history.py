"""Purchase days and refunds as dbt has them: what every forecast is made of.

Reads only.
"""

import polars as pl
import sqlalchemy as sa

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
