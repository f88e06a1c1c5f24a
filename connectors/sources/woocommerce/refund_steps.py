"""Refunds that changed without their orders showing it: deleted ones, and those that a payment plugin made unseen."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
import pyarrow as pa

from connectors.messages import Params
from connectors.sources.woocommerce import columns
from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.known import KnownRows
from connectors.sources.woocommerce.order_steps import PRECISION, by_ids, chunked, give_orders_by_id, order_lists
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import RefundSummary
from models.errors import RejectedRecordError
from models.records import MONEY
from models.records.woocommerce import ORDERS, REFUNDS


class _ListedRefund(msgspec.Struct):
    id: int
    parent_id: int
    amount: str


class _Summary(msgspec.Struct):
    id: int
    refunds: list[RefundSummary] = []


_LISTED = Decoder(_ListedRefund)
_SUMMARY = Decoder(_Summary)


def check_refunds(session: Session) -> Iterator[None]:
    """Compare all refunds of the shop with the warehouse's, and read the orders anew of those that differ."""
    table = session.known_table(REFUNDS, ["order_id", "refund_id", "amount"])
    if table is None:
        return
    known = KnownRows(REFUNDS, table, id_column="refund_id", owner_column="order_id")
    if not session.has_refund_list:
        yield from _check_by_orders(session, known)
        return
    lists: list[tuple[str, Params]] = [("refunds", [("_fields", "id,parent_id,amount"), PRECISION])]
    for page in session.pages(lists, stream="refunds"):
        listed = [refund for refund in map(_listed_or_none, page.texts) if refund is not None]
        changed = known.is_new_or_changed([refund.id for refund in listed], _rows(listed))
        orders = {refund.parent_id for refund, is_changed in zip(listed, changed, strict=True) if is_changed}
        last_id = None if page.is_last else page.last_id
        orders.update(known.owners(known.missing(page.after_id, last_id, page.ids)))
        give_orders_by_id(session, orders - {0})
        yield


def _listed_or_none(text: bytes) -> _ListedRefund | None:
    try:
        return _LISTED.decode(text)
    except RejectedRecordError:
        return None  # told when its order is read


def _rows(refunds: Sequence[_ListedRefund]) -> pa.RecordBatch:
    amounts = columns.amounts(MONEY)([refund.amount or "0" for refund in refunds], "amount", Conversion())
    order_ids = pa.array([str(refund.parent_id) for refund in refunds], pa.string())
    return pa.RecordBatch.from_arrays([order_ids, amounts], names=["order_id", "amount"])


def _check_by_orders(session: Session, known: KnownRows) -> Iterator[None]:
    """The same where the shop has no list of all refunds: by the orders that had some, and those of late."""
    orders = session.known_table(ORDERS, ["order_id", "date_created_gmt"])
    if orders is None:
        return
    session.notice(
        "no_list_of_refunds",
        "this version of WooCommerce has no list of all refunds (9.0 and newer have one): a refund that a plugin makes "
        f"without marking its order is found for {session.settings.refund_lookback_days} days after the order only",
    )
    since = session.until - timedelta(days=session.settings.refund_lookback_days)
    refunds_of: dict[int, set[int]] = {}
    for refund_id, owner in zip(known.ids.tolist(), known.owners(known.ids.tolist()), strict=True):
        refunds_of.setdefault(owner, set()).add(refund_id)
    recent = {
        int(order_id)
        for order_id, created_at in zip(*(orders.column(name).to_pylist() for name in orders.column_names), strict=True)
        if created_at is not None and created_at >= since
    }
    wanted = [order_id for order_id in recent | refunds_of.keys() if order_id > session.chain.last_id]
    for chunk in chunked(wanted):
        seen: dict[int, set[int]] = {}
        for path, params in order_lists(session, [*by_ids(chunk), ("_fields", "id,refunds")]):
            records, _ = session.client.records(path, params, stream="refunds")
            for record in records:
                summary = _SUMMARY.decode(bytes(record))
                seen[summary.id] = {refund.id for refund in summary.refunds}
        session.count_page()
        give_orders_by_id(session, (i for i in chunk if seen.get(i) != refunds_of.get(i, set())))
        session.chain.last_id = chunk[-1]
        yield
