"""Tokens: the static kind, the kind of 24 hours, and the kind whose refresh token changes hands."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from shopify_scripted import Clock, Json, ScriptedShop, Secrets, data, scripted_shop

from connectors.sandbox.serving import Reply
from connectors.sources.shopify import ShopifySettings
from connectors.sources.shopify.auth import SECRET
from models.errors import MisconfiguredError

CREDENTIALS = {"access_token": None, "client_id": "id", "client_secret": "hush"}
OFFLINE = {**CREDENTIALS, "refresh_token": "first"}
REFUSED = Reply(json.dumps({"error": "invalid_grant", "error_description": "This one is spent"}).encode(), 400)
UNAUTHORIZED = Reply(b'{"errors":"[API] Invalid API key or access token"}', 401)


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop() as running:
        yield running


def granted(token: str, *, lasts: int = 86399, refresh: str | None = None) -> Json:
    return {"access_token": token, "expires_in": lasts, "scope": "read_orders", "refresh_token": refresh}


def ask(shop: ScriptedShop, times: int = 1, *, pause: float = 0, **settings: Any) -> list[str | None]:
    """The tokens that so many queries of one client carried."""
    shop.tokens_seen.clear()
    with shop.client(**settings) as client:
        for _ in range(times):
            client.query("probe", {}, stream="shop")
            shop.clock.advance(pause)
    return shop.tokens_seen


def test_a_static_token_is_sent_as_it_is(shop: ScriptedShop) -> None:
    assert ask(shop) == ["shpat_static"]
    assert shop.grants_asked == []


def test_client_credentials_get_one_token_for_many_queries(shop: ScriptedShop) -> None:
    shop.grants = [granted("day")]
    assert ask(shop, 3, **CREDENTIALS) == ["day"] * 3
    assert shop.grants_asked == [{"client_id": "id", "client_secret": "hush", "grant_type": "client_credentials"}]


def test_a_token_that_expires_while_a_read_is_under_way_is_renewed(shop: ScriptedShop) -> None:
    shop.grants = [granted("one"), granted("two"), granted("three")]
    assert ask(shop, 5, pause=12 * 3600, **CREDENTIALS) == ["one", "one", "two", "two", "three"]


def test_a_token_that_is_refused_before_its_time_is_renewed(shop: ScriptedShop) -> None:
    shop.grants = [granted("revoked"), granted("good")]
    shop.answer("Probe", UNAUTHORIZED, data())
    assert ask(shop, **CREDENTIALS) == ["revoked", "good"]


def test_a_static_token_that_is_refused_names_its_key_and_what_to_make(shop: ScriptedShop) -> None:
    shop.answer("Probe", UNAUTHORIZED)
    with pytest.raises(MisconfiguredError, match=r"source\.access_token.*Dev Dashboard"):
        ask(shop)


def test_refused_credentials_name_their_key_and_not_themselves(shop: ScriptedShop) -> None:
    shop.grants = [Reply(b'{"error":"invalid_client"}', 400)]
    with pytest.raises(MisconfiguredError, match=r"source\.client_secret.*invalid_client") as raised:
        ask(shop, **CREDENTIALS)
    assert "hush" not in str(raised.value)


def test_a_rotated_refresh_token_is_kept_before_its_token_is_used(shop: ScriptedShop) -> None:
    shop.grants = [granted("hour", lasts=3600, refresh="second")]
    kept_when_used: list[Any] = []

    def note(_: Json) -> Json:
        kept_when_used.append(json.loads(shop.secrets.kept[SECRET])["refresh_token"])
        return data()

    shop.answer("Probe", note)
    assert ask(shop, **OFFLINE) == ["hour"]
    assert shop.grants_asked[0]["refresh_token"] == "first"
    assert kept_when_used == ["second"]


def test_each_refresh_uses_the_token_that_the_last_one_gave(shop: ScriptedShop) -> None:
    shop.grants = [granted(f"hour{n}", lasts=3600, refresh=f"r{n}") for n in range(3)]
    assert ask(shop, 3, pause=3590, **OFFLINE) == ["hour0", "hour1", "hour2"]
    assert [form["refresh_token"] for form in shop.grants_asked] == ["first", "r0", "r1"]


def test_a_later_process_goes_on_with_what_was_kept(shop: ScriptedShop) -> None:
    shop.grants = [granted("one", lasts=3600, refresh="second"), granted("two", lasts=3600, refresh="third")]
    assert ask(shop, **OFFLINE) == ["one"]
    assert ask(shop, **OFFLINE) == ["one"]
    shop.clock.advance(3600)
    assert ask(shop, **OFFLINE) == ["two"]
    assert [form["refresh_token"] for form in shop.grants_asked] == ["first", "second"]


def test_a_new_refresh_token_in_the_settings_takes_over(shop: ScriptedShop) -> None:
    shop.grants = [granted("old", lasts=3600, refresh="second"), granted("new", lasts=3600, refresh="x")]
    assert ask(shop, **OFFLINE) == ["old"]
    assert ask(shop, **{**OFFLINE, "refresh_token": "installed again"}) == ["new"]
    assert shop.grants_asked[1]["refresh_token"] == "installed+again"


def test_where_the_kept_one_is_refused_the_configured_one_is_tried(shop: ScriptedShop) -> None:
    shop.grants = [granted("one", lasts=3600, refresh="second"), REFUSED, granted("two", lasts=3600, refresh="third")]
    ask(shop, **OFFLINE)
    shop.clock.advance(3600)
    assert ask(shop, **OFFLINE) == ["two"]
    assert [form["refresh_token"] for form in shop.grants_asked] == ["first", "second", "first"]


def test_where_all_are_refused_the_owner_is_told_what_to_do(shop: ScriptedShop) -> None:
    shop.grants = [granted("one", lasts=3600, refresh="second"), REFUSED]
    ask(shop, **OFFLINE)
    shop.clock.advance(3600)
    with pytest.raises(MisconfiguredError, match=r"source\.refresh_token.*invalid_grant: This one is spent.*Install"):
        ask(shop, **OFFLINE)


def test_what_was_kept_and_cannot_be_read_is_as_if_it_were_not_there() -> None:
    with scripted_shop(clock=Clock(), secrets=Secrets({SECRET: "{"})) as shop:
        shop.grants = [granted("one", lasts=3600, refresh="second")]
        assert ask(shop, **OFFLINE) == ["one"]


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({}, "give the shop's address"),
        ({"shop": "a.myshopify.com", "url": "https://a.example"}, "give the shop's address"),
        ({"shop": "https://a.myshopify.com"}, "without https"),
        ({"shop": "a.example.com"}, "myshopify.com"),
        ({"url": "http://shop.example"}, "needs https"),
        ({"shop": "a.myshopify.com", "access_token": None}, "both are needed"),
        ({"shop": "a.myshopify.com", "access_token": None, "client_id": "id"}, "both are needed"),
        ({"shop": "a.myshopify.com", "client_id": "id"}, "stands alone"),
        ({"shop": "a.myshopify.com", "refresh_token": "r"}, "stands alone"),
        ({"shop": "a.myshopify.com", "acess_token": "t"}, "acess_token"),
    ],
)
def test_settings_that_cannot_be_are_refused(declared: Json, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ShopifySettings.model_validate({"type": "shopify", "access_token": "shpat_x", **declared})


def test_the_shops_address_is_its_url() -> None:
    settings = ShopifySettings.model_validate({"type": "shopify", "shop": "a.myshopify.com", "access_token": "t"})
    assert settings.base_url == "https://a.myshopify.com"
    assert "'t'" not in repr(settings)
