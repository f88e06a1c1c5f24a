"""Refunds looked at again: whether they are still there, and still what they were.

A refund that changes, or vanishes, need not show on its order.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.shopify.answers import number
from connectors.sources.shopify.entity import Entity
from connectors.sources.shopify.reading import ShopifyReading
from connectors.sources.shopify.reconciliation import fetch_step, reachable
from connectors.sources.shopify.values import Bag
from models.records import TIMESTAMP, Deletions, Page
from models.records.shopify import REFUNDS

_Refunds = dict[str, tuple[datetime | None, Decimal]]


class _Refund(msgspec.Struct, rename="camel"):
    id: str
    updated_at: str
    total_refunded_set: Bag


class _Order(msgspec.Struct):
    id: str
    refunds: list[_Refund]


_decoder = msgspec.json.Decoder(_Order | None)


def look_back(reading: ShopifyReading, orders: Entity[Any]) -> Iterator[Page | Deletions]:
    """Read the orders again whose refunds are others than the warehouse has, of the days that settings say."""
    known = _known_refunds(reading)
    order_ids = reachable(reading, sorted(known))
    yield from fetch_step(reading, orders, _changed(reading, orders, order_ids, known))


def _known_refunds(reading: ShopifyReading) -> dict[str, _Refunds]:
    """By order, its refunds as the warehouse has them; only of orders with one that is young enough."""
    if reading.known is None:
        return {}
    columns = ["order_id", "refund_id", "updated_at", "processed_at", "total_refunded_shop_amount"]
    table = reading.known(REFUNDS.name, columns)
    edge = pa.scalar(reading.until - reading.settings.refund_lookback, TIMESTAMP)
    young = table["order_id"].filter(pc.greater_equal(table["processed_at"], edge)).combine_chunks()
    table = table.filter(pc.is_in(table["order_id"], value_set=young))
    found: dict[str, _Refunds] = {}
    for row in table.to_pylist():
        state = (row["updated_at"], row["total_refunded_shop_amount"])
        found.setdefault(row["order_id"], {})[row["refund_id"]] = state
    return found


def _changed(
    reading: ShopifyReading, orders: Entity[Any], order_ids: Sequence[str], known: dict[str, _Refunds]
) -> list[str]:
    changed = []
    gids = [orders.gid(key) for key in order_ids]
    for _, places in reading.client.by_ids("refund_states", gids, stream="refunds"):
        for gid, raw in places:
            key = gid.rpartition("/")[2]
            order = _decoder.decode(raw)
            if order is None or _states(order.refunds) != known[key]:
                changed.append(key)
    return changed


def _states(refunds: Sequence[_Refund]) -> _Refunds:
    return {
        number(refund.id): (
            datetime.fromisoformat(refund.updated_at).astimezone(UTC),
            Decimal(refund.total_refunded_set.shop_money.amount),
        )
        for refund in refunds
    }
