"""Quiet hours: nobody is written to at night, where they live.

Of a recipient the country is known and not the town. Where a country has several zones, it must be day in all of them;
where the country is not known, in the shop's zone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from activation.actions import Action, Target
from activation.arrays import among
from activation.gates.gate import ALLOWED, Answer, Postponed, Refused
from activation.segments.traits import dim_customers
from models.identity import current_ids

_STEP = timedelta(minutes=15)  # zones differ by quarters of an hour
_LONGEST_WAIT = timedelta(days=2)
REASON = "it is night where they live"
NEVER_DAY = "it is never day in all zones of their country at once"


@lru_cache(maxsize=1)
def zones_by_country() -> Mapping[str, tuple[str, ...]]:
    """The zones of each country, by its ISO 3166 code, as the time zone database lists them."""
    found: dict[str, list[str]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


def is_quiet(local: time, begins: time, ends: time) -> bool:
    """Whether a time of day lies in the quiet hours, which may reach over midnight."""
    if begins < ends:
        return begins <= local < ends
    return local >= begins or local < ends


def awake_at(now: datetime, zones: Sequence[str], begins: time, ends: time) -> datetime | None:
    """The first time from now on at which it is day in every zone; None when there is none within two days."""

    def is_awake(at: datetime) -> bool:
        return not any(is_quiet(at.astimezone(ZoneInfo(zone)).time(), begins, ends) for zone in zones)

    if is_awake(now):
        return now
    at = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0) + _STEP
    while at <= now + _LONGEST_WAIT:
        if is_awake(at):
            return at
        at += _STEP
    return None


class QuietHoursGate:
    """Postpones to the recipient's day.

    Args:
        begins: When quiet hours begin, in the recipient's zone.
        ends: When they end.
        shop_zone: The zone of whoever's country is not known.
    """

    def __init__(self, begins: time, ends: time, shop_zone: str) -> None:
        self._begins, self._ends, self._shop_zone = begins, ends, shop_zone

    def answers(
        self, connection: sa.Connection, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        """Postponed until it is day; refused where it never is."""
        asked = {action.customer_id for action in actions}
        countries = _countries(connection, target.merchant_id, asked)
        if missing := sorted(asked - countries.keys()):  # who was merged into another lives where the person does
            merged = current_ids(connection, target.merchant_id, missing)
            found = _countries(connection, target.merchant_id, sorted(set(merged.values())))
            countries |= {before: found[now] for before, now in merged.items() if now in found}
        known: dict[str | None, Answer] = {}
        answers: dict[str, Answer] = {}
        for action in actions:
            country = countries.get(action.customer_id)
            if country not in known:
                known[country] = self._answer(country, asked_at)
            answers[action.action_key] = known[country]
        return answers

    def _answer(self, country: str | None, asked_at: datetime) -> Answer:
        zones = zones_by_country().get((country or "").upper(), (self._shop_zone,))
        until = awake_at(asked_at, zones, self._begins, self._ends)
        if until is None:
            return Refused(NEVER_DAY)
        return ALLOWED if until == asked_at else Postponed(until, REASON)


def _countries(connection: sa.Connection, merchant_id: str, customer_ids: Collection[str]) -> dict[str, str | None]:
    table = dim_customers
    rows = connection.execute(
        sa.select(table.c.customer_id, table.c.country_code).where(
            table.c.merchant_id == merchant_id, among(table.c.customer_id, customer_ids)
        )
    )
    return {row.customer_id: row.country_code for row in rows}
