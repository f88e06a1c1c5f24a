"""Whatever happens in whatever order: balances follow from facts, and agree with a model that counts one by one."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loyalty_shop import START, noon, programme

from activation.loyalty.earning import facts as earning_facts
from activation.loyalty.grants import ADJUSTMENTS, REDEMPTIONS
from activation.loyalty.movements import POSTED, balances, differences
from activation.loyalty.planning import Facts, wanted_movements

ZONE = ZoneInfo("UTC")
RATES = {"shoes": Fraction(2), "sale": Fraction(1, 2), "hats": Fraction(1)}
PENDING = 14


@dataclass
class World:
    """What a shop says at a moment; later it may say something else."""

    orders: dict[str, tuple[str, int, list[tuple[str, int]]]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int, int | None, int]] = field(default_factory=dict)
    adjustments: list[tuple[str, int, int]] = field(default_factory=list)
    redemptions: list[tuple[str, int, int, str]] = field(default_factory=list)

    def facts(self) -> Facts:
        orders, lines, refunds = [], [], []
        for name, (customer, day, goods) in self.orders.items():
            total = sum(amount for _, amount in goods)
            orders.append((name, customer, at(day), on(day), total * 100))
            lines += [(name, str(n), [kind], amount * 100) for n, (kind, amount) in enumerate(goods)]
        for name, (order, day, line, amount) in self.refunds.items():
            kind = "rest" if line is None else "product"
            refunds.append((name, order, None if line is None else str(line), kind, at(day), on(day), amount * 100))
        frames = earning_facts(orders, lines, refunds)
        given = [(f"a{n}", c, p, "reason", "me", at(day)) for n, (c, day, p) in enumerate(self.adjustments)]
        asked = [
            (f"r{n}", customer, points, state, False, at(day), None if state == "held" else at(day + 1))
            for n, (customer, day, points, state) in enumerate(self.redemptions)
        ]
        return Facts(
            *frames,
            adjustments=pl.DataFrame(given, schema=ADJUSTMENTS, orient="row"),
            redemptions=pl.DataFrame(asked, schema=REDEMPTIONS, orient="row"),
        )

    def counted(self, as_of: int) -> dict[str, dict[str, int]]:
        """Balances without expiry, one order and one refund after the other."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for name, (customer, day, goods) in self.orders.items():
            worth = sum((RATES[kind] * amount for kind, amount in goods), Fraction(0)) / 100
            total = Fraction(sum(amount for _, amount in goods), 100)
            left, ripe = worth, day + PENDING
            early = late = int(worth)
            for _, (_, when, line, amount) in sorted(
                ((n, r) for n, r in self.refunds.items() if r[0] == name), key=lambda item: (item[1][1], item[0])
            ):
                if line is not None and line < len(goods):
                    left -= RATES[goods[line][0]] * Fraction(amount, 100)
                elif total > 0:
                    # The share of the order, in hundredths of hundredths as money and multipliers are kept.
                    share = Fraction(amount * 100) * (worth * 10**8) // (total * 10**4)
                    left -= Fraction(int(share), 10**8)
                late = int(max(left, Fraction(0)))
                early = late if when < ripe else early
            account = found[customer]
            if ripe <= as_of:
                account["available"] += late
            else:
                account["pending"] += early
                account["available"] += late - early
        for customer, _, points in self.adjustments:
            found[customer]["available"] += points
        for customer, _, points, state in self.redemptions:
            if state in ("held", "used", "expired"):
                found[customer]["available"] -= points
                found[customer]["held" if state == "held" else "spent" if state == "used" else "expired"] += points
        return {c: {k: v for k, v in a.items() if v} for c, a in found.items() if any(a.values())}


def on(day: int) -> date:
    return START + timedelta(days=day)


def at(day: int) -> datetime:
    return noon(on(day)).astimezone(UTC)


days = st.integers(0, 60)
people = st.sampled_from("ab")
goods = st.lists(st.tuples(st.sampled_from(sorted(RATES)), st.integers(0, 20_000)), min_size=1, max_size=3)
orders = st.dictionaries(st.sampled_from(["s/1", "s/2", "s/3"]), st.tuples(people, days, goods), max_size=3)
refunds = st.dictionaries(
    st.sampled_from(["s/x", "s/y", "s/z"]),
    st.tuples(
        st.sampled_from(["s/1", "s/2", "s/3"]), days, st.one_of(st.none(), st.integers(0, 2)), st.integers(1, 25_000)
    ),
    max_size=3,
)
worlds = st.builds(
    World,
    orders,
    refunds,
    st.lists(st.tuples(people, days, st.integers(-200, 200).filter(bool)), max_size=2),
    st.lists(
        st.tuples(people, days, st.integers(1, 300), st.sampled_from(["held", "used", "expired", "cancelled"])),
        max_size=2,
    ),
)


def declared(expiry_months: int | None = None) -> object:
    multipliers = {"shoes": Decimal(2), "sale": Decimal("0.5")}
    return programme(rules={"category_multipliers": multipliers, "expiry_months": expiry_months})


def wanted(world: World, as_of: int, expiry_months: int | None = None) -> pl.DataFrame:
    return wanted_movements(world.facts(), declared(expiry_months), as_of_date=on(as_of), zone=ZONE)  # type: ignore[arg-type]


def told(frame: pl.DataFrame) -> dict[str, dict[str, int]]:
    return {
        row.pop("customer_id"): {
            name.removesuffix("_points"): points for name, points in row.items() if points and name != "issued_points"
        }
        for row in balances(frame).iter_rows(named=True)
    }


def check(history: list[tuple[World, int]], expiry_months: int | None) -> None:
    """Post a history night by night, each night twice, and compare with what the last night says by itself."""
    posted = pl.DataFrame(schema=POSTED)
    moved = []
    as_of = 0
    for world, day in history:
        as_of = max(as_of, day)  # no night is older than the one before
        for is_repeat in (False, True):
            due = differences(wanted(world, as_of, expiry_months), posted)
            assert not (is_repeat and due.height), "the same facts post once"
            assert due.filter(pl.col("points") <= 0).is_empty()
            assert due.filter(pl.col("debit_account") == pl.col("credit_account")).is_empty()
            moved.append(due)
            posted = standing(moved)
    everything = pl.concat(moved)
    assert everything.select("source_kind", "source_id", "customer_id", "revision").is_unique().all()
    last = wanted(history[-1][0], as_of, expiry_months)
    assert balances(everything).equals(balances(last))
    for row in balances(everything).iter_rows(named=True):
        assert sum(points for name, points in row.items() if name != "customer_id") == 0, "no points from nothing"
        assert row["pending_points"] >= 0
        assert row["held_points"] >= 0
    if expiry_months is None:
        assert told(everything) == history[-1][0].counted(as_of)
    else:
        assert all(row["expired_points"] >= 0 for row in balances(everything).iter_rows(named=True))


def standing(moved: list[pl.DataFrame]) -> pl.DataFrame:
    """What postings come to by source, each pair of accounts in one direction."""
    ranks = {name: n for n, name in enumerate(("issued", "pending", "available", "held", "spent", "expired"))}
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for row in pl.concat(moved).iter_rows(named=True):
        debit, credit, points = row["debit_account"], row["credit_account"], row["points"]
        if ranks[debit] > ranks[credit]:
            debit, credit, points = credit, debit, -points
        entry = sums[row["customer_id"], row["source_kind"], row["source_id"], debit, credit]
        entry[0] += points
        entry[1] = max(entry[1], row["revision"])
    return pl.DataFrame([(*key, *entry) for key, entry in sums.items()], schema=POSTED, orient="row")


HISTORIES = st.lists(st.tuples(worlds, days), min_size=1, max_size=3)


@settings(max_examples=25)
@given(HISTORIES, st.sampled_from([None, 1]))
def test_points_follow_from_facts_whatever_came_before(history: list[tuple[World, int]], expiry: int | None) -> None:
    check(history, expiry)


@pytest.mark.soak
@settings(max_examples=2000)
@given(HISTORIES, st.sampled_from([None, 1]))
def test_points_follow_from_facts_whatever_came_before_at_length(
    history: list[tuple[World, int]], expiry: int | None
) -> None:
    check(history, expiry)
