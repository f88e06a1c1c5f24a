"""What dbt makes of platforms' records, held against the books that sandbox shops keep of themselves.

The shops live for a while (edits, refunds, merges and deletions among it), are read by the real sources, and their
books share no code with either.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from dbt_histories import LOADED_AT, Merchant, insert_merchant
from dbt_shops import SHOPS, Trade
from mirror import Clock, Mirror, sync
from platform_harnesses import RunningShop
from platforms import PLATFORMS

from models.engine import create_engine
from models.raw import RAW_TABLES

pytestmark = pytest.mark.slow

Key = tuple[str, str]
HUDSON = Merchant(
    "hudson", "America/New_York", "USD", date(2030, 1, 1), counts_zero_amount_days=True, decimal_places=2,
    rates={"EUR": [(date(2020, 1, 1), Decimal("1.25"))], "CAD": [(date(2020, 1, 1), Decimal("0.71"))]},
)  # fmt: skip
HOOGHLY = replace(HUDSON, merchant_id="hooghly", time_zone="Asia/Kolkata")
# Tax in the prices and no cents; tax on top of them.
SUMIDA = Merchant("sumida", "Asia/Tokyo", "JPY", date(2030, 1, 1), counts_zero_amount_days=True, decimal_places=0)
SEINE = replace(SUMIDA, merchant_id="seine", time_zone="Europe/Paris", currency_code="EUR", decimal_places=2)
OHIO = replace(SEINE, merchant_id="ohio", time_zone="America/New_York", currency_code="USD")


@dataclass(frozen=True)
class Books:
    """What one shop says of itself, in its own currency."""

    currency_code: str
    net_revenue: Decimal
    net_revenue_by_day: dict[date, Decimal]
    truth: dict[str, list[dict[str, Any]]]


def living(merchant: Merchant, platform: int) -> AbstractContextManager[RunningShop]:
    """A shop of the platform suite, after a few days of everything that happens at shops."""
    random = Random(f"{merchant.merchant_id} {platform}")
    return PLATFORMS[platform].open(Clock(), merchant.time_zone, random)


def charging(merchant: Merchant, platform: int) -> AbstractContextManager[RunningShop]:
    """A shop that charges in every way."""
    random = Random(f"{merchant.merchant_id} {platform}")
    trade = Trade(merchant.time_zone, merchant.currency_code, merchant is not OHIO, random)
    return SHOPS[PLATFORMS[platform].name](Clock(), trade)


OPENED: dict[Merchant, Callable[[Merchant, int], AbstractContextManager[RunningShop]]] = {
    HUDSON: living, HOOGHLY: living, SUMIDA: charging, SEINE: charging, OHIO: charging,
}  # fmt: skip


def read(shop: Any, *, steps: int) -> Mirror:
    """Let a shop live, then read it as the first run of a day does."""
    for step in range(steps):
        shop.step()
        shop.clock.advance((0, 1, 700, 9000)[step % 4])
    shop.clock.advance(25 * 3600)
    mirror = Mirror(shop.source().streams)
    sync(shop.source(), mirror, shop.clock())
    assert mirror.rejected == []
    return mirror


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


@pytest.fixture(scope="module")
def books(module_database_url: str) -> dict[Key, Books]:
    """Each shop's own books, once its records were read and landed; a store is called after its platform."""
    found: dict[Key, Books] = {}
    for merchant, opened in OPENED.items():
        stores: dict[str, Mirror] = {}
        for number, harness in enumerate(PLATFORMS):
            with opened(merchant, number) as running:
                shop: Any = running
                stores[harness.name] = read(shop, steps=120 if opened is living else 0)
                days = {day: amount for day, amount in shop.shop.net_revenue_by_day().items() if amount}
                own = Books(merchant.currency_code, shop.net_revenue(), days, shop.truth())
                found[merchant.merchant_id, harness.name] = own
        insert(module_database_url, merchant, stores)
    return found


@pytest.fixture(scope="module")
def statuses(module_database_url: str, books: dict[Key, Books], dbt_on: Callable[[str], Dbt]) -> Any:
    """What one build of the tables and the tests of their data said of each node."""
    del books
    warnings = ("--exclude", "config.severity:warn")
    return dbt_on(module_database_url)("build", "--exclude-resource-type", "unit_test", *warnings)


@pytest.fixture(scope="module")
def connection(module_database_url: str, statuses: Any) -> Iterator[psycopg.Connection[Any]]:
    del statuses
    with psycopg.connect(module_database_url) as found:
        yield found


def test_the_money_of_every_order_and_refund_reconciles(statuses: dict[str, Any]) -> None:
    assert {name: status for name, status in statuses.items() if status not in {"success", "pass"}} == {}
    assert {"assert_orders_reconcile", "assert_refunds_reconcile", "assert_refunds_are_all_the_platform_made"} <= set(
        statuses
    )


def test_revenue_is_what_each_shop_says_that_it_earned_on_each_of_its_days(
    connection: psycopg.Connection[Any], books: dict[Key, Books]
) -> None:
    query = (
        "select merchant_id, store_id, revenue_date, sum(net_amount) from marts.store_day_reconciliation"
        " where original_currency_code = currency_code group by 1, 2, 3 having sum(net_amount) <> 0"
    )
    actual: dict[Key, dict[date, Decimal]] = {key: {} for key in books}
    for merchant_id, store_id, day, amount in connection.execute(query):
        actual[merchant_id, store_id][day] = amount
    for key, found in books.items():
        assert actual[key] == found.net_revenue_by_day, key
        assert sum(actual[key].values()) == found.net_revenue != 0


def test_every_term_of_an_order_occurs(connection: psycopg.Connection[Any]) -> None:
    """Else the identity was proved of nothing."""
    terms = {
        "shopify": "discount shipping tax included_tax tip duty fee gift_card_sale gift_card_tender",
        "bigcommerce": "discount shipping tax included_tax fee wrapping gift_card_sale gift_card_tender"
        " store_credit_tender",
        "woocommerce": "discount shipping tax fee rounding",
    }
    for source_name, names in terms.items():
        sums = ", ".join(f"sum(abs({name}_amount))" for name in names.split())
        query = f"select {sums} from intermediate.int_orders_reconciled where source_name = %s"
        row = connection.execute(query.encode(), [source_name]).fetchone()
        assert row is not None
        assert all(row), (source_name, dict(zip(names.split(), row, strict=True)))
