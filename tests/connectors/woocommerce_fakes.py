"""A WordPress site that answers by script, for what no sandbox shop does, and the sandbox shop itself in short."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from mirror import Clock, runtime

from connectors.messages import HttpRequest, HttpResponse, HttpStatusError
from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply, SandboxServer, running_server
from connectors.sandbox.woocommerce import Shop, ShopSettings, running_woocommerce
from connectors.source import ReadReport
from connectors.sources.woocommerce import WooCommerceSettings, WooCommerceSource
from connectors.sources.woocommerce.client import WooCommerceClient

KEY = "merchants[0].stores[0].source"
SECRETS = ("ck_sandbox", "cs_sandbox")
INDEX = {
    "name": "Example",
    "url": "http://wp.example",
    "home": "http://wp.example",
    "gmt_offset": -5,
    "timezone_string": "America/New_York",
    "namespaces": ["wp/v2", "wc/v3"],
}


def settings(url: str, **changes: Any) -> WooCommerceSettings:
    declared = {"type": "woocommerce", "url": url, "consumer_key": SECRETS[0], "consumer_secret": SECRETS[1]}
    return WooCommerceSettings.model_validate({**declared, **changes})


def source(url: str, clock: Clock, *, time_zone: str = "America/New_York", **changes: Any) -> WooCommerceSource:
    return WooCommerceSource(settings(url, **changes), runtime=runtime(clock), time_zone=time_zone, key=KEY)


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(json.dumps(value).encode(), status, headers=named)


def refusal(code: str, message: str, status: int) -> Reply:
    return json_reply({"code": code, "message": message, "data": {"status": status}}, status)


def listed(records: Sequence[Any]) -> Reply:
    return json_reply(list(records), X_WP_Total=str(len(records)), X_WP_TotalPages="1")


@contextmanager
def wordpress(clock: Clock, answer: Callable[[Request], Reply | None]) -> Iterator[SandboxServer]:
    """A site that answers as told, and otherwise like an empty shop that lets everybody in.

    Args:
        clock: The site's clock.
        answer: The reply to a request; None for what an empty shop would say.
    """

    def served(request: Request) -> Reply:
        reply = answer(request)
        if reply is not None:
            return reply
        if request.path.rstrip("/").endswith("/wp-json"):
            return json_reply(INDEX)
        return listed([])

    with running_server(served, clock) as server:
        yield server


class ScriptedHttp:
    """In place of the HTTP client: signs like it, and answers by script. For https, which needs no certificate here."""

    def __init__(self, client: WooCommerceClient, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.requests: list[HttpRequest] = []
        self._client = client
        self._answer = answer

    def send(self, request: HttpRequest) -> HttpResponse:
        signed = self._client._signed(request)
        self.requests.append(signed)
        response = self._answer(signed)
        if not 200 <= response.status < 300 and response.status not in request.accepts:
            raise HttpStatusError(response)
        return response

    def close(self) -> None:
        pass


def scripted_client(
    url: str, answer: Callable[[HttpRequest], HttpResponse], clock: Clock | None = None
) -> tuple[WooCommerceClient, ScriptedHttp]:
    client = WooCommerceClient(settings(url), runtime=runtime(clock or Clock()), report=ReadReport(), key=KEY)
    http = ScriptedHttp(client, answer)
    client._http = http  # type: ignore[assignment]
    return client, http


def http_answer(value: Any, status: int = 200, **headers: str) -> HttpResponse:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return HttpResponse(status, {name.replace("_", "-"): text for name, text in headers.items()}, content)


@contextmanager
def open_shop(
    clock: Clock, zone: str = "America/New_York", *, orders: int = 12, **options: Any
) -> Iterator[tuple[Shop, SandboxServer]]:
    """A sandbox shop with a few guests' orders, a minute apart."""
    shop = Shop(clock, ShopSettings(time_zone=zone, **options))
    items = list(shop.load_catalogue(generated_catalogue(products=4), created_at=clock() - timedelta(days=9)).values())
    for number in range(orders):
        shop.place_order(
            [items[number % len(items)]],
            email=f"Guest{number}@example.com",
            shipping=Decimal("5.00"),
            ordered_at=clock() - timedelta(minutes=orders - number),
        )
    with running_woocommerce(shop, is_tls=False) as server:
        yield shop, server


def asked(server: SandboxServer, path: str) -> list[dict[str, str]]:
    """The queries of the requests to a path of the API, without their signatures."""
    return [
        {name: value for name, value in request.pairs if not name.startswith("oauth_")}
        for request in server.requests(path)
        if request.path.endswith(path)
    ]
