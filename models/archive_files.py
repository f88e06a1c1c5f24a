"""The archive's files: Parquet written piece by piece, under a temporary name until it is complete and on disk.

Must not know batches, streams or what the columns mean.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.whole_files import publish, sync_folder

# Pages may be as small as a platform's API makes them; row groups of this size keep files small and scans quick. Both
# bound what a writer holds: a row with a platform's whole answer beside it is a hundred times one without.
_ROW_GROUP_ROWS = 32_768
_ROW_GROUP_BYTES = 16 * 2**20


class ParquetFile:
    """One Parquet file while it is being written.

    Args:
        path: Its final name, which it has from `publish` on.
        schema: Its columns.
        complete: Makes rows of the file's schema of those that were written, knowing the first one's place in the file.
            It is given many pages at once, for on pages of a few hundred rows it would cost twice as much.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        complete: Callable[[pa.Table, int], pa.Table] | None = None,
    ) -> None:
        self.row_count = 0
        self.schema = schema
        self._path = path
        self._temporary = temporary_path(path)
        self._complete = complete
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._waiting_bytes = 0
        make_folder(path.parent)
        # Without dictionaries: zstd makes as little of values that repeat, and of those that do not a dictionary is
        # wasted work and place.
        self._writer = pq.ParquetWriter(self._temporary, schema, compression="zstd", use_dictionary=False)

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows."""
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        self._waiting_bytes += rows.nbytes
        self.row_count += rows.num_rows
        if self._waiting_rows >= _ROW_GROUP_ROWS or self._waiting_bytes >= _ROW_GROUP_BYTES:
            self._flush()

    def publish(self) -> None:
        """Give the file its name; it is complete and on disk when this returns."""
        self._flush()
        self._writer.close()
        publish(self._temporary, self._path)

    def discard(self) -> None:
        """Remove what was begun; after `publish` there is nothing to remove."""
        self._writer.close()
        self._temporary.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows = pa.Table.from_batches(self._waiting)
        if self._complete is not None:
            rows = self._complete(rows, self.row_count - rows.num_rows)
        self._writer.write_table(rows, row_group_size=_ROW_GROUP_ROWS)
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0


def parquet_batches(
    path: Path, columns: Sequence[str], batch_rows: int, is_wanted: np.ndarray[Any, np.dtype[np.bool_]] | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a file, in their order.

    Args:
        path: The file.
        columns: The columns to read; they come in this order.
        batch_rows: The most rows at a time.
        is_wanted: For each row whether to return it; a row group without any is not read.
    """
    # One thread and no reading ahead: on files in the system's cache both cost more than they bring.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        first = 0
        for group in range(file.num_row_groups):
            last = first + file.metadata.row_group(group).num_rows
            if is_wanted is None or is_wanted[first:last].any():
                pieces = file.iter_batches(
                    batch_size=batch_rows, row_groups=[group], columns=list(columns), use_threads=False
                )
                for rows in pieces:
                    some = rows.select(list(columns))  # the file's order is not the caller's
                    if is_wanted is not None:
                        some = some.filter(pa.array(is_wanted[first : first + rows.num_rows]))
                        first += rows.num_rows
                    if some.num_rows:
                        yield some
            first = last


def parquet_columns(path: Path) -> list[str]:
    """The names of a file's columns."""
    return list(pq.read_schema(path).names)


def temporary_path(path: Path) -> Path:
    """Where a file stands while this process writes it."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, so that they are there after a crash."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)
