"""What a batch says of the records of a parent stream, for the landing of their parts.

Whenever a parent is read, all of its parts are read with it: a part that does not come along is gone, as are the parts
of a parent that is gone. The parts of a late echo change as little as the echo itself.
"""

from collections.abc import Mapping

import polars as pl
import sqlalchemy as sa
from psycopg import sql

from models.copying import table_name
from models.errors import StopError
from models.landing_keys import BatchKeys
from models.landing_rows import BatchRows, Mask
from models.landing_statements import listed, run, same_key
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
        self._touched: BatchKeys | None = None
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

    def touched(self) -> BatchKeys:
        """The keys of the parents that this batch says something about, with whether all parts came."""
        if self._touched is None:
            self._touched = BatchKeys(self._connection, self._stream, self._raw, "touched")
            if not self._are_all_new:
                is_read = None if self._is_echo is None else ~self._is_echo
                self._touched.add(lambda: self._rows.key_batches(is_read), is_whole=True)
            self._touched.add_frame(self._gone, is_whole=True)
        return self._touched

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
        touched.add_frame(strays.join(self._gone, on=self._stream.key, how="anti"), is_whole=False)
        table = touched.table()
        unknown = run(
            self._connection,
            "landing_unknown",
            self._store,
            raw=table_name(self._raw),
            touched=sql.Identifier(table),
            touched_keys=listed(self._stream.key, table),
            same_key=same_key(self._stream.key, "held", table),
        ).fetchone()
        if unknown is not None:
            key = ", ".join(f"{name} {value!r}" for name, value in zip(self._stream.key, unknown, strict=True))
            raise StopError(
                f"{where}: records came without the one of {self._stream.name} that they are parts of ({key}), and the "
                "warehouse does not know it; a source has to read a record whole, with all of its parts"
            )
        self._stray_count += strays.height
