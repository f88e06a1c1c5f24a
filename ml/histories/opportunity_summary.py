"""From what was bought at which opportunity to one row per customer, for models of discrete opportunities.

An opportunity is an occasion that the merchant sets and everybody has: a yearly event, a renewal, a monthly box, an
issue. They are numbered in their order, without gaps; nothing here is in days. Must not know what a model does with it.
"""

import polars as pl

from models.errors import StopError

OPPORTUNITY_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "frequency": pl.Int64(),
        "recency_opportunities": pl.Int64(),
        "opportunity_count": pl.Int64(),
    }
)


def summarise_opportunities(purchases: pl.DataFrame, *, last_opportunity: int) -> pl.DataFrame:
    """One row per customer with a purchase at or before an opportunity.

    Args:
        purchases: `customer_id` (string) and `opportunity` (whole number): who bought at which. Several rows of a
            customer at one opportunity are one purchase.
        last_opportunity: The last opportunity that is known; what was bought later does not exist yet.

    Returns:
        `OPPORTUNITY_SCHEMA`, sorted by customer_id: `frequency` (x: opportunities used after the first purchase),
        `recency_opportunities` (t_x: how many opportunities after the first purchase the last one was) and
        `opportunity_count` (n: how many there have been since the first purchase).

    Raises:
        StopError: A column is missing, null or of another type.
    """
    for name in ("customer_id", "opportunity"):
        if name not in purchases.columns:
            raise StopError(f"the purchases lack the column {name}; they have {', '.join(purchases.columns) or 'none'}")
        if nulls := purchases[name].null_count():
            raise StopError(f"{name} is null in {nulls} of {purchases.height} rows")
    if purchases.schema["customer_id"] != pl.String:
        raise StopError(f"customer_id must be a string, not {purchases.schema['customer_id']}")
    if not purchases.schema["opportunity"].is_integer():
        raise StopError(f"opportunity must be a whole number, not {purchases.schema['opportunity']}")
    at = pl.col("opportunity")
    return (
        purchases.lazy()
        .filter(at <= last_opportunity)
        .group_by("customer_id")
        .agg(
            (at.n_unique() - 1).alias("frequency"),
            (at.max() - at.min()).alias("recency_opportunities"),
            (last_opportunity - at.min()).alias("opportunity_count"),
        )
        .cast(dict(OPPORTUNITY_SCHEMA))  # type: ignore[arg-type]  # a schema is a mapping of names to types
        .sort("customer_id")
        .collect()
    )
