"""The pages of orders that every arm of the extraction benchmark has to do with: fetched and decoded, and no more."""

import base64
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.http import HttpClient, HttpRequest
from connectors.source import ReadReport, SourceRuntime
from connectors.sources.shopify.documents import document
from connectors.sources.shopify.order_nodes import Order as ShopifyOrder
from connectors.sources.woocommerce.shapes import Order as WooCommerceOrder

KEY, SECRET, TOKEN = "ck_sandbox", "cs_sandbox", "shpat_sandbox"  # the sandboxes' own


class NoSecrets:
    """The shop hands out none."""

    def get(self, _name: str) -> str | None:
        """Nothing."""
        return None

    def set(self, _name: str, _value: str) -> None:
        """Nowhere."""


def runtime() -> SourceRuntime:
    """The real world."""
    return SourceRuntime(lambda: datetime.now(UTC), time.sleep, random.Random(1), NoSecrets())


def woocommerce_pages(url: str) -> Iterator[bytes]:
    """Every page of orders, as a loader without a cursor would ask for them."""
    auth = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    with HttpClient(runtime(), ReadReport(), headers={"Authorization": auth}) as client:
        requests = (
            HttpRequest(
                "GET",
                f"{url}/wp-json/wc/v3/orders",
                [("per_page", "100"), ("page", str(number)), ("orderby", "id"), ("order", "asc")],
            )
            for number in range(1, 1_000_000)
        )
        for response in client.send_all(requests, ahead=2):
            if response.content.strip() == b"[]":
                return
            yield response.content


def shopify_pages(url: str) -> Iterator[bytes]:
    """Every page of orders, by the query that the peer sends too."""
    variables: dict[str, Any] = {"first": 250, "parts": 20}
    with HttpClient(runtime(), ReadReport(), headers={"X-Shopify-Access-Token": TOKEN}) as client:
        while True:
            body = {"query": document("orders"), "variables": variables}
            content = client.send(HttpRequest("POST", f"{url}/admin/api/2026-07/graphql.json", json=body)).content
            yield content
            end = msgspec.json.decode(content, type=_Answer).data.connection.page_info
            if not end.has_next_page:
                return
            variables["after"] = end.end_cursor


PAGES: dict[str, Callable[[str], Iterator[bytes]]] = {"woocommerce": woocommerce_pages, "shopify": shopify_pages}


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str


class _Connection(msgspec.Struct, rename="camel"):
    page_info: _PageInfo
    nodes: list[msgspec.Raw]


class _Root(msgspec.Struct):
    connection: _Connection


class _Answer(msgspec.Struct):
    data: _Root


class _Orders(msgspec.Struct):
    nodes: list[ShopifyOrder]


class _OrdersRoot(msgspec.Struct):
    connection: _Orders


class _OrdersAnswer(msgspec.Struct):
    data: _OrdersRoot


_of_woocommerce = msgspec.json.Decoder(list[WooCommerceOrder], strict=False)
_of_shopify = msgspec.json.Decoder(_OrdersAnswer)
DECODERS: dict[str, Callable[[bytes], int]] = {
    "woocommerce": lambda body: len(_of_woocommerce.decode(body)),
    "shopify": lambda body: len(_of_shopify.decode(body).data.connection.nodes),
}
"""Decode a page into typed records; how many there are."""
