from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.codes import IssuesCodes
from connectors.destination import Delivery, DeliveryResult, Operation
from connectors.destinations.shopify import ShopifyActivationSettings, build_shopify
from connectors.destinations.shopify.codes import ShopifyCodeDestination
from connectors.outgoing import DiscountCode
from connectors.sandbox.faults import Fault
from connectors.sandbox.shopify import Access, Item, RunningShop, Shop, running_shopify
from connectors.sandbox.shopify.promoting import CodeRefusedError
from models.errors import RetryLaterError

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> Shop:
    return Shop(clock=clock)


@pytest.fixture
def running(shop: Shop) -> Iterator[RunningShop]:
    with running_shopify(shop, access=Access(shop.clock)) as server:
        yield server


WAITS: list[float] = []


def build(running: RunningShop, **settings: Any) -> ShopifyCodeDestination:
    WAITS.clear()

    async def slept(seconds: float) -> None:
        WAITS.append(seconds)
        running.api.shop.clock.now += timedelta(seconds=seconds)  # type: ignore[attr-defined]

    if not settings.keys() & {"access_token", "client_id"}:
        settings["access_token"] = running.access.issue_static_token()
    values = {"type": "shopify", "name": "shop", "object": "discount_codes", "url": running.url, **settings}
    built = build_shopify(ShopifyActivationSettings.model_validate(values), sleep=slept)
    assert isinstance(built, ShopifyCodeDestination)
    return built


def code(number: int = 1, **parts: Any) -> Delivery:
    values = {
        "code": f"THANKS-{number}",
        "title": "Thank you",
        "kind": "percentage",
        "amount": Decimal("0.15"),
        "starts_at": NOW,
        **parts,
    }
    return Delivery(f"key-{number}", "cdnow", "vip", f"c{number}", Operation.SEND, DiscountCode(**values).payload())


def made(destination: ShopifyCodeDestination, *deliveries: Delivery) -> list[DeliveryResult]:
    return destination.send(deliveries, sent_at=NOW)


FIXED: dict[str, Any] = {"kind": "fixed", "amount": Decimal("5.00"), "currency_code": "USD"}


def test_a_code_has_the_terms_that_were_asked_for(shop: Shop, running: RunningShop) -> None:
    buyer = shop.add_customer(email="b@shop.example")
    whole = code(
        2,
        **FIXED,
        ends_at=NOW + timedelta(days=30),
        minimum_amount=Decimal("20.00"),
        usage_limit=3,
        customer_reference=str(buyer.id),
    )
    results = made(build(running), code(1), whole)
    assert [result.outcome for result in results] == ["accepted", "accepted"]
    share, fixed = shop.discounts.records.values()
    assert (share.percentage, share.usage_limit, share.ends_at) == (Decimal("0.15"), 1, None)
    assert (fixed.amount, fixed.usage_limit, fixed.minimum) == (500, 3, 2000)
    assert (fixed.customer_ids, fixed.ends_at) == ((buyer.id,), NOW + timedelta(days=30))
    assert results[0].provider_reference == f"gid://shopify/DiscountCodeNode/{share.id}"


@pytest.mark.parametrize(
    ("parts", "other"),
    [
        ({}, {"amount": Decimal("0.2")}),
        (FIXED, {"amount": Decimal(6)}),
        ({}, {"title": "Else"}),
        ({}, {"usage_limit": 2}),
    ],
)
def test_a_code_that_is_there_is_ours_only_with_the_same_terms(
    shop: Shop, running: RunningShop, parts: dict[str, Any], other: dict[str, Any]
) -> None:
    [first] = made(build(running), code(1, **parts))
    later = {**parts, "starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=31)}
    [again] = made(build(running), code(1, **later))
    [foreign] = made(build(running), code(1, **{**parts, **other}))
    assert (again.outcome, again.provider_reference) == ("accepted", first.provider_reference)
    assert foreign.outcome == "rejected"
    assert len(shop.effects) == 1
    [asked] = build(running).read_back([code(1, **{**parts, **other})], asked_at=NOW)
    assert asked.outcome == "rejected"


def test_refusals_inside_a_200_hit_their_record_only(shop: Shop, running: RunningShop) -> None:
    results = made(
        build(running),
        code(1, amount=Decimal("1.5")),
        code(2, ends_at=NOW - timedelta(days=1)),
        code(3, usage_limit=0),
        code(4, **{**FIXED, "currency_code": "EUR"}),
        code(5, customer_reference="987654"),
        code(6),
    )
    assert [result.outcome for result in results] == ["rejected"] * 5 + ["accepted"]
    words = ["customerGets.value.percentage", "endsAt", "usageLimit", "currency is USD", "customers.add"]
    for result, expected in zip(results, words, strict=False):
        assert expected in str(result.reason)
    assert "987654" not in repr(results)
    assert len(shop.effects) == 1


def test_points_are_waited_for_and_throttling_is_not_a_failure(shop: Shop, running: RunningShop) -> None:
    shop.plan = "standard"
    running.api.bucket.spend(1_985)
    results = made(build(running, concurrency=1), *(code(number) for number in range(8)))
    assert {result.outcome for result in results} == {"accepted"}
    assert len(WAITS) > 4
    assert len(shop.effects) == 8
    running.faults.add(Fault(name="throttled"))
    [result] = made(build(running), code(9))
    assert (result.outcome, result.reason) == ("retry", "Shopify's points are used up")
    assert result.retry_at is not None
    assert NOW < result.retry_at < NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault(name="internal_error"), "retry"),
        (Fault(status=500, takes=True), "retry"),
        (Fault(status=402), "retry"),
        (Fault(status=404), "retry"),
        (Fault(status=200, body=b"<html>"), "retry"),
        (Fault(status=200, body=b'{"data": null}'), "retry"),
        (Fault(resets=True, takes=True), "retry"),
    ],
)
def test_what_is_not_an_answer_is_asked_again_and_makes_one_code(
    shop: Shop, running: RunningShop, fault: Fault, outcome: str
) -> None:
    destination = build(running)
    running.faults.add(fault, path="graphql")
    [result] = made(destination, code(1))
    assert result.outcome == outcome
    [again] = made(destination, code(1))
    assert again.outcome == "accepted"
    assert [effect["code"] for effect in shop.effects] == ["THANKS-1"]


NOTHING = Fault(status=200, body=b'{"data": {"discountCodeBasicCreate": null}}', content_type="application/json")


@pytest.mark.parametrize(
    ("fault", "told", "made_codes"),
    [
        (replace(NOTHING, takes=True), "accepted", ["THANKS-1"]),
        (
            replace(NOTHING, body=NOTHING.body.replace(b"null", b'{"codeDiscountNode": null, "userErrors": []}')),
            "maybe_sent",
            [],
        ),
        (NOTHING, "maybe_sent", []),
    ],
)
def test_an_answer_that_names_no_code_and_no_refusal_is_read_back(
    shop: Shop, running: RunningShop, fault: Fault, told: str, made_codes: list[str]
) -> None:
    destination = build(running)
    running.faults.add(fault, path="graphql")
    [result] = made(destination, code(1))
    assert (result.outcome, [effect["code"] for effect in shop.effects]) == (told, made_codes)
    [again] = made(destination, code(1))
    assert again.outcome == "accepted"
    assert [effect["code"] for effect in shop.effects] == ["THANKS-1"]


def test_tokens_of_a_day_are_asked_for_and_replaced_when_refused(shop: Shop, running: RunningShop) -> None:
    destination = build(running, client_id="sandbox-client", client_secret="sandbox-secret")
    assert [result.outcome for result in made(destination, code(1))] == ["accepted"]
    running.access.revoke()
    [refused] = made(destination, code(2))
    assert refused.outcome == "retry"
    [again] = made(destination, code(2))
    assert again.outcome == "accepted"
    [wrong] = made(build(running, client_id="sandbox-client", client_secret="another"), code(3))
    assert wrong.outcome == "retry"
    assert "client_secret" in str(wrong.reason)
    assert len(shop.effects) == 2


def test_a_missing_scope_is_named_and_blames_no_record(shop: Shop) -> None:
    access = Access(shop.clock, scopes=frozenset({"read_discounts"}))
    with running_shopify(shop, access=access) as running:
        [result] = made(build(running), code(1))
    assert result.outcome == "retry"
    assert "may not do this" in str(result.reason)


def test_a_withdrawn_code_is_ended_and_says_how_often_it_was_used(shop: Shop, running: RunningShop) -> None:
    destination = build(running)
    assert isinstance(destination, IssuesCodes)
    assert destination.withdraw_code("THANKS-1", asked_at=NOW) is None
    made(destination, code(1), code(2))
    shop.buy_with_codes(["thanks-1"], lines=[Item(price=Decimal(40))], email="x@shop.example")
    used, unused = (destination.withdraw_code(f"THANKS-{n}", asked_at=NOW) for n in (1, 2))
    assert used is not None
    assert unused is not None
    assert (used.usage_count, used.is_open, unused.usage_count, unused.is_open) == (1, False, 0, False)
    assert destination.withdraw_code("THANKS-2", asked_at=NOW) == unused
    [again] = made(destination, code(2))
    assert again.outcome == "rejected", "an ended code would not be taken at the checkout"
    assert [effect["effect"] for effect in shop.effects] == ["code_created"] * 2 + ["code_deactivated"] * 2
    running.faults.add(Fault(status=500), path="graphql")
    with pytest.raises(RetryLaterError):
        destination.code_state("THANKS-2", asked_at=NOW)


def test_the_checkout_takes_a_code_for_whom_and_as_often_as_it_is_for(
    shop: Shop, clock: Clock, running: RunningShop
) -> None:
    buyer = shop.add_customer(email="b@shop.example")
    ends_at = NOW + timedelta(days=30)
    terms = {"minimum_amount": Decimal(20), "customer_reference": str(buyer.id), "ends_at": ends_at, **FIXED}
    made(build(running), code(1, **terms), code(2))
    lines = [Item(price=Decimal(40))]
    refusals: list[tuple[list[str], dict[str, Any], str]] = [
        (["NOBODYS"], {}, "valid discount code"),
        (["THANKS-1"], {"lines": [Item(price=Decimal(19))], "customer": buyer.id}, "Spend more"),
        (["THANKS-1"], {"email": "else@shop.example"}, "not available for this customer"),
    ]
    for codes, order, words in refusals:
        with pytest.raises(CodeRefusedError, match=words):
            shop.buy_with_codes(codes, **{"lines": lines, **order})
    order = shop.buy_with_codes(["thanks-1"], lines=lines, customer=buyer.id)
    assert (order.total, order.applications[0].title) == (3500, "THANKS-1")
    with pytest.raises(CodeRefusedError, match="usage limit"):
        shop.buy_with_codes(["THANKS-1"], lines=lines, customer=buyer.id)
    assert shop.buy_with_codes(["THANKS-2"], lines=lines).total == 3400
    clock.now = ends_at
    made(build(running), code(3, starts_at=ends_at + timedelta(days=1)))
    with pytest.raises(CodeRefusedError, match="valid discount code"):
        shop.buy_with_codes(["THANKS-3"], lines=lines)
    assert len(shop.orders) == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "client_id and client_secret"),
        ({"access_token": "shpat_x", "client_id": "a"}, "stands alone"),
        ({"access_token": "shpat_x", "shop": "a.myshopify.com"}, "shop"),
        ({"access_token": "shpat_x", "object": "orders"}, "discount_codes"),
        ({"access_token": "shpat_x", "url": "http://shop.example"}, "https"),
    ],
)
def test_wrong_settings_say_what_would_be_right(values: dict[str, Any], words: str) -> None:
    given = {"type": "shopify", "name": "shop", "object": "discount_codes", "url": "http://127.0.0.1:1", **values}
    with pytest.raises(ValidationError) as caught:
        ShopifyActivationSettings.model_validate(given)
    assert words in str(caught.value)
    assert "shpat_x" not in str([error["msg"] for error in caught.value.errors()])
