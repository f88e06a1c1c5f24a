"""How a key is presented, and what its owner is told when it is refused."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from mirror import Clock, Mirror, sync
from woocommerce_fakes import (
    INDEX,
    KEY,
    SECRETS,
    asked,
    http_answer,
    json_reply,
    open_shop,
    refusal,
    scripted_client,
    source,
    wordpress,
)

from connectors.messages import HttpRequest, HttpResponse
from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.woocommerce import ApiKey
from models.errors import MisconfiguredError, RetryLaterError

CANNOT_VIEW = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
BASIC = f"Basic {base64.b64encode(':'.join(SECRETS).encode()).decode()}"


def index_of(home: str) -> dict[str, object]:
    return {**INDEX, "home": home, "url": home}


def test_https_shows_the_key_in_a_header_and_never_in_the_address() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/wp-json/"):
            return http_answer(index_of("https://wp.example"))
        is_known = request.headers.get("Authorization") == BASIC
        return http_answer([], X_WP_Total="0") if is_known else http_answer(CANNOT_VIEW, 401)

    client, http = scripted_client("https://wp.example", answer)
    client.open()
    assert "Authorization" not in http.requests[0].headers
    assert all(SECRETS[1] not in str(request.params) for request in http.requests)


@pytest.mark.parametrize("said", ["Invalid signature - provided …", "Ungültige Signatur - die angegebene …"])
def test_a_proxy_that_ends_tls_gets_a_signature_for_plain_http(said: str) -> None:
    """WordPress behind it believes to be asked in the clear, where WooCommerce takes no key in a header."""
    seen: list[str] = []

    def answer(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/wp-json/"):
            return http_answer(index_of("https://wp.example"))
        params = dict(request.params)
        if "oauth_signature" not in params:
            return http_answer(CANNOT_VIEW, 401)
        seen.append(params["oauth_signature"])
        if len(seen) == 1:
            return http_answer({"code": "woocommerce_rest_authentication_error", "message": said}, 401)
        return http_answer([], X_WP_Total="0")

    client, _ = scripted_client("https://wp.example", answer)
    client.open()
    assert len(set(seen)) == 2


def test_a_server_that_drops_headers_gets_the_key_in_the_query_of_https_only() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/wp-json/"):
            return http_answer(index_of(request.url.removesuffix("/wp-json/")))
        params = dict(request.params)
        is_known = (params.get("consumer_key"), params.get("consumer_secret")) == SECRETS
        return http_answer([], X_WP_Total="0") if is_known else http_answer(CANNOT_VIEW, 401)

    client, _ = scripted_client("https://wp.example", answer)
    client.open()
    clear, http = scripted_client("http://wp.example", answer)
    with pytest.raises(MisconfiguredError):
        clear.open()
    assert all(SECRETS[1] not in str((request.params, request.headers)) for request in http.requests)


def test_plain_http_is_signed_and_every_nonce_is_new() -> None:
    clock = Clock()
    with open_shop(clock) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        nonces = [request.params["oauth_nonce"] for request in server.requests("/wc/v3/")]
        assert len(nonces) == len(set(nonces)) > 10
        assert all(SECRETS[1] not in request.query for request in server.requests())


def test_a_clock_that_is_an_hour_off_signs_by_the_shops() -> None:
    clock, shops_clock = Clock(), Clock()
    shops_clock.advance(3600)
    with open_shop(shops_clock) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        assert len(mirror.tables["orders"]) == 12


def test_an_index_that_a_cache_kept_for_hours_does_not_set_the_clock() -> None:
    clock = Clock()
    hours_ago = format_datetime(clock() - timedelta(hours=3), usegmt=True)
    cached = json_reply({**INDEX, "home": "http://127.0.0.1"}, Date=hours_ago, Age="10800")
    with wordpress(clock, lambda request: cached if request.path.endswith("/wp-json/") else None) as server:
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        signed = [int(request.params["oauth_timestamp"]) for request in server.requests("/wc/v3/")]
        assert min(signed) >= clock().timestamp()
        assert mirror.cursor is not None
        assert datetime.fromisoformat(mirror.cursor["until"]) == clock() - timedelta(seconds=1)


def test_the_clock_is_of_the_answer_that_the_key_opens() -> None:
    """A cache that does not say how old its answer is."""
    clock = Clock()
    hours_ago = format_datetime(clock() - timedelta(minutes=12), usegmt=True)
    cached = json_reply(INDEX, Date=hours_ago)
    with wordpress(clock, lambda request: cached if request.path.endswith("/wp-json/") else None) as server:
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        assert mirror.cursor is not None
        assert datetime.fromisoformat(mirror.cursor["until"]) == clock() - timedelta(seconds=1)


def test_a_home_with_another_name_and_scheme_is_what_is_signed() -> None:
    """WordPress may believe to be at https while it is asked over http, as on a copy of a shop for tests."""
    clock = Clock()

    def answer(request: Request) -> Reply | None:
        if request.path == "/wp-json/":
            return json_reply(index_of("https://shop.example"))
        return None

    with wordpress(clock, answer) as server:
        sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())
        assert asked(server, "/wc/v3/orders")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (ApiKey("ck_other", "cs_sandbox"), "refuses the key"),
        (ApiKey("ck_sandbox", "cs_other"), "refuses the key"),
        (ApiKey("ck_sandbox", "cs_sandbox", permissions="write"), "Give the key read permission"),
        (ApiKey("ck_sandbox", "cs_sandbox", is_manager=False), "administrator or a shop manager"),
    ],
)
def test_a_refused_key_is_named_with_the_way_out(key: ApiKey, said: str) -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):
        shop.keys[:] = [key]
        with pytest.raises(MisconfiguredError, match=said) as raised:
            sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())
        assert raised.value.key == f"{KEY}.consumer_key"
        assert SECRETS[1] not in str(raised.value)


def test_of_several_refusals_the_one_that_says_most_is_told() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/wp-json/"):
            return http_answer(index_of("http://wp.example"))
        if "oauth_signature" in dict(request.params):
            message = "Der API-Schlüssel hat keine Leserechte."
            return http_answer({"code": "woocommerce_rest_authentication_error", "message": message}, 401)
        return http_answer(CANNOT_VIEW, 401)

    client, http = scripted_client("https://wp.example", answer)
    with pytest.raises(MisconfiguredError, match="hat keine Leserechte"):
        client.open()
    assert len(http.requests) == 5


def test_a_key_that_is_revoked_while_it_is_used_says_so() -> None:
    clock = Clock()
    with open_shop(clock) as (shop, server):

        def revoke(request: Request) -> None:
            if request.path.endswith("/customers"):
                shop.keys.clear()

        server.faults.before_each = revoke
        with pytest.raises(MisconfiguredError, match="revoked"):
            sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())


def test_an_api_that_a_plugin_closes_is_no_matter_of_the_key() -> None:
    clock = Clock()
    closed = refusal("rest_disabled", "The REST API is disabled on this site.", 401)
    with (
        wordpress(clock, lambda _: closed) as server,
        pytest.raises(MisconfiguredError, match=r"is closed: The REST API is disabled.*allow") as raised,
    ):
        sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())
    assert raised.value.key == f"{KEY}.url"


def test_a_firewall_before_the_api_is_no_matter_of_the_key() -> None:
    clock = Clock()

    def answer(request: Request) -> Reply | None:
        if "/wc/v3/" in request.path:
            return Reply(b"<html><title>Attention Required!</title></html>", 403, "text/html")
        return None

    with (
        wordpress(clock, answer) as server,
        pytest.raises(RetryLaterError, match=r"Attention Required.*firewall"),
    ):
        sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())


def test_what_the_account_may_not_see_is_left_out_and_told() -> None:
    clock = Clock()

    def answer(request: Request) -> Reply | None:
        if request.path.endswith(("/customers", "/settings/general", "/reports/orders/totals")):
            return refusal("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 403)
        return None

    with wordpress(clock, answer) as server:
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        codes = {notice.code for notice in mirror.reports[0].notices}
        assert codes == {"customers_not_permitted", "settings_not_permitted", "order_statuses_unknown"}


def test_the_shops_own_time_bounds_what_is_read() -> None:
    clock, shops_clock = Clock(), Clock(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    with open_shop(shops_clock) as (_, server):
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        assert mirror.cursor is not None
        until = datetime.fromisoformat(mirror.cursor["until"])
        assert until == shops_clock() - timedelta(seconds=1)
