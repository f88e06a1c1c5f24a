"""From a shop to the raw tables: read into the archive, hold the contract, land.

Each function does one merchant's part and is safe to repeat at any point: a read that is tried again is the same batch
again, nothing counts as read before its rows are committed, and what lands is what the newest look at the source found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.source import Reading, ReadMode, ReadRequest, Source
from connectors.sources import build_source
from models import bookkeeping, rejections
from models.archive import ArchivedBatch, BatchWriter, batch_id, find_batch
from models.errors import StopError
from models.landing import Landing, land_batch
from models.records import Deletions
from orchestration import progress
from orchestration.configuration import Merchant, Store
from orchestration.contracts import ContractReport, check_contract
from orchestration.merchant_run import MerchantRun
from orchestration.reject_spool import RejectSpool
from orchestration.sync_history import SyncHistory


@dataclass
class StoreReading:
    """What reading one store gave.

    Attributes:
        store_id: The store.
        batch: The archived batch; None when the store is as it was.
        rejected_count: Records set aside.
        reports: What the data contract found, per stream.
        notes: Plain facts about the read.
    """

    store_id: str
    batch: ArchivedBatch | None = None
    rejected_count: int = 0
    reports: list[ContractReport] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def row_counts(self) -> dict[str, int]:
        """Rows archived per stream."""
        return dict(self.batch.row_counts) if self.batch else {}


def open_sources(run: MerchantRun, merchant: Merchant, system: str) -> Iterator[tuple[Store, Source]]:
    """The stores of a merchant that a source of this system serves, each with its source."""
    number = run.deployment.configuration.merchants.index(merchant)
    for index, store in enumerate(merchant.stores):
        if store.source.type == system:
            source = build_source(
                store.source,
                base_folder=run.deployment.config_folder,
                time_zone=merchant.time_zone,
                key=f"merchants[{number}].stores[{index}].source",
            )
            yield store, source


def archive_merchant(run: MerchantRun, merchant: Merchant, system: str) -> list[StoreReading]:
    """Read the merchant's stores into the archive and hold the data contract of what was read.

    Raises:
        StopError: Too large a share of a store's records is bad, or a batch breaks its contract; what was read is in
            the archive and what was set aside in `ops.rejected_records`, but nothing of it will be landed.
    """
    return [_archive_store(run, merchant, store, source) for store, source in open_sources(run, merchant, system)]


def _history(run: MerchantRun, merchant: Merchant, store: Store, source: Source) -> SyncHistory:
    streams = tuple(stream.name for stream in source.streams)
    return SyncHistory(run, merchant.merchant_id, store.store_id, source.system, streams)


def _archive_store(run: MerchantRun, merchant: Merchant, store: Store, source: Source) -> StoreReading:
    history = _history(run, merchant, store, source)
    with history.failures() as batches:
        reading, follows = _open_store(run, merchant, store, source)
        if reading.mode is ReadMode.UNCHANGED:
            _set_pending_aside(run, merchant, store, source)
            history.finish("unchanged")
            return StoreReading(store.store_id, notes=dict(reading.notes))
        begun = ArchivedBatch(
            root=run.deployment.archive_root,
            batch_id=batch_id(
                source.system, merchant.merchant_id, store.store_id, reading.fingerprint, follows=follows
            ),
            source=source.system,
            merchant_id=merchant.merchant_id,
            store_id=store.store_id,
            mode=reading.mode.value,
            fingerprint=reading.fingerprint,
            day=run.started_at.date(),
            cursor=reading.cursor,
            archived_at=run.started_at,
            notes=reading.notes,
        )
        batch = _write_pages(run, begun, source, reading)
        batches.append(batch)
        result = StoreReading(store.store_id, batch, batch.rejected_count, notes=dict(reading.notes))
        _refuse_too_many_rejects(batch, merchant)
        with progress.current().task(f"Checking {merchant.merchant_id}/{store.store_id}"):
            result.reports = [
                check_contract(stream, batch.record_batches(stream.name))
                for stream in source.streams
                if batch.row_counts.get(stream.name)
            ]
        _record_contract(run, batch, result.reports)
        history.finish("archived", batch=batch)
        return result


def _open_store(run: MerchantRun, merchant: Merchant, store: Store, source: Source) -> tuple[Reading, str | None]:
    """The opened reading, and the batch that the store's cursor was committed with."""
    names = (merchant.merchant_id, store.store_id, source.system)
    with run.deployment.loader.connect() as connection:
        cursor = bookkeeping.read_cursor(connection, *names)
        corrections = rejections.corrections(connection, *names)
    request = ReadRequest(
        merchant_id=merchant.merchant_id,
        store_id=store.store_id,
        cursor=cursor.state if cursor else None,
        requested_at=run.started_at,
        corrections=corrections,
    )
    return source.read(request), cursor.batch_id if cursor else None


def _set_pending_aside(run: MerchantRun, merchant: Merchant, store: Store, source: Source) -> None:
    # Such as a truncated export that landing refused, and in whose place its owner has put the good one again.
    with run.deployment.loader.begin() as connection:
        bookkeeping.set_pending_aside(connection, merchant.merchant_id, store.store_id, source.system)


def _write_pages(run: MerchantRun, begun: ArchivedBatch, source: Source, reading: Reading) -> ArchivedBatch:
    """Archive every page, register the batch, and enter the records that were set aside."""
    label = f"Reading {begun.merchant_id}/{begun.store_id}"
    with (
        progress.current().task(label, reading.bytes_total) as advance,
        BatchWriter(begun, source.streams) as writer,
        RejectSpool() as spool,
    ):
        for page in reading.pages:
            if isinstance(page, Deletions):
                continue
            writer.write(page)
            spool.add(page.rejected)
            advance(page.bytes_read)
        batch = writer.finish()
        with run.deployment.loader.begin() as connection:
            bookkeeping.register_batch(connection, batch)
            bookkeeping.set_pending_aside(
                connection, batch.merchant_id, batch.store_id, batch.source, but=batch.batch_id
            )
            rejections.save_rejects(connection, batch=batch, rejected=spool, seen_at=run.started_at)
    return batch


def _refuse_too_many_rejects(batch: ArchivedBatch, merchant: Merchant) -> None:
    total = sum(batch.row_counts.values()) + batch.rejected_count
    rate = batch.rejected_count / total if total else 0.0
    if rate > merchant.max_rejected_rate:
        raise StopError(
            f"{batch.rejected_count:,} of {total:,} records of store {batch.store_id!r} were rejected ({rate:.1%}), "
            f"more than max_rejected_rate allows ({merchant.max_rejected_rate:.1%}); nothing of this read was landed. "
            "See `perennial rejects`; correct the file, the mapping, or single records (`perennial replay-rejects`)"
        )


def _record_contract(run: MerchantRun, batch: ArchivedBatch, reports: list[ContractReport]) -> None:
    broken = [report.summary() for report in reports if not report.has_passed]
    with run.deployment.loader.begin() as connection:
        bookkeeping.record_contract(
            connection,
            batch.batch_id,
            has_passed=not broken,
            report={report.stream: {"rows": report.row_count, "violations": report.violations} for report in reports},
        )
    if broken:
        raise StopError(f"the batch of store {batch.store_id!r} breaks its data contract: {'; '.join(broken)}")


def land_merchant(run: MerchantRun, merchant: Merchant, system: str) -> list[Landing]:
    """Land the merchant's newest archived batches that kept their contract.

    Raises:
        StopError: A batch looks truncated, or names a record twice; the raw tables are as they were.
    """
    landings = []
    for store, source in open_sources(run, merchant, system):
        names = (merchant.merchant_id, store.store_id, system)
        with run.deployment.loader.connect() as connection:
            pending = bookkeeping.pending_batch_id(connection, *names)
        if pending is None:
            continue
        history = _history(run, merchant, store, source)
        with history.failures() as batches:
            batches.append(_archived(run, system, merchant, store, pending))
            landing = _land(run, store, batches[0])
        history.finish("landed", batch=landing.batch, results={result.stream: result for result in landing.results})
        landings.append(landing)
    return landings


def _archived(run: MerchantRun, system: str, merchant: Merchant, store: Store, batch_id: str) -> ArchivedBatch:
    batch = find_batch(run.deployment.archive_root, system, merchant.merchant_id, store.store_id, batch_id)
    if batch is None:
        raise StopError(
            f"batch {batch_id} of store {store.store_id!r} is in the books but not in the archive at "
            f"{run.deployment.archive_root.name}/; restore the archive, "
            "or delete the batch's row in ops.archive_batches"
        )
    return batch


def _land(run: MerchantRun, store: Store, batch: ArchivedBatch) -> Landing:
    with (
        progress.current().task(f"Landing {batch.merchant_id}/{batch.store_id}"),
        run.deployment.loader.connect() as connection,
    ):
        return land_batch(
            connection, batch=batch, loaded_at=run.started_at, max_shrink_rate=store.source.max_shrink_rate
        )
