"""Tiers: who is in which, since when, and for how much longer one is kept that is no longer deserved.

A history of stays. A night that is worked on again takes its own result back first, so that corrected numbers lead to
what they would have led to at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from activation.arrays import rows as array_rows
from activation.customers import customer_360
from activation.loyalty.earning import order_movements
from activation.loyalty.facts import read_facts
from activation.loyalty.ledger import Ledger
from activation.loyalty.movements import Kind, start_of
from activation.loyalty.programme import Tiers
from models.errors import StopError
from models.identity import current_ids
from models.loyalty import tier_memberships

# dbt's, which is why it is declared here to be read.
fct_customer_days = sa.Table(
    "fct_customer_days",
    sa.MetaData(),
    sa.Column("merchant_id", sa.Text),
    sa.Column("customer_id", sa.Text),
    sa.Column("activity_date", sa.Date),
    sa.Column("net_amount", sa.Numeric(18, 4)),
    schema="marts",
)


@dataclass(frozen=True)
class Stay:
    """A customer's stay in a tier that has not ended.

    Attributes:
        customer_id: The customer, by the id of then.
        tier: The tier.
        entered_date: When they came into it.
        below_since_date: Since when they have not deserved it.
    """

    customer_id: str
    tier: str
    entered_date: date
    below_since_date: date | None = None


@dataclass(frozen=True)
class TierChange:
    """What a night does to tiers.

    Attributes:
        entered: The tier of each customer who comes into one.
        left: Stays that end.
        below: Stays that go on, with since when they are not deserved.
    """

    entered: Mapping[str, str]
    left: tuple[Stay, ...]
    below: tuple[tuple[Stay, date | None], ...]


def tier_changes(
    tiers: Tiers,
    stays: Iterable[Stay],
    measures: Mapping[str, Decimal],
    *,
    as_of_date: date,
    ids: Mapping[str, str] | None = None,
) -> TierChange:
    """Who comes into a tier, who leaves one, and who keeps one that is no longer deserved. Pure.

    Args:
        tiers: The tiers.
        stays: Stays that have not ended.
        measures: What counts, by customer; who is not there has nothing.
        as_of_date: The night's day.
        ids: What ids of then stand for now, where they are others.
    """
    ranks = {tier.name: rank for rank, tier in enumerate(tiers.levels)}
    by_customer: dict[str, list[Stay]] = {}
    for stay in stays:
        by_customer.setdefault((ids or {}).get(stay.customer_id, stay.customer_id), []).append(stay)
    entered: dict[str, str] = {}
    left: list[Stay] = []
    below: list[tuple[Stay, date | None]] = []
    for customer_id in sorted({*by_customer, *measures}):
        measure = measures.get(customer_id, 0)
        deserved = sum(measure >= tier.at_least for tier in tiers.levels) - 1
        # Of several customers who are one now, the best tier counts; a tier that is no longer declared is none.
        known = sorted(
            by_customer.get(customer_id, []), key=lambda s: (ranks.get(s.tier, -1), s.customer_id == customer_id)
        )
        kept = known.pop() if known else None
        left += known
        if kept is None:
            if deserved >= 0:
                entered[customer_id] = tiers.levels[deserved].name
            continue
        rank = ranks.get(kept.tier, -1)
        since = None if deserved >= rank else kept.below_since_date or as_of_date
        is_over = since is not None and as_of_date - since >= timedelta(days=tiers.grace_days)
        rank_now = deserved if deserved > rank or is_over else rank
        if rank_now == rank >= 0 and kept.customer_id == customer_id:
            if since != kept.below_since_date:
                below.append((kept, since))
            continue
        left.append(kept)
        if rank_now >= 0:
            entered[customer_id] = tiers.levels[rank_now].name
    return TierChange(entered, tuple(left), tuple(below))


def refresh_tiers(connection: sa.Connection, ledger: Ledger, *, as_of_date: date) -> TierChange | None:
    """Bring a programme's tiers up to date; None where it has none.

    Args:
        connection: The warehouse, in a transaction that holds the ledger's lock, after the night was posted.
        ledger: The ledger.
        as_of_date: The night's day.

    Raises:
        StopError: A later night was worked on before.
    """
    tiers = ledger.programme.tiers
    if tiers is None:
        return None
    table = tier_memberships
    of_programme = (table.c.merchant_id == ledger.merchant_id, table.c.programme == ledger.programme.name)
    days = (table.c.entered_date, table.c.left_date, table.c.below_since_date)
    latest = connection.scalar(sa.select(sa.func.max(sa.func.greatest(*days))).where(*of_programme))
    if latest is not None and latest > as_of_date:
        raise StopError(f"tiers of merchant '{ledger.merchant_id}' are of {latest} already, and not of {as_of_date}")
    connection.execute(sa.delete(table).where(*of_programme, table.c.entered_date == as_of_date))
    for column in (table.c.left_date, table.c.below_since_date):
        connection.execute(sa.update(table).where(*of_programme, column == as_of_date).values({column.name: None}))
    standing = [
        Stay(row.customer_id, row.tier, row.entered_date, row.below_since_date)
        for row in connection.execute(sa.select(table).where(*of_programme, table.c.left_date.is_(None)))
    ]
    ids = current_ids(connection, ledger.merchant_id, [stay.customer_id for stay in standing]) if standing else {}
    measures = _measures(connection, ledger, tiers, as_of_date)
    change = tier_changes(tiers, standing, measures, as_of_date=as_of_date, ids=ids)
    changed: list[tuple[Stay, dict[str, date | None]]] = [(stay, {"left_date": as_of_date}) for stay in change.left]
    changed += [(stay, {"below_since_date": since}) for stay, since in change.below]
    for stay, values in changed:
        is_it = (table.c.customer_id == stay.customer_id, table.c.entered_date == stay.entered_date)
        connection.execute(sa.update(table).where(*of_programme, *is_it).values(values))
    if change.entered:
        new = array_rows(
            "new", customer_id=(sa.Text(), list(change.entered)), tier=(sa.Text(), list(change.entered.values()))
        )
        said: list[sa.ColumnElement[Any]] = [
            sa.literal(ledger.merchant_id),
            sa.literal(ledger.programme.name),
            sa.literal(as_of_date),
        ]
        names = ["merchant_id", "programme", "entered_date", "customer_id", "tier"]
        connection.execute(sa.insert(table).from_select(names, sa.select(*[*said, new.c.customer_id, new.c.tier])))
    return change


def _measures(connection: sa.Connection, ledger: Ledger, tiers: Tiers, as_of_date: date) -> dict[str, Decimal]:
    """What counts for tiers, of the customers who deserve one."""
    since = as_of_date - timedelta(days=tiers.window_days)
    least = tiers.levels[0].at_least
    query: sa.Select[tuple[str, Decimal]]
    if tiers.basis == "spend":
        days = fct_customer_days
        spent = sa.func.sum(days.c.net_amount)
        query = (
            sa.select(days.c.customer_id, spent)
            .where(days.c.merchant_id == ledger.merchant_id, days.c.activity_date > since)
            .group_by(days.c.customer_id)
            .having(spent >= least)
        )
    elif tiers.basis == "points":
        return _earned(connection, ledger, since, as_of_date, least)
    else:
        people = customer_360
        query = sa.select(people.c.customer_id, people.c.clv_amount).where(
            people.c.merchant_id == ledger.merchant_id, people.c.clv_amount >= least
        )
    return {customer_id: Decimal(measure) for customer_id, measure in connection.execute(query)}


def _earned(
    connection: sa.Connection, ledger: Ledger, since: date, as_of_date: date, least: Decimal
) -> dict[str, Decimal]:
    """Points of orders, less what refunds took back, by customer, of the days after `since`.

    From facts and not from postings: what is taken back later stands there with the day on which that was known, so
    that an old order that is cancelled would take points off those of a window that never held it.
    """
    facts = read_facts(connection, ledger.merchant_id, ledger.programme)
    moved = order_movements(
        facts.orders,
        facts.lines,
        facts.refund_parts,
        rules=ledger.programme.rules,
        as_of_date=as_of_date,
        zone=ledger.zone,
    )
    begin = start_of(since + timedelta(days=1), ledger.zone)
    earned = (
        moved.filter(pl.col("source_kind").is_in([Kind.ORDER, Kind.REFUND]), pl.col("effective_at") >= begin)
        .group_by("customer_id")
        .agg(pl.col("points").sum())
    )
    return {customer_id: Decimal(points) for customer_id, points in earned.iter_rows() if points >= least}
