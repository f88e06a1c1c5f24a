"""WooCommerce's keys: open over TLS only, signed without it, and one answer for no key and a wrong one."""

import base64
import hashlib
import hmac
from urllib.parse import quote

import pytest
from sandbox_calls import Answer, Caller, Clock, basic

from connectors.sandbox.faults import Request
from connectors.sandbox.woocommerce import ApiKey, Shop, WooCommerceApi

HOME = "http://shop.test"
PATH = "/wp-json/wc/v3/orders"
NOBODY = {
    "code": "woocommerce_rest_cannot_view",
    "message": "Sorry, you cannot list resources.",
    "data": {"status": 401},
}


def signed(
    clock: Clock,
    parameters: list[tuple[str, str]],
    *,
    secret: str = "cs_sandbox",
    nonce: str = "n1",
    method: str = "SHA256",
    home: str = HOME,
    at: float = 0,
) -> str:
    """A query with an OAuth 1.0a signature, made the way RFC 5849 has it."""
    own = [
        ("oauth_consumer_key", "ck_sandbox"),
        ("oauth_nonce", nonce),
        ("oauth_signature_method", f"HMAC-{method}"),
        ("oauth_timestamp", str(int(clock.at.timestamp() + at))),
    ]
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in parameters + own)
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(quote(part, safe="~") for part in ("GET", home + PATH, normalized))
    digest = hmac.new(f"{secret}&".encode(), base.encode(), getattr(hashlib, method.lower())).digest()
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f"{normalized}&oauth_signature={signature}"


def asked(shop: Shop, query: str = "", headers: dict[str, str] | None = None, *, is_tls: bool = False) -> Answer:
    return Caller(WooCommerceApi(shop, is_tls=is_tls), PATH, headers or {}).get("", query)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> Shop:
    return Shop(clock)


def test_over_tls_a_key_comes_as_basic_or_in_the_query(shop: Shop) -> None:
    assert asked(shop, headers=basic(), is_tls=True).status == 200
    assert asked(shop, "consumer_key=ck_sandbox&consumer_secret=cs_sandbox", is_tls=True).status == 200
    assert asked(shop, headers={**basic(), "x-forwarded-proto": "https"}).status == 200


def test_no_key_a_wrong_one_and_an_open_one_without_tls_are_all_nobody(shop: Shop) -> None:
    open_query = "consumer_key=ck_sandbox&consumer_secret=cs_sandbox"
    for answer in (
        asked(shop, is_tls=True),
        asked(shop, headers=basic("ck_other"), is_tls=True),
        asked(shop, headers=basic()),
        asked(shop, open_query),
    ):
        assert (answer.status, answer.body) == (401, NOBODY)


def test_a_wrong_secret_is_told_apart(shop: Shop) -> None:
    answer = asked(shop, headers=basic(secret="cs_other"), is_tls=True)
    assert (answer.status, answer.body["code"]) == (401, "woocommerce_rest_authentication_error")
    assert answer.body["message"] == "Consumer secret is invalid."
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("method", ["SHA1", "SHA256"])
def test_a_signature_holds_without_tls(shop: Shop, clock: Clock, method: str) -> None:
    parameters = [("per_page", "2"), ("search", "a b+c&d=é~/%20"), ("modified_after", "2026-03-01T00:00:00")]
    assert asked(shop, signed(clock, parameters, method=method)).status == 200


def test_parts_of_a_list_are_signed_by_their_places(shop: Shop, clock: Clock) -> None:
    assert asked(shop, signed(clock, [("include[0]", "1"), ("include[1]", "2")])).status == 200


def test_a_signature_may_come_in_the_header(shop: Shop, clock: Clock) -> None:
    pairs = [pair for pair in signed(clock, []).split("&") if pair.startswith("oauth")]
    header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in (pair.split("=", 1) for pair in pairs))
    assert asked(shop, headers={"authorization": header}).status == 200


def test_a_signature_is_of_the_sites_own_address(shop: Shop, clock: Clock) -> None:
    """Behind a proxy the site has another address than the one that was asked."""
    site = Caller(WooCommerceApi(shop, is_tls=False, home="http://www.shop.test"), PATH, {})
    refused = site.get("", signed(clock, []))
    assert refused.body["message"] == "Invalid signature - provided signature does not match."
    assert site.get("", signed(clock, [], home="http://www.shop.test")).status == 200


def test_a_signature_has_the_scheme_that_wordpress_believes_to_be_asked_by(shop: Shop, clock: Clock) -> None:
    """Whatever scheme the site's own address has."""
    site = Caller(WooCommerceApi(shop, is_tls=False, home="https://www.shop.test"), PATH, {})
    assert site.get("", signed(clock, [], home="https://www.shop.test")).status == 401
    assert site.get("", signed(clock, [], home="http://www.shop.test")).status == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"secret": "cs_other"}, "Invalid signature - provided signature does not match."),
        ({"at": -901}, "Invalid timestamp."),
        ({"at": 901}, "Invalid timestamp."),
    ],
)
def test_a_signature_that_does_not_hold_is_refused(
    shop: Shop, clock: Clock, query: dict[str, str | float], message: str
) -> None:
    answer = asked(shop, signed(clock, [("page", "1")], **query))  # type: ignore[arg-type]
    assert (answer.status, answer.body["code"]) == (401, "woocommerce_rest_authentication_error")
    assert answer.body["message"] == message


def test_a_nonce_holds_once(shop: Shop, clock: Clock) -> None:
    assert asked(shop, signed(clock, [], nonce="once")).status == 200
    again = asked(shop, signed(clock, [], nonce="once", at=5))
    assert again.body["message"] == "Invalid nonce - nonce has already been used."
    assert asked(shop, signed(clock, [], nonce="twice")).status == 200


def test_the_edges_of_the_window_hold(shop: Shop, clock: Clock) -> None:
    assert asked(shop, signed(clock, [], nonce="early", at=900)).status == 200
    assert asked(shop, signed(clock, [], nonce="late", at=-900)).status == 200


def test_what_a_signature_lacks_is_named(shop: Shop) -> None:
    answer = asked(shop, "oauth_consumer_key=ck_sandbox&oauth_nonce=1")
    assert answer.body["code"] == "woocommerce_rest_authentication_missing_parameter"
    assert answer.body["message"] == (
        "Missing OAuth parameters oauth_timestamp, oauth_signature, oauth_signature_method"
    )
    unknown = "oauth_consumer_key=ck_other&oauth_timestamp=1&oauth_nonce=1&oauth_signature=1&oauth_signature_method=1"
    assert asked(shop, unknown).body["message"] == "Consumer key is invalid."


def test_a_key_reads_or_writes_and_its_user_may_look_or_not(shop: Shop) -> None:
    shop.keys.append(ApiKey("ck_write", "cs", permissions="write"))
    shop.keys.append(ApiKey("ck_buyer", "cs", is_manager=False))
    refused = asked(shop, headers=basic("ck_write", "cs"), is_tls=True)
    assert (refused.status, refused.body["message"]) == (401, "The API key provided does not have read permissions.")
    buyer = asked(shop, headers=basic("ck_buyer", "cs"), is_tls=True)
    assert (buyer.status, buyer.body["code"]) == (403, "woocommerce_rest_cannot_view")
    single = Caller(WooCommerceApi(shop), PATH, {}).get("/7")
    assert single.body["message"] == "Sorry, you cannot view this resource."


def test_the_answers_are_php(shop: Shop) -> None:
    shop.create_customer("ü@example.com")
    reply = WooCommerceApi(shop)(Request("GET", "/wp-json/wc/v3/customers", "", {"host": "shop.test", **basic()}))
    assert isinstance(reply.body, bytes)
    assert rb'"email":"\u00fc@example.com"' in reply.body
    assert rb"http:\/\/shop.test\/wp-json" in reply.body
