"""R10: what the app may not see is said loudly, and never taken for what there is."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from shopify_scripted import (
    Json,
    ScriptedShop,
    connection,
    customer,
    data,
    error,
    errors,
    job,
    order,
    scripted_shop,
    started,
)

from connectors.source import ReadReport
from models.errors import MisconfiguredError

NEWEST = dict.fromkeys(
    ("orders", "checkouts", "customers", "products", "product_categories", "discounts"), "2026-07-10T00:00:00Z"
)
CURSOR: Json = {
    "version": 2,
    "newest": NEWEST,
    "until": None,
    "asked_at": None,
    "steps": [],
    "place": {},
    "compared_at": "2026-08-01T11:00:00Z",
    "hidden": [],
}


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop() as running:
        yield running


def codes(report: ReadReport) -> list[str]:
    return [notice.code for notice in report.notices]


def test_an_app_with_every_permission_has_nothing_to_say(shop: ScriptedShop) -> None:
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == []


def test_a_permission_to_write_holds_the_one_to_read(shop: ScriptedShop) -> None:
    shop.scopes = ["write_orders", "read_all_orders", "write_customers", "write_products", "write_discounts"]
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == []


def test_r10_without_read_all_orders_the_owner_is_told(shop: ScriptedShop) -> None:
    """Failure mode 4: history stops 60 days back, and nobody says so."""
    shop.scopes.remove("read_all_orders")
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == ["missing_read_all_orders"]
    assert "60 days" in report.notices[0].message


def test_r10_without_read_orders_nothing_is_read(shop: ScriptedShop) -> None:
    shop.scopes.remove("read_orders")
    with pytest.raises(MisconfiguredError, match="read_orders"):
        shop.read(CURSOR)


@pytest.mark.parametrize(
    ("scope", "streams", "operations"),
    [
        ("read_customers", ["customers"], ["Customers"]),
        ("read_products", ["products", "product_categories"], ["Products", "Collections"]),
        ("read_discounts", ["discounts"], ["Discounts"]),
    ],
)
def test_r10_lists_that_may_not_be_seen_are_named_and_not_read(
    shop: ScriptedShop, scope: str, streams: list[str], operations: list[str]
) -> None:
    shop.scopes.remove(scope)
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == [f"missing_{stream}" for stream in streams]
    assert [shop.count(operation) for operation in operations] == [0] * len(operations)


def test_r10_a_list_that_is_denied_all_the_same_is_named(shop: ScriptedShop) -> None:
    needed = "`read_orders` access scope. Also: the user must have manage_abandoned_checkouts permission."
    denial = error("ACCESS_DENIED", "Access denied", ["connection"], requiredAccess=needed)
    shop.answer("Checkouts", errors(denial, connection=None))
    cursor, report, _ = shop.read(CURSOR)
    assert codes(report) == ["missing_checkouts"]
    assert needed in report.notices[0].message
    assert not report.has_more
    assert cursor["newest"]["checkouts"] == NEWEST["checkouts"]


def test_r10_orders_that_are_denied_all_the_same_stop_the_read(shop: ScriptedShop) -> None:
    shop.answer("Orders", errors(error("ACCESS_DENIED", "Access denied", ["connection"]), connection=None))
    with pytest.raises(MisconfiguredError, match="denies this app the orders"):
        shop.read(CURSOR)


def test_r10_protected_data_that_comes_empty_is_named(shop: ScriptedShop) -> None:
    shop.answer(
        "ProtectedData",
        errors(
            error("ACCESS_DENIED", path=["customers", "nodes", 0, "firstName"]),
            error("ACCESS_DENIED", path=["orders", "nodes", 0, "email"]),
            orders={"nodes": []},
        ),
    )
    cursor, report, _ = shop.read(CURSOR)
    assert codes(report) == ["protected_customer_data"]
    assert "email, firstName come empty" in report.notices[0].message
    assert cursor["hidden"] == ["email", "firstName"]


def test_r10_denials_in_a_page_are_named_and_the_records_kept(shop: ScriptedShop) -> None:
    denials = [error("ACCESS_DENIED", path=["connection", "nodes", n, "defaultEmailAddress"]) for n in range(2)]
    page = connection([customer(1, defaultEmailAddress=None), customer(2, defaultEmailAddress=None)])
    shop.answer("Customers", errors(*denials, connection=page))
    _, report, pages = shop.read(CURSOR)
    assert pages.keys("customers") == ["1", "2"]
    assert codes(report) == ["protected_customer_data"]


def test_r10_orders_without_their_customers_are_said_to_be_so(shop: ScriptedShop) -> None:
    denial = error("ACCESS_DENIED", path=["connection", "nodes", 0, "customer"])
    shop.answer("Orders", errors(denial, connection=connection([order(1, customer=None)])))
    _, report, _ = shop.read(CURSOR)
    assert "Orders come without their customers" in report.notices[0].message


def test_r10_a_denied_amount_stops_the_read(shop: ScriptedShop) -> None:
    """A record that only looks whole would be worse than none."""
    denial = error("ACCESS_DENIED", path=["connection", "nodes", 0, "transactions"], requiredAccess="`read_more`")
    shop.answer("Orders", errors(denial, connection=connection([order(1)])))
    with pytest.raises(MisconfiguredError, match=r"denies connection\.nodes\.transactions.*read_more"):
        shop.read(CURSOR)


def test_a_hidden_record_stops_the_read(shop: ScriptedShop) -> None:
    shop.answer("Orders", data(connection=connection([None])))
    with pytest.raises(MisconfiguredError, match="hides some of its orders"):
        shop.read(CURSOR)


def test_r10_what_could_not_be_seen_before_is_read_again_once_it_can(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("COMPLETED")))
    cursor, _, _ = shop.read({**CURSOR, "hidden": ["email"]})
    wanted = {asked["query"].partition("_")[0] for asked in shop.variables("RunBulkQuery")}
    assert wanted == {"query BulkOrders", "query BulkCustomers"}
    assert cursor["hidden"] == []
    shop.asked.clear()
    shop.read(cursor)
    assert shop.count("RunBulkQuery") == 0


def test_r10_a_version_that_fell_forward_is_named(shop: ScriptedShop) -> None:
    shop.version = "2026-10"
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == ["api_version_fell_forward"]
    assert "2026-10" in report.notices[0].message


def test_a_shop_in_another_zone_than_its_merchant_is_named(shop: ScriptedShop) -> None:
    shop.zone = "Asia/Kolkata"
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == ["time_zone_differs"]


def test_scopes_that_cannot_be_seen_are_not_missing(shop: ScriptedShop) -> None:
    shop.answer("Probe", {**shop.probe(), "data": {**shop.probe()["data"], "currentAppInstallation": None}})
    _, report, _ = shop.read(CURSOR)
    assert codes(report) == []


def test_consent_to_text_messages_stands_beside_that_to_emails(shop: ScriptedShop) -> None:
    """It hangs on the number, which hangs on the customer: none of one is no refusal."""
    said = {"marketingOptInLevel": "SINGLE_OPT_IN", "marketingUpdatedAt": "2026-06-01T10:00:00Z"}
    both = {
        "defaultEmailAddress": {"emailAddress": "a@example.com", "marketingState": "UNSUBSCRIBED", **said},
        "defaultPhoneNumber": {"phoneNumber": "+12125550100", "marketingState": "SUBSCRIBED", **said},
    }
    shop.answer("Customers", data(connection=connection([customer(1, **both), customer(2, defaultPhoneNumber=None)])))
    _, _, pages = shop.read(CURSOR)
    agreed, unasked = pages.rows("customers")
    assert (agreed["email_marketing_state"], agreed["sms_marketing_state"]) == ("UNSUBSCRIBED", "SUBSCRIBED")
    assert agreed["sms_marketing_opt_in_level"] == "SINGLE_OPT_IN"
    assert agreed["sms_marketing_updated_at"] == datetime(2026, 6, 1, 10, tzinfo=UTC)
    assert [unasked[name] for name in unasked if name.startswith("sms_")] == [None, None, None]


def test_customers_that_were_read_without_it_are_read_again_and_nothing_else(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("COMPLETED")))
    begun = {"until": "2026-08-01T11:30:00Z", "steps": ["orders"], "place": {"after": "a"}}
    cursor, _, _ = shop.read({**CURSOR, "version": 1, **begun})
    assert {asked["query"].partition("_")[0] for asked in shop.variables("RunBulkQuery")} == {"query BulkCustomers"}
    assert shop.count("Orders") == 1
    assert cursor["version"] == 2
