"""Who the sandbox lets in, for how long, and what it hides from an app that may not see everything."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from shopify_calls import Called, called

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.shopify import Item
from connectors.sandbox.shopify.context import ALL_PROTECTED_DATA, ALL_SCOPES


@pytest.fixture
def shop() -> Called:
    return called()


def fields(reply: Reply) -> Any:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


def exchange(asked: Called, **form: str) -> tuple[int, dict[str, Any]]:
    credentials = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    body = urlencode({**credentials, **form}).encode()
    reply = asked.api(Request("POST", "/admin/oauth/access_token", body=body))
    return reply.status, fields(reply)


def is_let_in(asked: Called, token: str) -> bool:
    return asked.post(b'{"query": "{ shop { name } }"}', token=token).status == 200


def test_a_wrong_token_is_refused_in_shopify_s_words(shop: Called) -> None:
    reply = shop.post(b'{"query": "{ shop { name } }"}', token="shpat_wrong")
    message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    assert (reply.status, fields(reply)) == (401, {"errors": message})


def test_client_credentials_buy_a_day(shop: Called) -> None:
    status, granted = exchange(shop, grant_type="client_credentials")
    assert status == 200
    assert granted["expires_in"] == 86399
    assert granted["scope"] == ",".join(sorted(ALL_SCOPES))
    shop.clock.move(86_399)
    assert is_let_in(shop, granted["access_token"])
    shop.clock.move(1)
    assert not is_let_in(shop, granted["access_token"])


def test_credentials_may_come_as_json(shop: Called) -> None:
    body = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "grant_type": "client_credentials"}
    headers = {"content-type": "application/json"}
    reply = shop.api(Request("POST", "/admin/oauth/access_token", headers=headers, body=json.dumps(body).encode()))
    assert is_let_in(shop, fields(reply)["access_token"])


def test_wrong_credentials_buy_nothing(shop: Called) -> None:
    wrong = [{"client_secret": "no"}, {"client_id": "no"}, {"grant_type": "password"}]
    for form in wrong:
        status, refused = exchange(shop, **{"grant_type": "client_credentials", **form})
        assert status == 400
        assert set(refused) == {"error", "error_description"}


def test_refresh_tokens_rotate(shop: Called) -> None:
    access, first = shop.api.access.issue_expiring_tokens()
    shop.clock.move(3600)
    assert not is_let_in(shop, access)
    _, second = exchange(shop, grant_type="refresh_token", refresh_token=first)
    assert is_let_in(shop, second["access_token"])
    assert (second["expires_in"], second["refresh_token_expires_in"]) == (3599, 90 * 86_400)
    # Until its outcome is used the old one works again, for a reply that was lost, and gives the same successor.
    _, again = exchange(shop, grant_type="refresh_token", refresh_token=first)
    assert again["refresh_token"] == second["refresh_token"]
    exchange(shop, grant_type="refresh_token", refresh_token=second["refresh_token"])
    status, refused = exchange(shop, grant_type="refresh_token", refresh_token=first)
    assert (status, refused["error"]) == (400, "invalid_grant")


def test_a_refresh_token_does_not_live_for_ever(shop: Called) -> None:
    _, refresh = shop.api.access.issue_expiring_tokens()
    shop.clock.move(90 * 86_400)
    assert exchange(shop, grant_type="refresh_token", refresh_token=refresh)[0] == 400


def test_an_app_that_was_removed_is_let_in_no_more(shop: Called) -> None:
    shop.api.access.revoke()
    assert not is_let_in(shop, shop.token)


# What may be seen


def test_a_missing_scope_denies_the_field() -> None:
    shop = called(scopes=ALL_SCOPES - {"read_discounts"})
    [error] = shop.errors("{ discountNodes(first: 1) { nodes { id } } }")
    assert error["message"] == (
        "Access denied for discountNodes field. Required access: `read_discounts` access scope."
    )
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["path"] == ["discountNodes"]
    scopes = shop.data("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"]
    assert {"handle": "read_discounts"} not in scopes["accessScopes"]


def test_old_orders_are_hidden_without_a_word() -> None:
    shop = called(scopes=ALL_SCOPES - {"read_all_orders"})
    customer = shop.shop.add_customer(email="a@example.com")
    for days in (61, 59):
        at = shop.clock() - timedelta(days=days)
        shop.shop.place_order(lines=[Item(price=Decimal(5))], customer=customer.id, ordered_at=at)
    old = next(iter(shop.shop.orders))
    answer = shop.answer(
        "query($id: ID!) { orders(first: 9) { nodes { name } } ordersCount { count } order(id: $id) { id } "
        "customers(first: 1) { nodes { numberOfOrders orders(first: 9) { nodes { name } } } } }",
        id=f"gid://shopify/Order/{old.id}",
    )
    assert "errors" not in answer
    assert answer["data"]["orders"]["nodes"] == [{"name": "#1002"}]
    assert answer["data"]["ordersCount"] == {"count": 1}
    assert answer["data"]["order"] is None
    assert answer["data"]["customers"]["nodes"] == [{"numberOfOrders": "2", "orders": {"nodes": [{"name": "#1002"}]}}]
    operation = shop.finished("{ orders { edges { node { id } } } }")
    assert operation["objectCount"] == "1"


def test_protected_data_is_null_with_an_error_for_each() -> None:
    shop = called(protected_data=ALL_PROTECTED_DATA - {"email", "address"})
    customer = shop.shop.add_customer(email="a@example.com", first_name="Ada")
    for _ in range(2):
        shop.shop.place_order(lines=[Item(price=Decimal(5))], customer=customer.id)
    answer = shop.answer(
        "{ orders(first: 5) { edges { node { email billingAddress { city } customer { firstName e: email } } } } }"
    )
    nodes = [edge["node"] for edge in answer["data"]["orders"]["edges"]]
    assert nodes == [{"email": None, "billingAddress": None, "customer": {"firstName": "Ada", "e": None}}] * 2
    assert len(answer["errors"]) == 6
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}
    assert answer["errors"][0]["message"].startswith("This app is not approved to use the email field.")
    assert answer["errors"][1]["message"].startswith("This app is not approved to access the MailingAddress object.")
    assert answer["errors"][5]["path"] == ["orders", "edges", 1, "node", "customer", "e"]


def test_without_any_approval_there_are_no_customers_and_no_orders() -> None:
    shop = called(protected_data=frozenset())
    for field, name in (("orders", "Order"), ("customers", "Customer")):
        answer = shop.answer(f"{{ {field}(first: 1) {{ nodes {{ id }} }} }}")
        assert answer["data"] is None
        assert f"not approved to access the {name} object" in answer["errors"][0]["message"]
