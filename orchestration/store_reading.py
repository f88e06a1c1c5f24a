"""One store read into the archive: reading by reading, each a batch that kept its contract before the next begins.

Of a platform each reading goes on from the newest batch that was archived and kept its contract, landed or not: what a
killed run has archived is read no second time, and what it had begun is. A file, which holds everything, is read as a
whole, and what it says supersedes what waits.
"""

from collections.abc import Sequence

import pyarrow as pa
import structlog

from connectors.source import KnownRecords, Reading, ReadMode, ReadReport, ReadRequest, Source
from models import bookkeeping, rejections
from models.bookkeeping import StoreCursor
from models.errors import PerennialError, RetryLaterError, StopError
from models.known import known_records
from models.records import Page
from orchestration import progress
from orchestration.batch_archiving import StoreReading, archive_reading
from orchestration.merchant_run import MerchantRun
from orchestration.progress import Tell
from orchestration.sync_history import SyncHistory

log = structlog.get_logger(__name__)


def archive_store(run: MerchantRun, reading: StoreReading) -> StoreReading:
    """Read a store into the archive and hold the data contract of what was read.

    Args:
        run: The run.
        reading: The store, not read yet; filled as it is read. Begun anew when the step is tried again.

    Raises:
        TooManyRejectsError: Too large a share of a reading's records is bad. What was set aside is in
            `ops.rejected_records`; nothing of that reading will be landed, and what was archived before it will.
        StopError: A batch breaks its contract, with the same consequence.
        PerennialError: What the source raises.
    """
    history = SyncHistory(run, reading.declared)
    try:
        with history.failures(reading.batches, reading.asked):
            source = reading.declared.open(run.deployment)
            if source.is_resumable:
                _read_on(run, reading, source)
            else:
                _read_whole(run, reading, source)
    except Exception as error:
        reading.error = error
        raise
    history.archived("archived" if reading.batches else "unchanged", reading.batches, reading.asked)
    return reading


def _read_whole(run: MerchantRun, reading: StoreReading, source: Source) -> None:
    try:
        with run.deployment.loader.connect() as connection:
            landed = bookkeeping.read_cursor(connection, *reading.declared.names)
        opened = source.read(_request(run, reading, landed))
        reading.notes = opened.notes
        if opened.mode is ReadMode.UNCHANGED:
            _set_pending_aside(run, reading)
            return
        label = f"Reading {reading.declared.label}"
        with progress.current().task(label, opened.bytes_total) as advance:
            archive_reading(run, reading, source, opened, landed, lambda page: advance(page.bytes_read))
    except RetryLaterError:
        raise
    except PerennialError:
        # What an earlier look found must not land in the place of what this one could not read.
        _set_pending_aside(run, reading)
        raise


def _read_on(run: MerchantRun, reading: StoreReading, source: Source) -> None:
    read_count = 0
    with progress.current().records(f"Reading {reading.declared.label}") as tell:
        while True:
            with run.deployment.loader.connect() as connection:
                state = bookkeeping.latest_state(connection, *reading.declared.names)
            opened = source.read(_request(run, reading, state))
            if opened.mode is ReadMode.UNCHANGED:
                reading.asked.add(opened.report)
                return
            read_count = _read_part(run, reading, source, opened, state, read_count, tell)
            if not opened.report.has_more:
                return
            if state is not None and state.state == opened.cursor:
                raise StopError("the source says that there is more to read, but does not get any further")


def _read_part(
    run: MerchantRun,
    reading: StoreReading,
    source: Source,
    opened: Reading,
    state: StoreCursor | None,
    read_count: int,
    tell: Tell,
) -> int:
    """Archive one reading of a platform; returns how many records the run has read of the store so far."""
    wholes = {stream.name for stream in source.streams if stream.parent is None}
    before = read_count

    def count(page: Page) -> None:
        nonlocal read_count
        read_count += page.records.num_rows if page.stream in wholes else 0
        tell(read_count, _expected(before, opened.report))

    try:
        archive_reading(run, reading, source, opened, state, count)
    finally:
        reading.asked.add(opened.report)
        reading.notes |= opened.notes
    log.info(
        "records read",
        merchant_id=reading.merchant.merchant_id,
        store_id=reading.store.store_id,
        rows_read=read_count,
        rows_expected=_expected(before, opened.report),
    )
    return read_count


def _expected(read_before: int, report: ReadReport) -> int | None:
    """How many records there are in all, if the platform has said how many a reading began with."""
    return None if report.rows_expected is None else read_before + report.rows_expected


def _request(run: MerchantRun, reading: StoreReading, state: StoreCursor | None) -> ReadRequest:
    names = reading.declared.names
    with run.deployment.loader.connect() as connection:
        corrections = rejections.corrections(connection, *names)
    return ReadRequest(
        merchant_id=reading.merchant.merchant_id,
        store_id=reading.store.store_id,
        cursor=state.state if state else None,
        requested_at=run.started_at,
        corrections=corrections,
        known=_known(run, reading),
    )


def _known(run: MerchantRun, reading: StoreReading) -> KnownRecords:
    merchant_id, store_id, system = reading.declared.names

    def known(stream: str, columns: Sequence[str]) -> pa.Table:
        with run.deployment.loader.connect() as connection:
            return known_records(
                connection,
                run.deployment.archive_root,
                source=system,
                merchant_id=merchant_id,
                store_id=store_id,
                stream=stream,
                columns=columns,
            )

    return known


def _set_pending_aside(run: MerchantRun, reading: StoreReading) -> None:
    # Such as a truncated export that landing refused, and in whose place its owner has put the good one again.
    with run.deployment.loader.begin() as connection:
        bookkeeping.set_pending_aside(connection, *reading.declared.names)
