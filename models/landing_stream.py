"""The landing of one stream of a batch: the choice of the way, the writing, and what is refused.

Whole rows are sent only if they are to be written, and then straight into the raw table. How the two sides are compared
depends on how much of the store the batch holds, because the cost has to stay near that of the smaller side.
"""

from datetime import datetime

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from models.archive import SNAPSHOT, ArchivedBatch
from models.binary_copy import copy_binary
from models.copying import table_name
from models.errors import StopError
from models.landing_comparison import BroughtTables, Comparison, Found
from models.landing_keys import BatchKeys
from models.landing_parts import ParentRecords
from models.landing_rows import BatchRows, Mask, deleted_keys
from models.landing_statements import by_address, listed, only_row, run, same_key
from models.raw import RAW_TABLES
from models.records import Stream

# So many records may be gone at once whatever the store's size: somebody cleaned up.
_MAY_BE_GONE = 100


class StreamLanding:
    """The landing of one stream, inside the transaction of its batch.

    Args:
        connection: The connection.
        brought: What the streams of the batch are compared in.
        batch: The batch.
        stream: The stream.
        loaded_at: What changed rows are dated with.
        parents: What the batch says of the records that this stream's are parts of; None for a stream of its own.
        is_known: Whether the warehouse has any rows of the stream for the store, deleted ones included.
    """

    def __init__(
        self,
        connection: sa.Connection,
        brought: BroughtTables,
        batch: ArchivedBatch,
        stream: Stream,
        loaded_at: datetime,
        parents: ParentRecords | None,
        *,
        is_known: bool,
    ) -> None:
        self._connection = connection
        self._brought = brought
        self._batch = batch
        self._stream = stream
        self._parents = parents
        self._is_known = is_known
        self._is_snapshot = batch.mode == SNAPSHOT
        self._raw = RAW_TABLES[batch.source, stream.name]
        self._rows = BatchRows(batch, stream)
        self._store = {"merchant_id": batch.merchant_id, "store_id": batch.store_id}
        self._dated: dict[str, str | datetime] = {"loaded_at": loaded_at, "batch_id": batch.batch_id}
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
        deleted = 0
        if self._is_known and not self._gone.is_empty():
            deleted = self._delete_confirmed(max_shrink_rate)
        if not self._is_known or (self._parents is not None and not self._is_snapshot and not touched_count):
            self._inserted = self._write(is_kept)  # where the parents are new, the parts are
            return self._inserted, 0, deleted
        if not self._rows.count and not self._is_snapshot and not touched_count:
            return 0, 0, deleted
        comparison = Comparison(
            self._connection, self._brought, self._batch, self._stream, self._raw, self._rows, self._dated
        )
        if self._is_snapshot:
            self._compare_snapshot(comparison, max_shrink_rate)
        elif self._parents is None:
            asked = BatchKeys(self._connection, self._stream, self._raw, "asked")
            asked.add(self._rows.key_batches, is_whole=True)
            comparison.compare_with_keys(asked)
        else:
            comparison.compare_with_parts(self._parents.touched(), touched_count, is_kept)
        inserted, updated = self._bring_in(comparison.found)
        return inserted, updated, deleted + comparison.found.gone_count

    def as_parents(self) -> ParentRecords:
        """What the landing of these records' parts needs to know; after `land`."""
        return ParentRecords(
            self._connection,
            stream=self._stream,
            raw=self._raw,
            store=self._store,
            rows=self._rows,
            is_echo=self._is_echo,
            gone=self._gone,
            are_all_new=self._inserted == self._rows.count,
        )

    def _compare_snapshot(self, comparison: Comparison, max_shrink_rate: float) -> None:
        live_count = comparison.compare_with_store()
        found = comparison.found
        if found.gone_count and live_count is None:
            live_count = self._count_live() + found.changed_live_count + found.gone_count
        if live_count is not None and found.gone_count > live_count * max_shrink_rate:
            raise StopError(
                f"{self._where()}: the snapshot lacks {found.gone_count} of {live_count} rows, more than "
                f"max_shrink_rate {max_shrink_rate:g} allows: it looks truncated. Nothing was changed. Provide the "
                "complete export; or, if the records are really gone, set max_shrink_rate higher for one run"
            )

    def _bring_in(self, found: Found) -> tuple[int, int]:
        if found.echoes:
            self._is_echo = self._mask(found.echoes)
        self._inserted, updated = len(found.new), len(found.changed)
        if self._inserted + updated == self._rows.count:
            self._write(None)
        else:
            self._write(self._mask([*found.new, *found.changed]))
        return self._inserted, updated

    def _write(self, is_wanted: Mask | None) -> int:
        if not self._rows.count or (is_wanted is not None and not is_wanted.any()):
            return 0
        constants: dict[str, str | datetime] = {**self._store, **self._dated}
        source_updated_at = ["source_updated_at"] if self._stream.updated_at else []
        columns = [*self._stream.column_names, "content_hash", *source_updated_at]
        return copy_binary(self._connection, self._raw, columns, self._rows.whole(is_wanted), constants=constants)

    def _mask(self, places: list[int]) -> Mask:
        mask = np.zeros(self._rows.count, np.bool_)
        mask[places] = True
        return mask

    def _delete_confirmed(self, max_shrink_rate: float) -> int:
        name = f"gone_{self._stream.name}"
        raw, gone = table_name(self._raw), sql.Identifier(name)
        run(self._connection, "landing_gone", raw=raw, gone=gone, keys=listed(self._stream.key))
        keys = [column.to_arrow().cast(pa.string()) for column in self._gone]
        batch = pa.RecordBatch.from_arrays(keys, names=self._gone.columns)
        copy_binary(self._connection, name, self._gone.columns, [batch])
        with by_address(self._connection):
            same = same_key(self._stream.key, "held", "gone")
            marking = {**self._store, **self._dated}
            update = run(self._connection, "landing_mark_confirmed", marking, raw=raw, gone=gone, same_key=same)
            marked = update.rowcount
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

    def _count_live(self) -> int:
        (count,) = only_row(run(self._connection, "landing_count_live", self._store, raw=table_name(self._raw)))
        return int(count)

    def _where(self) -> str:
        return f"merchant {self._batch.merchant_id!r}, store {self._batch.store_id!r}, {self._stream.name}"
