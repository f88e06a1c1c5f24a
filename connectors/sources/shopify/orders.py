"""Orders: what there is to know of them."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from connectors.sources.shopify.answers import Connection
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.draining import drained
from connectors.sources.shopify.entity import Child, Entity, PartsPage
from connectors.sources.shopify.order_nodes import Order, OrderParts, fee_rows, order_row, tax_rows
from connectors.sources.shopify.order_parts import (
    DiscountApplication,
    Line,
    ShippingLine,
    discount_row,
    line_row,
    shipping_line_row,
    transaction_row,
)
from connectors.sources.shopify.refunds import add_refunds
from models.records.shopify import ORDER_STREAMS

_DISCOUNT = Child("order_discounts", msgspec.json.Decoder(DiscountApplication), discount_row)
_LISTS = ("Lines", "ShippingLines", "Discounts")


class Orders(Entity[Order]):
    """Orders, with refunds asked for by the ids of the orders that have some."""

    stream = ORDER_STREAMS[0]
    parts = ORDER_STREAMS[1:]
    kind = Order
    gid_type = "Order"
    scope = "read_orders"
    page_document = "orders"
    by_id_document = "orders_by_id"
    bulk_document = "bulk_orders"
    ids_document = "bulk_order_ids"
    children: ClassVar[dict[str, Child]] = {
        "LineItem": Child("order_lines", msgspec.json.Decoder(Line), line_row),
        "ShippingLine": Child("order_shipping_lines", msgspec.json.Decoder(ShippingLine), shipping_line_row),
        "AutomaticDiscountApplication": _DISCOUNT,
        "DiscountCodeApplication": _DISCOUNT,
        "ManualDiscountApplication": _DISCOUNT,
        "ScriptDiscountApplication": _DISCOUNT,
    }

    def row(self, node: Order) -> Row:
        """The row of `orders`."""
        return order_row(node)

    def add_inline(self, key: str, node: Order, assembly: Assembly) -> None:
        """Take fees, taxes, and the transactions of an order without refunds."""
        if node.additional_fees:
            assembly.add_parts("order_fees", list(fee_rows(key, node)))
        if node.tax_lines:
            assembly.add_parts("order_taxes", list(tax_rows(key, node)))
        if not node.refunds:
            # Those of the others come with their refunds, which say what belongs to which.
            assembly.add_parts("transactions", [transaction_row(key, each, None) for each in node.transactions])

    def add_connections(self, key: str, node: Order, assembly: Assembly, client: ShopifyClient) -> None:
        """Take lines, shipping lines and discounts."""
        fetch = _Fetch(client, node.id)
        lines = drained(node.line_items, fetch.lines)
        assembly.add_parts("order_lines", [line_row(key, line) for line in lines])
        shipping = drained(node.shipping_lines, fetch.shipping_lines)
        assembly.add_parts("order_shipping_lines", [shipping_line_row(key, line) for line in shipping])
        discounts = drained(node.discount_applications, fetch.discounts)
        assembly.add_parts("order_discounts", [discount_row(key, discount) for discount in discounts])

    def has_late_parts(self, node: Order) -> bool:
        """Whether it has refunds."""
        return bool(node.refunds)

    def add_late_parts(self, keys: Sequence[str], assembly: Assembly, client: ShopifyClient) -> None:
        """Take refunds, and the transactions of their orders."""
        add_refunds(keys, assembly, client)


class _Fetch:
    """Fetches further pages of an order's lists."""

    def __init__(self, client: ShopifyClient, gid: str) -> None:
        self._client = client
        self._gid = gid

    def lines(self, after: str) -> Connection[Line] | None:
        return self._page("Lines", after).line_items

    def shipping_lines(self, after: str) -> Connection[ShippingLine] | None:
        return self._page("ShippingLines", after).shipping_lines

    def discounts(self, after: str) -> Connection[DiscountApplication] | None:
        return self._page("Discounts", after).discount_applications

    def _page(self, wanted: str, after: str) -> OrderParts:
        variables: dict[str, object] = {"id": self._gid}
        for name in _LISTS:
            variables[f"with{name}"] = name == wanted
            variables[f"{name[0].lower()}{name[1:]}After"] = after if name == wanted else None
        answer = self._client.page("order_parts", variables, stream="orders")
        return answer.data(PartsPage[OrderParts]).node or OrderParts()
