"""Points from orders: earned, taken back with refunds, and ripening into points that can be spent.

Works in whole ten-thousandths of money and of multipliers, so that nothing is rounded before an order's points are:
down to whole points, once per order and again after each of its refunds. What refunds take back is the difference, so
that the parts of a refund always add up to it. Pure.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl

from activation.loyalty.movements import TIME, Kind, empty, movements, starts_of
from activation.loyalty.programme import Rules

_SCALE = 10_000

ORDERS: dict[str, pl.DataType | type[pl.DataType]] = {
    "order_id": pl.String,
    "customer_id": pl.String,
    "ordered_at": TIME,
    "order_date": pl.Date,
    "amount": pl.Int64,
}
"""One row per counted order of a known customer; the id holds the store, amounts are in ten-thousandths."""

LINES: dict[str, pl.DataType | type[pl.DataType]] = {
    "order_id": pl.String,
    "line_id": pl.String,
    "categories": pl.List(pl.String),
    "net_amount": pl.Int64,
}
"""One row per line, with what its product is, in small letters, when it was ordered."""

REFUND_PARTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "refund_id": pl.String,
    "order_id": pl.String,
    "line_id": pl.String,
    "line_kind": pl.String,
    "refunded_at": TIME,
    "refund_date": pl.Date,
    "net_amount": pl.Int64,
}
"""One row per part of a refund."""

# What earned nothing takes nothing back.
_EARNS_NOTHING = ("shipping", "fee", "wrapping")


def scaled(value: Decimal) -> int:
    """A number with at most four decimal places in whole ten-thousandths."""
    return int(value * _SCALE)


def order_movements(
    orders: pl.DataFrame,
    lines: pl.DataFrame,
    refund_parts: pl.DataFrame,
    *,
    rules: Sequence[Rules],
    as_of_date: date,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """What orders and their refunds move, as of the end of a day.

    An order follows the rules of its own day for good. Goods earn, by their net amount and their categories; an order
    without lines earns by its amount. A refunded line takes back what it earned, a refund of the order as a whole its
    share, and neither more than the order earned. What is refunded before the points ripen is taken from those that
    wait, later refunds from those that can be spent, below zero if need be.

    Args:
        orders: As `ORDERS`.
        lines: As `LINES`.
        refund_parts: As `REFUND_PARTS`, of any order.
        rules: The programme's rules, by first day.
        as_of_date: The last day whose facts count.
        zone: Decides when a day begins.

    Returns:
        Movements of the kinds order, refund and maturity; refunds as points below zero from issued.
    """
    valued = _valued(orders, lines, rules)
    if valued.is_empty():
        return empty()
    refunds = _refunds(valued, lines, refund_parts, rules)
    earned = movements(
        valued.with_columns(source_id="order_id", effective_at="ordered_at"), Kind.ORDER, "issued", "pending"
    )
    is_early = pl.col("refund_date") < pl.col("ripe_date")
    taken = movements(
        refunds.with_columns(
            source_id="refund_id", effective_at="refunded_at", points=pl.col("points_after") - pl.col("points_before")
        ),
        Kind.REFUND,
        "issued",
        pl.when(is_early).then(pl.lit("pending")).otherwise(pl.lit("available")),
    )
    left = refunds.filter(is_early).group_by("order_id").agg(pl.col("points_after").last())
    ripe = valued.filter(pl.col("ripe_date") <= as_of_date).join(left, on="order_id", how="left")
    ripened = movements(
        ripe.with_columns(
            source_id="order_id",
            effective_at=starts_of(ripe["ripe_date"], zone),
            points=pl.coalesce("points_after", "points"),
        ),
        Kind.MATURITY,
        "pending",
        "available",
    )
    return pl.concat([earned, taken, ripened])


def _by_rules(orders: pl.DataFrame, rules: Sequence[Rules]) -> pl.DataFrame:
    """The orders that some rules hold for, with the number of those rules and their pending days."""
    periods = pl.DataFrame(
        {
            "valid_from_date": [one.valid_from_date for one in rules],
            "rules_number": range(len(rules)),
            "rate": [scaled(one.points_per_unit) for one in rules],
            "pending_days": [one.pending_days for one in rules],
        },
        schema_overrides={"valid_from_date": pl.Date, "rules_number": pl.Int64},
    )
    return (
        orders.sort("order_date")
        .join_asof(periods, left_on="order_date", right_on="valid_from_date", strategy="backward")
        .filter(pl.col("rules_number").is_not_null())
        .with_columns(ripe_date=pl.col("order_date") + pl.duration(days="pending_days"))
    )


def _weighed(lines: pl.DataFrame, rules: Sequence[Rules]) -> pl.DataFrame:
    """Lines with the multiplier of their categories, in ten-thousandths."""
    multiplier = pl.lit(_SCALE, pl.Int64)
    for number, one in enumerate(rules):
        if one.category_multipliers:
            names, worth = zip(*((n, scaled(m)) for n, m in one.category_multipliers.items()), strict=True)
            known = pl.col("categories").list.eval(
                pl.element().replace_strict(list(names), list(worth), default=None, return_dtype=pl.Int64)
            )
            multiplier = (
                pl.when(pl.col("rules_number") == number).then(known.list.max().fill_null(_SCALE)).otherwise(multiplier)
            )
    return lines.with_columns(multiplier=multiplier)


def _valued(orders: pl.DataFrame, lines: pl.DataFrame, rules: Sequence[Rules]) -> pl.DataFrame:
    """Orders with what they weigh (`weight`), what their goods came to (`net_amount`), and the points that earns."""
    ruled = _by_rules(orders, rules)
    weighed = _weighed(lines.join(ruled.select("order_id", "rules_number"), on="order_id"), rules)
    sums = weighed.group_by("order_id").agg(
        pl.col("net_amount").cast(pl.Int128).sum(),
        (pl.col("net_amount").cast(pl.Int128) * pl.col("multiplier")).sum().alias("weight"),
    )
    return (
        ruled.join(sums, on="order_id", how="left")
        .with_columns(
            pl.col("net_amount").fill_null(pl.col("amount").cast(pl.Int128)),
            pl.col("weight").fill_null(pl.col("amount").cast(pl.Int128) * _SCALE).clip(lower_bound=0),
        )
        .with_columns(points=_points("weight"))
    )


def _points(weight: str) -> pl.Expr:
    """Whole points: money, multiplier and rate are ten-thousandths each."""
    return ((pl.col(weight) * pl.col("rate").cast(pl.Int128)) // _SCALE**3).cast(pl.Int64)


def _refunds(valued: pl.DataFrame, lines: pl.DataFrame, parts: pl.DataFrame, rules: Sequence[Rules]) -> pl.DataFrame:
    """Refunds with the points of their order before and after each, in the order in which they were made."""
    multipliers = _weighed(lines.join(valued.select("order_id", "rules_number"), on="order_id"), rules).select(
        "order_id", "line_id", "multiplier"
    )
    amount = pl.col("net_amount").cast(pl.Int128)
    share = pl.when(pl.col("order_net") > 0).then((amount * pl.col("weight")) // pl.col("order_net")).otherwise(0)
    weighed = (
        parts.join(
            valued.select("order_id", "customer_id", "ripe_date", "weight", "rate", order_net="net_amount"),
            on="order_id",
        )
        .join(multipliers, on=["order_id", "line_id"], how="left")
        .with_columns(
            taken=pl.when(pl.col("line_kind").is_in(_EARNS_NOTHING))
            .then(0)
            .when(pl.col("multiplier").is_not_null())
            .then(amount * pl.col("multiplier"))
            .otherwise(share)
        )
    )
    order = ["order_id", "refunded_at", "refund_id"]
    same = ("customer_id", "refund_date", "ripe_date", "weight", "rate")
    return (
        weighed.group_by(order)
        .agg(pl.col("taken").sum(), *(pl.col(name).first() for name in same))
        .sort(order)
        .with_columns(taken_so_far=pl.col("taken").cum_sum().over("order_id"))
        .with_columns(
            before=(pl.col("weight") - pl.col("taken_so_far") + pl.col("taken")),
            after=(pl.col("weight") - pl.col("taken_so_far")),
        )
        .with_columns(
            before=pl.col("before").clip(0, pl.col("weight")), after=pl.col("after").clip(0, pl.col("weight"))
        )
        .with_columns(points_before=_points("before"), points_after=_points("after"))
    )


def facts(
    orders: Sequence[tuple[str, str, datetime, date, int]],
    lines: Sequence[tuple[str, str, list[str], int]] = (),
    refund_parts: Sequence[tuple[str, str, str | None, str, datetime, date, int]] = (),
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Frames of facts from rows."""
    return (
        pl.DataFrame(list(orders), schema=ORDERS, orient="row"),
        pl.DataFrame(list(lines), schema=LINES, orient="row"),
        pl.DataFrame(list(refund_parts), schema=REFUND_PARTS, orient="row"),
    )
