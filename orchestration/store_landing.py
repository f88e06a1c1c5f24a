"""What one store has waiting in the archive, brought into the raw tables: batch by batch, each with its cursor.

Of a platform every batch lands that follows what landed before it, in that order; of files only the newest look.
"""

from dataclasses import dataclass, field

from models import bookkeeping
from models.archive import ArchivedBatch, find_batch
from models.errors import StopError
from models.landing import Landing, LandingResult, land_batch
from orchestration import progress
from orchestration.declared_stores import DeclaredStore, StoreWork
from orchestration.merchant_run import MerchantRun
from orchestration.sync_history import SyncHistory


@dataclass
class StoreLanding(StoreWork):
    """One store of a run, and what landed of it, also when something was refused on the way.

    Attributes:
        landings: The batches that landed, oldest first.
        error: Why something was held back: landing refused it, or the run did not come so far as to archive it.
    """

    landings: list[Landing] = field(default_factory=list)
    error: Exception | None = None

    @property
    def results(self) -> list[LandingResult]:
        """What landing did, per batch and stream."""
        return [result for landing in self.landings for result in landing.results]


def land_store(run: MerchantRun, landing: StoreLanding) -> StoreLanding:
    """Land the store's archived batches that kept their contract.

    Args:
        run: The run.
        landing: The store; filled as its batches land.

    Raises:
        StopError: A batch looks truncated, deletes more than it may, or names a record twice. It and those after it
            stay out: the next run reads a platform again from the last batch that landed.
    """
    declared = landing.declared
    with run.deployment.loader.connect() as connection:
        if declared.is_resumable:
            waiting = bookkeeping.pending_batches(connection, *declared.names)
        else:
            newest = bookkeeping.pending_batch_id(connection, *declared.names)
            waiting = [] if newest is None else [newest]
    history = SyncHistory(run, declared)
    if (failure := history.failure()) is not None:
        landing.error = StopError(f"held back when it was read: {failure.message}")
    batches: list[ArchivedBatch] = []
    with progress.current().task(f"Landing {declared.label}", len(waiting)) as advance:
        for batch_id in waiting:
            try:
                batches.append(_archived(run, declared, batch_id))
                landing.landings.append(_land(run, declared, batches[-1]))
            except StopError as error:
                landing.error = error
                if declared.is_resumable:
                    with run.deployment.loader.begin() as connection:
                        bookkeeping.set_pending_aside(connection, *declared.names)
                history.landed(batches, landing.results, error)
                raise
            advance(1)
    if landing.landings:
        history.landed([done.batch for done in landing.landings], landing.results, None)
    return landing


def _archived(run: MerchantRun, declared: DeclaredStore, batch_id: str) -> ArchivedBatch:
    merchant_id, store_id, system = declared.names
    batch = find_batch(run.deployment.archive_root, system, merchant_id, store_id, batch_id)
    if batch is None:
        raise StopError(
            f"batch {batch_id} is in the books but not in the archive at {run.deployment.archive_root.name}/; "
            "restore the archive, or delete the batch's row in ops.archive_batches"
        )
    return batch


def _land(run: MerchantRun, declared: DeclaredStore, batch: ArchivedBatch) -> Landing:
    with run.deployment.loader.connect() as connection:
        return land_batch(
            connection,
            batch=batch,
            loaded_at=run.started_at,
            max_shrink_rate=declared.store.source.max_shrink_rate,
        )
