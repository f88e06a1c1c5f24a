"""What is looked at again once a day: whether everything is still there, and whether anything was missed.

Ids are compared both ways. Nothing is taken for deleted because a list lacks it: it is asked for by its id, and only
the platform's own word counts.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.shopify.answers import Connection, Identity, identity_decoder, number
from connectors.sources.shopify.bulk import BulkFailedError, BulkQueries, count_mismatch
from connectors.sources.shopify.entity import Entity
from connectors.sources.shopify.probe import VISIBLE_WITHOUT_ALL_ORDERS
from connectors.sources.shopify.reading import ShopifyReading
from models.errors import RetryLaterError
from models.records import TIMESTAMP, Deletions, Page
from models.records.shopify import CUSTOMERS, ORDERS


def compare_ids(reading: ShopifyReading, entity: Entity[Any], jobs: BulkQueries) -> Iterator[Page | Deletions]:
    """Compare a list's ids with the warehouse's; read what is new or newer, and give out what is gone.

    Ends early when the reading is full; the next one compares again from there.
    """
    if reading.known is None:
        reading.progress.finish_step()
        return
    key = entity.stream.key[0]
    known = reading.known(entity.name, [key, "updated_at"])
    known_ids = known[key].combine_chunks()
    listed_ids, listed_at = _listed(reading, entity, jobs)
    is_missing = pc.invert(pc.is_in(known_ids, value_set=listed_ids))
    missing = _texts(known_ids.filter(is_missing))
    if entity.name == ORDERS.name:
        missing = reachable(reading, missing)
    known_at = known["updated_at"].take(pc.index_in(listed_ids, value_set=known_ids))
    is_unread = pc.or_kleene(pc.is_null(known_at), pc.greater(listed_at, known_at))
    # A list without times is asked about what is unknown only.
    is_due = pc.or_kleene(pc.is_null(listed_at), pc.less_equal(listed_at, pa.scalar(reading.until, TIMESTAMP)))
    is_wanted = pc.and_kleene(is_unread, is_due)
    yield from fetch_step(reading, entity, [*missing, *_texts(listed_ids.filter(is_wanted))])


def fetch_step(reading: ShopifyReading, entity: Entity[Any], keys: Sequence[str]) -> Iterator[Page | Deletions]:
    """Read records by their ids as a step that a full reading interrupts; a later one goes on behind the last."""
    after = reading.progress.place.get("after", "")
    waiting = sorted(key for key in set(keys) if key > after)
    yield from reading.fetch(entity, waiting)
    if reading.is_over and reading.fetched_to and reading.fetched_to < waiting[-1]:
        reading.progress.place = {"after": reading.fetched_to}
    else:
        reading.progress.finish_step()


def orders_without_customer(reading: ShopifyReading, orders: Entity[Any]) -> Iterator[Page | Deletions]:
    """Read the orders again whose customer the warehouse does not have: a merge may have moved them."""
    if reading.known is None:
        reading.progress.finish_step()
        return
    known = reading.known(ORDERS.name, ["order_id", "customer_id"])
    customers = reading.known(CUSTOMERS.name, ["customer_id"])["customer_id"].combine_chunks()
    gone = [key for key, at in reading.seen_of(CUSTOMERS.name).items() if at is None]
    there = pc.filter(customers, pc.invert(pc.is_in(customers, value_set=pa.array(gone, pa.string()))))
    has_none = pc.invert(pc.is_in(known["customer_id"], value_set=there))
    is_wanted = pc.and_(has_none, pc.is_valid(known["customer_id"]))
    yield from fetch_step(reading, orders, reachable(reading, _texts(known["order_id"].filter(is_wanted))))


def reachable(reading: ShopifyReading, order_ids: Sequence[str]) -> list[str]:
    """Those orders that the platform would show if they were there: without read_all_orders, old ones it would not."""
    if reading.has_all_orders or reading.known is None or not order_ids:
        return list(order_ids)
    known = reading.known(ORDERS.name, ["order_id", "created_at"])
    edge = pa.scalar(reading.until - VISIBLE_WITHOUT_ALL_ORDERS, TIMESTAMP)
    is_wanted = pc.is_in(known["order_id"], value_set=pa.array(order_ids, pa.string()))
    return _texts(known["order_id"].filter(pc.and_(is_wanted, pc.greater(known["created_at"], edge))))


def _texts(keys: Any) -> list[str]:  # noqa: ANN401 - an array, in one piece or in several
    return [str(key) for key in keys.to_pylist()]


def _listed(reading: ShopifyReading, entity: Entity[Any], jobs: BulkQueries) -> "tuple[pa.Array[Any], pa.Array[Any]]":
    """All ids of a list, and when each record was last changed."""
    if not entity.ids_document.startswith("bulk_"):
        identities = _listed_by_pages(reading, entity)
    else:
        identities = _listed_in_bulk(reading, entity, jobs)
    ids: list[str] = []
    times: list[str | None] = []
    for identity in identities:
        ids.append(number(identity.id))
        times.append(identity.updated_at)
    return pa.array(ids, pa.string()), pa.array(times, pa.string()).cast(TIMESTAMP)


def _listed_in_bulk(reading: ShopifyReading, entity: Entity[Any], jobs: BulkQueries) -> Iterator[Identity]:
    try:
        result = jobs.result(entity.ids_document, stream=entity.name, takes_up=False)
    except BulkFailedError as error:
        raise RetryLaterError(f"{error}; the ids of {entity.name} are compared by the next run") from error
    count = 0
    for line in reading.client.lines(result.url, stream=entity.name) if result.url else ():
        if line.strip():
            count += 1
            yield identity_decoder.decode(line)
    if count != result.object_count:
        raise count_mismatch(entity.name, "ids", count, result.object_count)


class _Page(msgspec.Struct):
    connection: Connection[Identity]


def _listed_by_pages(reading: ShopifyReading, entity: Entity[Any]) -> Iterator[Identity]:
    after: str | None = None
    while True:
        answer = reading.client.page(entity.ids_document, {"after": after}, stream=entity.name)
        page = answer.data(_Page).connection
        yield from page.nodes
        if not page.page_info.has_next_page:
            return
        after = page.page_info.end_cursor
