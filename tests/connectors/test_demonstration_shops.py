"""The demonstration's shops hold the published purchases, to the day and the cent; all else in them is made up."""

import socket
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors.sandbox import bigcommerce, shopify, woocommerce
from connectors.sandbox.access import SandboxAccess
from connectors.sandbox.demonstration import cdnow_sales, demonstration_histories
from connectors.sandbox.filling import fill_bigcommerce, fill_shopify, fill_woocommerce
from connectors.sandbox.platforms import running_platforms
from connectors.sandbox.shop_history import PLATFORMS, Purchase, Sale, ShopHistory, platform_of, shared_out

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)


def amount_of(purchase: Purchase) -> Decimal:
    return sum((line.quantity * line.unit_price for line in purchase.lines), purchase.shipping)


@pytest.fixture(scope="module")
def histories() -> Mapping[str, ShopHistory]:
    return demonstration_histories()


def test_every_published_purchase_is_at_one_shop_with_its_day_and_amount(histories: Mapping[str, ShopHistory]) -> None:
    published = Counter((sale.buyer_id, sale.ordered_at, sale.amount, max(sale.quantity, 1)) for sale in cdnow_sales())
    sold = Counter(
        (purchase.buyer_id, purchase.ordered_at, amount_of(purchase), sum(line.quantity for line in purchase.lines))
        for history in histories.values()
        for purchase in history.purchases
    )
    assert published.total() == 69_659
    assert sum(amount * count for (_, _, amount, _), count in published.items()) == Decimal("2500315.63")
    assert sold == published


def test_the_published_file_is_read_line_by_line() -> None:
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "datasets" / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()[1:]
    written = [line.split() for line in lines]
    read = [
        [sale.buyer_id, f"{sale.ordered_at:%Y%m%d}", str(sale.quantity), str(sale.amount)] for sale in cdnow_sales()
    ]
    assert read == written
    assert {f"{sale.ordered_at:%H:%M%z}" for sale in cdnow_sales()} == {"12:00-0500", "12:00-0400"}


def test_every_customer_has_one_shop_and_all_shops_have_about_as_many(histories: Mapping[str, ShopHistory]) -> None:
    owners = [(buyer.buyer_id, platform) for platform, history in histories.items() for buyer in history.buyers]
    assert len(owners) == len({buyer_id for buyer_id, _ in owners}) == 23_570
    assert all(platform_of(buyer_id) == platform for buyer_id, platform in owners)
    assert all(7_500 < len(history.buyers) < 8_200 for history in histories.values())
    for history in histories.values():
        assert {p.buyer_id for p in history.purchases} == {buyer.buyer_id for buyer in history.buyers}


def test_people_do_not_exist(histories: Mapping[str, ShopHistory]) -> None:
    people = [buyer for history in histories.values() for buyer in history.buyers]
    domains = {buyer.email.partition("@")[2] for buyer in people}
    assert domains == {"example.com", "example.net", "example.org"}
    assert len({buyer.email for buyer in people}) == len(people)
    assert 0.7 < sum(buyer.has_email_consent is True for buyer in people) / len(people) < 0.9


def test_the_shops_are_the_same_every_time(histories: Mapping[str, ShopHistory]) -> None:
    assert demonstration_histories() == histories


@pytest.mark.parametrize(("amount", "quantity"), [("0.00", 1), ("0.07", 3), ("6.00", 1), ("10.00", 3), ("1286.01", 99)])
def test_an_amount_is_shared_out_to_the_cent(amount: str, quantity: int) -> None:
    sale = Sale("b1", NOW, quantity, Decimal(amount))
    history = shared_out([sale], merchant_id="m", name="M", currency_code="USD", time_zone="UTC")[platform_of("b1")]
    [purchase] = history.purchases
    assert amount_of(purchase) == Decimal(amount)
    assert sum(line.quantity for line in purchase.lines) == quantity
    assert all(line.unit_price >= 0 for line in purchase.lines)


# In the platforms' sandboxes.


@pytest.fixture
def small() -> Mapping[str, ShopHistory]:
    sales = [
        Sale(f"b{number % 30}", NOW - timedelta(days=60 - number // 2), 1 + number % 4, Decimal(number * 37) / 100)
        for number in range(100)
    ]
    return shared_out(sales, merchant_id="m", name="M", currency_code="USD", time_zone="America/New_York")


def test_a_platform_has_earned_what_the_history_says(small: Mapping[str, ShopHistory]) -> None:
    clock = lambda: NOW  # noqa: E731 - a clock
    stores = {
        "shopify": (shopify.Shop(clock=clock), fill_shopify),
        "bigcommerce": (bigcommerce.Shop(clock), fill_bigcommerce),
        "woocommerce": (woocommerce.Shop(clock), fill_woocommerce),
    }
    for platform, (shop, fill) in stores.items():
        history = small[platform]
        fill(shop, history)  # type: ignore[operator]  # each with its own
        by_day: Counter[object] = Counter()
        for purchase in history.purchases:
            by_day[purchase.ordered_at.astimezone(shop.zone).date()] += amount_of(purchase)  # type: ignore[attr-defined]  # all have one
        earned = {day: amount for day, amount in shop.net_revenue_by_day().items() if amount}  # type: ignore[attr-defined]  # all have
        assert earned == {day: amount for day, amount in by_day.items() if amount}, platform
        assert shop.net_revenue() == sum(map(amount_of, history.purchases))  # type: ignore[attr-defined]  # all have


def free_ports() -> list[int]:
    listeners = [socket.socket() for _ in range(3)]
    for listener in listeners:
        listener.bind(("127.0.0.1", 0))
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def test_platforms_run_side_by_side_and_a_taken_port_is_somebody_elses(small: Mapping[str, ShopHistory]) -> None:
    first, second, third = free_ports()
    access = SandboxAccess(first, "shpat_x", second, "token", third, "ck_x", "cs_x", 0, "pk_x")
    with running_platforms(small, access, lambda: NOW) as running:
        assert [platform.name for platform in running] == list(PLATFORMS)
        with running_platforms(small, access, lambda: NOW) as others:
            assert others == []
        before = [platform.net_revenue() for platform in running]
        for platform in running:
            said = [platform.step() for _ in range(40)]
            assert all(said)
        assert [platform.net_revenue() for platform in running] != before
