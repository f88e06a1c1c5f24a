"""Points that run out: what is left of each lot of points when its time is over, the oldest having been spent first.

A refund takes points from its own order's lot before others, and from what had run out of it before the customer owes
anything. A reward whose points went back was never asked for. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from activation.loyalty.movements import MOVEMENTS, Kind, empty, months_later, movements, start_of
from activation.loyalty.programme import Programme

_GIVING = (Kind.MATURITY, Kind.SIGN_UP, Kind.BIRTHDAY, Kind.ADJUSTMENT)

# At one moment, what runs out goes first, then what comes in, then what goes out.
_RUNS_OUT, _COMES_IN, _IS_TAKEN_BACK, _GOES_OUT = range(4)


def expiry_movements(
    moved: pl.DataFrame,
    order_dates: pl.DataFrame,
    orders_of_refunds: pl.DataFrame,
    programme: Programme,
    *,
    as_of_date: date,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """What has run out by the end of a day.

    Args:
        moved: Every other movement, as `MOVEMENTS`.
        order_dates: `order_id` and `order_date`: whose rules hold for the lot.
        orders_of_refunds: `refund_id` and `order_id`.
        programme: The programme.
        as_of_date: The last day whose lots run out.
        zone: Decides when a day begins.

    Returns:
        Movements of kind expiry from available to expired, one per lot, named after what gave its points.
    """
    if all(rules.expiry_months is None for rules in programme.rules):
        return empty()
    events = _events(moved, order_dates, orders_of_refunds, programme, zone)
    due = events.filter((pl.col("step") == _RUNS_OUT) & (pl.col("day") <= as_of_date))
    if due.is_empty():
        return empty()
    # Nothing can run out of who has no lot that is over.
    theirs = events.join(due.select("customer_id").unique(), on="customer_id", how="semi").filter(
        (pl.col("step") != _RUNS_OUT) | (pl.col("day") <= as_of_date)
    )
    days = {(customer_id, lot): day for customer_id, lot, day in due.select("customer_id", "lot", "day").iter_rows()}
    rows = [
        {
            "customer_id": customer_id,
            "source_id": lot,
            "points": points,
            "effective_at": start_of(days[customer_id, lot], zone),
        }
        for customer_id, steps in _by_customer(theirs)
        for lot, points in _run_out(steps).items()
    ]
    schema = {name: MOVEMENTS[name] for name in ("customer_id", "source_id", "points", "effective_at")}
    return movements(pl.DataFrame(rows, schema=schema), Kind.EXPIRY, "available", "expired")


_Step = tuple[int, str, int]


@dataclass
class _Purse:
    """What is left of each lot, the oldest first, what has run out of each, and what is owed."""

    lots: dict[str, int] = field(default_factory=dict)
    run_out: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    owed: int = 0

    def put(self, lot: str, points: int) -> None:
        paid = min(self.owed, points)
        self.owed -= paid
        self.lots[lot] = self.lots.get(lot, 0) + points - paid

    def take(self, points: int) -> None:
        for lot, left in self.lots.items():
            taken = min(left, points)
            self.lots[lot] -= taken
            points -= taken
            if not points:
                return
        self.owed += points

    def take_back(self, lot: str, points: int) -> None:
        if points < 0:  # a correction of what was taken back before
            self.put(lot, -points)
            return
        for held in (self.lots, self.run_out):
            taken = min(held.get(lot, 0), points)
            if taken:
                held[lot] -= taken
                points -= taken
        self.take(points)

    def end(self, lot: str) -> None:
        self.run_out[lot] += self.lots.pop(lot, 0)


def _run_out(steps: Iterable[_Step]) -> dict[str, int]:
    """The points that run out of each lot."""
    purse = _Purse()
    for step, lot, points in steps:
        if step == _RUNS_OUT:
            purse.end(lot)
        elif step == _COMES_IN:
            purse.put(lot, points)
        elif step == _IS_TAKEN_BACK:
            purse.take_back(lot, points)
        else:
            purse.take(points)
    return {lot: points for lot, points in purse.run_out.items() if points}


def _by_customer(events: pl.DataFrame) -> Iterable[tuple[str, list[_Step]]]:
    steps: dict[str, list[_Step]] = defaultdict(list)
    ordered = events.sort("customer_id", "at", "step", "lot", "points")
    for customer_id, step, lot, points in ordered.select("customer_id", "step", "lot", "points").iter_rows():
        steps[customer_id].append((step, lot, points))
    return steps.items()


def _events(
    moved: pl.DataFrame,
    order_dates: pl.DataFrame,
    orders_of_refunds: pl.DataFrame,
    programme: Programme,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """What came into and went out of what could be spent, and when each lot is over."""
    kind, points = pl.col("source_kind"), pl.col("points")
    lot = pl.col("source_kind") + "/" + pl.col("source_id")
    returned = moved.filter((kind == Kind.REDEMPTION_END) & (points < 0)).select("source_id")
    given = moved.filter(kind.is_in(_GIVING) & (points > 0)).select(
        "customer_id", "source_id", at="effective_at", step=_COMES_IN, lot=lot, points="points", kind="source_kind"
    )
    given = given.join(order_dates, left_on="source_id", right_on="order_id", how="left").with_columns(
        earned_date=pl.when(pl.col("kind") == Kind.MATURITY)
        .then("order_date")
        .otherwise(pl.col("at").dt.convert_time_zone(zone.key).dt.date()),
        ripe_date=pl.col("at").dt.convert_time_zone(zone.key).dt.date(),
    )
    names = ["customer_id", "at", "step", "lot", "points", "day"]
    ends = []
    known: dict[tuple[date, date], date | None] = {}
    for customer_id, lot_id, earned, ripe in given.select("customer_id", "lot", "earned_date", "ripe_date").iter_rows():
        if (earned, ripe) not in known:
            rules = programme.rules_on(earned)
            months = rules.expiry_months if rules is not None else None
            known[earned, ripe] = months_later(ripe, months) if months else None
        day = known[earned, ripe]
        if day is not None:
            ends.append((customer_id, start_of(day, zone), _RUNS_OUT, lot_id, 0, day))
    none = pl.lit(None, pl.Date).alias("day")
    refunds = moved.filter((kind == Kind.REFUND) & (pl.col("credit_account") == "available"))
    refunds = refunds.join(orders_of_refunds, left_on="source_id", right_on="refund_id", how="left")
    taken = (
        moved.filter((kind == Kind.REDEMPTION) | ((kind == Kind.ADJUSTMENT) & (points < 0)))
        .join(returned, on="source_id", how="anti")
        .select("customer_id", at="effective_at", step=_GOES_OUT, lot=pl.lit(""), points=points.abs())
    )
    schema = {"customer_id": pl.String, "at": MOVEMENTS["effective_at"], "step": pl.Int32, "lot": pl.String}
    over = pl.DataFrame(ends, schema={**schema, "points": pl.Int64, "day": pl.Date}, orient="row")
    back = refunds.select(
        "customer_id",
        at="effective_at",
        step=_IS_TAKEN_BACK,
        lot=pl.lit(f"{Kind.MATURITY}/") + pl.col("order_id"),
        points=-pl.col("points"),
    )
    return pl.concat([over, *(frame.with_columns(none).select(names) for frame in (given, back, taken))])
