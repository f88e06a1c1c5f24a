"""Who entered and left segments, night after night: nothing twice, nothing lost, and what is wrong stays as it was.

The nights read the tables as they stand, of which the compiled queries see what each night's day had seen.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from dbt_built import HISTORIES, SEGMENTS, compile_segments
from dbt_command import Dbt
from dbt_histories import MERCHANTS, eligible_orders, eligible_refunds
from dbt_sharding import violations

from activation.segments.compilation import rendered, segment_queries
from activation.segments.criteria import Segment, read_segment

pytestmark = pytest.mark.slow

BOOKS = MERCHANTS[0]
NIGHTS = [BOOKS.as_of_date - timedelta(days=ago) for ago in (90, 60, 30)]
NAMES = ("recent", "kept", "things")
Stay = tuple[str, str, date, date | None]


class Warehouse:
    """A copy of the warehouse with every table built, and nights that follow."""

    def __init__(self, url: str, dbt: Dbt) -> None:
        self.url, self.dbt = url, dbt

    def execute(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode(), values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def compile(self, as_of: date, segments: list[Segment]) -> list[str]:
        self.execute("update ops.merchants set as_of_date = %s", as_of)
        self.execute("update marts.customer_360 set as_of_date = %s", as_of)
        return compile_segments(self.url, segments, {merchant.merchant_id: as_of for merchant in MERCHANTS})

    def build(self) -> list[Stay]:
        self.dbt("run", "--select", "segment_memberships", "segment_sizes", "segment_overlaps")
        return self.stays()

    def night(self, as_of: date, segments: list[Segment] = SEGMENTS) -> list[Stay]:
        """Compile and build as of a day; returns the stays of books."""
        self.compile(as_of, segments)
        return self.build()

    def stays(self, merchant_id: str = "books") -> list[Stay]:
        columns = "segment_name, customer_id, entered_date, left_date"
        of_merchant = f"from marts.segment_memberships where merchant_id = '{merchant_id}'"
        return self.rows(f"select {columns} {of_merchant} order by {columns}")


@pytest.fixture(scope="module")
def warehouse(marts_url: str, dbt_on: Callable[[str], Dbt]) -> Iterator[Warehouse]:
    return Warehouse(marts_url, dbt_on(marts_url))


def expected(as_of: date) -> dict[str, set[str]]:
    """Who is in which segment of books, worked out from the raw rows."""
    merchant, raw = replace(BOOKS, as_of_date=as_of), HISTORIES[BOOKS]
    orders = list(eligible_orders(merchant, raw))
    days: dict[str, list[date]] = {}
    for order in orders:
        days.setdefault(order["customer_id"], []).append(order["order_date"])
    refunded = {r["customer_id"] for r in eligible_refunds(merchant, raw) if (as_of - r["refund_date"]).days < 60}
    known = {(product["store_id"], product["product_id"]) for product in raw["products"]}
    sold = {
        (line["store_id"], line["order_id"])
        for line in [*raw["order_items"], *raw["order_lines"]]
        if (line["store_id"], line.get("product_id") or line.get("sku")) in known
    }
    return {
        "recent": {c for c, found in days.items() if (as_of - max(found)).days < 30},
        "kept": {c for c, found in days.items() if len(found) >= 2} - refunded,
        "things": {order["customer_id"] for order in orders if (order["store_id"], order["order_id"]) in sold},
    }


def members(stays: list[Stay], then: date | None = None) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for name, customer, entered, left in stays:
        if left is None if then is None else entered <= then and (left is None or left > then):
            found[name].add(customer)
    return found


def test_a_build_finds_who_the_raw_rows_say(warehouse: Warehouse) -> None:
    stays = warehouse.stays()
    assert members(stays) == expected(BOOKS.as_of_date)
    assert all(len(found) > 3 for found in members(stays).values())
    assert {stay[2:] for stay in stays} == {(BOOKS.as_of_date, None)}
    plain = [segment for segment in SEGMENTS if segment.name in NAMES]  # the words of the other one look like SQL
    [query] = segment_queries(plain, merchant_id="books", as_of_date=BOOKS.as_of_date)
    assert violations(rendered(query.statement)) == []


def test_members_enter_leave_and_come_back(warehouse: Warehouse) -> None:
    warehouse.execute("truncate marts.segment_memberships, marts.segment_sizes")
    warehouse.execute("update marts.customer_360 set clv_amount = order_count * 10 where order_count > 1")
    first = warehouse.night(NIGHTS[0])
    assert members(first) == expected(NIGHTS[0])
    assert {stay[2:] for stay in first} == {(NIGHTS[0], None)}

    second = warehouse.night(NIGHTS[1])
    assert members(second) == expected(NIGHTS[1])
    stayed = {stay[:2] for stay in first if stay in second}
    assert stayed
    assert {stay[:2] for stay in second if stay[3] == NIGHTS[1]} == {stay[:2] for stay in first} - stayed
    assert {stay[:2] for stay in second if stay[2] == NIGHTS[1]}.isdisjoint(stay[:2] for stay in first)

    third = warehouse.night(NIGHTS[2])
    assert members(third) == expected(NIGHTS[2])
    returned = (expected(NIGHTS[0])["recent"] & expected(NIGHTS[2])["recent"]) - expected(NIGHTS[1])["recent"]
    assert returned, "nobody came back, and nothing is tried"
    for customer in returned:
        theirs = [stay[2:] for stay in third if stay[:2] == ("recent", customer)]
        assert theirs == [(NIGHTS[0], NIGHTS[1]), (NIGHTS[2], None)]

    # Somebody runs an earlier night again: what later nights recorded stands, and nothing is added.
    assert warehouse.night(NIGHTS[1]) == third
    assert warehouse.rows("select max(as_of_date) from marts.segment_sizes") == [(NIGHTS[2],)]

    # The newest night runs again with other criteria, and again as it was: neither leaves a trace of the one before.
    fewer = read_segment("recent", "", {"orders": {"at_least": 1, "in_last_days": 10}})
    mended = warehouse.night(NIGHTS[2], [fewer, *SEGMENTS[1:]])
    assert members(mended)["recent"] < members(third)["recent"]
    assert [stay for stay in mended if stay[0] != "recent"] == [stay for stay in third if stay[0] != "recent"]
    assert {stay[2] for stay in mended if stay[0] == "recent" and stay[3] == NIGHTS[2]} <= set(NIGHTS[:2])
    assert warehouse.night(NIGHTS[2]) == third

    moments = warehouse.rows("select distinct entered_date, entered_at from marts.segment_memberships")
    zones = {(day, moment.astimezone(UTC)) for day, moment in moments}
    assert {(night, datetime(night.year, night.month, night.day, 18, 30, tzinfo=UTC)) for night in NIGHTS} < zones


def test_sizes_are_kept_by_night_and_overlaps_are_of_now(warehouse: Warehouse) -> None:
    stays = warehouse.stays()
    sizes = warehouse.rows(
        "select as_of_date, segment_name, member_count, entered_count, left_count, customer_count, member_rate, "
        "average_clv_amount, predicted_count from marts.segment_sizes where merchant_id = 'books'"
    )
    assert len(sizes) == len(NIGHTS) * len(SEGMENTS)
    customers = warehouse.rows("select customer_id, clv_amount from marts.customer_360 where merchant_id = 'books'")
    for night, name, count, entered, left, total, rate, average, predicted in sizes:
        then = members(stays, night).get(name, set())
        assert then == expected(night).get(name, set())
        assert (count, total, rate) == (len(then), len(customers), len(then) / len(customers))
        assert entered == len([s for s in stays if s[0] == name and s[2] == night])
        assert left == len([s for s in stays if s[0] == name and s[3] == night])
        values = [value for customer, value in customers if customer in then and value is not None]
        assert predicted == len(values)
        assert average == (round(sum(values) / len(values), 4) if values else None)
    current = members(stays)
    shared = warehouse.rows(
        "select segment_name, other_segment_name, member_count, other_member_count, shared_count, shared_rate, "
        "overlap_rate from marts.segment_overlaps where merchant_id = 'books' order by 1, 2"
    )
    pairs = [(a, b) for a in sorted(current) for b in sorted(current) if a != b and current[a] & current[b]]
    assert len(pairs) >= 4
    assert shared == [
        (a, b, len(current[a]), len(current[b]), len(both), len(both) / len(current[a]), len(both) / len(either))
        for a, b in pairs
        for both, either in [(current[a] & current[b], current[a] | current[b])]
    ]


def test_wrong_criteria_keep_their_members_and_others_have_their_night(warehouse: Warehouse) -> None:
    before, others = warehouse.stays(), [warehouse.stays("chai"), warehouse.stays("kimono")]
    assert all(others)
    wrong = "insert into ops.segment_definitions (merchant_id, segment_name, criteria) values ('books', %s, %s)"
    warehouse.execute(wrong, "things", '{"orders": {"at_least": "one"}}')
    warehouse.execute(wrong, "No Name", '{"orders": {"at_least": 1}}')
    warehouse.execute(wrong, "deep", '{"not": ' * 3000 + "{}" + "}" * 3000)
    later = NIGHTS[2] + timedelta(days=1)
    kept = [segment for segment in SEGMENTS if segment.name == "kept"]
    problems = warehouse.compile(later, kept)
    assert [problem.split(": ")[:3] for problem in problems] == [
        ["books", "No Name", "name"],
        ["books", "deep", "criteria"],
        ["books", "things", "orders.at_least"],
    ]
    # chai is withheld, and kimono's queries are of another day than is published: neither has a night.
    warehouse.execute("update ops.merchants set withheld_reasons = '{x}' where merchant_id = 'chai'")
    warehouse.execute("update ops.segment_queries set as_of_date = as_of_date + 1 where merchant_id = 'kimono'")
    after = warehouse.build()
    assert [stay for stay in after if stay[0] == "things"] == [stay for stay in before if stay[0] == "things"]
    assert members(after)["kept"] == expected(later)["kept"]
    # What is declared no more has no members.
    assert members(after)["recent"] == set()
    assert {stay[3] for stay in after if stay[0] == "recent"} == {*NIGHTS[1:], later}
    assert [warehouse.stays("chai"), warehouse.stays("kimono")] == others
