"""The history of one store's sync in `ops.sync_runs`: what was read, what landed, and why not, when not.

One row per run, store and stream. Reading writes it first; landing, later in the same run, brings it up to date.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from connectors.source import BudgetUse, Notice, ReadReport
from models import ops, rejections, sync_runs
from models.archive import ArchivedBatch
from models.errors import PerennialError, StopError
from models.landing import LandingResult
from orchestration.declared_stores import DeclaredStore
from orchestration.merchant_run import MerchantRun

_FAILED = ("failed", "withheld")


@dataclass
class Asked:
    """What a store's readings asked of its platform, summed up, and what they found out.

    Attributes:
        request_counts: Per stream, the requests made.
        wait_count: How often they waited.
        wait_seconds: How long in all.
        budgets: The allowances used, by name.
        notices: What the store's owner has to know, each once.
    """

    request_counts: Counter[str] = field(default_factory=Counter)
    wait_count: int = 0
    wait_seconds: float = 0.0
    budgets: dict[str, BudgetUse] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)

    def add(self, report: ReadReport) -> None:
        """Add what one reading reports."""
        self.request_counts.update(report.request_counts)
        self.wait_count += report.wait_count
        self.wait_seconds += report.wait_seconds
        for name, use in report.budgets.items():
            total = self.budgets.setdefault(name, BudgetUse(name))
            total.limit = use.limit if use.limit is not None else total.limit
            total.used_total += use.used_total
            total.peak_rate = max(total.peak_rate, use.peak_rate)
        self.notices |= {notice.code: notice for notice in report.notices}


@dataclass(frozen=True)
class ReadingFailure:
    """What the reading of a store failed by, as the books have it.

    Attributes:
        status: failed or withheld.
        message: What went wrong and what to do.
        rejected: Per stream, the records that it set aside.
    """

    status: str
    message: str
    rejected: Counter[str]


@dataclass(frozen=True)
class SyncHistory:
    """Writes the rows of one run and store.

    Attributes:
        run: The run.
        declared: The store.
    """

    run: MerchantRun
    declared: DeclaredStore

    def archived(
        self, status: str, batches: Sequence[ArchivedBatch], asked: Asked | None = None, message: str | None = None
    ) -> None:
        """Enter how far the reading got, and how much of the platform's allowances it used.

        Args:
            status: unchanged, archived, withheld or failed.
            batches: What was read, oldest first.
            asked: What was asked of a platform.
            message: What went wrong and what to do.
        """
        read: Counter[str] = Counter()
        for batch in batches:
            read.update(batch.row_counts)
        results = {stream: LandingResult(stream, read[stream]) for stream in self.declared.stream_names}
        self._finish(status, batches, results if batches else {}, message=message, asked=asked or Asked())

    def landed(
        self, batches: Sequence[ArchivedBatch], results: Sequence[LandingResult], refusal: StopError | None
    ) -> None:
        """Enter what landed; that the reading failed before, which what it had read by then survives, stays in view.

        Args:
            batches: What landed, oldest first; with a refusal, what was refused is the last of them.
            results: Per stream and batch, what landing did.
            refusal: Why the last of them did not land.
        """
        summed: dict[str, LandingResult] = {}
        for result in results:
            summed[result.stream] = _sum(summed[result.stream], result) if result.stream in summed else result
        failure = self.failure()
        if refusal is not None:
            if batches and not summed:
                last = batches[-1].row_counts
                summed = {name: LandingResult(name, last.get(name, 0)) for name in self.declared.stream_names}
            self._finish("withheld", batches, summed, message=str(refusal))
        elif failure is not None:
            self._finish(failure.status, batches, summed, message=failure.message, rejected=failure.rejected)
        else:
            self._finish("landed", batches, summed)

    def failure(self) -> ReadingFailure | None:
        """What this run's reading of the store failed by, if it did."""
        table, (merchant_id, store_id, system) = ops.sync_runs, self.declared.names
        query = sa.select(table.c.status, table.c.message, table.c.stream, table.c.rows_rejected).where(
            table.c.run_id == self.run.run_id,
            table.c.merchant_id == merchant_id,
            table.c.store_id == store_id,
            table.c.source == system,
            table.c.status.in_(_FAILED),
        )
        with self.run.deployment.loader.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return None
        return ReadingFailure(rows[0].status, rows[0].message, Counter({r.stream: r.rows_rejected for r in rows}))

    def _finish(
        self,
        status: str,
        batches: Sequence[ArchivedBatch],
        results: dict[str, LandingResult],
        *,
        message: str | None = None,
        asked: Asked | None = None,
        rejected: Counter[str] | None = None,
    ) -> None:
        merchant_id, store_id, system = self.declared.names
        named = {"run_id": self.run.run_id, "merchant_id": merchant_id, "store_id": store_id, "source": system}
        finished_at = self.run.deployment.clock()
        with self.run.deployment.loader.begin() as connection:
            if rejected is None:
                rejected = Counter()
                for batch in batches:
                    if batch.rejected_count:
                        rejected.update(rejections.rejected_counts(connection, batch.batch_id))
            for stream in self.declared.stream_names:
                sync_run_id = sync_runs.start_sync_run(
                    connection, **named, stream=stream, started_at=self.run.started_at
                )
                sync_runs.finish_sync_run(
                    connection,
                    sync_run_id,
                    status=status,
                    finished_at=finished_at,
                    batch_id=batches[-1].batch_id if batches else None,
                    result=results.get(stream),
                    rejected_count=rejected[stream],
                    request_count=asked.request_counts[stream] if asked else None,
                    wait_count=asked.wait_count if asked else None,
                    wait_seconds=asked.wait_seconds if asked else None,
                    cursor=batches[-1].cursor if batches and status == "landed" else None,
                    message=message,
                )
            for use in asked.budgets.values() if asked else ():
                sync_runs.record_api_budget(
                    connection,
                    **named,
                    budget_name=use.name,
                    budget_limit=use.limit,
                    used_total=use.used_total,
                    peak_rate=use.peak_rate,
                    wait_count=asked.wait_count if asked else 0,
                    wait_seconds=asked.wait_seconds if asked else 0.0,
                    recorded_at=finished_at,
                )

    @contextmanager
    def failures(self, batches: list[ArchivedBatch], asked: Asked) -> Iterator[None]:
        """Enter a failure of the block before it goes on its way, with what had been read by then."""
        try:
            yield
        except PerennialError as error:
            status = "withheld" if isinstance(error, StopError) else "failed"
            self.archived(status, batches, asked, str(error))
            raise


def _sum(one: LandingResult, other: LandingResult) -> LandingResult:
    return LandingResult(
        stream=one.stream,
        rows_read=one.rows_read + other.rows_read,
        rows_inserted=one.rows_inserted + other.rows_inserted,
        rows_updated=one.rows_updated + other.rows_updated,
        rows_unchanged=one.rows_unchanged + other.rows_unchanged,
        rows_deleted=one.rows_deleted + other.rows_deleted,
    )
