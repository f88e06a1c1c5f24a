"""R11 and failure mode 16: Shopify's points, read from every answer, and answers that hold errors with status 200."""

from collections.abc import Iterator

import pytest
from shopify_scripted import (
    Json,
    ScriptedShop,
    connection,
    cost,
    customer,
    data,
    error,
    errors,
    scripted_shop,
)

from connectors.sandbox.serving import Reply
from connectors.source import ReadReport
from connectors.sources.shopify.client import CursorRefusedError, TooCostlyError
from models.errors import MisconfiguredError, RetryLaterError, StopError


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop() as running:
        yield running


def throttled(requested: float, available: float, rate: float) -> Json:
    refusal = {"errors": [error("THROTTLED", "Throttled")], "extensions": cost(requested, available, rate=rate)}
    refusal["extensions"]["cost"]["actualQueryCost"] = None
    return refusal


@pytest.mark.parametrize("rate", [50, 100, 1000])
def test_r11_throttled_with_200_is_waited_for_at_the_rate_that_the_answer_tells(
    shop: ScriptedShop, rate: float
) -> None:
    shop.answer("Probe", throttled(900, 300, rate), data())
    report = ReadReport()
    with shop.client(report) as client:
        client.query("probe", {}, stream="shop")
    assert 600 / rate <= report.wait_seconds <= max(600 / rate, 0.5) * 1.25
    assert shop.count("Probe") == 2
    assert report.request_counts == {"shop": 2}


def test_r11_being_throttled_again_and_again_costs_no_attempts(shop: ScriptedShop) -> None:
    shop.answer("Probe", *[throttled(900, 0, 100)] * 20, data())
    with shop.client() as client:
        client.query("probe", {}, stream="shop")
    assert shop.count("Probe") == 21


def test_r11_a_query_waits_until_the_bucket_holds_what_it_cost_last_time(shop: ScriptedShop) -> None:
    shop.answer("Probe", {"data": {}, "extensions": cost(800, 100, rate=100)})
    report = ReadReport()
    with shop.client(report) as client:
        client.query("probe", {}, stream="shop")
        client.query("probe", {}, stream="shop")
    assert report.wait_seconds == pytest.approx(7)


def test_r11_what_was_restored_meanwhile_is_counted(shop: ScriptedShop) -> None:
    shop.answer("Probe", {"data": {}, "extensions": cost(800, 100, rate=100)})
    report = ReadReport()
    with shop.client(report) as client:
        client.query("probe", {}, stream="shop")
        shop.clock.advance(5)
        client.query("probe", {}, stream="shop")
    assert report.wait_seconds == pytest.approx(2)


def test_points_used_are_booked(shop: ScriptedShop) -> None:
    shop.answer("Probe", {"data": {}, "extensions": cost(100, 500, actual=40)})
    report = ReadReport()
    with shop.client(report) as client:
        client.query("probe", {}, stream="shop")
        client.query("probe", {}, stream="shop")
    use = report.budgets["admin_api_points"]
    assert (use.limit, use.used_total, use.peak_rate) == (2000, 80, 0.75)


def test_internal_errors_with_200_are_asked_again(shop: ScriptedShop) -> None:
    broken = errors(error("INTERNAL_SERVER_ERROR", "Something went wrong", ["shop", "plan"]), shop={"plan": None})
    shop.answer("Probe", broken, broken, shop.probe())
    with shop.client() as client:
        assert b'"plan":null' not in client.query("probe", {}, stream="shop").content.replace(b" ", b"")
    assert shop.count("Probe") == 3


def test_internal_errors_that_stay_are_for_later_and_never_half_an_answer(shop: ScriptedShop) -> None:
    shop.answer("Probe", errors(error("INTERNAL_SERVER_ERROR"), shop={"id": "gid://shopify/Shop/1"}))
    with shop.client() as client, pytest.raises(RetryLaterError, match="Probe with an internal error 6 times"):
        client.query("probe", {}, stream="shop")


def test_any_other_error_stops_with_shopifys_words(shop: ScriptedShop) -> None:
    shop.answer("Probe", errors(error("undefinedField", "Field 'x' doesn't exist", ["shop", "x"]), shop={}))
    with shop.client() as client, pytest.raises(StopError, match=r"at shop\.x: Field 'x' doesn't exist"):
        client.query("probe", {}, stream="shop")


@pytest.mark.parametrize(
    ("status", "failure", "words"),
    [
        (401, MisconfiguredError, "access_token"),
        (403, MisconfiguredError, "refuses the token"),
        (404, MisconfiguredError, "no shop"),
        (402, StopError, "not paid"),
        (423, StopError, "locked"),
        (400, StopError, "HTTP 400"),
        (503, RetryLaterError, "HTTP 503"),
    ],
)
def test_refusals_by_status_say_what_to_do(
    shop: ScriptedShop, status: int, failure: type[Exception], words: str
) -> None:
    shop.answer("Probe", Reply(b"{}", status))
    with shop.client() as client, pytest.raises(failure, match=words):
        client.query("probe", {}, stream="shop")


def test_an_answer_that_is_no_graphql_is_for_later(shop: ScriptedShop) -> None:
    shop.answer("Probe", Reply(b"<html>maintenance</html>", content_type="text/html"))
    with shop.client() as client, pytest.raises(RetryLaterError, match="not GraphQL"):
        client.query("probe", {}, stream="shop")


def test_a_filter_that_was_not_understood_stops_the_read(shop: ScriptedShop) -> None:
    """Shopify leaves such a filter out, and would answer with everything."""
    answer = data(connection=connection([]))
    answer["extensions"]["search"] = [{"query": "updated_at:>=x", "warnings": [{"message": "Input is not accepted"}]}]
    shop.answer("Customers", answer)
    with shop.client() as client, pytest.raises(StopError, match="does not understand the filter"):
        client.page("customers", {"after": None, "query": None}, stream="customers")


def test_pages_shrink_until_their_cost_is_accepted(shop: ScriptedShop) -> None:
    def answer(variables: Json) -> Json:
        if variables["first"] > 6:
            return errors(error("MAX_COST_EXCEEDED", "too much", cost=4000, maxCost=1000))
        return data(connection=connection([]))

    shop.answer("Orders", answer)
    with shop.client() as client:
        client.page("orders", {"after": None, "query": None}, stream="orders")
    assert [asked["first"] for asked in shop.variables("Orders")] == [25, 12, 6]


def test_pages_grow_towards_what_a_query_may_cost(shop: ScriptedShop) -> None:
    def answer(variables: Json) -> Json:
        return {"data": {"connection": connection([])}, "extensions": cost(variables["first"] * 10)}

    shop.answer("Orders", answer)
    with shop.client() as client:
        for _ in range(3):
            client.page("orders", {"after": None, "query": None}, stream="orders")
    assert [asked["first"] for asked in shop.variables("Orders")] == [25, 90, 90]


def test_a_record_that_is_too_costly_by_itself_stops_the_read(shop: ScriptedShop) -> None:
    shop.answer("Orders", errors(error("MAX_COST_EXCEEDED", "too much")))
    with shop.client() as client, pytest.raises(StopError, match="single record"):
        client.page("orders", {"after": None, "query": None}, stream="orders")
    with shop.client() as client, pytest.raises(TooCostlyError):
        client.query("orders", {}, stream="orders")


def test_records_by_id_come_in_as_many_queries_as_they_cost(shop: ScriptedShop) -> None:
    def answer(variables: Json) -> Json:
        if len(variables["ids"]) > 10:
            return errors(error("MAX_COST_EXCEEDED"))
        return data(nodes=[customer(int(gid.rpartition("/")[2])) for gid in variables["ids"]])

    shop.answer("CustomersById", answer)
    gids = [f"gid://shopify/Customer/{n}" for n in range(30)]
    with shop.client() as client:
        found = [gid for _, places in client.by_ids("customers_by_id", gids, stream="customers") for gid, _ in places]
    assert found == gids


def test_an_answer_with_too_few_places_stops_the_read(shop: ScriptedShop) -> None:
    shop.answer("Confirm", data(nodes=[None]))
    with shop.client() as client, pytest.raises(StopError, match="1 of 2 places"):
        list(client.by_ids("confirm", ["gid://shopify/Order/1", "gid://shopify/Order/2"], stream="orders"))


def test_a_refused_cursor_is_known_as_one(shop: ScriptedShop) -> None:
    shop.answer("Orders", errors(error("BAD_REQUEST", "Invalid cursor for current pagination sort.")))
    with shop.client() as client, pytest.raises(CursorRefusedError):
        client.page("orders", {"after": "x", "query": None}, stream="orders")
