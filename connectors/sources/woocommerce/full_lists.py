"""Customers, coupons and categories: lists without a usable filter by modification, which are read whole each time.

What is as the warehouse has it is left out again, and what the warehouse has and the list lacks is looked up by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import pyarrow as pa

from connectors.messages import Params
from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.known import KnownRows
from connectors.sources.woocommerce.order_steps import by_ids, chunked
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Category, Coupon, Customer
from connectors.sources.woocommerce.tables import Table
from models.records import Stream
from models.records.woocommerce import CUSTOMERS, DISCOUNTS, PRODUCT_CATEGORIES

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class FullList:
    """A list that is read whole.

    Attributes:
        stream: What it is.
        path: Where it is.
        params: What makes it whole.
        decoder: Reads its records.
        table: Makes batches of them.
        is_listed: Which of the live records the list would hold; None for all.
    """

    stream: Stream
    path: str
    params: Params
    decoder: Decoder[Any]
    table: Table
    is_listed: Callable[[pa.Table], pa.Table] | None = None


def _published(known: pa.Table) -> pa.Table:
    """The coupons that the list holds: not those in the trash, and no drafts."""
    return known.filter(pa.array([status == "publish" for status in known.column("status").to_pylist()], pa.bool_()))


_CUSTOMERS = FullList(CUSTOMERS, "customers", [("role", "all")], Decoder(Customer), Table(CUSTOMERS, Customer))
_COUPONS = FullList(DISCOUNTS, "coupons", [], Decoder(Coupon), Table(DISCOUNTS, Coupon), _published)
_CATEGORIES = FullList(
    PRODUCT_CATEGORIES,
    "products/categories",
    [("hide_empty", "false")],
    Decoder(Category),
    Table(PRODUCT_CATEGORIES, Category),
)


def read_customers(session: Session) -> Iterator[None]:
    """Every account, whatever its role."""
    return _read(session, _CUSTOMERS)


def read_coupons(session: Session) -> Iterator[None]:
    """Every coupon; its use does not count as a modification."""
    return _read(session, _COUPONS)


def read_categories(session: Session) -> Iterator[None]:
    """Every category of products."""
    return _read(session, _CATEGORIES)


def _read(session: Session, full: FullList) -> Iterator[None]:
    stream, id_column = full.stream, full.stream.key[0]
    table = session.known_table(stream, stream.column_names)
    known = expected = None
    if table is not None:
        known = KnownRows(stream, table, id_column=id_column)
        listed = table if full.is_listed is None or session.is_reconciling else full.is_listed(table)
        expected = KnownRows(stream, listed.select([id_column]), id_column=id_column)
    for page in session.pages([(full.path, full.params)], stream=stream.name):
        _give(session, full, page.texts, known)
        if expected is not None:
            last_id = None if page.is_last else page.last_id
            _look_up(session, full, expected.missing(page.after_id, last_id, page.ids), known)
        yield


def _give(session: Session, full: FullList, texts: Sequence[bytes], known: KnownRows | None) -> None:
    """Those of the records that are new or changed."""
    decoded = session.decoded(full.stream, full.decoder, texts, full.path)
    records = [read for read in decoded if not session.is_given(full.stream.name, read[0].id)]
    while records:
        conversion = Conversion()
        batch = full.table.batch([record for record, _ in records], conversion)
        for position, problem in conversion.problems.items():
            session.reject(full.stream, full.path, position + 1, problem, records[position][1])
        if not conversion.problems:
            _add_changed(session, full, records, batch, known)
            return
        records = [read for position, read in enumerate(records) if position not in conversion.problems]


def _add_changed(
    session: Session,
    full: FullList,
    records: Sequence[tuple[Any, bytes]],
    batch: pa.RecordBatch,
    known: KnownRows | None,
) -> None:
    ids = [record.id for record, _ in records]
    if known is not None:
        is_changed = known.is_new_or_changed(ids, batch)
        batch = batch.filter(pa.array(is_changed, pa.bool_()))
        records = [read for read, changed in zip(records, is_changed, strict=True) if changed]
    if records:
        session.output.add(full.stream.name, batch, [text for _, text in records])
    session.output.given[full.stream.name].update(ids)


def _look_up(session: Session, full: FullList, ids: Sequence[int], known: KnownRows | None) -> None:
    """Known records that the list lacks: those that are there after all, and those that WooCommerce says are gone."""
    name = full.stream.name
    for chunk in chunked(record_id for record_id in ids if not session.is_given(name, record_id)):
        records, _ = session.client.records(full.path, [*full.params, *by_ids(chunk)], stream=name)
        _give(session, full, [bytes(record) for record in records], known)
        gone = []
        for record_id in chunk:
            if session.is_given(name, record_id):
                continue
            text = session.client.find(f"{full.path}/{record_id}", [], stream=name)
            if text is None:
                gone.append(record_id)
            else:
                _give(session, full, [text], known)
        session.output.delete(name, gone)
