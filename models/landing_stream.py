"""The landing of one stream of a batch: the choice of the way, the writing, and what is refused.

Whole rows are sent only if they are to be written, and then straight into the raw table. How the two sides are compared
depends on how much of the store the batch holds, because the cost has to stay near that of the smaller side.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from models.archive import SNAPSHOT, ArchivedBatch
from models.binary_copy import copy_binary
from models.errors import StopError
from models.landing_comparison import Comparison, Found, looking_up, temporary_table
from models.landing_parts import ParentRecords
from models.landing_rows import BatchRows, Mask, deleted_keys
from models.live_hashes import LiveHashes
from models.raw import RAW_TABLES
from models.records import Stream

# From this share of the store's rows on, fetching the hashes of all costs less than looking each row up by its key.
_LARGE_RATE = 0.4
# What fetched hashes may take of memory: 32 bytes each, here and in the server.
_MOST_HASHES = 4_000_000
# Looking one key up costs as much as reading this many rows in passing.
_ROWS_PER_LOOKUP = 8
# So many records may be gone at once whatever the store's size: somebody cleaned up.
_MAY_BE_GONE = 100


class StreamLanding:
    """The landing of one stream, inside the transaction of its batch.

    Args:
        connection: The connection.
        batch: The batch.
        stream: The stream.
        loaded_at: What changed rows are dated with.
        parents: What the batch says of the records that this stream's are parts of; None for a stream of its own.
    """

    def __init__(
        self,
        connection: sa.Connection,
        batch: ArchivedBatch,
        stream: Stream,
        loaded_at: datetime,
        parents: ParentRecords | None,
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._stream = stream
        self._loaded_at = loaded_at
        self._parents = parents
        self._is_snapshot = batch.mode == SNAPSHOT
        self._raw = RAW_TABLES[batch.source, stream.name]
        self._rows = BatchRows(batch, stream)
        self._of_store = (self._raw.c.merchant_id == batch.merchant_id) & (self._raw.c.store_id == batch.store_id)
        # A record that stands in the batch as well was there when it was read.
        self._gone = self._rows.without(deleted_keys(batch, stream))
        self._is_echo: Mask | None = None
        self._inserted = 0

    def land(self, max_shrink_rate: float) -> tuple[int, int, int]:
        """Compare and write; see `landing.land_batch`.

        Returns:
            How many rows were inserted, updated and marked as deleted.
        """
        self._rows.refuse_repeated_keys(self._where())
        is_left_out: Mask | None = None
        touched_count = 0
        if self._parents is not None:
            is_left_out = self._parents.echoed(self._rows, self._stream.parent_key)
            self._parents.add_strays(self._rows, self._stream, self._where())
            touched_count = 0 if self._is_snapshot else self._parents.touched_count
        is_kept = None if is_left_out is None else ~is_left_out
        most = max(self._rows.count / _LARGE_RATE, touched_count * _ROWS_PER_LOOKUP)
        known = self._count_up_to(1 if self._is_snapshot else int(most) + 1)
        deleted = self._delete_confirmed(max_shrink_rate) if known and not self._gone.is_empty() else 0
        if known == 0 or (self._parents is not None and not self._is_snapshot and not touched_count):
            self._inserted = self._write(is_kept)  # where the parents are new, the parts are
            return self._inserted, 0, deleted
        if not self._rows.count and not self._is_snapshot and not touched_count:
            return 0, 0, deleted
        comparison = Comparison(self._connection, self._batch, self._stream, self._raw, self._rows)
        if self._is_snapshot:
            found = self._compare_snapshot(comparison, max_shrink_rate)
        elif self._parents is not None:
            comparison.bring(is_kept)
            in_passing = known <= touched_count * _ROWS_PER_LOOKUP
            comparison.find_of_parents(self._parents.touched(), in_passing=in_passing)
            found = comparison.found()
        else:
            is_large = known <= min(self._rows.count / _LARGE_RATE, _MOST_HASHES)
            self._compare(comparison, self._live_hashes() if is_large else None)
            found = comparison.found()
        return self._bring_in(comparison, found, deleted)

    def as_parents(self) -> ParentRecords:
        """What the landing of these records' parts needs to know; after `land`."""
        return ParentRecords(
            self._connection,
            stream=self._stream,
            raw=self._raw,
            is_of_store=self._of_store,
            rows=self._rows,
            is_echo=self._is_echo,
            gone=self._gone,
            are_all_new=self._inserted == self._rows.count,
        )

    def _compare(self, comparison: Comparison, live: LiveHashes | None) -> None:
        sent = comparison.bring(None, but=live)
        if live is None or sent * _ROWS_PER_LOOKUP < len(live):
            comparison.find_by_key()
        else:
            comparison.find_in_store(is_whole=False)

    def _compare_snapshot(self, comparison: Comparison, max_shrink_rate: float) -> Found:
        live = self._live_hashes()
        if len(live) > _MOST_HASHES:
            comparison.bring(None)
            comparison.find_in_store(is_whole=True)
            found = comparison.found()
        else:
            self._compare(comparison, live)
            found = comparison.found()
            if live.unfound_count > found.changed_live_count:
                comparison.find_unfound(live)
                found = comparison.found()
        live_count = self._count_live() if found.gone_count else 0
        if found.gone_count > live_count * max_shrink_rate:
            raise StopError(
                f"{self._where()}: the snapshot lacks {found.gone_count} of {live_count} rows, more than "
                f"max_shrink_rate {max_shrink_rate:g} allows: it looks truncated. Nothing was changed. Provide the "
                "complete export; or, if the records are really gone, set max_shrink_rate higher for one run"
            )
        return found

    def _live_hashes(self) -> LiveHashes:
        return LiveHashes(self._connection, self._raw, self._of_store, most=_MOST_HASHES + 1)

    def _bring_in(self, comparison: Comparison, found: Found, deleted: int) -> tuple[int, int, int]:
        if found.echoes:
            self._is_echo = self._mask(found.echoes)
        if found.changed:
            comparison.remove_changed()
        if found.gone_count:
            deleted += comparison.mark_gone(self._tombstone())
        self._inserted, updated = len(found.new), len(found.changed)
        if self._inserted + updated == self._rows.count:
            self._write(None)
        else:
            self._write(self._mask([*found.new, *found.changed]))
        return self._inserted, updated, deleted

    def _write(self, is_wanted: Mask | None) -> int:
        if not self._rows.count or (is_wanted is not None and not is_wanted.any()):
            return 0
        constants: dict[str, str | datetime] = {
            "merchant_id": self._batch.merchant_id,
            "store_id": self._batch.store_id,
            "batch_id": self._batch.batch_id,
            "loaded_at": self._loaded_at,
        }
        source_updated_at = ["source_updated_at"] if self._stream.updated_at else []
        columns = [*self._stream.column_names, "content_hash", *source_updated_at]
        return copy_binary(self._connection, self._raw, columns, self._rows.whole(is_wanted), constants=constants)

    def _mask(self, places: list[int]) -> Mask:
        mask = np.zeros(self._rows.count, np.bool_)
        mask[places] = True
        return mask

    def _tombstone(self) -> dict[str, Any]:
        return {"is_deleted": True, "loaded_at": self._loaded_at, "batch_id": self._batch.batch_id}

    def _delete_confirmed(self, max_shrink_rate: float) -> int:
        columns = [sa.Column(name, self._raw.c[name].type) for name in self._stream.key]
        gone = temporary_table(self._connection, f"gone_{self._stream.name}", *columns)
        keys = [column.to_arrow().cast(pa.string()) for column in self._gone]
        copy_binary(
            self._connection, gone, self._gone.columns, [pa.RecordBatch.from_arrays(keys, names=self._gone.columns)]
        )
        same = [self._raw.c[name] == gone.c[name] for name in self._stream.key]
        with looking_up(self._connection):
            update = self._raw.update().where(self._of_store, ~self._raw.c.is_deleted, *same)
            marked = self._connection.execute(update.values(self._tombstone())).rowcount
        if marked > _MAY_BE_GONE:
            live = self._count_live() + marked
            if marked > live * max_shrink_rate:
                raise StopError(
                    f"{self._where()}: the platform says that {marked} of {live} records are gone, more than "
                    f"max_shrink_rate {max_shrink_rate:g} allows. Nothing was changed. If they are really gone, set "
                    "max_shrink_rate higher for one run; if they are not, delete the row of batch "
                    f"{self._batch.batch_id} in ops.archive_batches, and the next run reads again from before it"
                )
        return marked

    def _count_up_to(self, limit: int) -> int:
        some = sa.select(sa.literal(1)).select_from(self._raw).where(self._of_store).limit(limit).subquery()
        return self._connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0

    def _count_live(self) -> int:
        live = sa.select(sa.func.count()).select_from(self._raw).where(self._of_store, ~self._raw.c.is_deleted)
        return self._connection.scalar(live) or 0

    def _where(self) -> str:
        return f"merchant {self._batch.merchant_id!r}, store {self._batch.store_id!r}, {self._stream.name}"
