"""One reading of a store as a batch of the archive: written, registered, and held to its contract."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.source import Reading, Source
from models import bookkeeping, rejections
from models.archive import ArchivedBatch, BatchWriter, batch_id
from models.bookkeeping import StoreCursor
from models.errors import StopError
from models.records import Deletions, Page
from orchestration import progress
from orchestration.configuration import Merchant
from orchestration.contracts import ContractReport, check_contract
from orchestration.declared_stores import StoreWork
from orchestration.mended_records import MendedRecords
from orchestration.merchant_run import MerchantRun
from orchestration.reject_spool import RejectSpool
from orchestration.sync_history import Asked

# One bad record among ten that changed since yesterday is no broken mapping; a share is taken of at least so many.
_LEAST_RECORDS = 1_000
# At a time: validating has a cost per chunk, and a chunk has to fit in memory.
_CHECKED_ROWS = 32_768


class TooManyRejectsError(StopError):
    """Too large a share of a read's records could not be read."""


@dataclass
class StoreReading(StoreWork):
    """One store of a run, and what reading it gives, also when it fails on the way.

    Attributes:
        batches: What was archived and kept its contract, oldest first; a batch at fault is the last.
        reports: What the data contract found, per batch and stream.
        asked: What was asked of its platform, and what its owner has to know.
        notes: Plain facts about the read.
        error: What it failed by.
    """

    batches: list[ArchivedBatch] = field(default_factory=list)
    reports: list[ContractReport] = field(default_factory=list)
    asked: Asked = field(default_factory=Asked)
    notes: dict[str, object] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def row_counts(self) -> Counter[str]:
        """Rows archived per stream."""
        counts: Counter[str] = Counter()
        for batch in self.batches:
            counts.update(batch.row_counts)
        return counts

    @property
    def rejected_count(self) -> int:
        """Records set aside."""
        return sum(batch.rejected_count for batch in self.batches)


def archive_reading(
    run: MerchantRun,
    reading: StoreReading,
    source: Source,
    opened: Reading,
    state: StoreCursor | None,
    on_page: Callable[[Page], None],
) -> None:
    """Archive one reading as a batch that follows the store's last one, and hold its contract.

    Args:
        run: The run.
        reading: The store; the batch and what was found are added to it.
        source: The store's source.
        opened: The reading, its pages not consumed yet.
        state: The batch that it follows, with the cursor that it was opened with.
        on_page: Told every page, for progress.

    Raises:
        TooManyRejectsError: Too large a share of its records is bad.
        StopError: It breaks its contract.
    """
    merchant_id, store_id, system = reading.declared.names
    begun = ArchivedBatch(
        root=run.deployment.archive_root,
        batch_id=batch_id(
            system, merchant_id, store_id, opened.fingerprint, follows=state.batch_id if state is not None else None
        ),
        source=system,
        merchant_id=merchant_id,
        store_id=store_id,
        mode=opened.mode.value,
        fingerprint=opened.fingerprint,
        day=run.started_at.date(),
        cursor=opened.cursor,
        archived_at=run.started_at,
        notes=opened.notes,
    )
    batch = _write_pages(run, begun, source, opened, state, on_page)
    if batch is None:
        return
    reading.batches.append(batch)
    _refuse_too_many_rejects(batch, reading.merchant, is_delta=source.is_resumable)
    with progress.current().task(f"Checking {reading.declared.label}"):
        reports = [
            check_contract(
                stream,
                batch.record_batches(stream.name, batch_rows=_CHECKED_ROWS),
                are_plain_amounts=not source.is_resumable,
            )
            for stream in source.streams
            if batch.row_counts.get(stream.name)
        ]
    reading.reports += reports
    _record_contract(run, batch, reports)


def _write_pages(
    run: MerchantRun,
    begun: ArchivedBatch,
    source: Source,
    opened: Reading,
    state: StoreCursor | None,
    on_page: Callable[[Page], None],
) -> ArchivedBatch | None:
    """Archive every page, register the batch, and enter the records that were set aside.

    Returns:
        The batch; None when there was nothing at all, and the source is as it was.
    """
    names = (begun.merchant_id, begun.store_id, begun.source)
    with BatchWriter(begun, source.streams) as writer, RejectSpool() as spool, _closing(opened.pages) as pages:
        with run.deployment.loader.connect() as connection:
            mended = MendedRecords(source.streams, rejections.open_keys(connection, *names))
        is_empty = True
        for page in pages:
            writer.write(page)
            mended.look_at(page)
            is_empty = is_empty and not _holds_something(page)
            if isinstance(page, Page):
                spool.add(page.rejected)
                on_page(page)
        if is_empty and source.is_resumable and state is not None and state.state == opened.cursor:
            return None
        batch = writer.finish()
        with run.deployment.loader.begin() as connection:
            bookkeeping.register_batch(connection, batch)
            if not source.is_resumable:
                bookkeeping.set_pending_aside(connection, *names, but=batch.batch_id)
            rejections.save_rejects(
                connection, batch=batch, rejected=spool, seen_at=run.started_at, tells_keys=source.is_resumable
            )
            for stream, keys in mended.keys.items():
                rejections.resolve(connection, *names, stream, keys, resolved_at=run.started_at)
    return batch


@contextmanager
def _closing(pages: Iterator[Page | Deletions]) -> Iterator[Iterator[Page | Deletions]]:
    """The pages; whoever stops on the way leaves no connection open."""
    try:
        yield pages
    finally:
        if isinstance(pages, Generator):
            pages.close()


def _holds_something(page: Page | Deletions) -> bool:
    if isinstance(page, Deletions):
        return page.keys.num_rows > 0
    return page.records.num_rows > 0 or bool(page.rejected)


def _refuse_too_many_rejects(batch: ArchivedBatch, merchant: Merchant, *, is_delta: bool) -> None:
    total = sum(batch.row_counts.values()) + batch.rejected_count
    rate = batch.rejected_count / max(total, _LEAST_RECORDS if is_delta else 1)
    if rate > merchant.max_rejected_rate:
        way_out = (
            "correct the records at the platform, or raise max_rejected_rate to go on without them"
            if is_delta
            else "correct the file, the mapping, or single records (`perennial replay-rejects`)"
        )
        raise TooManyRejectsError(
            f"{batch.rejected_count:,} of {total:,} records were rejected ({batch.rejected_count / total:.1%}), "
            f"more than max_rejected_rate allows ({merchant.max_rejected_rate:.1%}); nothing of this read was landed. "
            f"See `perennial rejects`; {way_out}"
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
        raise StopError(f"the batch breaks its data contract: {'; '.join(broken)}")
