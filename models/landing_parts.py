"""What a batch says of the records of a parent stream, for the landing of their parts.

Whenever a parent is read, all of its parts are read with it: a part that does not come along is gone, as are the parts
of a parent that is gone. The parts of a late echo change as little as the echo itself.
"""

import numpy as np
import polars as pl
import pyarrow as pa
import sqlalchemy as sa

from models.binary_copy import copy_binary
from models.errors import StopError
from models.landing_rows import BatchRows, Mask
from models.records import Stream


class ParentRecords:
    """The parents in one batch.

    Args:
        connection: The connection of the landing's transaction.
        stream: The parents' stream.
        raw: Its raw table, with the parents already landed.
        is_of_store: The store's rows of it.
        rows: The parents in the batch.
        is_echo: For each of them whether it is a late echo; None when none is.
        gone: The keys of those confirmed to be gone.
        are_all_new: Whether the warehouse knew none of the parents in the batch, deleted ones included: then it has no
            parts of theirs either.
    """

    def __init__(
        self,
        connection: sa.Connection,
        *,
        stream: Stream,
        raw: sa.Table,
        is_of_store: sa.ColumnElement[bool],
        rows: BatchRows,
        is_echo: Mask | None,
        gone: pl.DataFrame,
        are_all_new: bool,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._raw = raw
        self._is_of_store = is_of_store
        self._rows = rows
        self._is_echo = is_echo
        self._gone = gone
        self._are_all_new = are_all_new
        self._echoes = pl.concat(rows.keys(is_wanted=is_echo)) if is_echo is not None else None
        self._touched: sa.Table | None = None
        self._stray_count = 0

    @property
    def touched_count(self) -> int:
        """How many parents the warehouse may have parts of that this batch says something about."""
        echo_count = 0 if self._is_echo is None else int(self._is_echo.sum())
        read_count = 0 if self._are_all_new else self._rows.count - echo_count
        return read_count + self._gone.height + self._stray_count

    def echoed(self, parts: BatchRows, names: tuple[str, ...]) -> Mask | None:
        """For each part in the batch whether its parent is a late echo; None when none is."""
        if self._echoes is None or not parts.count:
            return None
        is_echoed = parts.places_of(self._echoes.rename(dict(zip(self._echoes.columns, names, strict=True))))
        return is_echoed if is_echoed.any() else None

    def touched(self) -> sa.Table:
        """A table of the parents that this batch says something about: their keys, and whether all parts came along."""
        if self._touched is None:
            self._touched = sa.Table(
                f"touched_{self._stream.name}",
                sa.MetaData(),
                *(sa.Column(name, self._raw.c[name].type) for name in self._stream.key),
                sa.Column("is_whole", sa.Boolean),
                prefixes=["temporary"],
                postgresql_on_commit="drop",
            )
            self._touched.create(self._connection)
            is_read = None if self._is_echo is None else ~self._is_echo
            frames = [self._gone] if self._are_all_new else [*self._rows.keys(is_wanted=is_read), self._gone]
            self._copy(frames, is_whole=True)
        return self._touched

    def add_strays(self, parts: BatchRows, stream: Stream, where: str) -> None:
        """Take in the parents of parts that came without them: what the batch says of those parts alone is landed.

        Raises:
            StopError: The warehouse knows no such parent. A parent without parts in the warehouse is new, and one with
                parts is not: landing rests on that.
        """
        is_stray = ~np.isin(parts.parent_hashes, self._rows.key_hashes)
        if not is_stray.any():
            return
        names = dict(zip(stream.parent_key, self._stream.key, strict=True))
        strays = pl.concat(parts.keys(stream.parent_key, is_wanted=is_stray)).rename(names).unique()
        touched = self.touched()
        self._copy([strays.join(self._gone, on=self._stream.key, how="anti")], is_whole=False)
        same = sa.and_(*(self._raw.c[name] == touched.c[name] for name in self._stream.key))
        is_known = sa.exists(sa.select(sa.literal(1)).where(self._is_of_store, same))
        keys = [touched.c[name] for name in self._stream.key]
        unknown = self._connection.execute(sa.select(*keys).where(~touched.c.is_whole, ~is_known).limit(1)).first()
        if unknown is not None:
            key = ", ".join(f"{name} {value!r}" for name, value in zip(self._stream.key, unknown, strict=True))
            raise StopError(
                f"{where}: records came without the one of {self._stream.name} that they are parts of ({key}), and the "
                "warehouse does not know it; a source has to read a record whole, with all of its parts"
            )
        self._stray_count += strays.height

    def _copy(self, frames: list[pl.DataFrame], *, is_whole: bool) -> None:
        batches = (
            pa.RecordBatch.from_arrays(
                [
                    *(column.to_arrow().cast(pa.string()) for column in frame),
                    pa.array([is_whole] * frame.height, pa.bool_()),
                ],
                names=[*self._stream.key, "is_whole"],
            )
            for frame in frames
        )
        copy_binary(self._connection, self.touched(), [*self._stream.key, "is_whole"], batches)
