"""The history of one store's sync in `ops.sync_runs`: what was read, what landed, and why not, when not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from models import rejections, sync_runs
from models.archive import ArchivedBatch
from models.errors import PerennialError, StopError
from models.landing import LandingResult
from orchestration.merchant_run import MerchantRun


@dataclass(frozen=True)
class SyncHistory:
    """Writes the rows of one run, store and source: one per stream.

    Attributes:
        run: The run.
        merchant_id: The tenant.
        store_id: The store.
        system: The source's system name.
        streams: Its streams' names.
    """

    run: MerchantRun
    merchant_id: str
    store_id: str
    system: str
    streams: tuple[str, ...]

    def finish(
        self,
        status: str,
        *,
        batch: ArchivedBatch | None = None,
        results: dict[str, LandingResult] | None = None,
        message: str | None = None,
    ) -> None:
        """Enter how far the sync got.

        Args:
            status: unchanged, archived, landed, withheld or failed.
            batch: The batch, once there is one.
            results: Per stream, what landing did.
            message: What went wrong and what to do.
        """
        with self.run.deployment.loader.begin() as connection:
            rejected = rejections.rejected_counts(connection, batch.batch_id) if batch else {}
            for stream in self.streams:
                sync_run_id = sync_runs.start_sync_run(
                    connection,
                    run_id=self.run.run_id,
                    merchant_id=self.merchant_id,
                    store_id=self.store_id,
                    source=self.system,
                    stream=stream,
                    started_at=self.run.started_at,
                )
                archived = LandingResult(stream, batch.row_counts.get(stream, 0)) if batch else None
                sync_runs.finish_sync_run(
                    connection,
                    sync_run_id,
                    status=status,
                    finished_at=self.run.deployment.clock(),
                    batch_id=batch.batch_id if batch else None,
                    result=results[stream] if results else archived,
                    rejected_count=rejected.get(stream, 0),
                    cursor=batch.cursor if batch and status == "landed" else None,
                    message=message,
                )

    @contextmanager
    def failures(self) -> Iterator[list[ArchivedBatch]]:
        """Enter a failure of the block before it goes on its way.

        Yields:
            Where the block puts the batch, once there is one, so that the books say what had been read.
        """
        batches: list[ArchivedBatch] = []
        try:
            yield batches
        except PerennialError as error:
            status = "withheld" if isinstance(error, StopError) else "failed"
            self.finish(status, batch=batches[-1] if batches else None, message=str(error))
            raise
