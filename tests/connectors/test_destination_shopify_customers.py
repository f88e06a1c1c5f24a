from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.destination import Delivery, Destination, Operation
from connectors.destinations.shopify import ShopifyActivationSettings, build_shopify
from connectors.sandbox.faults import Fault
from connectors.sandbox.shopify import Access, RunningShop, Shop, running_shopify
from models.errors import MisconfiguredError

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@dataclass
class Directory:
    accounts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    former: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def account_ids(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        assert (merchant_id, store_id) == ("cdnow", "web")
        known = self.accounts | self.former
        return {one: known[one] for one in customer_ids if one in known}

    def accounts_of_person(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        self.asked.append((merchant_id, store_id))
        return {one: self.accounts[one] for one in customer_ids if one in self.accounts}


@pytest.fixture
def shop() -> Shop:
    return Shop(clock=lambda: NOW)


@pytest.fixture
def running(shop: Shop) -> Iterator[RunningShop]:
    with running_shopify(shop, access=Access(shop.clock)) as server:
        yield server


@pytest.fixture
def directory(shop: Shop) -> Directory:
    """c0 has two accounts, c1 has one, and c2's is deleted at the shop."""
    ids = [str(shop.add_customer(email=f"a{n}@shop.example", tags=("VIP", "perennial")).id) for n in range(3)]
    return Directory({"c0": (ids[0], ids[1]), "c1": (ids[2],), "c2": ("123456",)})


def build(running: RunningShop, directory: Directory, object_: str) -> Destination:
    settings = {"type": "shopify", "name": "shop", "object": object_, "store": "web", "url": running.url}
    token = running.access.issue_static_token()
    return build_shopify(ShopifyActivationSettings.model_validate({**settings, "access_token": token}), directory)


def upsert(customer_id: str = "c0", *, audience: str = "at_risk", **payload: Any) -> Delivery:
    return Delivery(f"key-{customer_id}", "cdnow", audience, customer_id, Operation.UPSERT, payload)


def removal(customer_id: str = "c0", *, audience: str = "at_risk") -> Delivery:
    payload = {"customer_id": customer_id}
    return Delivery(f"remove-{customer_id}", "cdnow", audience, customer_id, Operation.REMOVE, payload)


def tags(shop: Shop, place: int = 0) -> tuple[str, ...]:
    return list(shop.customers.records.values())[place].tags


def test_tags_of_every_account_become_what_the_audience_says(
    shop: Shop, running: RunningShop, directory: Directory
) -> None:
    destination = build(running, directory, "tags")
    sent = upsert(rfm_segment="champions, old", order_count=3, last=None)
    [result] = destination.send([sent], sent_at=NOW)
    assert (result.outcome, directory.asked) == ("accepted", [("cdnow", "web")])
    base = "perennial:at_risk"
    expected = ("VIP", "perennial", base, f"{base}:rfm_segment=champions old", f"{base}:order_count=3")
    assert tags(shop, 0) == tags(shop, 1) == expected
    assert tags(shop, 2) == ("VIP", "perennial")
    effects = len(shop.effects)
    destination.send([sent], sent_at=NOW)
    assert len(shop.effects) == effects, "repeating changed something"
    destination.send([upsert(rfm_segment="at risk", order_count=3)], sent_at=NOW)
    assert set(tags(shop)) == {"VIP", "perennial", base, f"{base}:rfm_segment=at risk", f"{base}:order_count=3"}


def test_a_removal_takes_back_our_tags_of_that_audience_and_no_other(
    shop: Shop, running: RunningShop, directory: Directory
) -> None:
    destination = build(running, directory, "tags")
    destination.send([upsert(rfm_segment="x")], sent_at=NOW)
    destination.send([upsert(audience="at_risk_too")], sent_at=NOW)
    [result] = destination.send([removal()], sent_at=NOW)
    assert result.outcome == "accepted"
    assert tags(shop) == ("VIP", "perennial", "perennial:at_risk_too")


def test_who_leaves_under_an_id_of_then_leaves_every_account_of_the_person(
    shop: Shop, running: RunningShop, directory: Directory
) -> None:
    destination = build(running, directory, "tags")
    destination.send([upsert("c0", rfm_segment="x"), upsert("c1", rfm_segment="y")], sent_at=NOW)
    # c1 turned out to be c0. The shop merged c1's account into c0's first one, which has the tags of both now.
    survivor = next(iter(shop.customers.records.values()))
    shop.customers.records.pop(int(directory.accounts["c1"][0]))
    survivor.tags = (*survivor.tags, "perennial:at_risk:rfm_segment=y")
    directory.former["c1"] = directory.accounts["c1"]
    directory.accounts["c1"] = directory.accounts["c0"]
    base = "perennial:at_risk"
    results = destination.send([upsert("c0", rfm_segment="x"), removal("c1")], sent_at=NOW)
    assert [result.outcome for result in results] == ["accepted", "accepted"]
    assert set(tags(shop)) == set(tags(shop, 1)) == {"VIP", "perennial", base, f"{base}:rfm_segment=x"}
    destination.send([removal("c1")], sent_at=NOW)
    assert tags(shop) == tags(shop, 1) == ("VIP", "perennial")


@pytest.mark.parametrize("object_", ["tags", "metafields"])
def test_whoever_has_no_account_is_refused_alone_and_has_nothing_to_take_back(
    running: RunningShop, directory: Directory, object_: str
) -> None:
    destination = build(running, directory, object_)
    batch = [upsert("nobody", x_y="1"), upsert("c2", x_y="1"), upsert("c1", x_y="1"), removal("gone"), removal("c2")]
    results = destination.send(batch, sent_at=NOW)
    assert [result.outcome for result in results] == ["rejected", "rejected", "accepted", "accepted", "accepted"]
    assert "no account" in str(results[0].reason)
    assert "no longer" in str(results[1].reason)


def test_metafields_have_types_and_go_when_their_values_do(
    shop: Shop, running: RunningShop, directory: Directory
) -> None:
    destination = build(running, directory, "metafields")
    whole = {"clv_amount": "12.50", "order_count": 3, "churn_probability": 0.25, "is_vip": True, "rfm_segment": "a\nb"}
    destination.send([upsert("c1", **whole), upsert("c1", audience="other", clv_amount="1")], sent_at=NOW)
    owner = f"gid://shopify/Customer/{directory.accounts['c1'][0]}"
    held = {
        key: kind
        for (o, space, key), (kind, _) in shop.metafields.items()
        if (o, space) == (owner, "perennial-at_risk")
    }
    assert held == {
        "clv_amount": "single_line_text_field",
        "order_count": "number_integer",
        "churn_probability": "number_decimal",
        "is_vip": "boolean",
        "rfm_segment": "multi_line_text_field",
    }
    destination.send([upsert("c1", clv_amount="13.00", order_count=None, rfm_segment="")], sent_at=NOW)
    assert shop.metafields[owner, "perennial-at_risk", "clv_amount"] == ("single_line_text_field", "13.00")
    assert len(shop.metafields) == 2
    destination.send([removal("c1")], sent_at=NOW)
    assert [space for _, space, _ in shop.metafields] == ["perennial-other"]


def test_more_fields_than_one_call_takes_go_in_several(shop: Shop, running: RunningShop, directory: Directory) -> None:
    destination = build(running, directory, "metafields")
    [result] = destination.send([upsert("c1", **{f"field_{n}": n for n in range(60)})], sent_at=NOW)
    assert (result.outcome, len(shop.metafields)) == ("accepted", 60)
    [result] = destination.send([upsert("c1", **{f"field_{n}": n for n in range(3)})], sent_at=NOW)
    assert (result.outcome, len(shop.metafields)) == ("accepted", 3)
    [refused] = destination.send([upsert("c1", **{"a name with spaces": 1})], sent_at=NOW)
    assert refused.outcome == "rejected"
    assert "metafields.0.key" in str(refused.reason)


@pytest.mark.parametrize("object_", ["tags", "metafields"])
@pytest.mark.parametrize(
    "fault", [Fault(resets=True, takes=True), Fault(status=502, takes=True), Fault(name="throttled"), Fault(status=429)]
)
def test_what_is_lost_is_asked_again_and_comes_to_the_same(
    shop: Shop, running: RunningShop, directory: Directory, object_: str, fault: Fault
) -> None:
    destination = build(running, directory, object_)
    running.faults.add(fault, path="graphql", contains="mutation")
    [lost] = destination.send([upsert("c1", rfm_segment="a secret segment")], sent_at=NOW)
    assert lost.outcome == "retry"
    assert "secret" not in str(lost.reason)
    [again] = destination.send([upsert("c1", rfm_segment="a secret segment")], sent_at=NOW)
    assert again.outcome == "accepted"
    written = [effect for effect in shop.effects if effect["effect"] in {"tags_added", "metafield_set"}]
    assert len(written) == 1


@pytest.mark.parametrize(("object_", "field"), [("tags", "tagsAdd"), ("metafields", "metafieldsSet")])
def test_a_change_that_gave_null_is_made_again(
    shop: Shop, running: RunningShop, directory: Directory, object_: str, field: str
) -> None:
    destination = build(running, directory, object_)
    body = f'{{"data": {{"{field}": null}}}}'.encode()
    running.faults.add(Fault(status=200, body=body, content_type="application/json"), contains=field)
    outcomes = [destination.send([upsert("c1", x_y="1")], sent_at=NOW)[0].outcome for _ in range(2)]
    assert outcomes == ["retry", "accepted"]


def test_settings_know_which_store_the_accounts_are_of(running: RunningShop, directory: Directory) -> None:
    given = {"type": "shopify", "name": "shop", "access_token": "shpat_x", "url": "http://127.0.0.1:1"}
    for values in ({"object": "tags"}, {"object": "discount_codes", "store": "web"}):
        with pytest.raises(ValidationError, match="store"):
            ShopifyActivationSettings.model_validate({**given, **values})
    settings = ShopifyActivationSettings.model_validate({**given, "object": "tags", "store": "web"})
    with pytest.raises(MisconfiguredError, match="kept by syncs"):
        build_shopify(settings)
    sent = Delivery("key", "cdnow", "a", "c1", Operation.SEND, {})
    [result] = build(running, directory, "tags").send([sent], sent_at=NOW)
    assert result.outcome == "rejected"
