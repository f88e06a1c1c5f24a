"""Customers, whose changes are followed, and newsletter subscribers, whose whole list is compared."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
import pyarrow as pa

from connectors.sources.bigcommerce import walks
from connectors.sources.bigcommerce.intake import identity
from connectors.sources.bigcommerce.record_pages import RecordPages
from connectors.sources.bigcommerce.store_answers import Customer, Subscriber
from connectors.sources.bigcommerce.tables import StreamTable
from connectors.sources.bigcommerce.underway import Position, Underway, Unit
from connectors.sources.bigcommerce.values import moment
from models.errors import StopError
from models.records.bigcommerce import catalogue as records

CUSTOMERS = RecordPages(StreamTable(records.CUSTOMERS, {"customer_id": "id"}), Customer, "/v3/customers")
SUBSCRIBERS = RecordPages(
    StreamTable(records.SUBSCRIBERS, {"subscriber_id": "id"}), Subscriber, "/v3/customers/subscribers"
)

_SUBSCRIBERS = "v3/customers/subscribers"
_IDS_PER_LOOK = 50


def customers(u: Underway, position: Position) -> Iterator[Unit]:
    """The customers that were changed within the window."""
    for rows, after in _customer_pages(u, position):
        new = [row for row in rows if not u.has_emitted("customers", identity(row).id)]
        page = CUSTOMERS.page(CUSTOMERS.take(new, u.intake), u.intake)
        u.saw(position, page.records.column("date_modified").to_pylist())
        position["after"] = after
        yield [page]
    u.end_window("customers", position)


def _customer_pages(u: Underway, position: Position) -> Iterator[tuple[list[msgspec.Raw], str | None]]:
    window = u.window("customers")
    pages = walks.customers(u.client, window, position.get("after"))
    try:
        first = next(pages, None)
    except StopError:
        if not position.pop("after", None):
            raise
        # The place that an earlier reading noted is no longer one: the window is read from its beginning.
        pages = walks.customers(u.client, window, None)
        first = next(pages, None)
    if first is not None:
        yield first
        yield from pages


def customers_by_id(u: Underway, ids: Sequence[str]) -> tuple[Unit, set[str]]:
    """Customers by a direct look at their ids: those that are there, and which are not."""
    rows: list[msgspec.Raw] = []
    for start in range(0, len(ids), _IDS_PER_LOOK):
        some = ids[start : start + _IDS_PER_LOOK]
        params = [
            ("id:in", ",".join(some)), ("limit", str(_IDS_PER_LOOK)),
            ("include", "addresses,storecredit,attributes,formfields"),
        ]  # fmt: skip
        rows += u.client.rows("v3/customers", params, stream="customers")
    return CUSTOMERS.pages(rows, u.intake), set(ids) - {str(identity(row).id) for row in rows}


def subscribers(u: Underway, position: Position) -> Iterator[Unit]:
    """The subscribers that are new or were changed: BigCommerce cannot tell, so that the whole list is compared."""
    known = u.known("subscribers", "subscriber_id", "date_modified")
    missing = _modified(known)
    listed: set[str] = set()
    # What an earlier reading of the chain brought is known by now, and only passed over.
    first = position.get("page", 1) if known is None else 1
    for page, rows in enumerate(u.client.more_rows(_SUBSCRIBERS, stream="subscribers", page=first), first):
        new = []
        for one in SUBSCRIBERS.take(rows, u.intake):
            subscriber_id = str(one.record.id)
            before = missing.pop(subscriber_id, None)
            # A list that shifts between its pages repeats records.
            if subscriber_id not in listed and (before is None or before != _time(one.record.date_modified)):
                new.append(one)
            listed.add(subscriber_id)
        position["page"] = page + 1
        yield [SUBSCRIBERS.page(new, u.intake)]
    position["done"] = True
    yield u.gone("subscribers", _absent(u, sorted(missing)), len(listed) + len(missing))


def _absent(u: Underway, ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Which of some subscribers are gone, by a direct look at their ids."""
    absent: list[tuple[str, ...]] = []
    for start in range(0, len(ids), _IDS_PER_LOOK):
        some = ids[start : start + _IDS_PER_LOOK]
        params = [("id:in", ",".join(some)), ("limit", str(_IDS_PER_LOOK))]
        there = {str(identity(row).id) for row in u.client.rows(_SUBSCRIBERS, params, stream="subscribers")}
        absent += [(one,) for one in some if one not in there]
    return absent


def _modified(known: pa.Table | None) -> dict[str, datetime | None]:
    if known is None:
        return {}
    pairs = zip(known["subscriber_id"].to_pylist(), known["date_modified"].to_pylist(), strict=True)
    return {str(subscriber_id): modified for subscriber_id, modified in pairs}


def _time(value: object) -> datetime | None:
    try:
        return moment(value)
    except ValueError:
        return None
