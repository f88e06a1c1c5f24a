"""Movements of points: what facts say shall stand in the ledger, and how that differs from what stands there.

A movement names its source, so that the same fact always leads to the same movement. Its points may be below zero,
which is a movement the other way. Pure.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import polars as pl

from models.loyalty import ACCOUNTS

TIME = pl.Datetime("us", "UTC")

MOVEMENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "source_kind": pl.String,
    "source_id": pl.String,
    "debit_account": pl.String,
    "credit_account": pl.String,
    "points": pl.Int64,
    "effective_at": TIME,
    "reason": pl.String,
    "actor": pl.String,
}
"""One row per source, customer and pair of accounts, the earlier of `ACCOUNTS` debited; points may be below zero."""

POSTED: dict[str, pl.DataType | type[pl.DataType]] = {
    **{
        name: MOVEMENTS[name] for name in ("customer_id", "source_kind", "source_id", "debit_account", "credit_account")
    },
    "points": pl.Int64,
    "revision": pl.Int64,
}
"""What of a source stands in the ledger: its points between two accounts, and the source's highest revision."""

_KEY = ["customer_id", "source_kind", "source_id", "debit_account", "credit_account"]
_SOURCE = _KEY[:3]


class Kind(StrEnum):
    """What moves points."""

    ORDER = "order"  # earned
    REFUND = "refund"  # taken back
    MATURITY = "maturity"  # can be spent from now on
    SIGN_UP = "sign_up"
    BIRTHDAY = "birthday"
    ADJUSTMENT = "adjustment"
    REDEMPTION = "redemption"  # held for a reward
    REDEMPTION_END = "redemption_end"  # spent, run out, or given back
    EXPIRY = "expiry"


def empty() -> pl.DataFrame:
    """No movement."""
    return pl.DataFrame(schema=MOVEMENTS)


def movements(frame: pl.DataFrame, kind: Kind | pl.Expr, debit: str | pl.Expr, credit: str | pl.Expr) -> pl.DataFrame:
    """Movements of one kind, from a frame with the other columns; those of no points are left out."""

    def literal(value: str | pl.Expr) -> pl.Expr:
        return value if isinstance(value, pl.Expr) else pl.lit(str(value))

    said = {"source_kind": literal(kind), "debit_account": literal(debit), "credit_account": literal(credit)}
    absent = [name for name in ("reason", "actor") if name not in frame.columns]
    return (
        frame.with_columns(**said, **dict.fromkeys(absent, pl.lit(None, pl.String)))
        .select(pl.col(name).cast(kind_) for name, kind_ in MOVEMENTS.items())
        .filter(pl.col("points") != 0)
    )


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone."""
    return datetime.combine(day, datetime.min.time(), zone)


def starts_of(days: pl.Series, zone: ZoneInfo) -> pl.Series:
    """When days begin in a zone."""
    known = {day: start_of(day, zone) for day in days.unique().drop_nulls()}
    return days.replace_strict(
        list(known), pl.Series(list(known.values()), dtype=TIME), return_dtype=TIME, default=None
    )


def months_later(day: date, months: int) -> date:
    """The same day some months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def differences(wanted: pl.DataFrame, posted: pl.DataFrame) -> pl.DataFrame:
    """What is to be posted so that the ledger says what facts say.

    Args:
        wanted: All movements of some sources, as `MOVEMENTS`.
        posted: What stands of the same sources, as `POSTED`.

    Returns:
        Movements, as `MOVEMENTS` with a `revision`; points above zero always. Empty when nothing is to be posted: the
        same facts post once. A source that is gone is taken back, with the time of nothing: `effective_at` is null.
    """
    summed = wanted.group_by(_KEY).agg(
        pl.col("points").sum(), pl.col("effective_at").min(), pl.col("reason").first(), pl.col("actor").first()
    )
    standing = posted.group_by(_KEY).agg(pl.col("points").sum().alias("posted_points"))
    revisions = posted.group_by(_SOURCE).agg(pl.col("revision").max())
    found = (
        summed.join(standing, on=_KEY, how="full", coalesce=True)
        .with_columns(
            pl.col("points").fill_null(0) - pl.col("posted_points").fill_null(0),
            pl.when(pl.col("posted_points").is_not_null() & pl.col("reason").is_null())
            .then(pl.when(pl.col("points").is_null()).then(pl.lit("its source is gone")).otherwise(pl.lit("corrected")))
            .otherwise("reason")
            .alias("reason"),
        )
        .filter(pl.col("points") != 0)
        .join(revisions, on=_SOURCE, how="left")
        .sort("effective_at", *_KEY, nulls_last=True)
    )
    is_back = pl.col("points") < 0
    return found.with_columns(
        (pl.col("revision").fill_null(0) + pl.int_range(1, pl.len() + 1).over(_SOURCE)).alias("revision"),
        pl.when(is_back).then("credit_account").otherwise("debit_account").alias("debit_account"),
        pl.when(is_back).then("debit_account").otherwise("credit_account").alias("credit_account"),
        pl.col("points").abs(),
    ).select(*MOVEMENTS, "revision")


def balances(moved: pl.DataFrame) -> pl.DataFrame:
    """The balance of each account of each customer that movements add up to: `customer_id` and `<account>_points`.

    Customers whose accounts are all empty are left out.
    """
    both = pl.concat(
        [
            moved.select("customer_id", pl.col("credit_account").alias("account"), "points"),
            moved.select("customer_id", pl.col("debit_account").alias("account"), -pl.col("points")),
        ]
    )
    columns = [f"{name}_points" for name in ACCOUNTS]
    summed = both.group_by("customer_id").agg(
        *(pl.col("points").filter(pl.col("account") == name).sum().alias(f"{name}_points") for name in ACCOUNTS)
    )
    return summed.filter(pl.any_horizontal(pl.col(columns) != 0)).sort("customer_id")
