"""The comparison of ids, in both directions: finds what is gone, and closes any hole.

A list only raises a suspicion. What is known and not listed is looked at by its own id, and only what is not there
then is gone; what is listed and unknown, or listed as newer than it is known, is read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.bigcommerce import walks
from connectors.sources.bigcommerce.orders import orders_by_id
from connectors.sources.bigcommerce.people import customers_by_id
from connectors.sources.bigcommerce.products import products_by_id
from connectors.sources.bigcommerce.underway import Position, Underway, Unit
from connectors.sources.bigcommerce.values import moment

_IDS_PER_UNIT = 250
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Ids = npt.NDArray[np.int64]
Look = Callable[[Underway, Sequence[str]], tuple[Unit, set[str]]]


class _Listed(msgspec.Struct, gc=False):
    """As much of a listed record as is compared."""

    id: int
    date_modified: str | int | None = None
    is_deleted: bool | None = None


@dataclass(frozen=True)
class Records:
    """Records as far as they are compared, 17 bytes each.

    Attributes:
        ids: Ascending.
        modified: When each was last changed, in microseconds since 1970.
        archived: Whether each is archived, as orders can be.
    """

    ids: Ids
    modified: Ids
    archived: npt.NDArray[np.bool_]

    def between(self, after: int, last: int | None) -> "Records":
        """Those of a range of ids, its first end excluded; to the end where there is no last."""
        start = int(np.searchsorted(self.ids, after, side="right"))
        end = len(self.ids) if last is None else int(np.searchsorted(self.ids, last, side="right"))
        return Records(self.ids[start:end], self.modified[start:end], self.archived[start:end])


def all_orders(u: Underway, position: Position) -> Iterator[Unit]:
    """Compare the ids of all orders."""
    yield from _by_ranges(u, position, "orders", "order_id", walks.orders, orders_by_id)


def all_products(u: Underway, position: Position) -> Iterator[Unit]:
    """Compare the ids of all products."""
    yield from _by_ranges(u, position, "products", "product_id", walks.products, products_by_id)


def all_customers(u: Underway, position: Position) -> Iterator[Unit]:
    """Compare the ids of all customers, in one piece: nothing documents the order of their list."""
    known = _known(u, "customers", "customer_id")
    if known is None:
        return
    listed = [_listed(rows) for rows, _ in walks.customers(u.client, None, None)]
    everybody = _sorted(
        np.concatenate([np.empty(0, np.int64), *(one.ids for one in listed)]),
        np.concatenate([np.empty(0, np.int64), *(one.modified for one in listed)]),
        np.concatenate([np.empty(0, np.bool_), *(one.archived for one in listed)]),
    )
    yield from _differences(u, position, "customers", (known, everybody), len(known.ids), customers_by_id)


def _by_ranges(
    u: Underway, position: Position, stream: str, key: str, walk: Callable[..., walks.Pages], look: Look
) -> Iterator[Unit]:
    """Compare range by range of ids, in memory that does not grow with the store."""
    known = _known(u, stream, key)
    if known is None:
        return
    after: int = position.get("after", 0)
    for rows, last in walk(u.client, None, after):
        both = known.between(after, last), _listed(rows)
        yield from _differences(u, position, stream, both, len(known.ids), look)
        position["after"] = after = last
        yield []
    rest = known.between(after, None)
    nothing = Records(rest.ids[:0], rest.modified[:0], rest.archived[:0])
    yield from _differences(u, position, stream, (rest, nothing), len(known.ids), look)


def _differences(
    u: Underway, position: Position, stream: str, both: tuple[Records, Records], known_count: int, look: Look
) -> Iterator[Unit]:
    """Look at every id that the warehouse and the list do not agree on."""
    known, listed = both
    place = np.searchsorted(known.ids, listed.ids)
    is_known = np.zeros(len(listed.ids), np.bool_)
    inside = place < len(known.ids)
    is_known[inside] = known.ids[place[inside]] == listed.ids[inside]
    differs = ~is_known
    differs[is_known] = (listed.modified[is_known] > known.modified[place[is_known]]) | (
        listed.archived[is_known] != known.archived[place[is_known]]
    )
    unlisted = ~np.isin(known.ids, listed.ids)
    after = position.get("after", 0)
    suspects = [
        str(one)
        for one in np.union1d(listed.ids[differs], known.ids[unlisted]).tolist()
        if one > after and not u.has_emitted(stream, one)
    ]
    for start in range(0, len(suspects), _IDS_PER_UNIT):
        some = suspects[start : start + _IDS_PER_UNIT]
        unit, absent = look(u, some)
        gone = [(one,) for one in some if one in absent and int(one) in known.ids]
        position["after"] = int(some[-1])
        yield [*unit, *u.gone(stream, gone, known_count)]


def _known(u: Underway, stream: str, key: str) -> Records | None:
    columns = [key, "date_modified", *(["is_archived"] if stream == "orders" else [])]
    table = u.known(stream, *columns)
    if table is None:
        return None
    ids = pc.cast(table[key], pa.int64()).to_numpy()
    modified = pc.cast(table["date_modified"], pa.int64()).to_numpy()
    archived = np.zeros(len(ids), np.bool_)
    if stream == "orders":
        archived = np.array([bool(one) for one in table["is_archived"].to_pylist()], np.bool_)
    return _sorted(ids, modified, archived)


def _listed(rows: Sequence[msgspec.Raw]) -> Records:
    found = [msgspec.json.decode(row, type=_Listed, strict=False) for row in rows]
    return _sorted(
        np.array([one.id for one in found], np.int64),
        np.array([_microseconds(one.date_modified) for one in found], np.int64),
        np.array([bool(one.is_deleted) for one in found], np.bool_),
    )


def _microseconds(value: Any) -> int:  # noqa: ANN401 - whatever the platform sent
    try:
        at = moment(value)
    except ValueError:
        return 0
    return 0 if at is None else (at - _EPOCH) // _MICROSECOND


def _sorted(ids: Ids, modified: Ids, archived: npt.NDArray[np.bool_]) -> Records:
    order = np.argsort(ids, kind="stable")
    return Records(ids[order], modified[order], archived[order])
