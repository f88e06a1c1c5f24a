"""The records of one stream of a batch, as landing reads them: keys and hashes to compare by, whole rows to write.

Reads the archive only; holds a few bytes a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from models.archive import ArchivedBatch
from models.errors import StopError
from models.records import Stream

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_READ_ROWS = 16_384
_SUSPECTS = 1_000
# Some five megabytes of keys and hashes.
_HELD_ROWS = 50_000


class BatchRows:
    """One stream's records in a batch. Rows are told by their place, from 0.

    Args:
        batch: The batch.
        stream: The stream.
    """

    def __init__(self, batch: ArchivedBatch, stream: Stream) -> None:
        self.count = batch.row_counts.get(stream.name, 0)
        self._batch = batch
        self._stream = stream

    @property
    def key_hashes(self) -> Hashes:
        """A number per row that tells its key, near enough to rule equality out; good within this process."""
        return self._hashes[0]

    @property
    def parent_hashes(self) -> Hashes:
        """The `key_hashes` that the rows' parents have."""
        return self._hashes[1]

    @cached_property
    def _hashes(self) -> tuple[Hashes, Hashes]:
        parent_key = self._stream.parent_key
        of_keys, of_parents = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for frame in self.keys():
            of_keys.append(frame.hash_rows().to_numpy())
            if parent_key:
                of_parents.append(frame.select(parent_key).hash_rows().to_numpy())
        return np.concatenate(of_keys), np.concatenate(of_parents)

    def keys(self, names: Sequence[str] | None = None, *, is_wanted: Mask | None = None) -> Iterator[pl.DataFrame]:
        """The rows' keys, or other columns."""
        for records in self._read(names or self._stream.key, is_wanted):
            yield _frame(records)

    def key_batches(self, is_wanted: Mask | None = None) -> Iterator[pa.RecordBatch]:
        """The rows' keys, as they are sent to the warehouse."""
        return self._read(self._stream.key, is_wanted)

    @property
    def compared_columns(self) -> list[str]:
        """What rows are compared by: key, time of change where there is one, place and content."""
        updated_at = [] if self._stream.updated_at is None else [self._stream.updated_at]
        return [*self._stream.key, *updated_at, "row_number", "content_hash"]

    def compared(self, is_wanted: Mask | None = None) -> Iterator[pa.RecordBatch]:
        """What rows are compared by."""
        yield from self._read(self.compared_columns, is_wanted)

    def whole(self, is_wanted: Mask | None = None) -> Iterator[pa.RecordBatch]:
        """Rows with the stream's columns and `content_hash`, and once more the time of change where there is one."""
        columns = [*self._stream.column_names, "content_hash"]
        for records in self._read(columns, is_wanted):
            if self._stream.updated_at is None:
                yield records
            else:
                changed = records.column(self._stream.updated_at)
                yield records.append_column("source_updated_at", changed)

    def places_of(self, keys: pl.DataFrame) -> Mask:
        """For each row whether its first key columns are among the keys, exactly."""
        found = [frame.select(_is_among(keys)).to_series().to_numpy() for frame in self.keys(keys.columns)]
        return np.concatenate(found) if found else np.zeros(0, np.bool_)

    def without(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Those of the keys that no row has."""
        if keys.is_empty():
            return keys
        for frame in self.keys():
            keys = keys.join(frame, on=self._stream.key, how="anti")
        return keys

    def refuse_repeated_keys(self, where: str) -> None:
        """Hold that no key stands in the batch twice.

        Raises:
            StopError: One does; the message says where.
        """
        if not self.count:
            return
        hashes = np.sort(self.key_hashes)
        twice = hashes[1:][hashes[1:] == hashes[:-1]]
        if not twice.size:
            return
        # Few rows now, of keys that stand here twice or (once in a very long while) share a hash with another.
        first = self.key_hashes[np.isin(self.key_hashes, twice)][:_SUSPECTS]
        place = ["source_file", "source_line"] if "source_line" in self._stream.column_names else ["row_number"]
        suspects = pl.concat(self.keys([*self._stream.key, *place], is_wanted=np.isin(self.key_hashes, first)))
        for repeated in suspects.partition_by(self._stream.key, maintain_order=True):
            if repeated.height > 1:
                key = ", ".join(f"{name} {repeated[name][0]!r}" for name in self._stream.key)
                named = " and ".join(_named(row) for row in repeated.head(2).select(place).iter_rows(named=True))
                raise StopError(
                    f"{where}: {key} stands in this batch twice, at {named}; correct the input, or map a column that "
                    "tells these records apart"
                )

    def _read(self, columns: Sequence[str], is_wanted: Mask | None = None) -> Iterator[pa.RecordBatch]:
        if self.count == 0:
            return
        held = self.compared_columns if self.count <= _HELD_ROWS else []
        others = [name for name in columns if name not in held]
        if len(others) == len(columns):
            yield from self._read_file(columns, is_wanted)
            return
        known = self._held if is_wanted is None else self._held.filter(pa.array(is_wanted))
        if not others:
            yield known.select(list(columns))
            return
        first = 0
        for some in self._read_file(others, is_wanted):
            beside = known.slice(first, some.num_rows)
            first += some.num_rows
            both = [(some if name in others else beside).column(name) for name in columns]
            yield pa.RecordBatch.from_arrays(both, names=list(columns))

    def _read_file(self, columns: Sequence[str], is_wanted: Mask | None) -> Iterator[pa.RecordBatch]:
        name = self._stream.name
        return self._batch.record_batches(name, columns=columns, batch_rows=_READ_ROWS, is_wanted=is_wanted)

    @cached_property
    def _held(self) -> pa.RecordBatch:
        """What the rows of a small batch are compared by, so that its file is opened once for all of it."""
        pieces = self._batch.record_batches(self._stream.name, columns=self.compared_columns, batch_rows=_HELD_ROWS)
        return pa.Table.from_batches(list(pieces)).combine_chunks().to_batches()[0]


def deleted_keys(batch: ArchivedBatch, stream: Stream) -> pl.DataFrame:
    """The keys of a stream that a batch confirms to be gone, each once."""
    frames = [_frame(keys) for keys in batch.deleted_keys(stream.name)]
    return pl.concat(frames).unique() if frames else no_keys(stream.key)


@cache
def no_keys(names: tuple[str, ...]) -> pl.DataFrame:
    """A frame without rows that has the columns of a key."""
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String))


def _is_among(keys: pl.DataFrame) -> pl.Expr:
    if len(keys.columns) == 1:
        return pl.first().is_in(keys.to_series().implode())
    return pl.struct(pl.all()).is_in(keys.to_struct("key").implode())


def _named(place: dict[str, Any]) -> str:
    if "row_number" in place:
        return f"row {place['row_number']}"
    return f"{place['source_file']} line {place['source_line']}"


def _frame(records: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(records)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 (narrows the type: a batch never becomes a series)
    return frame
