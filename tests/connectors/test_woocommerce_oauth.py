"""The signature that WooCommerce checks: spelled out by hand here, step by step as its PHP does it."""

import base64
import hashlib
import hmac
import shutil
import subprocess

import pytest

from connectors.sources.woocommerce.oauth import OAuthKeys, signature_base, signed_address, with_scheme

PARAMS = [("status", "processing,trash"), ("modified_after", "2026-11-21T07:03:16"), ("per_page", "100")]
# Each name and value is encoded, joined with =, and the whole encoded once more: a colon becomes %253A.
BASE = (
    "GET&http%3A%2F%2F127.0.0.1%3A58080%2Fwp-json%2Fwc%2Fv3%2Forders&"
    "modified_after%3D2026-11-21T07%253A03%253A16%26"
    "oauth_consumer_key%3Dck_1%26oauth_nonce%3Dabc%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1795244596%26"
    "per_page%3D100%26status%3Dprocessing%252Ctrash"
)
ADDRESS = "http://127.0.0.1:58080/wp-json/wc/v3/orders"


def test_the_base_is_sorted_and_encoded_twice() -> None:
    oauth = [
        ("oauth_timestamp", "1795244596"),
        ("oauth_consumer_key", "ck_1"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_nonce", "abc"),
    ]
    assert signature_base("get", ADDRESS, [*PARAMS, *oauth]) == BASE


def test_the_secret_and_an_ampersand_are_the_key() -> None:
    keys = OAuthKeys("ck_1", "cs_1", "http://127.0.0.1:58080")
    signed = dict(keys.signed("GET", ADDRESS, PARAMS, timestamp=1795244596, nonce="abc"))
    expected = base64.b64encode(hmac.new(b"cs_1&", BASE.encode(), hashlib.sha256).digest()).decode()
    assert signed["oauth_signature"] == expected == "UwMjbWvu3Xwo2gW/Ycrk7xBOcwIqU/1Q/Mcz4ON7ewA="


def test_another_program_computes_the_same_signature() -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    digest = subprocess.run(
        [openssl, "dgst", "-sha256", "-hmac", "cs_1&", "-binary"], input=BASE.encode(), capture_output=True, check=True
    ).stdout
    keys = OAuthKeys("ck_1", "cs_1", "http://127.0.0.1:58080")
    signed = dict(keys.signed("GET", ADDRESS, PARAMS, timestamp=1795244596, nonce="abc"))
    assert signed["oauth_signature"] == base64.b64encode(digest).decode()


def test_odd_characters_are_encoded_as_php_does() -> None:
    base = signature_base("GET", "http://wp.example", [("search", "a b+c~d%é/*'()")])
    assert base.endswith("&search%3Da%2520b%252Bc~d%2525%25C3%25A9%252F%252A%2527%2528%2529")


@pytest.mark.parametrize(
    ("home", "url", "address"),
    [
        ("http://wp.example", "http://wp.example/wp-json/wc/v3/orders", "http://wp.example/wp-json/wc/v3/orders"),
        ("http://wp.example/shop", "http://wp.example/shop/wp-json/x", "http://wp.example/shop/wp-json/x"),
        # Behind a proxy WordPress goes by another name than the one that was asked, and in another folder.
        ("http://shop.example", "http://127.0.0.1:8080/wp-json/x", "http://shop.example/wp-json/x"),
        ("http://shop.example/store", "http://127.0.0.1:8080/wp-json/x", "http://shop.example/store/wp-json/x"),
        # With plain permalinks nothing is left of the path, and no slash follows.
        ("http://wp.example", "http://wp.example/", "http://wp.example"),
        ("http://wp.example/shop", "http://wp.example/shop/", "http://wp.example/shop"),
        ("http://wp.example/", "http://wp.example/wp-json/x", "http://wp.example/wp-json/x"),
    ],
)
def test_what_is_signed_is_the_home_that_wordpress_believes_in(home: str, url: str, address: str) -> None:
    assert signed_address(home, url) == address


def test_the_scheme_is_the_one_that_wordpress_was_asked_under() -> None:
    assert with_scheme("https://127.0.0.1:58080/shop", "http") == "http://127.0.0.1:58080/shop"
