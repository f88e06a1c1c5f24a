"""Refunds as Shopify sends them: a list inside orders, with lists of their own that bulk queries cannot reach."""

from collections.abc import Sequence

import msgspec

from connectors.sources.shopify.answers import Connection, Identity, number
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.draining import drained
from connectors.sources.shopify.entity import PartsPage
from connectors.sources.shopify.order_parts import Transaction, transaction_row
from connectors.sources.shopify.values import Bag, amounts, amounts_or_none, currencies, summed


class RefundLine(msgspec.Struct, rename="camel", gc=False):
    """An order's line in a refund."""

    line_item: Identity
    quantity: int
    subtotal_set: Bag
    total_tax_set: Bag
    id: str | None = None
    restock_type: str | None = None
    restocked: bool | None = None
    price_set: Bag | None = None


class RefundShippingLine(msgspec.Struct, rename="camel", gc=False):
    """A way of shipping in a refund."""

    id: str
    subtotal_amount_set: Bag
    tax_amount_set: Bag
    shipping_line: "ShippingLineReference | None" = None


class ShippingLineReference(msgspec.Struct, gc=False):
    """The order's shipping line; the schema lets its id be absent."""

    id: str | None = None


class RefundAdjustment(msgspec.Struct, rename="camel", gc=False):
    """A difference between a refund and its lines."""

    id: str
    amount_set: Bag
    tax_amount_set: Bag
    reason: str | None = None


class RefundedDuty(msgspec.Struct, rename="camel", gc=False):
    """A duty that went back."""

    amount_set: Bag


class Refund(msgspec.Struct, rename="camel", gc=False):
    """A refund with the first page of each of its lists."""

    id: str
    processed_at: str
    updated_at: str
    total_refunded_set: Bag
    refund_line_items: Connection[RefundLine]
    refund_shipping_lines: Connection[RefundShippingLine]
    order_adjustments: Connection[RefundAdjustment]
    transactions: Connection[Identity]
    created_at: str | None = None
    note: str | None = None
    duties: list[RefundedDuty] | None = None


class RefundParts(msgspec.Struct, rename="camel"):
    """Further pages of a refund's lists."""

    refund_line_items: Connection[RefundLine] | None = None
    refund_shipping_lines: Connection[RefundShippingLine] | None = None
    order_adjustments: Connection[RefundAdjustment] | None = None
    transactions: Connection[Identity] | None = None


class RefundedOrder(msgspec.Struct, rename="camel"):
    """An order's refunds and all of its transactions."""

    id: str
    updated_at: str
    transactions: list[Transaction]
    refunds: list[Refund]


_decoder = msgspec.json.Decoder(RefundedOrder | None)
_LISTS = ("Lines", "ShippingLines", "Adjustments", "Transactions")


def add_refunds(keys: Sequence[str], assembly: Assembly, client: ShopifyClient) -> None:
    """Take the refunds of orders with everything in them, and the orders' transactions.

    An order whose refunds are not what the schema says is set aside with them: without them it would count for more.

    Raises:
        StopError: It was given out already.
    """
    gids = [f"gid://shopify/Order/{key}" for key in keys]
    for _, found in client.by_ids("order_refunds", gids, stream="refunds"):
        for gid, raw in found:
            try:
                order = _decoder.decode(raw)
            except msgspec.DecodeError as error:
                assembly.withdraw(number(gid), bytes(raw), error)
                continue
            if order is not None:
                _add_order(order, assembly, client)


def _add_order(order: RefundedOrder, assembly: Assembly, client: ShopifyClient) -> None:
    order_id = number(order.id)
    refund_of: dict[str, str] = {}
    for refund in order.refunds:
        refund_id = number(refund.id)
        assembly.add_part("refunds", _refund_row(order_id, refund))
        lines = drained(refund.refund_line_items, _Fetch(client, refund, "Lines").lines)
        assembly.add_parts(
            "refund_lines", [_line_row(order_id, refund_id, line, place) for place, line in enumerate(lines)]
        )
        shipping = drained(refund.refund_shipping_lines, _Fetch(client, refund, "ShippingLines").shipping_lines)
        assembly.add_parts(
            "refund_shipping_lines", [_shipping_line_row(order_id, refund_id, line) for line in shipping]
        )
        adjustments = drained(refund.order_adjustments, _Fetch(client, refund, "Adjustments").adjustments)
        assembly.add_parts("refund_adjustments", [_adjustment_row(order_id, refund_id, each) for each in adjustments])
        transactions = drained(refund.transactions, _Fetch(client, refund, "Transactions").transactions)
        refund_of.update((transaction.id, refund_id) for transaction in transactions)
    rows = [transaction_row(order_id, each, refund_of.get(each.id)) for each in order.transactions]
    assembly.add_parts("transactions", rows)


class _Fetch:
    """Fetches further pages of one of a refund's lists."""

    def __init__(self, client: ShopifyClient, refund: Refund, wanted: str) -> None:
        self._client = client
        self._refund = refund
        self._wanted = wanted

    def lines(self, after: str) -> Connection[RefundLine] | None:
        return self._page(after).refund_line_items

    def shipping_lines(self, after: str) -> Connection[RefundShippingLine] | None:
        return self._page(after).refund_shipping_lines

    def adjustments(self, after: str) -> Connection[RefundAdjustment] | None:
        return self._page(after).order_adjustments

    def transactions(self, after: str) -> Connection[Identity] | None:
        return self._page(after).transactions

    def _page(self, after: str) -> RefundParts:
        variables: dict[str, object] = {"id": self._refund.id}
        for name in _LISTS:
            variables[f"with{name}"] = name == self._wanted
            variables[f"{name[0].lower()}{name[1:]}After"] = after if name == self._wanted else None
        answer = self._client.page("refund_parts", variables, stream="refunds")
        return answer.data(PartsPage[RefundParts]).node or RefundParts()


def _refund_row(order_id: str, refund: Refund) -> Row:
    return (
        order_id,
        number(refund.id),
        refund.created_at,
        refund.processed_at,
        refund.updated_at,
        refund.note,
        *currencies(refund.total_refunded_set),
        *amounts(refund.total_refunded_set),
        *summed([duty.amount_set for duty in refund.duties or ()]),
    )


def _line_row(order_id: str, refund_id: str, line: RefundLine, place: int) -> Row:
    return (
        order_id,
        # Shopify's schema lets the id be absent.
        number(line.id) if line.id else f"{refund_id}-{place}",
        refund_id,
        number(line.line_item.id),
        line.quantity,
        line.restock_type,
        line.restocked,
        *currencies(line.subtotal_set),
        *amounts_or_none(line.price_set),
        *amounts(line.subtotal_set),
        *amounts(line.total_tax_set),
    )


def _shipping_line_row(order_id: str, refund_id: str, line: RefundShippingLine) -> Row:
    return (
        order_id,
        number(line.id),
        refund_id,
        number(line.shipping_line.id) if line.shipping_line and line.shipping_line.id else None,
        *currencies(line.subtotal_amount_set),
        *amounts(line.subtotal_amount_set),
        *amounts(line.tax_amount_set),
    )


def _adjustment_row(order_id: str, refund_id: str, adjustment: RefundAdjustment) -> Row:
    return (
        order_id,
        number(adjustment.id),
        refund_id,
        adjustment.reason,
        *currencies(adjustment.amount_set),
        *amounts(adjustment.amount_set),
        *amounts(adjustment.tax_amount_set),
    )
