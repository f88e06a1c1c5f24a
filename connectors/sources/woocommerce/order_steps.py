"""Orders: what was modified, and single ones by their ids; each whole, with its refunds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from connectors.messages import Params
from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.orders import WholeOrder, order_batches
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Order, Refund
from connectors.sources.woocommerce.walks import PAGE_ROWS, ListWalk, Position
from models.errors import RejectedRecordError
from models.records.woocommerce import ORDERS

# As many decimal places as WooCommerce computes with; by default it rounds what it answers to the shop's own.
PRECISION = ("dp", "6")
_MOST_ATTEMPTS = 3
# A page's hundred orders are too few: most of a batch's cost is the same for one row and for a thousand.
_WORTH_A_BATCH = 2_000
_ORDER = Decoder(Order)
_REFUND = Decoder(Refund)

Read = tuple[Order, bytes]


def chunked(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in rising order, as many at a time as a page has."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), PAGE_ROWS):
        yield ordered[start : start + PAGE_ROWS]


def by_ids(ids: Sequence[int]) -> list[tuple[str, str]]:
    """The filter for certain records."""
    return [("include", ",".join(map(str, ids))), ("per_page", str(PAGE_ROWS))]


def order_lists(session: Session, params: Params) -> list[tuple[str, Params]]:
    """The lists that hold every order, each limited further."""
    return [("orders", [("status", status), *params]) for status in session.chain.statuses]


def read_orders(session: Session) -> Iterator[None]:
    """Every order that was modified within the chain's bounds, whatever its status."""
    before = session.chain.offset
    for page in session.pages(order_lists(session, [*session.window("orders"), PRECISION]), stream="orders"):
        if session.report.rows_expected is None and page.total is not None:
            session.report.rows_expected = max(0, page.total - before)
        orders = session.decoded(ORDERS, _ORDER, page.texts, "orders")
        are_own = session.are_within([order.date_modified_gmt for order, _ in orders])
        own = list(compress(orders, are_own))
        session.note_written("orders", [order.date_modified_gmt for order, _ in own])
        give_orders(session, own)
        yield


def give_orders_by_id(session: Session, ids: Iterable[int]) -> int:
    """Orders as they are now, and those that WooCommerce says are gone.

    Returns:
        How many were there, be it in no list.
    """
    found_count = 0
    for chunk in chunked(order_id for order_id in ids if not session.is_given("orders", order_id)):
        texts = []
        for path, params in order_lists(session, [*by_ids(chunk), PRECISION]):
            records, _ = session.client.records(path, params, stream="orders")
            texts += [bytes(record) for record in records]
        orders = session.decoded(ORDERS, _ORDER, texts, "orders")
        give_orders(session, orders)
        gone = []
        for order_id in chunk:
            if session.is_given("orders", order_id):
                found_count += 1
                continue
            # In none of the lists: deleted, or in a status whose plugin was taken away.
            text = session.client.find(f"orders/{order_id}", [PRECISION], stream="orders")
            if text is None:
                gone.append(order_id)
                continue
            found_count += 1
            give_orders(session, session.decoded(ORDERS, _ORDER, [text], f"orders/{order_id}"))
        session.output.delete("orders", gone)
    return found_count


def give_orders(session: Session, orders: Sequence[Read]) -> None:
    """Orders with everything that they consist of; those that cannot be understood are set aside whole."""
    fresh = {order.id: (order, text) for order, text in orders if not session.is_given("orders", order.id)}
    whole = list(_with_refunds(session, list(fresh.values())))
    session.output.given["orders"].update(order.order.id for order in whole)
    session.gathered_orders += whole
    if len(session.gathered_orders) >= _WORTH_A_BATCH:
        build_gathered_orders(session)


def build_gathered_orders(session: Session) -> None:
    """The gathered orders as batches of every stream that an order consists of."""
    whole, session.gathered_orders = session.gathered_orders, []
    while whole:
        conversion = Conversion()
        batches, problems = order_batches(whole, conversion)
        for position, problem in problems.items():
            session.reject(ORDERS, "orders", position + 1, problem, whole[position].text)
        if not problems:
            session.rounded_count += conversion.rounded_count
            for stream, batch in batches.items():
                payloads = [order.text for order in whole] if stream == "orders" else ()
                session.output.add(stream, batch, payloads)
            return
        whole = [order for position, order in enumerate(whole) if position not in problems]


def _with_refunds(session: Session, orders: Sequence[Read]) -> Iterator[WholeOrder]:
    """Orders with their refunds, whose contents the orders themselves do not hold."""
    found: dict[int, dict[int, Refund]] = defaultdict(dict)
    if session.has_refund_list:
        for chunk in chunked(summary.id for order, _ in orders for summary in order.refunds):
            records, _ = session.client.records("refunds", [*by_ids(chunk), PRECISION], stream="refunds")
            for record in records:
                refund = _refund_or_none(bytes(record))
                if refund is not None and refund.parent_id:
                    found[refund.parent_id][refund.id] = refund
    for order, text in orders:
        if not order.refunds and order.id not in found:
            yield WholeOrder(order, (), text)
            continue
        refunds = found.get(order.id, {})
        if refunds.keys() == {summary.id for summary in order.refunds}:
            yield WholeOrder(order, tuple(refunds.values()), text)
            continue
        try:
            # No such list, or a refund was made or deleted between the two answers.
            whole = _read_whole(session, order, text)
        except RejectedRecordError as error:
            session.reject(ORDERS, "orders", 1, error, text)
            continue
        if whole is not None:
            yield whole


def _read_whole(session: Session, order: Order, text: bytes) -> WholeOrder | None:
    """An order and its own list of refunds, read until the two agree; None where the order is gone meanwhile."""
    refunds: list[Refund] = []
    for attempt in range(_MOST_ATTEMPTS):
        if attempt:
            found = session.client.find(f"orders/{order.id}", [PRECISION], stream="orders")
            if found is None:
                return None
            order, text = _ORDER.decode(found), found
        path = f"orders/{order.id}/refunds"
        walk = ListWalk(session.client, path, [PRECISION], stream="refunds", position=Position())
        refunds = [_REFUND.decode(record) for page in walk.pages() for record in page.texts]
        if {refund.id for refund in refunds} == {summary.id for summary in order.refunds}:
            break
    return WholeOrder(order, tuple(refunds), text)


def _refund_or_none(text: bytes) -> Refund | None:
    try:
        return _REFUND.decode(text)
    except RejectedRecordError:
        return None  # told when it is read with its order
