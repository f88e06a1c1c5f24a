"""What is known of customers from their first day on: the channel they came by, a discount on the first order, country.

Facts of the first purchase day only, so they are the same on every later day and a model may take them for fixed. Must
not know what a model does with them.
"""

from datetime import date

import polars as pl

from models.errors import StopError

FACTS: tuple[str, ...] = ("channel", "has_discount", "country_code")
FIRST_ORDERS_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "purchase_date": pl.Date(),
        "channel": pl.String(),
        "has_discount": pl.Boolean(),
        "country_code": pl.String(),
    }
)
# What stands for a fact that the source does not give.
UNKNOWN = "(unknown)"


def known_facts(first_orders: pl.DataFrame | None, customer_ids: pl.Series, *, as_of_date: date) -> pl.DataFrame | None:
    """The facts of customers that are known on a day.

    Args:
        first_orders: `FIRST_ORDERS_SCHEMA`, at most one row per customer; None is that nothing is known of anybody.
        customer_ids: Whose.
        as_of_date: A first order of a later day is not known yet.

    Returns:
        One row per customer, in their order: `FACTS` as text (`yes` or `no` of the discount), `UNKNOWN` where the
        source does not say. None where nothing is known of any of them.

    Raises:
        StopError: The frame breaks its contract.
    """
    if first_orders is None:
        return None
    wrong = [name for name, dtype in FIRST_ORDERS_SCHEMA.items() if first_orders.schema.get(name) != dtype]
    if wrong:
        raise StopError(f"first_orders: {', '.join(wrong)} is missing, or of another type")
    said = first_orders.filter(pl.col("purchase_date") <= as_of_date).select(
        "customer_id",
        "channel",
        pl.when("has_discount").then(pl.lit("yes")).when(~pl.col("has_discount")).then(pl.lit("no")).alias(FACTS[1]),
        "country_code",
    )
    if repeated := said.height - said["customer_id"].n_unique():
        raise StopError(f"first_orders: customers have {repeated} rows more than one each; the first order is one")
    facts = (
        customer_ids.alias("customer_id").to_frame().join(said, on="customer_id", how="left", maintain_order="left")
    ).select(FACTS)
    if all(facts[name].null_count() == facts.height for name in FACTS):
        return None
    return facts.fill_null(UNKNOWN)
