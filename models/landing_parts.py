"""What a batch says of the records of a parent stream, for the landing of their parts.

Whenever a parent is read, all of its parts are read with it: a part that does not come along is gone, as are the parts
of a parent that is gone. The parts of a late echo change as little as the echo itself.
"""

from collections.abc import Iterable, Mapping

import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from psycopg import sql

from models.binary_copy import copy_binary
from models.copying import table_name
from models.errors import StopError
from models.landing_comparison import listed, run, same_key
from models.landing_rows import BatchRows, Mask
from models.records import Stream


class ParentRecords:
    """The parents in one batch.

    Args:
        connection: The connection of the landing's transaction.
        stream: The parents' stream.
        raw: Its raw table, with the parents already landed.
        store: The store's `merchant_id` and `store_id`.
        rows: The parents in the batch.
        is_echo: For each of them whether it is a late echo; None when none is.
        gone: The keys of those confirmed to be gone.
        are_all_new: Whether the warehouse knew none of the parents in the batch, deleted ones included: then it has no
            parts of theirs either.
        read: A table with the keys of the parents in the batch that are no echoes; None while there is none.
    """

    def __init__(
        self,
        connection: sa.Connection,
        *,
        stream: Stream,
        raw: sa.Table,
        store: Mapping[str, str],
        rows: BatchRows,
        is_echo: Mask | None,
        gone: pl.DataFrame,
        are_all_new: bool,
        read: str | None,
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._raw = raw
        self._store = store
        self._rows = rows
        self._is_echo = is_echo
        self._gone = gone
        self._are_all_new = are_all_new
        self._echoes = pl.concat(rows.keys(is_wanted=is_echo)) if is_echo is not None else None
        self._read = read
        self._is_complete = False
        self._stray_count = 0

    @property
    def key(self) -> tuple[str, ...]:
        """The parents' key columns."""
        return self._stream.key

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

    def touched(self) -> str:
        """The name of a table of the parents that this batch says something about, with whether all parts came."""
        if self._read is None:
            self._read = touched_table(self._connection, self._stream, self._raw)
        if not self._is_complete:
            self._is_complete = True
            send_keys(self._connection, self._read, self._stream, [self._gone], is_whole=True)
        return self._read

    def add_strays(self, parts: BatchRows, stream: Stream, where: str) -> None:
        """Take in the parents of parts that came without them: what the batch says of those parts alone is landed.

        Raises:
            StopError: The warehouse knows no such parent. A parent without parts in the warehouse is new, and one with
                parts is not: landing rests on that.
        """
        if not parts.count:
            return
        is_stray = ~pl.Series(parts.parent_hashes).is_in(pl.Series(self._rows.key_hashes).implode()).to_numpy()
        if not is_stray.any():
            return
        names = dict(zip(stream.parent_key, self._stream.key, strict=True))
        strays = pl.concat(parts.keys(stream.parent_key, is_wanted=is_stray)).rename(names).unique()
        touched = self.touched()
        told = strays.join(self._gone, on=self._stream.key, how="anti")
        send_keys(self._connection, touched, self._stream, [told], is_whole=False)
        unknown = run(
            self._connection,
            "landing_unknown",
            self._store,
            raw=table_name(self._raw),
            touched=sql.Identifier(touched),
            touched_keys=listed(self._stream.key, touched),
            same_key=same_key(self._stream.key, "held", touched),
        ).fetchone()
        if unknown is not None:
            key = ", ".join(f"{name} {value!r}" for name, value in zip(self._stream.key, unknown, strict=True))
            raise StopError(
                f"{where}: records came without the one of {self._stream.name} that they are parts of ({key}), and the "
                "warehouse does not know it; a source has to read a record whole, with all of its parts"
            )
        self._stray_count += strays.height


def touched_table(connection: sa.Connection, stream: Stream, raw: sa.Table) -> str:
    """Create a table for keys of a stream, dropped when the transaction ends; its name."""
    name = f"touched_{stream.name}"
    run(connection, "landing_touched", raw=table_name(raw), touched=sql.Identifier(name), keys=listed(stream.key))
    return name


def send_keys(
    connection: sa.Connection, table: str, stream: Stream, keys: Iterable[pl.DataFrame], *, is_whole: bool
) -> None:
    """Add keys to a table that `touched_table` made.

    Args:
        connection: The connection of the landing's transaction.
        table: The table's name.
        stream: The keys' stream.
        keys: The keys.
        is_whole: Whether all of their parts came along.
    """
    batches = (
        pa.RecordBatch.from_arrays(
            [
                *(column.to_arrow().cast(pa.string()) for column in frame),
                pa.array([is_whole] * frame.height, pa.bool_()),
            ],
            names=[*stream.key, "is_whole"],
        )
        for frame in keys
    )
    copy_binary(connection, table, [*stream.key, "is_whole"], batches)
