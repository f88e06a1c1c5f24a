"""Points that no order earns: for signing up, birthdays and by adjustment; and what redemptions do with them. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from activation.loyalty.movements import MOVEMENTS, TIME, Kind, movements, start_of
from activation.loyalty.programme import Programme

MEMBERS: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "joined_date": pl.Date,
    "is_founding": pl.Boolean,
}
"""One row per customer that was ever seen, by their id of now; several that were merged are one person's."""

BIRTHDAYS: dict[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "month": pl.Int64,
    "day": pl.Int64,
    "recorded_date": pl.Date,
}
"""One row per birthday that is known, by the customer's id of now."""

ADJUSTMENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "reference": pl.String,
    "customer_id": pl.String,
    "points": pl.Int64,
    "reason": pl.String,
    "actor": pl.String,
    "adjusted_at": TIME,
}
"""One row per adjustment, by the customer's id of now."""

REDEMPTIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "redemption_id": pl.String,
    "customer_id": pl.String,
    "points": pl.Int64,
    "state": pl.String,
    "returns_points": pl.Boolean,
    "requested_at": TIME,
    "closed_at": TIME,
}
"""One row per redemption, by the customer's id of now."""


def sign_up_movements(members: pl.DataFrame, programme: Programme, *, as_of_date: date, zone: ZoneInfo) -> pl.DataFrame:
    """Points for customers that the programme saw come; those who were there before it get none."""
    people = members.group_by("customer_id").agg(pl.col("joined_date").min(), pl.col("is_founding").any())
    rows = []
    for customer_id, joined_date, is_founding in people.sort("customer_id").iter_rows():
        rules = programme.rules_on(joined_date)
        if rules is not None and not is_founding and joined_date <= as_of_date:
            at = start_of(joined_date, zone)
            rows.append(
                {"customer_id": customer_id, "source_id": customer_id, "points": rules.sign_up_points, "at": at}
            )
    return _given(rows, Kind.SIGN_UP)


def birthday_movements(
    birthdays: pl.DataFrame, programme: Programme, *, as_of_date: date, zone: ZoneInfo
) -> pl.DataFrame:
    """Points for birthdays after the day on which they were told, once a year; 29 February is the 28th elsewhere."""
    known = birthdays.sort("customer_id", "recorded_date", "month", "day").unique("customer_id", keep="first")
    rows = []
    for customer_id, month, day, recorded_date in known.sort("customer_id").iter_rows():
        for birthday in _birthdays(month, day, recorded_date, as_of_date):
            rules = programme.rules_on(birthday)
            if rules is not None:
                source_id = f"{customer_id}/{birthday.year}"
                at = start_of(birthday, zone)
                rows.append(
                    {"customer_id": customer_id, "source_id": source_id, "points": rules.birthday_points, "at": at}
                )
    return _given(rows, Kind.BIRTHDAY)


def adjustment_movements(adjustments: pl.DataFrame) -> pl.DataFrame:
    """Points given or taken by hand: at once, and below zero if need be."""
    return movements(
        adjustments.with_columns(source_id="reference", effective_at="adjusted_at"),
        Kind.ADJUSTMENT,
        "issued",
        "available",
    )


def redemption_movements(redemptions: pl.DataFrame) -> pl.DataFrame:
    """What redemptions do with their points: held from the request on, then spent, run out, or given back."""
    named = redemptions.with_columns(source_id="redemption_id")
    held = movements(named.with_columns(effective_at="requested_at"), Kind.REDEMPTION, "available", "held")
    is_lost = (pl.col("state") == "expired") & ~pl.col("returns_points")
    ended = named.filter(pl.col("state").is_in(["used", "expired", "cancelled", "refused"])).with_columns(
        effective_at="closed_at"
    )
    lost = ended.filter((pl.col("state") == "used") | is_lost)
    credit = pl.when(pl.col("state") == "used").then(pl.lit("spent")).otherwise(pl.lit("expired"))
    back = ended.filter((pl.col("state") != "used") & ~is_lost).with_columns(-pl.col("points"))
    return pl.concat(
        [
            held,
            movements(lost, Kind.REDEMPTION_END, "held", credit),
            movements(back, Kind.REDEMPTION_END, "available", "held"),
        ]
    )


def _given(rows: Sequence[dict[str, object]], kind: Kind) -> pl.DataFrame:
    schema = {name: MOVEMENTS[name] for name in ("customer_id", "source_id", "points")} | {"at": TIME}
    frame = pl.DataFrame(list(rows), schema=schema).with_columns(effective_at="at")
    return movements(frame, kind, "issued", "available")


def _birthdays(month: int, day: int, after: date, until: date) -> Iterator[date]:
    for year in range(after.year, until.year + 1):
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        birthday = date(year, month, 28 if (month, day) == (2, 29) and not is_leap else day)
        if after < birthday <= until:
            yield birthday
