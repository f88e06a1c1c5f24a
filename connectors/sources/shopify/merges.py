"""Customers that were merged: the one is gone, and its orders have moved to the other.

Nothing in a list says so. It shows on an order whose customer is another than the warehouse has.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.shopify.batches import record_batch
from connectors.sources.shopify.customers import Customer
from connectors.sources.shopify.entity import Entity
from connectors.sources.shopify.progress import written
from connectors.sources.shopify.reading import ShopifyReading, deletions
from models.records import Deletions, Page
from models.records.shopify import CUSTOMER_ALIASES, CUSTOMERS, ORDERS

_NULL = b"null"


def merged_customers(reading: ShopifyReading, customers: Entity[Customer]) -> Iterator[Page | Deletions]:
    """The aliases that follow from the orders of this reading, and their customers as gone."""
    moved = _moved(reading)
    if not moved:
        return
    gone = _gone(reading, customers, sorted(moved))
    if not gone:
        return
    noticed_at = written(reading.until)
    rows = [(old, *moved[old], noticed_at) for old in gone]
    yield Page(
        CUSTOMER_ALIASES.name,
        record_batch(CUSTOMER_ALIASES, rows),
        payloads=pa.nulls(len(rows), pa.string()),
    )
    seen = reading.seen_of(CUSTOMERS.name)
    unsaid = [old for old in gone if old not in seen]
    if unsaid:
        seen.update(dict.fromkeys(unsaid))
        yield deletions(customers, unsaid)


def _moved(reading: ShopifyReading) -> dict[str, tuple[str, str]]:
    """By the customer that orders left: the one that has them now, and one such order."""
    if reading.known is None or not reading.order_customers:
        return {}
    before = reading.known(ORDERS.name, ["order_id", "customer_id"])
    orders = pa.chunked_array([ids for ids, _ in reading.order_customers], pa.string())
    now = pa.chunked_array([customers for _, customers in reading.order_customers], pa.string())
    places = pc.index_in(orders, value_set=before["order_id"].combine_chunks())
    old = before["customer_id"].take(places)
    is_moved = pc.not_equal(old, now)
    found: dict[str, tuple[str, str]] = {}
    columns = (values.filter(is_moved).to_pylist() for values in (old, now, orders))
    for old_id, new_id, order_id in zip(*columns, strict=True):
        found.setdefault(old_id, (new_id, order_id))
    return found


def _gone(reading: ShopifyReading, customers: Entity[Customer], keys: Sequence[str]) -> list[str]:
    """Those customers that the platform says are not there."""
    seen = reading.seen_of(CUSTOMERS.name)
    gone = [key for key in keys if key in seen and seen[key] is None]
    asked = [key for key in keys if key not in gone]
    for answer, places in reading.client.by_ids(
        "confirm", [customers.gid(key) for key in asked], stream=CUSTOMERS.name
    ):
        if answer.denied:
            return gone
        gone.extend(gid.rpartition("/")[2] for gid, raw in places if bytes(raw) == _NULL)
    return sorted(gone)
