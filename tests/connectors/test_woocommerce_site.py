"""Finding a shop's API: permalinks, redirects, and sites that are no shop."""

from collections.abc import Callable

import pytest
from mirror import Clock, Mirror, sync
from pydantic import ValidationError
from woocommerce_fakes import INDEX, KEY, http_answer, json_reply, settings, source, wordpress

from connectors.messages import HttpRequest, HttpResponse
from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sources.woocommerce.site import Site, find_site
from models.errors import MisconfiguredError, RetryLaterError

NOT_FOUND = HttpResponse(404, {}, b"<html><title>Not found</title></html>")


def found(url: str, answer: Callable[[HttpRequest], HttpResponse]) -> Site:
    return find_site(answer, url, f"{KEY}.url")


def moved(to: str) -> HttpResponse:
    return HttpResponse(301, {"Location": to}, b"")


def test_a_shop_in_a_folder_is_found() -> None:
    index = {**INDEX, "home": "https://wp.example/shop"}
    site = found("https://wp.example/shop", lambda r: http_answer(index) if "/shop/wp-json/" in r.url else NOT_FOUND)
    assert (site.base, site.home, site.is_pretty) == ("https://wp.example/shop", "https://wp.example/shop", True)
    assert site.request("orders", [], "orders").url == "https://wp.example/shop/wp-json/wc/v3/orders"


def test_plain_permalinks_are_asked_by_parameter() -> None:
    """WooCommerce up to 11.0 takes a key only when its path stands somewhere in the address."""
    site = found("http://wp.example", lambda r: http_answer(INDEX) if ("rest_route", "/") in r.params else NOT_FOUND)
    request = site.request("orders", [("page", "2")], "orders")
    assert not site.is_pretty
    assert request.url == "http://wp.example/"
    assert ("rest_route", "/wc/v3/orders") in request.params
    assert any("wp-json/wc/" in value for _, value in request.params)


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("http://wp.example", "https://wp.example/wp-json/"),
        ("https://wp.example", "https://www.wp.example/wp-json/?_fields=name"),
    ],
)
def test_a_move_to_tls_or_www_is_followed(url: str, to: str) -> None:
    base = to.partition("/wp-json/")[0]
    site = found(url, lambda r: http_answer(INDEX) if r.url.startswith(base) else moved(to))
    assert site.base == base


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("https://wp.example", "http://wp.example/wp-json/"),
        ("https://wp.example", "https://elsewhere.example/wp-json/"),
    ],
)
def test_a_move_out_of_tls_or_to_another_host_is_for_the_owner_to_confirm(url: str, to: str) -> None:
    with pytest.raises(MisconfiguredError, match="write this address") as raised:
        found(url, lambda _: moved(to))
    assert raised.value.key == f"{KEY}.url"


def test_circles_end() -> None:
    with pytest.raises(MisconfiguredError, match="circles"):
        found(
            "https://wp.example",
            lambda r: moved("https://wp.example/wp-json/" if "www" in r.url else "https://www.wp.example/wp-json/"),
        )


def test_a_site_that_is_no_wordpress_says_what_it_is() -> None:
    with pytest.raises(MisconfiguredError, match="page titled 'Not found'"):
        found("https://wp.example", lambda _: NOT_FOUND)


def test_wordpress_without_woocommerce_says_so() -> None:
    with pytest.raises(MisconfiguredError, match="activate WooCommerce"):
        found("https://wp.example", lambda _: http_answer({**INDEX, "namespaces": ["wp/v2"]}))


def test_a_hidden_index_does_not_hide_the_shop() -> None:
    """Plugins keep strangers from the index, and let WooCommerce's keys through."""
    hidden = http_answer({"code": "rest_login_required", "message": "REST API restricted."}, 401)
    site = found("https://wp.example", lambda _: hidden)
    assert (site.base, site.home, site.zone, site.is_pretty) == ("https://wp.example", "https://wp.example", None, True)
    page = HttpResponse(200, {}, b"<html><title>Welcome</title></html>")
    site = found("https://wp.example", lambda r: hidden if ("rest_route", "/") in r.params else page)
    assert (site.base, site.is_pretty) == ("https://wp.example", False)


def test_php_warnings_before_the_index_are_no_hindrance() -> None:
    body = b"<br />\n<b>Warning</b>: Undefined array key 0 in {main} on line <b>3</b><br />\n"
    site = found("https://wp.example", lambda _: http_answer(body + http_answer(INDEX).content))
    assert site.timezone_string == "America/New_York"


def test_maintenance_in_the_middle_is_for_later() -> None:
    clock = Clock()

    def answer(request: Request) -> Reply | None:
        if request.path.endswith("/customers"):
            return Reply(b"<!DOCTYPE html><title>Down for maintenance</title>", 200, "text/html")
        return None

    with wordpress(clock, answer) as server, pytest.raises(RetryLaterError, match="Down for maintenance"):
        sync(source(server.url, clock), Mirror(source(server.url, clock).streams), clock())


def test_output_around_answers_is_cut_off_and_told() -> None:
    clock = Clock()

    def answer(request: Request) -> Reply | None:
        if request.path.endswith("/products/categories"):
            before, after = b"\xef\xbb\xbfNotice: Undefined index [0]\n", b"\n<!-- 3 ms -->"
            return Reply(
                before + b'[{"id":15,"name":"Hats","slug":"hats","parent":0}]' + after, headers={"X-WP-Total": "1"}
            )
        return None

    with wordpress(clock, answer) as server:
        mirror = Mirror(source(server.url, clock).streams)
        sync(source(server.url, clock), mirror, clock())
        assert [row["name"] for row in mirror.tables["product_categories"].values()] == ["Hats"]
        assert "shop_prints_into_answers" in {notice.code for report in mirror.reports for notice in report.notices}


@pytest.mark.parametrize(
    "url",
    [
        "wp.example",
        "ftp://wp.example",
        "https://u:p@wp.example",
        "https://wp.example/?x=1",
        "https://wp.example/wp-json",
    ],
)
def test_an_address_that_cannot_be_a_shop_is_refused_before_it_is_asked(url: str) -> None:
    with pytest.raises(ValidationError, match="url"):
        settings(url)


def test_secrets_stand_in_no_message_of_the_settings() -> None:
    assert "cs_sandbox" not in repr(settings("https://wp.example/"))
    assert settings(" https://wp.example/ ").url == "https://wp.example"
    assert json_reply({}).status == 200
