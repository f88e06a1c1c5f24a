"""A platform in memory with a source that goes on from where it was, for tests of what the pipeline makes of both.

It speaks WooCommerce's streams, because their tables exist, and nothing else of WooCommerce.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.source import BudgetUse, Cursor, Notice, Reading, ReadMode, ReadReport, ReadRequest
from models import ops
from models.raw import RAW_TABLES
from models.records import Deletions, Page, RejectedRecord, Stream
from models.records.woocommerce import ORDER_LINES, ORDERS
from models.records.woocommerce import STREAMS as ALL_STREAMS
from orchestration import batch_archiving
from orchestration.batch_archiving import StoreReading
from orchestration.configuration import Configuration
from orchestration.contracts import ContractReport
from orchestration.declared_stores import DeclaredStore
from orchestration.declaring import declare_merchants
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.settings import PROJECT_FOLDER, Settings
from orchestration.store_landing import StoreLanding, land_store
from orchestration.store_reading import archive_store

STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)
RAW_ORDERS, RAW_LINES = RAW_TABLES["woocommerce", "orders"], RAW_TABLES["woocommerce", "order_lines"]


class Killed(BaseException):
    """What a kill is to the code that it hits: nothing of it goes on."""


@dataclass
class Platform:
    """The shop's own state, and what its source is to do wrong.

    Attributes:
        orders: Per id, when it last changed (a number that grows), and its total.
        gone: Ids whose deletion the next reading confirms.
        bad: Ids that do not parse.
        reading_rows: How many orders a reading holds.
        failures: Per number of a reading, from 0, what is raised in its middle.
        notices: What each reading tells the owner.
        peak_rate: How much of the allowance each reading uses at most.
        requests: What each reading was asked.
    """

    orders: dict[str, tuple[int, str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    bad: set[str] = field(default_factory=set)
    reading_rows: int = 3
    failures: dict[int, BaseException] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    peak_rate: float = 0.25
    requests: list[ReadRequest] = field(default_factory=list)
    ticks: int = 0
    on_read: Any = None

    def put(self, *order_ids: int | str, total: str = "10.00") -> None:
        """Place orders, or change them."""
        for order_id in order_ids:
            self.ticks += 1
            self.orders[str(order_id)] = (self.ticks, total)

    def delete(self, order_id: int | str) -> None:
        """Delete an order; the source confirms it at its next reading."""
        del self.orders[str(order_id)]
        self.gone.append(str(order_id))


class PlatformSource:
    """Reads a `Platform`."""

    system: ClassVar[str] = "woocommerce"
    streams: ClassVar[tuple[Stream, ...]] = ALL_STREAMS
    is_resumable: ClassVar[bool] = True

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def read(self, request: ReadRequest) -> Reading:
        platform = self._platform
        number = len(platform.requests)
        platform.requests.append(request)
        if platform.on_read is not None:
            platform.on_read()
        after = (request.cursor or {}).get("after", 0)
        cursor: Cursor = {"after": after, "gone": (request.cursor or {}).get("gone", 0)}
        report = ReadReport(rows_expected=len(platform.orders), notices=list(platform.notices))
        pages = self._pages(number, cursor, report)
        fingerprint = f"{request.cursor} {request.requested_at}"
        return Reading(ReadMode.DELTA, fingerprint, pages, cursor, report=report)

    def _pages(self, number: int, cursor: Cursor, report: ReadReport) -> Iterator[Page | Deletions]:
        platform = self._platform
        waiting = sorted((tick, order_id) for order_id, (tick, _) in platform.orders.items() if tick > cursor["after"])
        now, report.has_more = waiting[: platform.reading_rows], len(waiting) > platform.reading_rows
        report.request_counts["orders"] = 1 + len(now)
        report.wait_count, report.wait_seconds = 1, 0.5
        report.budgets["calls"] = BudgetUse("calls", 40, float(len(now)), platform.peak_rate)
        for place, (tick, order_id) in enumerate(now):
            if place == 1 and number in platform.failures:
                raise platform.failures.pop(number)
            yield self._page(ORDERS, order_id, tick)
            if order_id not in platform.bad:
                yield self._page(ORDER_LINES, order_id, tick)
            cursor["after"] = tick
        if number in platform.failures:
            raise platform.failures.pop(number)
        gone = platform.gone[cursor["gone"] :]
        cursor["gone"] += len(gone)
        if gone and not report.has_more:
            keys = pa.RecordBatch.from_arrays([pa.array(gone)], names=["order_id"])
            yield Deletions("orders", keys)

    def _page(self, stream: Stream, order_id: str, tick: int) -> Page:
        total = Decimal(self._platform.orders[order_id][1])
        at = STARTED - timedelta(days=30) + timedelta(seconds=tick)
        values: dict[str, Any] = {
            "order_id": order_id, "line_id": "1", "status": "completed", "currency": "EUR", "total": total,
            "date_modified_gmt": at, "date_created_gmt": at,
        }  # fmt: skip
        if order_id in self._platform.bad:
            rejected = RejectedRecord(
                stream.name, "/orders", 1, "total", "is no number", f'{{"id": {order_id}}}', key=order_id
            )
            return Page(stream.name, pa.RecordBatch.from_pylist([], schema=stream.schema), [rejected])
        row = {name: values.get(name) for name in stream.column_names}
        return Page(stream.name, pa.RecordBatch.from_pylist([row], schema=stream.schema))


@dataclass(frozen=True)
class PlatformStore(DeclaredStore):
    """A declared store whose source reads a platform in memory."""

    platform: Platform

    def open(self, deployment: Deployment) -> Any:
        del deployment
        return PlatformSource(self.platform)

    @property
    def is_resumable(self) -> bool:
        return True


@dataclass
class Night:
    """One merchant with platform stores, and the nights that it is worked on."""

    run: MerchantRun
    platforms: dict[str, Platform]
    number: int = 0

    def begin(self) -> MerchantRun:
        """The next night's run."""
        self.number += 1
        return MerchantRun(
            self.run.deployment,
            f"run-{self.number}",
            self.run.merchants,
            self.run.as_of_dates,
            STARTED + timedelta(days=self.number),
        )

    @property
    def platform(self) -> Platform:
        """The only one, or the first."""
        return next(iter(self.platforms.values()))

    def stores(self) -> list[PlatformStore]:
        """Every store of every merchant."""
        merchants = self.run.merchants
        return [
            PlatformStore(merchant, store_of(store_id), f"merchants[{n}].stores[0].source", self.platforms[name])
            for n, merchant in enumerate(merchants)
            for name in self.platforms
            for merchant_id, _, store_id in [name.partition("/")]
            if merchant_id == merchant.merchant_id
        ]

    def archive(self) -> tuple[MerchantRun, StoreReading]:
        """Read the first store."""
        run, reading = self.begin(), StoreReading(self.stores()[0])
        archive_store(run, reading)
        return run, reading

    def land(self, run: MerchantRun) -> StoreLanding:
        """Land what waits of the first store."""
        return land_store(run, StoreLanding(self.stores()[0]))

    def work(self) -> StoreLanding:
        """Read and land."""
        run, _ = self.archive()
        return self.land(run)

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """What a query gives."""
        with self.run.deployment.loader.connect() as connection:
            return list(connection.execute(query))

    def landed(self) -> dict[str, str]:
        """The live orders in the raw table with their totals."""
        raw = RAW_ORDERS
        rows = self.rows(sa.select(raw.c.order_id, raw.c.total).where(~raw.c.is_deleted))
        return {row.order_id: f"{row.total:.2f}" for row in rows}

    def truth(self) -> dict[str, str]:
        """The first platform's own orders."""
        return {order_id: total for order_id, (_, total) in self.platform.orders.items()}

    def history(self, run: MerchantRun, stream: str = "orders") -> Any:
        """What `ops.sync_runs` says of a run's sync of a stream."""
        table = ops.sync_runs
        [row] = self.rows(sa.select(table).where(table.c.run_id == run.run_id, table.c.stream == stream))
        return row


def store_of(store_id: str) -> Any:
    """A store's declaration, as far as anybody looks."""
    return SimpleNamespace(store_id=store_id, source=SimpleNamespace(type="woocommerce", max_shrink_rate=0.5))


def opened_night(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, platforms: dict[str, Platform], **settings: Any
) -> Night:
    """Merchants with stores on platforms, declared in a warehouse; contracts are taken for kept.

    Args:
        folder: An empty folder.
        url: The warehouse.
        monkeypatch: Ends with the test.
        platforms: Per `merchant/store`, its platform.
        **settings: Of the deployment.
    """

    def keeps_it(stream: Stream, batches: Iterator[pa.RecordBatch], **_: object) -> ContractReport:
        return ContractReport(stream.name, sum(batch.num_rows for batch in batches))

    monkeypatch.setattr(batch_archiving, "check_contract", keeps_it)
    columns = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
    store = {"store_id": "unused", "source": {"type": "files", "path": "x.csv", "columns": columns}}
    names = sorted({name.partition("/")[0] for name in platforms})
    declared = [
        {"merchant_id": name, "merchant_name": name, "time_zone": "UTC", "currency_code": "EUR", "stores": [store]}
        for name in names
    ]
    deployment = Deployment(
        Settings(PROJECT_FOLDER, folder / "home", folder / "perennial.yml", **settings), url, clock=lambda: STARTED
    )
    configuration = Configuration.model_validate({"merchants": declared})
    deployment.__dict__["configuration"] = configuration  # as if perennial.yml said so
    days = dict.fromkeys(names, date(2026, 1, 13))
    run = MerchantRun(deployment, "run-0", configuration.merchants, days, STARTED)
    declare_merchants(run)
    return Night(run, platforms)


class Meeting:
    """Lets a number of threads wait for each other, to prove that they run at the same time."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties)

    def __call__(self) -> None:
        """Wait for the others; raises when they do not come."""
        self._barrier.wait(20)
