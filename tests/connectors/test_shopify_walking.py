"""R2, R4: lists walked page by page between two bounds, whatever happens to them meanwhile."""

from collections.abc import Iterator
from typing import Any

import pytest
from shopify_scripted import (
    Json,
    ScriptedShop,
    bag,
    connection,
    data,
    error,
    errors,
    line,
    order,
    refund,
    scripted_shop,
    transaction,
)

from models.errors import StopError

CURSOR: Json = {
    "version": 2,
    "newest": dict.fromkeys(
        ("orders", "checkouts", "customers", "products", "product_categories", "discounts"), "2026-07-10T00:00:00Z"
    ),
    "until": None,
    "asked_at": None,
    "steps": [],
    "place": {},
    "compared_at": "2026-08-01T11:00:00Z",
    "hidden": [],
}
ORDER = "gid://shopify/Order/"


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop(scopes=["read_orders", "read_all_orders"]) as running:
        yield running


def at(minute: int) -> str:
    return f"2026-07-20T00:{minute:02d}:00Z"


def test_r2_a_read_begins_an_overlap_before_the_newest_and_quotes_its_times(shop: ScriptedShop) -> None:
    """Failure modes 8 and 12: cursor and filter on one field; times that are not quoted were cut to midnight."""
    shop.read(CURSOR)
    (asked,) = shop.variables("Orders")
    assert asked["query"] == "updated_at:>='2026-07-09T23:50:00Z'"
    shop.asked.clear()
    shop.read(CURSOR, settings={"overlap_minutes": 60})
    assert shop.variables("Orders")[0]["query"] == "updated_at:>='2026-07-09T23:00:00Z'"


def test_r2_what_changed_after_the_start_is_left_for_the_next_read(shop: ScriptedShop) -> None:
    on_time, late = order(1, updatedAt="2026-08-01T11:59:59Z"), order(2, updatedAt="2026-08-01T12:00:00Z")
    shop.answer("Orders", data(connection=connection([on_time, late])))
    cursor, _, pages = shop.read(CURSOR)
    assert pages.keys("orders") == ["1"]
    assert cursor["newest"]["orders"] == "2026-08-01T11:59:59Z"


def test_r2_nothing_new_leaves_the_cursor_where_it_was(shop: ScriptedShop) -> None:
    cursor, report, _ = shop.read(CURSOR)
    assert cursor["newest"]["orders"] == "2026-07-10T00:00:00Z"
    assert not report.has_more


def test_a_reading_ends_where_the_next_goes_on(shop: ScriptedShop) -> None:
    shop.answer(
        "Orders",
        data(connection=connection([order(1, updatedAt=at(1)), order(2, updatedAt=at(2))], after="two")),
        data(connection=connection([order(3, updatedAt=at(3))])),
    )
    shop.run_at = shop.clock()
    cursor, report, pages = shop.read(CURSOR, reading_rows=2)
    assert (pages.keys("orders"), report.has_more) == (["1", "2"], True)
    assert cursor["newest"]["orders"] == "2026-07-10T00:00:00Z"
    shop.clock.advance(3600)
    cursor, report, pages = shop.read(cursor, reading_rows=2)
    assert (pages.keys("orders"), report.has_more) == (["3"], False)
    assert [asked["after"] for asked in shop.variables("Orders")] == [None, "two"]
    assert len({asked["query"] for asked in shop.variables("Orders")}) == 1
    assert cursor["newest"]["orders"] == at(3)
    assert cursor["until"] is None


def test_a_chain_that_an_earlier_run_left_is_followed_by_one_of_this_run(shop: ScriptedShop) -> None:
    shop.answer(
        "Orders",
        data(connection=connection([order(1, updatedAt=at(1))], after="one")),
        data(connection=connection([order(2, updatedAt="2026-08-01T12:30:00Z")])),
    )
    cursor, _, _ = shop.read(CURSOR, reading_rows=1)
    shop.clock.advance(3600)
    shop.run_at = shop.clock()
    cursor, report, pages = shop.read(cursor)
    assert (pages.keys("orders"), report.has_more, cursor["until"]) == ([], True, None)
    _, report, pages = shop.read(cursor)
    assert (pages.keys("orders"), report.has_more) == (["2"], False)


def test_the_upper_bound_stays_through_a_chain_of_readings(shop: ScriptedShop) -> None:
    shop.answer(
        "Orders",
        data(connection=connection([order(1, updatedAt=at(1))], after="one")),
        data(connection=connection([order(2, updatedAt="2026-08-01T12:30:00Z")])),
    )
    cursor, _, _ = shop.read(CURSOR, reading_rows=1)
    shop.clock.advance(3600)
    _, _, pages = shop.read(cursor, reading_rows=1)
    assert pages.keys("orders") == []


def test_pages_that_were_not_consumed_change_nothing(shop: ScriptedShop) -> None:
    """R1, failure mode 10: state moves with what was read, and not before."""
    shop.answer("Orders", data(connection=connection([order(1, updatedAt=at(1))])))
    reading = shop.source().read(shop.request(CURSOR))
    begun = dict(reading.cursor)
    next(iter(reading.pages))
    assert reading.cursor == begun
    assert begun["newest"] == CURSOR["newest"]


def test_r4_an_order_that_is_seen_twice_is_given_out_once(shop: ScriptedShop) -> None:
    first = order(1, updatedAt=at(1))
    shop.answer(
        "Orders",
        data(connection=connection([first], after="one")),
        data(connection=connection([first, order(2, updatedAt=at(2))])),
    )
    _, _, pages = shop.read(CURSOR)
    assert pages.keys("orders") == ["1", "2"]
    assert [row["order_id"] for row in pages.rows("order_lines")] == ["1", "2"]


def test_r4_an_order_that_comes_again_changed_ends_the_reading_before_it(shop: ScriptedShop) -> None:
    """Failure mode 11: no version is lost, and none comes twice in one reading."""
    shop.answer(
        "Orders",
        data(connection=connection([order(1, updatedAt=at(1))], after="one")),
        data(connection=connection([order(1, updatedAt=at(5)), order(2, updatedAt=at(6))])),
    )
    cursor, report, pages = shop.read(CURSOR)
    assert (pages.keys("orders"), report.has_more) == (["1"], True)
    cursor, report, pages = shop.read(cursor)
    assert (pages.keys("orders"), report.has_more) == (["1", "2"], False)
    assert cursor["newest"]["orders"] == at(6)


def test_a_list_that_leads_in_a_circle_stops_the_read(shop: ScriptedShop) -> None:
    shop.answer("Orders", data(connection=connection([], after="one")))
    with pytest.raises(StopError, match="does not go on"):
        shop.read(CURSOR)


def test_a_place_in_a_list_that_is_no_longer_one_is_given_up(shop: ScriptedShop) -> None:
    shop.answer(
        "Orders",
        data(connection=connection([order(1, updatedAt=at(1))], after="one")),
        errors(error("BAD_REQUEST", "Invalid cursor for current pagination sort.")),
        data(connection=connection([order(1, updatedAt=at(1)), order(2, updatedAt=at(2))])),
    )
    cursor, _, _ = shop.read(CURSOR, reading_rows=1)
    _, _, pages = shop.read(cursor)
    assert pages.keys("orders") == ["1", "2"]
    assert [asked["after"] for asked in shop.variables("Orders")] == [None, "one", None]


def test_r4_lines_beyond_the_first_page_are_fetched(shop: ScriptedShop) -> None:
    """Failure mode 3: nested lists cut off in silence."""
    shop.answer("Orders", data(connection=connection([order(1, lineItems=connection([line(1)], after="l1"))])))
    shop.answer(
        "OrderParts",
        data(node={"lineItems": connection([line(2), line(3)], after="l3")}),
        data(node={"lineItems": connection([line(4)])}),
    )
    _, _, pages = shop.read(CURSOR)
    assert [row["line_id"] for row in pages.rows("order_lines")] == ["1", "2", "3", "4"]
    assert [asked["linesAfter"] for asked in shop.variables("OrderParts")] == ["l1", "l3"]
    assert shop.variables("OrderParts")[0]["withDiscounts"] is False


def test_r4_refund_lines_beyond_the_first_page_are_fetched(shop: ScriptedShop) -> None:
    """Failure mode 3: 250 refund lines of more."""

    def refund_line(number: int) -> Json:
        return {
            "id": f"gid://shopify/RefundLineItem/{number}",
            "lineItem": {"id": "gid://shopify/LineItem/1"},
            "quantity": 1,
            "subtotalSet": bag("1"),
            "totalTaxSet": bag("0"),
        }

    whole = refund(
        3,
        refundLineItems=connection([refund_line(1)], after="r1"),
        transactions=connection([], after="t0"),
    )
    node = {"id": f"{ORDER}1", "updatedAt": "x", "transactions": [transaction(9)], "refunds": [whole]}
    shop.answer("Orders", data(connection=connection([order(1, refunds=[{"id": "gid://shopify/Refund/3"}])])))
    shop.answer("OrderRefunds", data(nodes=[node]))
    shop.answer(
        "RefundParts",
        data(node={"refundLineItems": connection([refund_line(2)])}),
        data(node={"transactions": connection([{"id": "gid://shopify/OrderTransaction/9"}])}),
    )
    _, _, pages = shop.read(CURSOR)
    assert [row["refund_line_id"] for row in pages.rows("refund_lines")] == ["1", "2"]
    assert pages.rows("transactions")[0]["refund_id"] == "3"


def test_a_nested_list_that_leads_in_a_circle_stops_the_read(shop: ScriptedShop) -> None:
    shop.answer("Orders", data(connection=connection([order(1, lineItems=connection([line(1)], after="l1"))])))
    shop.answer("OrderParts", data(node={"lineItems": connection([line(2)], after="l1")}))
    with pytest.raises(StopError, match="does not go on after 'l1'"):
        shop.read(CURSOR)


def test_products_of_every_status_are_asked_for(shop: ScriptedShop) -> None:
    """By the schema, the filter leaves out all but active ones."""
    shop.scopes.append("read_products")
    shop.read(CURSOR)
    assert shop.variables("Products")[0]["query"] == (
        "status:active,archived,draft,unlisted AND updated_at:>='2026-07-09T23:50:00Z'"
    )


def discount(number: int, updated_at: str) -> Json:
    inner = {"__typename": "DiscountAutomaticBasic", "createdAt": at(0), "updatedAt": updated_at}
    return {"id": f"gid://shopify/DiscountAutomaticNode/{number}", "discount": inner}


def test_discounts_are_walked_from_the_newest_to_what_is_known(shop: ScriptedShop) -> None:
    """Their filter by time takes the shop's zone."""
    shop.scopes.append("read_discounts")
    old = discount(1, "2026-07-01T00:00:00Z")
    shop.answer("Discounts", data(connection=connection([discount(3, at(3)), discount(2, at(2)), old], after="x")))
    cursor, _, pages = shop.read(CURSOR)
    assert pages.keys("discounts") == ["3", "2"]
    assert shop.variables("Discounts") == [{"first": 25, "after": None, "parts": 20}]
    assert cursor["newest"]["discounts"] == at(3)


def test_codes_beyond_the_first_page_are_fetched(shop: ScriptedShop) -> None:
    """Failure mode 3: 100 of about 190,000 codes."""
    shop.scopes.append("read_discounts")
    code = {"id": "gid://shopify/DiscountRedeemCode/1", "code": "A", "asyncUsageCount": 0}
    other = {"id": "gid://shopify/DiscountRedeemCode/2", "code": "B", "asyncUsageCount": 4}
    inner = {"createdAt": at(0), "updatedAt": at(1), "codes": connection([code], after="c1")}
    value = {"customerGets": {"value": {"percentage": 0.1}}, "discountClasses": ["ORDER"]}
    node = {"id": "gid://shopify/DiscountNode/4", "discount": {"__typename": "DiscountCodeBasic", **inner, **value}}
    shop.answer("Discounts", data(connection=connection([node])))
    shop.answer("DiscountParts", data(node={"discount": {"codes": connection([other])}}))
    _, _, pages = shop.read(CURSOR)
    assert [row["code"] for row in pages.rows("discount_codes")] == ["A", "B"]
    assert shop.variables("DiscountParts")[0]["id"] == "gid://shopify/DiscountNode/4"


def test_checkouts_come_with_their_lines(shop: ScriptedShop) -> None:
    item = {
        "id": "gid://shopify/AbandonedCheckoutLineItem/1?key=abc".partition("?")[0],
        "quantity": 3,
        "originalTotalPriceSet": bag("9", "12"),
    }
    node = {
        "__typename": "AbandonedCheckout",
        "id": "gid://shopify/AbandonedCheckout/8",
        "createdAt": at(0),
        "updatedAt": at(1),
        "totalPriceSet": bag("9", "12"),
        "lineItems": connection([item]),
    }
    shop.answer("Checkouts", data(connection=connection([node])))
    _, _, pages = shop.read(CURSOR)
    assert pages.rows("checkouts")[0]["presentment_currency_code"] == "CAD"
    assert [(row["checkout_id"], row["quantity"]) for row in pages.rows("checkout_lines")] == [("8", 3)]


def test_a_cursor_of_another_make_begins_anew(shop: ScriptedShop) -> None:
    shop.read({"version": 99})
    assert shop.count("RunBulkQuery") >= 1


def test_the_shop_is_read_once_in_a_chain(shop: ScriptedShop) -> None:
    _, _, pages = shop.read(CURSOR)
    (row,) = pages.rows("shop")
    assert (row["shop_id"], row["currency_code"], row["iana_timezone"]) == ("1", "USD", "America/New_York")


def test_fingerprints_differ_with_cursor_and_time_and_hold_no_secret(shop: ScriptedShop) -> None:
    def fingerprint(cursor: Json | None, **settings: Any) -> str:
        return shop.source(**settings).read(shop.request(cursor)).fingerprint

    first = fingerprint(CURSOR)
    assert first == fingerprint(CURSOR)
    assert first == fingerprint(CURSOR, access_token="shpat_other")
    assert len({first, fingerprint(None), fingerprint(CURSOR, overlap_minutes=3)}) == 3
