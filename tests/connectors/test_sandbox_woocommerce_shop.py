"""What happens at a WooCommerce shop, and what of it the API lets a client see."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from sandbox_calls import Caller, Clock, basic

from connectors.sandbox.catalogue import basket, generated_catalogue
from connectors.sandbox.faults import Fault, Faults, Request
from connectors.sandbox.woocommerce import Activity, Item, Shop, ShopSettings, WooCommerceApi, running_woocommerce

Opened = tuple[Shop, Clock, Caller]


@pytest.fixture
def opened() -> Opened:
    clock = Clock()
    shop = Shop(clock)
    shop.add_tax_rate(Decimal(20), country="GB", name="VAT")
    shop.create_product("Mug", Decimal("10.00"))
    return shop, clock, Caller(WooCommerceApi(shop), "/wp-json/wc/v3", basic())


def placed(opened: Opened, **more: object) -> int:
    shop, clock, _ = opened
    order_id = shop.place_order(
        [Item(shop.products.ids()[0], quantity=3)],
        **{"billing": {"country": "GB"}, "shipping": Decimal("5.00"), **more},  # type: ignore[arg-type]
    )
    clock.move(60)
    return order_id


def modified(opened: Opened, order_id: int) -> str:
    text: str = opened[2].get(f"/orders/{order_id}").body["date_modified_gmt"]
    return text


def test_a_guest_has_an_address_as_typed_and_no_customer(opened: Opened) -> None:
    order = opened[2].get(f"/orders/{placed(opened, email='Guest+Alias@Example.TEST')}").body
    assert (order["customer_id"], order["billing"]["email"]) == (0, "Guest+Alias@Example.TEST")
    assert "customer" not in order["_links"]


def test_deleting_a_customer_leaves_guests_and_bumps_their_orders(opened: Opened) -> None:
    shop, _, caller = opened
    customer_id = shop.create_customer("ada@example.com")
    order_id = placed(opened, customer=customer_id)
    assert caller.get(f"/customers/{customer_id}").body["is_paying_customer"]
    before = modified(opened, order_id)
    shop.delete_customer(customer_id)
    order = caller.get(f"/orders/{order_id}").body
    assert (order["customer_id"], order["billing"]["email"]) == (0, "ada@example.com")
    assert order["date_modified_gmt"] > before
    assert caller.get(f"/customers/{customer_id}").status == 404


def test_a_refund_bumps_its_order_and_its_deletion_does_not(opened: Opened) -> None:
    shop, clock, caller = opened
    order_id = placed(opened)
    before = modified(opened, order_id)
    line_id = shop.orders[order_id].lines[0].id
    refund_id = shop.refund(order_id, lines={line_id: 1}, shipping=Decimal("5.00"), reason="damaged")
    order = caller.get(f"/orders/{order_id}").body
    assert order["date_modified_gmt"] > before
    assert order["refunds"] == [{"id": refund_id, "reason": "damaged", "total": "-18.00", "total_tax": "-3.00"}]
    assert (order["status"], order["total"]) == ("processing", "42.00")
    refund = caller.get(f"/orders/{order_id}/refunds/{refund_id}").body
    (line,), (freight,), (tax,) = refund["line_items"], refund["shipping_lines"], refund["tax_lines"]
    assert (line["quantity"], line["total"], line["total_tax"], line["price"]) == (-1, "-10.00", "-2.00", 10)
    assert line["taxes"] == [{"id": 1, "total": "-2", "subtotal": "-2"}]
    assert line["meta_data"][0]["value"] == str(line_id)
    assert (freight["total"], freight["total_tax"]) == ("-5.00", "-1.00")
    assert (tax["tax_total"], tax["shipping_tax_total"]) == ("-2.00", "-1.00")
    bumped = modified(opened, order_id)
    clock.move(60)
    shop.delete_refund(refund_id)
    assert modified(opened, order_id) == bumped
    assert caller.get(f"/orders/{order_id}").body["refunds"] == []
    assert caller.get("/refunds").body == []


def test_a_full_refund_changes_the_status_and_not_the_total(opened: Opened) -> None:
    shop, clock, caller = opened
    order_id = placed(opened)
    shop.refund(order_id, amount=Decimal("2.00"))
    assert caller.get(f"/orders/{order_id}").body["status"] == "processing"
    last = shop.refund_rest(order_id)
    order = caller.get(f"/orders/{order_id}").body
    assert (order["status"], order["total"], len(order["refunds"])) == ("refunded", "42.00", 2)
    assert caller.get(f"/orders/{order_id}/refunds/{last}").body["line_items"] == []
    with pytest.raises(ValueError, match="has 0"):
        shop.refund(order_id, amount=Decimal("0.01"))
    clock.move(60)
    shop.delete_refund(last)
    assert caller.get(f"/orders/{order_id}").body["status"] == "refunded"


def test_a_refund_by_a_plugin_says_nothing(opened: Opened) -> None:
    order_id = placed(opened)
    before = modified(opened, order_id)
    opened[0].refund(order_id, amount=Decimal("4.00"), bumps=False)
    assert modified(opened, order_id) == before
    assert opened[2].get(f"/orders/{order_id}").body["refunds"][0]["total"] == "-4.00"


def test_custom_fields_bump_and_notes_do_not(opened: Opened) -> None:
    order_id = placed(opened)
    before = modified(opened, order_id)
    opened[0].add_note(order_id)
    assert modified(opened, order_id) == before
    opened[0].edit_meta(order_id, "tracking", {"carrier": "x"})
    assert modified(opened, order_id) > before
    assert opened[2].get(f"/orders/{order_id}").body["meta_data"][0]["value"] == {"carrier": "x"}


def test_an_edit_takes_lines_out_and_adds_up_again(opened: Opened) -> None:
    shop, _, caller = opened
    order_id = placed(opened)
    first = shop.orders[order_id].lines[0].id
    shop.edit_order(order_id, quantities={first: 0}, add=[Item(shop.products.ids()[0], price=Decimal("7.00"))])
    order = caller.get(f"/orders/{order_id}").body
    assert [line["total"] for line in order["line_items"]] == ["7.00"]
    assert (order["total"], order["total_tax"], order["shipping_tax"]) == ("14.40", "2.40", "1.00")


def test_the_trash_gives_back_and_deletion_does_not(opened: Opened) -> None:
    shop, _, caller = opened
    order_id = placed(opened)
    shop.refund(order_id, amount=Decimal(1))
    shop.trash_order(order_id)
    assert caller.get(f"/orders/{order_id}").body["status"] == "trash"
    shop.untrash_order(order_id)
    assert caller.get(f"/orders/{order_id}").body["status"] == "processing"
    shop.delete_order(order_id)
    assert caller.get(f"/orders/{order_id}").status == 404
    assert shop.truth()["refunds"] == []


def test_a_line_of_a_deleted_product_has_no_sku(opened: Opened) -> None:
    order_id = placed(opened)
    opened[0].delete_product(opened[0].products.ids()[0])
    line = opened[2].get(f"/orders/{order_id}").body["line_items"][0]
    assert (line["sku"], line["name"]) == (None, "Mug")


def test_an_order_may_have_another_currency_and_no_rate(opened: Opened) -> None:
    shop, _, caller = opened
    order_id = placed(opened, currency="EUR")
    assert caller.get(f"/orders/{order_id}").body["currency"] == "EUR"
    assert (shop.net_revenue(), shop.net_revenue("EUR")) == (Decimal(0), Decimal("42.00"))


def test_net_revenue_is_booked_on_the_days_of_the_shop(opened: Opened) -> None:
    """At 22:30 in New York it is the next day in UTC."""
    shop, clock, _ = opened
    evening = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    kept = placed(opened, ordered_at=evening)
    for status in ("pending", "failed", "cancelled", "checkout-draft"):
        placed(opened, status=status)
    shop.trash_order(placed(opened))
    clock.at = evening + timedelta(days=3)
    shop.refund(kept, amount=Decimal("2.00"))
    assert shop.net_revenue_by_day() == {date(2026, 3, 1): Decimal("42.00"), date(2026, 3, 4): Decimal("-2.00")}
    assert shop.net_revenue() == Decimal("40.00")


def test_the_truth_is_what_the_api_shows() -> None:
    clock = Clock()
    shop = Shop(clock, ShopSettings(has_stable_ties=True, time_zone="Asia/Kolkata"))
    shop.add_tax_rate(Decimal("8.875"), country="US", state="NY", name="NY")
    shop.load_catalogue(generated_catalogue(products=12))
    lively(shop, clock, 400)
    caller = Caller(WooCommerceApi(shop), "/wp-json/wc/v3", basic())
    seen = {}
    for status in ("any", "trash"):
        for page in range(1, 99):
            rows = caller.get("/orders", f"status={status}&per_page=100&orderby=id&page={page}").body
            if not rows:
                break
            seen.update({row["id"]: row for row in rows})
    truth = shop.truth()
    assert {row["id"]: row["total"] for row in truth["orders"]} == {k: Decimal(v["total"]) for k, v in seen.items()}
    assert {(row["order_id"], row["id"]): (row["total"], row["total_tax"]) for row in truth["order_lines"]} == {
        (order_id, line["id"]): (Decimal(line["total"]), Decimal(line["total_tax"]))
        for order_id, order in seen.items()
        for line in order["line_items"]
    }
    assert {row["id"]: -row["amount"] for row in truth["refunds"]} == {
        refund["id"]: Decimal(refund["total"]) for order in seen.values() for refund in order["refunds"]
    }


def lively(shop: Shop, clock: Clock, steps: int, seed: int = 7) -> Counter[str]:
    activity = Activity(shop, Random(seed))
    done: Counter[str] = Counter()
    for step in range(steps):
        done[activity.step()] += 1
        clock.move(step % 3)
    return done


def test_activity_is_the_same_for_the_same_seed_and_does_everything() -> None:
    truths = []
    for _ in range(2):
        clock = Clock()
        shop = Shop(clock)
        shop.load_catalogue(generated_catalogue(products=12))
        done = lively(shop, clock, 600)
        truths.append(shop.truth())
    assert truths[0] == truths[1]
    assert len(done) == 20
    by_status = Counter(row["status"] for row in truths[0]["orders"])
    assert by_status["trash"]
    assert by_status["refunded"]


@pytest.mark.parametrize("is_inclusive", [False, True])
@pytest.mark.parametrize("rounds_at_subtotal", [False, True])
def test_money_adds_up_to_the_unit_for_each_rounded_term(is_inclusive: bool, rounds_at_subtotal: bool) -> None:
    clock = Clock()
    settings = ShopSettings(prices_include_tax=is_inclusive, rounds_tax_at_subtotal=rounds_at_subtotal)
    shop = Shop(clock, settings)
    shop.add_tax_rate(Decimal("8.875"), country="US", state="NY", name="NY")
    shop.add_tax_rate(Decimal("7.25"), country="US", state="CA", name="CA")
    shop.load_catalogue(generated_catalogue(products=12))
    lively(shop, clock, 1200)
    truth, sums, terms = shop.truth(), defaultdict[int, Decimal](Decimal), Counter[int]()
    for table in ("order_lines", "order_shipping_lines", "order_fees"):
        for row in truth[table]:
            sums[row["order_id"]] += row["total"] + row["total_tax"]
            terms[row["order_id"]] += 2
    differences = {row["id"]: row["total"] - sums[row["id"]] for row in truth["orders"]}
    assert all(abs(found) <= terms[order_id] * Decimal("0.005") for order_id, found in differences.items())
    assert any(differences.values()) == rounds_at_subtotal


def test_history_loads_quickly_and_baskets_cost_what_they_must() -> None:
    clock, random, catalogue = Clock(), Random(1), generated_catalogue()
    shop = Shop(clock)
    items = shop.load_catalogue(catalogue)
    total = Decimal(0)
    for number in range(500):
        amount = Decimal(random.randint(1, 20_000)) / 100
        lines = [
            Item(
                items[line.variant.sku].product_id, items[line.variant.sku].variation_id, line.quantity, line.unit_price
            )
            for line in basket(catalogue.products, amount, "USD", random)
        ]
        shop.place_order(lines, ordered_at=clock.at - timedelta(days=number))
        total += amount
    assert shop.net_revenue() == total


def test_it_misbehaves_over_http_as_it_is_told() -> None:
    clock, faults = Clock(), Faults()
    shop = Shop(clock)
    faults.add(Fault(status=503, retry_after="3"))
    seen: list[Request] = []
    faults.before_each = seen.append
    with running_woocommerce(shop, faults=faults) as server:
        asked = HttpRequest(server.url + "/wp-json/wc/v3/orders?search=a%2Bb%20c", headers=basic())
        with pytest.raises(HTTPError) as caught:
            urlopen(asked, timeout=10)
        assert (caught.value.code, caught.value.headers["Retry-After"]) == (503, "3")
        caught.value.close()
        with urlopen(asked, timeout=10) as response:
            assert response.headers["X-WP-Total"] == "0"
            assert response.headers["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert [request.params["search"] for request in seen] == ["a+b c"] * 2
