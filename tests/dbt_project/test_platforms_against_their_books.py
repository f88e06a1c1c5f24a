"""What dbt makes of platforms' records, held against the books that sandbox shops keep of themselves.

The shops live for a while (edits, refunds, merges and deletions among it), are read by the real sources, and their
books share no code with either.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from dbt_histories import LOADED_AT, Merchant, insert_merchant
from mirror import Clock, Mirror, sync
from platform_harnesses import RunningShop
from platforms import PLATFORMS

from models.engine import create_engine
from models.raw import RAW_TABLES

pytestmark = pytest.mark.slow

STEPS = 150
RATES = {code: [(date(2020, 1, 1), Decimal("1.25"))] for code in ("EUR", "GBP", "CAD", "JPY")}
MERCHANTS = tuple(
    Merchant(name, zone, "USD", date(2030, 1, 1), counts_zero_amount_days=True, decimal_places=2, rates=RATES)
    for name, zone in (("hudson", "America/New_York"), ("hooghly", "Asia/Kolkata"))
)


@dataclass(frozen=True)
class Books:
    """What one shop says of itself, in its own currency."""

    net_revenue: Decimal
    net_revenue_by_day: dict[date, Decimal]
    truth: dict[str, list[dict[str, Any]]]


def insert(url: str, merchant: Merchant, stores: dict[str, Mirror]) -> None:
    """Declare a merchant, and put what was read of its stores where landing would."""
    engine = create_engine(url, application_name="perennial tests")
    try:
        with engine.begin() as connection:
            insert_merchant(connection, merchant)
            for store_id, mirror in stores.items():
                landed = {"merchant_id": merchant.merchant_id, "store_id": store_id, "loaded_at": LOADED_AT}
                landed |= {"content_hash": "-", "batch_id": "-"}
                for stream in mirror.streams:
                    rows = [{**landed, **row} for row in mirror.tables[stream.name].values()]
                    if rows:
                        connection.execute(RAW_TABLES[store_id, stream.name].insert(), rows)
    finally:
        engine.dispose()


def books_of(shop: Any) -> Books:
    by_day = {day: amount for day, amount in shop.shop.net_revenue_by_day().items() if amount}
    return Books(shop.net_revenue(), by_day, shop.truth())


@pytest.fixture(scope="module")
def books(module_database_url: str) -> dict[tuple[str, str], Books]:
    """Each shop's own books, once its records were read and landed; a store is called after its platform."""
    found: dict[tuple[str, str], Books] = {}
    for merchant in MERCHANTS:
        stores: dict[str, Mirror] = {}
        for number, harness in enumerate(PLATFORMS):
            with ExitStack() as stack:
                clock = Clock()
                random = Random(f"{merchant.merchant_id} {number}")
                shop: RunningShop = stack.enter_context(harness.open(clock, merchant.time_zone, random))
                for _ in range(STEPS):
                    shop.step()
                    clock.advance(random.choice((0, 1, 700, 9000)))
                clock.advance(25 * 3600)
                mirror = Mirror(shop.source().streams)
                sync(shop.source(), mirror, clock())
                assert mirror.rejected == []
                stores[harness.name] = mirror
                found[merchant.merchant_id, harness.name] = books_of(shop)
        insert(module_database_url, merchant, stores)
    return found


@pytest.fixture(scope="module")
def statuses(module_database_url: str, books: dict[tuple[str, str], Books], dbt_on: Callable[[str], Dbt]) -> Any:
    """What one build of the tables and the tests of their data said of each node."""
    del books
    return dbt_on(module_database_url)("build", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def connection(module_database_url: str, statuses: Any) -> Iterator[psycopg.Connection[Any]]:
    del statuses
    with psycopg.connect(module_database_url) as found:
        yield found


def test_the_money_of_every_order_and_refund_reconciles(statuses: dict[str, Any]) -> None:
    assert {name: status for name, status in statuses.items() if status not in {"success", "pass"}} == {}


def test_revenue_is_what_each_shop_says_that_it_earned_on_each_of_its_days(
    connection: psycopg.Connection[Any], books: dict[tuple[str, str], Books]
) -> None:
    query = (
        "select merchant_id, store_id, revenue_date, sum(net_amount) from marts.store_day_reconciliation"
        " where original_currency_code = 'USD' group by 1, 2, 3 having sum(net_amount) <> 0"
    )
    actual: dict[tuple[str, str], dict[date, Decimal]] = {key: {} for key in books}
    for merchant_id, store_id, day, amount in connection.execute(query):
        actual[merchant_id, store_id][day] = amount
    assert actual == {key: found.net_revenue_by_day for key, found in books.items()}
    for key, found in books.items():
        assert sum(actual[key].values()) == found.net_revenue != 0
