"""Comparing what the shop lists with what the warehouse has, id by id and both ways.

Done once a day, and at once when the numbers do not match. Of an order its amounts, its customer and the like are
compared too: where WordPress keeps orders as posts, what a plugin edits through PHP does not mark them as modified.

Nothing counts as deleted because a list lacks it: such a
record is looked up by its own address, and only WooCommerce's word that it is not there makes it one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.messages import Params
from connectors.sources.woocommerce.columns import Conversion, moment_or_none
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.known import KnownRows
from connectors.sources.woocommerce.order_steps import PRECISION, build_gathered_orders, give_orders_by_id, order_lists
from connectors.sources.woocommerce.product_steps import (
    PRODUCT_TABLE,
    decoded_products,
    give_products,
    give_products_by_id,
    product_lists,
)
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Order, Product
from connectors.sources.woocommerce.tables import Table
from connectors.sources.woocommerce.walks import PAGE_ROWS, ListPage
from connectors.sources.woocommerce.zones import moment
from models.errors import RejectedRecordError
from models.records import Stream
from models.records.woocommerce import ORDERS, PRODUCT_CATEGORY_LINKS, PRODUCT_VARIANTS, PRODUCTS

Lists = list[tuple[str, Params]]


# What a list of orders tells without a look into their parts, with the fields that it stands in.
_TOLD = {
    **{
        name: name
        for name in (
            *("status", "currency", "date_modified_gmt", "date_paid_gmt", "customer_id"),
            *("total", "total_tax", "cart_tax", "shipping_total", "shipping_tax", "discount_total", "discount_tax"),
        )
    },
    "billing_email": "billing.email",
}
_LISTED_ORDER = Decoder(Order)
_ORDER_FIELDS = ("_fields", ",".join(["id", *_TOLD.values()]))
_ORDER_TABLE = Table(
    Stream(
        name=ORDERS.name,
        key=ORDERS.key,
        columns=tuple(column for column in ORDERS.columns if column.name in {*ORDERS.key, *_TOLD}),
        description="What a list of orders tells of them.",
    ),
    Order,
)
# What a list of orders or products in any status leaves out all the same.
_NOT_IN_ANY = ("trash", "checkout-draft", "auto-draft")


def compare_orders(session: Session) -> Iterator[None]:
    """Find orders that were deleted, missed, or changed without being marked as modified."""
    table = session.known_table(ORDERS, _ORDER_TABLE.stream.column_names)
    if table is None:
        return
    known = KnownRows(ORDERS, table, id_column="order_id")
    statuses = session.chain.statuses
    expected = _Expected(ORDERS, table, statuses)
    del table  # every order of a shop is a lot to hold
    build_gathered_orders(session)  # tells which of them are set aside
    if not _is_due(session, ORDERS, expected, order_lists(session, [])):
        return
    for page, status in _numbered(session, order_lists(session, [_ORDER_FIELDS, PRECISION]), statuses, ORDERS):
        listed = [order for order in map(_listed_order_or_none, page.texts) if order is not None]
        own = [order for order in listed if _is_for_now(session, order.date_modified_gmt)]
        wanted = {
            order.id for order, is_changed in zip(own, _changed(known, _ORDER_TABLE, own), strict=True) if is_changed
        }
        give_orders_by_id(session, wanted)
        build_gathered_orders(session)
        _note_set_aside(session, ORDERS, known.unknown(sorted(wanted)))
        last_id = None if page.is_last else page.last_id
        give_orders_by_id(session, expected.missing(status, page.after_id, last_id, page.ids))
        yield
    if session.is_reconciling:
        give_orders_by_id(session, expected.in_no_list)


def compare_products(session: Session) -> Iterator[None]:
    """Find products that were deleted, missed, or changed without being marked as modified, with their parts."""
    table = session.known_table(PRODUCTS, PRODUCTS.column_names)
    if table is None:
        return
    known = KnownRows(PRODUCTS, table, id_column="product_id")
    statuses = session.chain.product_statuses
    expected = _Expected(PRODUCTS, table.select(["product_id", "status"]), statuses)
    if not _is_due(session, PRODUCTS, expected, product_lists(session, [])):
        return
    links = _children(session, PRODUCT_CATEGORY_LINKS, "category_id")
    variants = _children(session, PRODUCT_VARIANTS, "variation_id")
    for page, status in _numbered(session, product_lists(session, []), statuses, PRODUCTS):
        products = [
            read for read in decoded_products(session, page.texts) if _is_for_now(session, read[0].date_modified_gmt)
        ]
        changed = _changed(known, PRODUCT_TABLE, [product for product, _ in products])
        wanted = [
            (product, text)
            for (product, text), is_changed in zip(products, changed, strict=True)
            if is_changed
            or {link.id for link in product.categories} != links.get(product.id, set())
            or (product.status != "trash" and set(product.variations) != variants.get(product.id, set()))
        ]
        give_products(session, wanted)
        _note_set_aside(session, PRODUCTS, known.unknown(page.ids))
        last_id = None if page.is_last else page.last_id
        give_products_by_id(session, expected.missing(status, page.after_id, last_id, page.ids))
        yield
    if session.is_reconciling:
        give_products_by_id(session, expected.in_no_list)


class _Expected:
    """Which known records each list should hold.

    Args:
        stream: What they are.
        table: The live records, with their ids and statuses.
        lists: Each list's statuses.
    """

    def __init__(self, stream: Stream, table: pa.Table, lists: Sequence[str]) -> None:
        key = stream.key[0]
        self._rows: dict[str, KnownRows] = {}
        rest = table.select([key, "status"])
        for statuses in lists:
            is_own = _is_listed(rest.column("status").to_pylist(), statuses)
            self._rows[statuses] = KnownRows(stream, rest.filter(is_own).select([key]), id_column=key)
            rest = rest.filter(pc.invert(is_own))
        self.in_no_list = [int(text) for text in rest.column(key).to_pylist() if text is not None]

    def missing(self, statuses: str, after_id: int, last_id: int | None, listed: Sequence[int]) -> list[int]:
        """The known ids of a stretch of a list that it lacks."""
        return self._rows[statuses].missing(after_id, last_id, listed)

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def unknown(self, ids: Sequence[int]) -> set[int]:
        """Those of the ids that no list is expected to hold."""
        lacking = set(ids)
        for rows in self._rows.values():
            lacking &= set(rows.unknown(sorted(lacking)))
        return lacking


def _is_listed(statuses: Sequence[str | None], listed: str) -> "pa.Array[Any]":
    if listed == "any":
        return pa.array([status not in _NOT_IN_ANY for status in statuses], pa.bool_())
    own = set(listed.split(","))
    return pa.array([status in own for status in statuses], pa.bool_())


def _is_due(session: Session, stream: Stream, expected: _Expected, lists: Lists) -> bool:
    """Whether the time has come, or the shop has another number of records than the warehouse."""
    chain = session.chain
    if chain.is_due is None:
        chain.is_due = session.is_reconciling or _surplus(session, stream, expected, lists) != chain.surplus.get(
            stream.name, 0
        )
        if chain.is_due:
            chain.surplus[stream.name] = 0
    return chain.is_due


def _surplus(session: Session, stream: Stream, expected: _Expected, lists: Lists) -> int:
    """How many more records the shop lists than it should by what the warehouse has."""
    total = 0
    newer: set[int] = set()
    for path, params in lists:
        _, count = session.client.records(path, [*params, ("per_page", "1"), ("_fields", "id")], stream=stream.name)
        later = [("dates_are_gmt", "true"), ("modified_after", moment(session.until)), ("per_page", str(PAGE_ROWS))]
        records, newer_count = session.client.records(path, [*params, *later, ("_fields", "id")], stream=stream.name)
        if count is None or newer_count is None or newer_count > len(records):
            # Not counted by this shop, or too busy to be counted: the daily comparison finds what there is.
            return session.chain.surplus.get(stream.name, 0)
        total += count
        newer.update(_LISTED_ID.decode(bytes(record)).id for record in records)
    # What was set aside is listed and not known; it is part of the surplus of the last comparison.
    given = session.output.given[stream.name] - session.set_aside[stream.name]
    unknown_count = len(expected.unknown(sorted(newer | given)))
    return total - len(expected) - unknown_count


class _ListedId(msgspec.Struct):
    id: int


_LISTED_ID = Decoder(_ListedId)


def _is_for_now(session: Session, modified_gmt: str | None) -> bool:
    """Whether a record is as this chain should find it; what was modified just now is for the next one."""
    modified_at = moment_or_none(modified_gmt)
    return session.is_within(modified_at) or session.is_ahead(modified_at)


def _note_set_aside(session: Session, stream: Stream, ids: Iterable[int]) -> None:
    """Count unknown records that were set aside: that the shop lists them is no reason to compare again."""
    count = sum(record_id in session.set_aside[stream.name] for record_id in ids)
    session.chain.surplus[stream.name] = session.chain.surplus.get(stream.name, 0) + count


def _numbered(
    session: Session, lists: Lists, statuses: Sequence[str], stream: Stream
) -> Iterator[tuple[ListPage, str]]:
    """The pages of the lists, each with the statuses of its list."""
    pages = session.pages(lists, stream=stream.name)
    while True:
        number = session.chain.list_number
        page = next(pages, None)
        if page is None:
            return
        yield page, statuses[number]


def _changed(known: KnownRows, table: Table, records: Sequence[Order] | Sequence[Product]) -> list[bool]:
    """Per record, whether the warehouse lacks it or has it with other contents."""
    conversion = Conversion()
    batch = table.batch(records, conversion)
    # With a problem in one of them they are all looked at again, and that one is set aside there.
    if conversion.problems:
        return [True] * len(records)
    return known.is_new_or_changed([record.id for record in records], batch)


def _listed_order_or_none(text: bytes) -> Order | None:
    try:
        return _LISTED_ORDER.decode(text)
    except RejectedRecordError:
        return None  # told when it is read whole


def _children(session: Session, stream: Stream, column: str) -> dict[int, set[int]]:
    """Per product, the ids of what belongs to it, as the warehouse has them."""
    table = session.known_table(stream, ["product_id", column])
    children: dict[int, set[int]] = defaultdict(set)
    if table is not None:
        pairs = zip(table.column("product_id").to_pylist(), table.column(column).to_pylist(), strict=True)
        for product_id, child_id in pairs:
            if product_id is not None and child_id is not None:
                children[int(product_id)].add(int(child_id.partition("#")[0]))
    return children
