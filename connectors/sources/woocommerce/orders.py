"""Whole orders: an order, its lines and everything else that it consists of, its refunds with their lines."""

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.shapes import (
    CouponLine,
    FeeLine,
    LineItem,
    Meta,
    Order,
    Refund,
    RefundLine,
    ShippingLine,
    TaxLine,
)
from connectors.sources.woocommerce.tables import Parts, Table
from models.errors import RejectedRecordError
from models.records import woocommerce as streams

_ORDERS = Table(streams.ORDERS, Order)
_PARTS = {
    "line_items": Table(streams.ORDER_LINES, LineItem, ["order_id"]),
    "shipping_lines": Table(streams.ORDER_SHIPPING_LINES, ShippingLine, ["order_id"]),
    "fee_lines": Table(streams.ORDER_FEES, FeeLine, ["order_id"]),
    "coupon_lines": Table(streams.ORDER_DISCOUNTS, CouponLine, ["order_id"]),
    "tax_lines": Table(streams.ORDER_TAXES, TaxLine, ["order_id"]),
}
_REFUNDS = Table(streams.REFUNDS, Refund, ["order_id", "refund_type"])
_REFUND_LINES = Table(streams.REFUND_LINES, RefundLine, ["order_id", "refund_id", "line_type", "refunded_item_id"])
_REFUND_TAXES = Table(streams.REFUND_TAXES, TaxLine, ["order_id", "refund_id"])
_LINE_TYPES = {"line_items": "line_item", "shipping_lines": "shipping", "fee_lines": "fee"}

Problems = dict[int, RejectedRecordError]


class WholeOrder(msgspec.Struct, frozen=True, gc=False):
    """An order with its refunds as they are in the shop.

    Attributes:
        order: The order.
        refunds: Its refunds, whole.
        text: The order as the shop sent it.
    """

    order: Order
    refunds: tuple[Refund, ...]
    text: bytes


def order_batches(orders: Sequence[WholeOrder], conversion: Conversion) -> tuple[dict[str, pa.RecordBatch], Problems]:
    """Per stream the orders' batch, and what is wrong with any of them, by the order's position.

    With a problem, the batches are to be thrown away: leave the order out and build again.
    """
    problems: Problems = {}
    batches = {"orders": _ORDERS.batch([whole.order for whole in orders], conversion)}
    problems |= conversion.problems
    for table, parts in _all_parts(orders):
        own = Conversion()
        batches[table.stream.name] = table.batch_of_parts(parts, own)
        conversion.rounded_count += own.rounded_count
        for row, problem in own.problems.items():
            named = RejectedRecordError(f"{table.stream.name}.{problem.field}", problem.reason)
            problems.setdefault(parts.owners[row], named)
    return batches, problems


def _all_parts(orders: Sequence[WholeOrder]) -> Iterator[tuple[Table, Parts]]:
    ids = _ids(orders)
    for name, table in _PARTS.items():
        lists = list(map(attrgetter(f"order.{name}"), orders))
        owners = np.repeat(np.arange(len(orders)), list(map(len, lists))).tolist()
        yield table, Parts(list(chain.from_iterable(lists)), owners, {"order_id": _taken(ids, owners)})
    yield from _refund_parts(orders, ids)


def _refund_parts(orders: Sequence[WholeOrder], ids: "pa.Array[Any]") -> Iterator[tuple[Table, Parts]]:
    refunds = [(position, refund) for position, whole in enumerate(orders) for refund in whole.refunds]
    owners = [position for position, _ in refunds]
    types = [_meta(refund.meta_data, "_refund_type") for _, refund in refunds]
    given: dict[str, Any] = {"order_id": _taken(ids, owners), "refund_type": types}
    yield _REFUNDS, Parts([refund for _, refund in refunds], owners, given)

    lines = [
        (position, refund, kind, line)
        for position, refund in refunds
        for field, kind in _LINE_TYPES.items()
        for line in getattr(refund, field)
    ]
    owners = [position for position, _, _, _ in lines]
    given = {
        "order_id": _taken(ids, owners),
        "refund_id": [str(refund.id) for _, refund, _, _ in lines],
        "line_type": [kind for _, _, kind, _ in lines],
        "refunded_item_id": [_meta(line.meta_data, "_refunded_item_id") for _, _, _, line in lines],
    }
    yield _REFUND_LINES, Parts([_named(line) for _, _, _, line in lines], owners, given)

    taxes = [(position, refund, tax) for position, refund in refunds for tax in refund.tax_lines]
    owners = [position for position, _, _ in taxes]
    given = {"order_id": _taken(ids, owners), "refund_id": [str(refund.id) for _, refund, _ in taxes]}
    yield _REFUND_TAXES, Parts([tax for _, _, tax in taxes], owners, given)


def _ids(orders: Sequence[WholeOrder]) -> "pa.Array[Any]":
    return pa.array([str(whole.order.id) for whole in orders], pa.string())


def _taken(ids: "pa.Array[Any]", owners: Sequence[int]) -> "pa.Array[Any]":
    return ids.take(pa.array(owners, pa.int64()))


def _meta(fields: Sequence[Meta], key: str) -> str | None:
    value = next((field.value for field in fields if field.key == key), None)
    return str(value) if isinstance(value, str | int) and value != "" else None


def _named(line: RefundLine) -> RefundLine:
    # Shipping has a title for a name.
    if line.name is None:
        line.name = line.method_title
    return line
