"""Orders with everything that belongs to them: what came along, and what has to be asked for.

Lines, shipping and fees come with the order (`include`). Refunds are asked for a hundred orders at a time. Coupons,
taxes and transactions have a resource per order, and are asked for where there can be some.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.http import HttpRequest, HttpResponse
from connectors.sources.bigcommerce.client import PAGE_ROWS, BigCommerceClient, may_have_more, rows_of
from connectors.sources.bigcommerce.intake import Intake, identity
from connectors.sources.bigcommerce.order_answers import (
    Consignments,
    Coupon,
    EmailConsignments,
    Fee,
    LineHolder,
    Order,
    OrderLine,
    Refund,
    ShippingAddress,
    Tax,
    Transaction,
)
from connectors.sources.bigcommerce.settings import BigCommerceSettings
from models.errors import RejectedRecordError

REFUNDS_PATH = "v3/orders/payment_actions/refunds"

_ORDERS_PER_REFUND_REQUEST = 100
_NOT_FOUND = 404


@dataclass
class WholeOrder:
    """An order with its parts.

    Attributes:
        order: The order.
        raw: Its JSON.
        line: Its position in the answer, from 1.
        parts: Its parts under the names of their resources.
        is_rejected: Whether one of its parts could not be read, and the order is left out with it.
    """

    order: Order
    raw: msgspec.Raw
    line: int
    parts: dict[str, list[Any]] = field(default_factory=dict)
    is_rejected: bool = False

    def __len__(self) -> int:
        """How many records it makes, about."""
        return 1 + sum(map(len, self.parts.values()))

    def of(self, resource: str) -> list[Any]:
        """Its parts of one resource."""
        return self.parts.get(resource, [])


@dataclass(frozen=True)
class _Resource:
    """What an order's parts are asked for.

    Attributes:
        kind: What to decode them as.
        stream: What they are counted, and rejected, under.
        path: Where they are, with a place for the order's id.
        has_pages: Whether its answers come in numbered pages.
    """

    kind: type[Any]
    stream: str
    path: str
    has_pages: bool = True


_RESOURCES = {
    "products": _Resource(OrderLine, "order_lines", "v2/orders/{}/products"),
    "shipping_addresses": _Resource(ShippingAddress, "order_shipping_lines", "v2/orders/{}/shipping_addresses"),
    "fees": _Resource(Fee, "order_fees", "v2/orders/{}/fees", has_pages=False),
    "coupons": _Resource(Coupon, "order_discounts", "v2/orders/{}/coupons"),
    "taxes": _Resource(Tax, "order_taxes", "v2/orders/{}/taxes"),
    "transactions": _Resource(Transaction, "transactions", "v3/orders/{}/transactions", has_pages=False),
}


class OrderAssembly:
    """Puts whole orders together.

    Args:
        client: The store.
        intake: Decodes records and sets aside what cannot be read.
        settings: Which parts to ask for.
    """

    def __init__(self, client: BigCommerceClient, intake: Intake, settings: BigCommerceSettings) -> None:
        self._client = client
        self._intake = intake
        self._settings = settings

    def whole(self, rows: Sequence[msgspec.Raw], origin: str) -> list[WholeOrder]:
        """The orders with all of their parts, but for those that were set aside.

        Args:
            rows: Orders, as they were answered with `walks.WHOLE_ORDER`.
            origin: The endpoint that they came from.
        """
        orders: dict[int, WholeOrder] = {}
        for line, raw in enumerate(rows, 1):
            try:
                order = self._intake.decoded(Order, raw, "orders")
            except RejectedRecordError as error:
                self._intake.reject("orders", origin, line, raw, error)
            else:
                orders[order.id] = WholeOrder(order, raw, line)
        wanted = [(whole, name) for whole in orders.values() for name in self._unpacked(whole)]
        self._add_refunds(orders)
        self._add_parts(wanted)
        return [whole for whole in orders.values() if not whole.is_rejected]

    def _unpacked(self, whole: WholeOrder) -> Iterator[str]:
        """Keep what came along with an order, and name the resources that have to be asked for."""
        order = whole.order
        lines, has_all_lines = _lines(order)
        shipping = order.consignments.shipping if isinstance(order.consignments, Consignments) else []
        whole.parts = {"products": lines, "shipping_addresses": shipping}
        # Nothing says how many lines an answer can hold; the order says how many items there are.
        if not has_all_lines or sum(line.quantity for line in lines) != order.items_total:
            yield "products"
        if len(shipping) != (order.shipping_address_count or 0):
            yield "shipping_addresses"
        if isinstance(order.fees, list):
            whole.parts["fees"] = order.fees
        elif order.fees is not None:
            yield "fees"
        if _may_have_coupons(order, lines):
            yield "coupons"
        if self._settings.taxes and order.total_tax != 0:
            yield "taxes"
        if self._settings.transactions:
            yield "transactions"

    def _add_refunds(self, orders: dict[int, WholeOrder]) -> None:
        ids = list(orders)
        for start in range(0, len(ids), _ORDERS_PER_REFUND_REQUEST):
            some = ",".join(map(str, ids[start : start + _ORDERS_PER_REFUND_REQUEST]))
            rows = [
                raw
                for page in self._client.all_rows(REFUNDS_PATH, [("order_id:in", some)], stream="refunds")
                for raw in page
            ]
            for whole_id, own in _by_order(rows).items():
                if whole := orders.get(whole_id):
                    self._take(whole, "refunds", _REFUNDS, REFUNDS_PATH, own)

    def _add_parts(self, wanted: list[tuple[WholeOrder, str]]) -> None:
        cut_off: list[tuple[WholeOrder, str, list[msgspec.Raw]]] = []
        answers = self._client.send_all(self._request(whole, _RESOURCES[name]) for whole, name in wanted)
        unanswered: dict[int, tuple[WholeOrder, str]] = {}
        for (whole, name), answer in zip(wanted, answers, strict=True):
            resource = _RESOURCES[name]
            rows = _rows(answer, resource)
            if answer.status == _NOT_FOUND:
                unanswered.setdefault(whole.order.id, (whole, name))
            elif resource.has_pages and may_have_more(rows):
                cut_off.append((whole, name, rows))
            else:
                self._take(whole, name, resource, resource.path.format(whole.order.id), rows)
        for whole, name, rows in cut_off:
            resource = _RESOURCES[name]
            path = resource.path.format(whole.order.id)
            for page in self._client.more_rows(path, stream=resource.stream, page=2):
                rows.extend(page)
            self._take(whole, name, resource, path, rows)
        for whole, name in unanswered.values():
            self._leave_out(whole, name)

    def _leave_out(self, whole: WholeOrder, name: str) -> None:
        """Leave an order out that has no such parts: it was deleted meanwhile, or is there and is not shown whole."""
        whole.is_rejected = True
        path = f"v2/orders/{whole.order.id}"
        if self._client.send(self._client.request(path, stream="orders", accepts=(_NOT_FOUND,))).status == _NOT_FOUND:
            return  # the comparison of ids finds it
        reason = (
            f"/{_RESOURCES[name].path.format(whole.order.id)} answers 404 for an order that is there; order "
            f"{whole.order.id} is left out until it answers"
        )
        self._intake.reject("orders", f"/{path}", whole.line, whole.raw, RejectedRecordError(name, reason))

    def _request(self, whole: WholeOrder, resource: _Resource) -> HttpRequest:
        params = [("limit", str(PAGE_ROWS)), ("page", "1")] if resource.has_pages else []
        return self._client.request(
            resource.path.format(whole.order.id), params, stream=resource.stream, accepts=(_NOT_FOUND,)
        )

    def _take(self, whole: WholeOrder, name: str, resource: _Resource, path: str, rows: Sequence[msgspec.Raw]) -> None:
        # By id: a list that shifts between its pages repeats records.
        parts: dict[int, Any] = {}
        for line, raw in enumerate(rows, 1):
            try:
                part = self._intake.decoded(resource.kind, raw, resource.stream)
            except RejectedRecordError as error:
                reason = f"{error.reason}; order {whole.order.id} is left out until then"
                self._intake.reject(resource.stream, f"/{path}", line, raw, RejectedRecordError(error.field, reason))
                whole.is_rejected = True
            else:
                parts[part.id] = part
        whole.parts[name] = list(parts.values())


_REFUNDS = _Resource(Refund, "refunds", REFUNDS_PATH)


def _by_order(rows: list[msgspec.Raw]) -> dict[int, list[msgspec.Raw]]:
    grouped: dict[int, list[msgspec.Raw]] = {}
    for raw in rows:
        order_id = identity(raw).order_id
        if order_id is not None:
            grouped.setdefault(int(order_id), []).append(raw)
    return grouped


class _Fees(msgspec.Struct):
    fees: list[msgspec.Raw] | None = None


def _rows(answer: HttpResponse, resource: _Resource) -> list[msgspec.Raw]:
    if resource is not _RESOURCES["fees"] or answer.status != 200 or answer.content.lstrip()[:1] != b"{":
        return rows_of(answer)
    # Documented as one fee, and shown as an object that holds a list of them.
    held = answer.json(_Fees).fees
    return [msgspec.Raw(answer.content)] if held is None else held


def _lines(order: Order) -> tuple[list[OrderLine], bool]:
    """The lines that came along with an order, and whether each consignment showed its own."""
    held = order.consignments
    if not isinstance(held, Consignments) or held.url is not None:
        return [], not held
    lines: dict[int, OrderLine] = {}
    has_all = True
    holders: list[LineHolder | ShippingAddress] = [*held.shipping, *held.pickups, *held.downloads]
    if isinstance(held.email, EmailConsignments):
        holders.extend(held.email.gift_certificates)
    for holder in holders:
        if not isinstance(holder.line_items, list):
            has_all = False
            continue
        lines |= {line.id: line for line in holder.line_items}
    return list(lines.values()), has_all


def _may_have_coupons(order: Order, lines: list[OrderLine]) -> bool:
    """Whether anything about an order looks like a coupon: money off, or shipping that is not charged in full."""
    if order.coupon_discount != 0 or order.discount_amount != 0 or any(line.applied_discounts for line in lines):
        return True
    return not order.base_shipping_cost or order.base_shipping_cost not in {
        order.shipping_cost_ex_tax,
        order.shipping_cost_inc_tax,
    }
