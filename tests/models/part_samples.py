"""A platform of the tests' own, with parents, parts, times of change and deletions; and what has to become of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import strategies as st
from landing_samples import START, archive_batch, deletions, records

from models import ops
from models.archive import ArchivedBatch
from models.bookkeeping import record_contract, register_batch
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import TIMESTAMP, Column, Deletions, Page, RejectedRecord, Stream
from models.schema import metadata, raw_table

PLATFORM = "sample"
ORDERS = Stream(
    name="orders",
    key=("order_id",),
    columns=(
        Column("order_id", pa.string(), "Id.", required=True),
        Column("modified_at", TIMESTAMP, "Time of change."),
        Column("note", pa.string(), "Text."),
    ),
    description="One record per order.",
    updated_at="modified_at",
)
LINES = Stream(
    name="order_lines",
    key=("of_order_id", "line_id"),
    columns=(
        Column("line_id", pa.string(), "Id.", required=True),
        Column("of_order_id", pa.string(), "The order.", required=True),
        Column("quantity", pa.int64(), "Units."),
    ),
    description="One record per line.",
    parent="orders",
    parent_key=("of_order_id",),
)
STREAMS = (ORDERS, LINES)
TABLES = {stream.name: raw_table(PLATFORM, stream) for stream in STREAMS}
for _table in TABLES.values():
    metadata.remove(_table)  # of no migration

LineKey = tuple[str, str]


@dataclass(frozen=True)
class Order:
    """One order as a batch has it: minutes at which it was changed, and text."""

    minute: int | None
    note: str

    @property
    def modified_at(self) -> datetime | None:
        return None if self.minute is None else START + timedelta(minutes=self.minute)


@dataclass(frozen=True)
class Step:
    """One batch."""

    orders: Mapping[str, Order] = field(default_factory=dict)
    lines: Mapping[LineKey, int] = field(default_factory=dict)
    gone_orders: frozenset[str] = frozenset()
    gone_lines: frozenset[LineKey] = frozenset()
    protected_orders: frozenset[str] = frozenset()
    protected_lines: frozenset[LineKey] = frozenset()
    mode: str = "delta"

    def pages(self) -> list[Page | Deletions]:
        orders = [{"order_id": k, "modified_at": o.modified_at, "note": o.note} for k, o in self.orders.items()]
        lines = [{"of_order_id": k[0], "line_id": k[1], "quantity": q} for k, q in self.lines.items()]
        rejected = [_rejected("orders", key) for key in sorted(self.protected_orders)]
        rejected += [_rejected("order_lines", "/".join(key)) for key in sorted(self.protected_lines)]
        return [
            deletions(LINES, *sorted(self.gone_lines)),
            Page("order_lines", records(LINES, lines)),
            Page("orders", records(ORDERS, orders), rejected),
            deletions(ORDERS, *((key,) for key in sorted(self.gone_orders))),
        ]


def _rejected(stream: str, key: str) -> RejectedRecord:
    return RejectedRecord(stream, "orders", 1, "note", "unreadable", "raw", key)


_KEYS = ("1", "2", "3")
_LINE_KEYS = [(key, line) for key in _KEYS for line in "ab"]
_orders = st.builds(Order, st.none() | st.integers(0, 2), st.sampled_from("xy"))
drawn_steps = st.builds(
    Step,
    orders=st.dictionaries(st.sampled_from(_KEYS), _orders, max_size=3),
    lines=st.dictionaries(st.sampled_from(_LINE_KEYS), st.integers(1, 2), max_size=6),
    gone_orders=st.frozensets(st.sampled_from(_KEYS), max_size=1),
    gone_lines=st.frozensets(st.sampled_from(_LINE_KEYS), max_size=1),
    protected_orders=st.frozensets(st.sampled_from(_KEYS), max_size=1),
    protected_lines=st.frozensets(st.sampled_from(_LINE_KEYS), max_size=2),
    mode=st.sampled_from(["delta", "delta", "delta", "snapshot"]),
)

Row = tuple[Any, int, bool]
"""What a record holds, the number of the step that last changed its row, and whether it is deleted."""


@dataclass
class Shop:
    """What the raw tables have to hold after some steps, worked out row by row."""

    orders: dict[str, Row] = field(default_factory=dict)
    lines: dict[LineKey, Row] = field(default_factory=dict)

    def takes(self, step: Step) -> Step:
        """The step without lines of orders that nobody knows, which no source may send."""
        known = step.orders.keys() | self.orders.keys()
        return Step(**{**vars(step), "lines": {k: q for k, q in step.lines.items() if k[0] in known}})

    def apply(self, number: int, step: Step) -> None:
        is_delta = step.mode == "delta"
        echoes = {key for key, order in step.orders.items() if is_delta and self._is_echo(key, order)}
        kept = {key: order for key, order in step.orders.items() if key not in echoes}
        lines = {key: quantity for key, quantity in step.lines.items() if key[0] not in echoes}
        gone = step.gone_orders - step.orders.keys()
        _put(self.orders, kept, number)
        _put(self.lines, lines, number)
        _end(self.orders, gone, number)
        _end(self.lines, step.gone_lines - step.lines.keys(), number)
        if is_delta:
            whole = kept.keys() | gone
            absent = {k for k in self.lines if k[0] in whole and k not in lines and k not in step.protected_lines}
        else:
            _end(self.orders, self.orders.keys() - kept.keys() - step.protected_orders, number)
            absent = self.lines.keys() - lines.keys() - step.protected_lines
        _end(self.lines, absent, number)

    def _is_echo(self, key: str, order: Order) -> bool:
        content, _, is_deleted = self.orders.get(key, (None, 0, True))
        return not is_deleted and None not in (content.minute, order.minute) and order.minute < content.minute


def _put(rows: dict[Any, Row], contents: Mapping[Any, Any], number: int) -> None:
    for key, content in contents.items():
        if key not in rows or rows[key][0] != content or rows[key][2]:
            rows[key] = (content, number, False)


def _end(rows: dict[Any, Row], keys: Any, number: int) -> None:
    for key in keys:
        if key in rows and not rows[key][2]:
            rows[key] = (rows[key][0], number, True)


@contextmanager
def platform(engine: sa.Engine) -> Iterator[None]:
    """The platform among the sources, with empty tables in a database of the test's own."""
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(f"raw_{PLATFORM}"))
        for table in TABLES.values():
            connection.execute(sa.schema.CreateTable(table))
    tables = {(PLATFORM, name): table for name, table in TABLES.items()}
    with patch.dict(RAW_TABLES, tables), patch.dict(SOURCE_STREAMS, {PLATFORM: STREAMS}):
        yield


def empty(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for table in (*TABLES.values(), ops.archive_batches, ops.cursors):
            connection.execute(table.delete())


def archived(engine: sa.Engine, root: Path, number: int, step: Step, *, follows: str | None) -> ArchivedBatch:
    """A step's batch, registered and found to keep its contract."""
    name = str(number)
    at = START + timedelta(hours=number)
    batch = archive_batch(
        root, step.pages(), fingerprint=name, source=PLATFORM, mode=step.mode, follows=follows, archived_at=at
    )
    with engine.begin() as connection:
        register_batch(connection, batch)
        record_contract(connection, batch.batch_id, has_passed=True, report={})
    return batch


def tables_of(engine: sa.Engine) -> Shop:
    """What the raw tables hold."""
    with engine.connect() as connection:
        orders = connection.execute(sa.select(TABLES["orders"])).all()
        lines = connection.execute(sa.select(TABLES["order_lines"])).all()
    assert all(row.source_updated_at == row.modified_at for row in orders)
    assert all(row.source_updated_at is None for row in lines)
    return Shop(
        {r.order_id: (Order(_minute(r.modified_at), r.note), _number(r), r.is_deleted) for r in orders},
        {(r.of_order_id, r.line_id): (r.quantity, _number(r), r.is_deleted) for r in lines},
    )


def _minute(at: datetime | None) -> int | None:
    return None if at is None else int((at - START) / timedelta(minutes=1))


def _number(row: Any) -> int:
    return int((row.loaded_at - START) / timedelta(hours=1))


def lines(*keys: str, quantity: int = 1) -> dict[LineKey, int]:
    """Lines by texts such as `1/a`."""
    return {(key.split("/")[0], key.split("/")[1]): quantity for key in keys}


def chain(steps: Sequence[Step]) -> list[Step]:
    """The steps as sources may send them."""
    shop, taken = Shop(), []
    for number, step in enumerate(steps):
        taken.append(shop.takes(step))
        shop.apply(number, taken[-1])
    return taken
