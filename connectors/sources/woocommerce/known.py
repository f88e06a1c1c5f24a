"""What the warehouse has of a stream, compact enough to hold for every record of a shop: 16 bytes each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from models.records import Stream

Ids = npt.NDArray[np.int64]
Digests = npt.NDArray[np.uint64]


class KnownRows:
    """The ids that the warehouse has, in order, with a digest of some of their columns.

    Args:
        stream: The stream.
        table: Live records of it: the columns that a digest is made of, and the id.
        id_column: The column that tells them apart; holds whole numbers.
        owner_column: Another such column to remember, such as a refund's order.
    """

    def __init__(self, stream: Stream, table: pa.Table, *, id_column: str, owner_column: str | None = None) -> None:
        self._schema = pa.schema([stream.schema.field(name) for name in table.column_names if name != id_column])
        ids = _numbers(table, id_column)
        order = np.argsort(ids, kind="stable")
        self.ids: Ids = ids[order]
        self._digests = _digests(table.select(self._schema.names), self._schema)[order]
        self._owners = None if owner_column is None else _numbers(table, owner_column)[order]

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, record_id: int) -> bool:
        return bool(self._present(np.array([record_id], dtype=np.int64))[0])

    def between(self, after_id: int, last_id: int | None) -> Ids:
        """The known ids behind one and up to another; up to the end without one."""
        begin = np.searchsorted(self.ids, after_id, side="right")
        end = len(self.ids) if last_id is None else np.searchsorted(self.ids, last_id, side="right")
        return self.ids[begin:end]

    def missing(self, after_id: int, last_id: int | None, listed: Sequence[int]) -> list[int]:
        """The known ids of a stretch that a list of it does not have."""
        lacking: list[int] = np.setdiff1d(self.between(after_id, last_id), np.asarray(listed, dtype=np.int64)).tolist()
        return lacking

    def owners(self, ids: Sequence[int]) -> list[int]:
        """The owners of known records."""
        assert self._owners is not None  # noqa: S101 - asked for when it was made
        found: list[int] = self._owners[np.searchsorted(self.ids, np.asarray(ids, dtype=np.int64))].tolist()
        return found

    def is_new_or_changed(self, ids: Sequence[int], rows: pa.RecordBatch | pa.Table) -> list[bool]:
        """Per record, whether the warehouse lacks it or has it with other contents.

        Args:
            ids: The records' ids.
            rows: Their columns, of which those of the digest are looked at.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        present = self._present(wanted)
        digests = _digests(rows.select(self._schema.names), self._schema)
        places = np.minimum(np.searchsorted(self.ids, wanted), max(len(self.ids) - 1, 0))
        same = present & (self._digests[places] == digests) if len(self.ids) else present
        changed: list[bool] = (~same).tolist()
        return changed

    def unknown(self, ids: Sequence[int]) -> list[int]:
        """Those of the ids that the warehouse has not."""
        wanted = np.asarray(ids, dtype=np.int64)
        lacking: list[int] = wanted[~self._present(wanted)].tolist()
        return lacking

    def _present(self, wanted: Ids) -> npt.NDArray[np.bool_]:
        if not len(self.ids):
            return np.zeros(len(wanted), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        found: npt.NDArray[np.bool_] = self.ids[places] == wanted
        return found


def _numbers(table: pa.Table, name: str) -> Ids:
    array = table.column(name).combine_chunks().cast(pa.int64())
    numbers: Ids = array.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return numbers


def _digests(rows: pa.RecordBatch | pa.Table, schema: pa.Schema) -> Digests:
    if not schema.names:
        return np.zeros(rows.num_rows, dtype=np.uint64)
    table = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
    frame = pl.from_arrow(table.cast(schema))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - what a table becomes
    return frame.hash_rows(seed=0).to_numpy()
