"""From purchase days to one row per customer: frequency, recency, age and spend at an as-of date.

The only place where the definitions stand that all models share (docs/models.md, section 1): a purchase occasion is a
customer-day; days of zero amount count for frequency and not for spend; a refund counts from its own date on and lowers
the spend of the day it is attributed to. Must not know what a model does with them.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.histories.distinct_text import in_order, places, row_bits, run_begins
from models.errors import StopError

SUMMARY_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "frequency": pl.Int64(),
        "recency_days": pl.Float64(),
        "age_days": pl.Float64(),
        "spend_day_count": pl.Int64(),
        "monetary_value": pl.Float64(),
    }
)
# Amounts are summed as whole ten-thousandths, the finest unit of any currency here, so that a sum does not depend on
# the order of its terms and a repeated run gives the same bits.
_UNITS = 10_000
_MAX_AMOUNT = 10**14


def _refuse(what: str, problem: str) -> None:
    raise StopError(f"{what}: {problem}")


def _checked(frame: pl.DataFrame, what: str, dates: tuple[str, ...], nullable: tuple[str, ...] = ()) -> pl.DataFrame:
    """The needed columns of a frame under one set of types: customer_id, the dates, and `units` for the amount."""
    needed = ("customer_id", *dates, "amount")
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        _refuse(what, f"column {', '.join(missing)} is missing; the frame has {', '.join(frame.columns) or 'none'}")
    for name in needed:
        dtype = frame.schema[name]
        if frame.height == 0 and dtype == pl.Null:
            continue
        if name == "customer_id" and dtype != pl.String:
            _refuse(what, f"customer_id must be a string, not {dtype}")
        if name in dates and dtype != pl.Date:
            _refuse(what, f"{name} must be a date in the merchant's time zone, not {dtype}")
        if name == "amount" and not (dtype == pl.Float64 or dtype.is_decimal() or dtype.is_integer()):
            _refuse(what, f"amount must be a decimal or Float64, not {dtype}")
        nulls = frame[name].null_count()
        if nulls and name not in nullable:
            _refuse(what, f"{name} is null in {nulls} of {frame.height} rows")
    amount = frame["amount"].cast(pl.Float64)
    if not amount.is_between(0.0, _MAX_AMOUNT).all():  # NaN is beyond all numbers.
        bad = frame.filter(~amount.is_between(0.0, _MAX_AMOUNT))
        first = bad.sort(["customer_id", dates[0]]).row(0, named=True)
        _refuse(
            what,
            f"amount is {first['amount']} for customer {first['customer_id']} on {first[dates[0]]} (and in "
            f"{bad.height - 1} other rows); amounts are finite and not negative: give what went back as refunds",
        )
    return frame.select(
        pl.col("customer_id").cast(pl.String),
        *(pl.col(name).cast(pl.Date) for name in dates),
        # Decimals of up to 18 digits pass a float with an error below half a unit up to 4.5e11 of any currency.
        (amount * _UNITS).round().cast(pl.Int64).alias("units"),
    )


def net_purchase_days(purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, *, as_of_date: date) -> pl.DataFrame:
    """What a merchant knew on a date about its customers' purchase days.

    Args:
        purchase_days: One row per customer and day with an order: `customer_id` (string), `purchase_date` (date),
            `amount` (Float64 or decimal, merchant currency).
        refunds: Any number of rows: `customer_id`, `purchase_date` (the day that the refund is attributed to; null or
            a day without purchase lowers nothing), `refund_date`, `amount` (positive). None is no refunds.
        as_of_date: Purchases after it do not exist yet, nor do refunds booked after it.

    Returns:
        One row per customer-day up to `as_of_date`, sorted by customer and day: `customer_id`, `purchase_date`,
        `units` (spend after refunds, not below zero, in ten-thousandths of the currency).

    Raises:
        StopError: The frames break their contract; the message names the column or the row.
    """
    return _known_days(purchase_days, refunds, as_of_date=as_of_date)[0]


def _known_days(
    purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, *, as_of_date: date
) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """What `net_purchase_days` returns, and the rows that customers begin at."""
    days = _checked(purchase_days, "purchase_days", ("purchase_date",))
    days, begins = _by_customer_and_day(days.filter(pl.col("purchase_date") <= as_of_date))
    if refunds is None or refunds.height == 0:
        return days, begins
    known = _checked(refunds, "refunds", ("purchase_date", "refund_date"), nullable=("purchase_date",))
    per_day = (
        known.filter(pl.col("refund_date") <= as_of_date)
        .group_by("customer_id", "purchase_date")
        .agg(pl.col("units").sum().alias("refunded_units"))
    )
    net = days.join(per_day, on=["customer_id", "purchase_date"], how="left", maintain_order="left").select(
        "customer_id",
        "purchase_date",
        (pl.col("units") - pl.col("refunded_units").fill_null(0)).clip(lower_bound=0).alias("units"),
    )
    return net, begins


def _by_customer_and_day(days: pl.DataFrame) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Sorted by customer and day, and the rows that customers begin at.

    Raises:
        StopError: A customer has two rows on a day.
    """
    if not days.height:
        return days, np.zeros(0, dtype=np.int64)
    names, place = places(days["customer_id"])
    day = days["purchase_date"].to_physical().cast(pl.Int64).to_numpy()
    first_day = int(day.min())
    day_bits = int(day.max() - first_day).bit_length()
    keys, rows = in_order((place << day_bits) + (day - first_day), row_bits(names.len()) + day_bits)
    place = keys >> day_bits
    dates = pl.Series("purchase_date", (keys & (1 << day_bits) - 1) + first_day).cast(pl.Int32).cast(pl.Date)
    by_day = pl.DataFrame([names[place], dates, pl.Series("units", days["units"].to_numpy()[rows])])
    repeated = np.flatnonzero(keys[1:] == keys[:-1])
    if repeated.size:
        first = by_day.row(int(repeated[0]), named=True)
        _refuse(
            "purchase_days",
            f"customer {first['customer_id']} has more than one row on {first['purchase_date']}; a purchase day is "
            "all orders of a customer on a day: sum them first",
        )
    return by_day, run_begins(place)


def summarise_net_days(net_days: pl.DataFrame, *, as_of_date: date) -> pl.DataFrame:
    """The summary of purchase days that `net_purchase_days` returned; see `summarise_purchases`."""
    ids = net_days["customer_id"]
    begins = np.flatnonzero((ids != ids.shift()).fill_null(value=True).to_numpy())
    return _summarised(net_days, begins, as_of_date=as_of_date)


def _summarised(net_days: pl.DataFrame, begins: npt.NDArray[np.int64], *, as_of_date: date) -> pl.DataFrame:
    if not net_days.height:
        return pl.DataFrame(schema=SUMMARY_SCHEMA)
    # Sorted by customer and day, so a customer's days are one run and the first of them is the first purchase.
    repeat_units = net_days["units"].to_numpy().copy()
    repeat_units[begins] = 0
    day_count = np.diff(begins, append=net_days.height)
    summary = net_days[begins].select(
        "customer_id",
        pl.col("purchase_date").alias("first_date"),
        net_days["purchase_date"][begins + day_count - 1].alias("last_date"),
        pl.Series("day_count", day_count),
        pl.Series("spend_day_count", np.add.reduceat(repeat_units > 0, begins, dtype=np.int64)),
        pl.Series("units", np.add.reduceat(repeat_units, begins)),
    )
    return summary.select(
        "customer_id",
        (pl.col("day_count") - 1).alias("frequency"),
        (pl.col("last_date") - pl.col("first_date")).dt.total_days().cast(pl.Float64).alias("recency_days"),
        (pl.lit(as_of_date) - pl.col("first_date")).dt.total_days().cast(pl.Float64).alias("age_days"),
        "spend_day_count",
        pl.when(pl.col("spend_day_count") > 0)
        .then(pl.col("units").cast(pl.Float64) / pl.col("spend_day_count") / _UNITS)
        .alias("monetary_value"),
    ).cast(dict(SUMMARY_SCHEMA))  # type: ignore[arg-type]  # a schema is a mapping of names to types


def summarise_purchases(purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, *, as_of_date: date) -> pl.DataFrame:
    """One row per customer with at least one purchase day up to a date, as all models read it.

    Args:
        purchase_days: See `net_purchase_days`.
        refunds: See `net_purchase_days`.
        as_of_date: The day up to whose end the history is known.

    Returns:
        `SUMMARY_SCHEMA`, sorted by customer_id: `frequency` (x: purchase days after the first), `recency_days` (t_x:
        first to last purchase day), `age_days` (T: first purchase day to `as_of_date`), `spend_day_count` (repeat days
        with spend above zero after refunds) and `monetary_value` (their mean spend; null when there are none). The
        result does not depend on the order of the rows.

    Raises:
        StopError: The frames break their contract; the message names the column or the row.
    """
    net_days, begins = _known_days(purchase_days, refunds, as_of_date=as_of_date)
    return _summarised(net_days, begins, as_of_date=as_of_date)
