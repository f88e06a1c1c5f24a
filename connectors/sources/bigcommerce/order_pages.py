"""From whole orders to the pages of an order's eleven streams, which always go together."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.sources.bigcommerce.intake import Intake, written
from connectors.sources.bigcommerce.order_answers import Refund, RefundItem
from connectors.sources.bigcommerce.order_parts import WholeOrder
from connectors.sources.bigcommerce.tables import StreamTable
from models.errors import RejectedRecordError
from models.records import Page
from models.records.bigcommerce import orders as order_records
from models.records.bigcommerce import payments as payment_records

_BILLING = ("first_name", "last_name", "company", "phone", "street_1", "street_2", "city", "zip", "state", "email")
_ORDERS = StreamTable(
    order_records.ORDERS,
    {
        "order_id": "id",
        "is_archived": "is_deleted",
        **{f"billing_{name}": f"billing_address.{name}" for name in (*_BILLING, "country_iso2")},
    },
)
_BY_ORDER = {"given": ("order_id",)}
_PARTS = {
    "products": StreamTable(order_records.ORDER_LINES, {"order_product_id": "id"}, **_BY_ORDER),
    "shipping_addresses": StreamTable(order_records.ORDER_SHIPPING_LINES, {"order_address_id": "id"}, **_BY_ORDER),
    "coupons": StreamTable(order_records.ORDER_DISCOUNTS, {"order_coupon_id": "id"}, **_BY_ORDER),
    "fees": StreamTable(order_records.ORDER_FEES, {"fee_id": "id"}, **_BY_ORDER),
    "taxes": StreamTable(order_records.ORDER_TAXES, {"tax_id": "id"}, **_BY_ORDER),
    "refunds": StreamTable(payment_records.REFUNDS, {"refund_id": "id"}, **_BY_ORDER),
    "transactions": StreamTable(payment_records.TRANSACTIONS, {"transaction_id": "id"}, **_BY_ORDER),
}
_LINE_DISCOUNTS = StreamTable(
    order_records.ORDER_LINE_DISCOUNTS,
    {"discount_id": "id"},
    given=("order_id", "order_product_id", "discount_position"),
)
_REFUND_LINES = StreamTable(
    payment_records.REFUND_LINES, given=("order_id", "refund_id", "item_position", "adjustments_amount")
)
_REFUND_PAYMENTS = StreamTable(
    payment_records.REFUND_PAYMENTS, {"refund_payment_id": "id"}, given=("order_id", "refund_id")
)


def order_pages(orders: Sequence[WholeOrder], intake: Intake, origin: str) -> list[Page]:
    """The pages of some orders; an order that fits no column is set aside whole.

    Args:
        orders: The orders, with all of their parts.
        intake: What was set aside meanwhile goes with the first page.
        origin: The endpoint that the orders came from.
    """
    size = sum(len(memoryview(whole.raw)) for whole in orders)
    try:
        batches = list(_batches(orders))
    except RejectedRecordError:
        orders = [whole for whole in orders if _fits(whole, intake, origin)]
        batches = list(_batches(orders))
    payloads = pa.array([written(whole.raw) for whole in orders], pa.string())
    parts = [Page(name, batch) for name, batch in zip(_PART_STREAMS, batches[1:], strict=True) if batch.num_rows]
    return [Page("orders", batches[0], intake.take_rejected(), size, payloads), *parts]


_PART_STREAMS = [table.stream.name for table in (*_PARTS.values(), _LINE_DISCOUNTS, _REFUND_LINES, _REFUND_PAYMENTS)]


def _fits(whole: WholeOrder, intake: Intake, origin: str) -> bool:
    try:
        list(_batches([whole]))
    except RejectedRecordError as error:
        intake.reject("orders", origin, whole.line, whole.raw, error)
        return False
    return True


def _batches(orders: Sequence[WholeOrder]) -> Iterator[pa.RecordBatch]:
    """A batch per stream: the orders, the parts in the order of `_PARTS`, and the parts of parts."""
    yield _ORDERS.batch([whole.order for whole in orders])
    for resource, table in _PARTS.items():
        parts: list[Any] = []
        order_ids: list[int] = []
        for whole in orders:
            own = whole.of(resource)
            parts += own
            order_ids += [whole.order.id] * len(own)
        yield table.batch(parts, order_id=order_ids)
    yield _line_discounts(orders)
    refunds = [refund for whole in orders for refund in whole.of("refunds")]
    yield _refund_lines(refunds)
    yield _refund_payments(refunds)


def _line_discounts(orders: Sequence[WholeOrder]) -> pa.RecordBatch:
    found = [
        (discount, whole.order.id, line.id, position)
        for whole in orders
        for line in whole.of("products")
        for position, discount in enumerate(line.applied_discounts, 1)
    ]
    return _LINE_DISCOUNTS.batch(
        [discount for discount, *_ in found],
        order_id=[order_id for _, order_id, _, _ in found],
        order_product_id=[line_id for _, _, line_id, _ in found],
        discount_position=[position for *_, position in found],
    )


def _refund_lines(refunds: Sequence[Refund]) -> pa.RecordBatch:
    found = [(item, refund, position) for refund in refunds for position, item in enumerate(refund.items, 1)]
    return _REFUND_LINES.batch(
        [item for item, *_ in found],
        order_id=[refund.order_id for _, refund, _ in found],
        refund_id=[refund.id for _, refund, _ in found],
        item_position=[position for *_, position in found],
        adjustments_amount=[_kept_back(item) for item, *_ in found],
    )


def _refund_payments(refunds: Sequence[Refund]) -> pa.RecordBatch:
    found = [(payment, refund) for refund in refunds for payment in refund.payments]
    return _REFUND_PAYMENTS.batch(
        [payment for payment, _ in found],
        order_id=[refund.order_id for _, refund in found],
        refund_id=[refund.id for _, refund in found],
    )


def _kept_back(item: RefundItem) -> Decimal:
    return sum((one.amount for one in item.adjustments or () if one.amount is not None), Decimal(0))
