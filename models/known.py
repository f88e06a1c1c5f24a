"""What the warehouse knows of a store: its live records, with everything that was archived and waits to land.

A source that compares ids with its platform asks for this in the middle of a chain of readings, of which nothing has
landed yet. What waits is applied here as landing will apply it, on the columns that were asked for only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import sqlalchemy as sa

from models.archive import SNAPSHOT, ArchivedBatch, find_batch
from models.bookkeeping import pending_batches
from models.errors import StopError
from models.landing_rows import deleted_keys
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.reading import read_frame
from models.records import Stream


def known_records(
    connection: sa.Connection,
    archive_root: Path,
    *,
    source: str,
    merchant_id: str,
    store_id: str,
    stream: str,
    columns: Sequence[str],
) -> pa.Table:
    """The live records of a stream, landed or waiting to land.

    Args:
        connection: A connection that may read the raw tables and `ops`.
        archive_root: The archive's folder.
        source: The source's system name.
        merchant_id: The tenant.
        store_id: The store.
        stream: The stream's name.
        columns: The columns wanted, of the stream's own.

    Returns:
        One row per record, in no particular order.

    Raises:
        KeyError: The source has no such stream, or the stream no such column.
        StopError: A batch that waits to land is not in the archive.
    """
    contracts = {contract.name: contract for contract in SOURCE_STREAMS[source]}
    wanted = pa.schema([(name, _type(contracts[stream], name)) for name in columns])
    store = (source, merchant_id, store_id)
    waiting = [
        _archived(archive_root, *store, batch_id)
        for batch_id in pending_batches(connection, merchant_id, store_id, source)
    ]
    live = _LiveRecords.landed(connection, *store, contracts[stream], columns)
    parent = contracts[stream].parent
    parents = _LiveRecords.landed(connection, *store, contracts[parent], ()) if parent and waiting else None
    for batch in waiting:
        live.apply(batch, parents.apply(batch, None) if parents else None)
    table: pa.Table = live.frame.select(columns).to_arrow().cast(wanted)
    return table


@dataclass
class _Told:
    """What a batch says of parents: keys of those read with all of their parts or gone, and of late echoes."""

    whole: pl.DataFrame
    echoes: pl.DataFrame


@dataclass
class _LiveRecords:
    """The live records of one stream, brought from one batch to the next."""

    stream: Stream
    frame: pl.DataFrame

    @classmethod
    def landed(
        cls,
        connection: sa.Connection,
        source: str,
        merchant_id: str,
        store_id: str,
        stream: Stream,
        columns: Sequence[str],
    ) -> "_LiveRecords":
        raw = RAW_TABLES[source, stream.name]
        updated_at = [] if stream.updated_at is None else [stream.updated_at]
        names = list(dict.fromkeys([*stream.key, *updated_at, *columns]))
        is_live = [raw.c.merchant_id == merchant_id, raw.c.store_id == store_id, ~raw.c.is_deleted]
        return cls(stream, read_frame(connection, sa.select(*(raw.c[name] for name in names)).where(*is_live)))

    def apply(self, batch: ArchivedBatch, parents: _Told | None) -> _Told:
        """Take a batch in as `landing` will."""
        key = list(self.stream.key)
        brought, echoes = self._brought(batch), self.frame.clear()
        gone = deleted_keys(batch, self.stream).join(brought, on=key, how="anti")
        rows = self.frame.join(gone, on=key, how="anti")
        protected = pl.Series(batch.protected_keys.get(self.stream.name, ()), dtype=pl.String)
        is_protected = pl.concat_str(key, separator="/").is_in(protected.implode())
        if batch.mode == SNAPSHOT:
            rows = rows.filter(is_protected)
        elif parents is not None:
            of = list(self.stream.parent_key)
            brought = brought.join(_named(parents.echoes, of), on=of, how="anti")
            whole = _named(parents.whole, of)
            kept = rows.join(whole, on=of, how="semi").filter(is_protected)
            rows = pl.concat([rows.join(whole, on=of, how="anti"), kept])
        elif self.stream.updated_at is not None:
            is_older = pl.col(self.stream.updated_at) < pl.col(f"{self.stream.updated_at}_right")
            echoes = brought.join(rows.select(*key, self.stream.updated_at), on=key).filter(is_older)
            brought = brought.join(echoes, on=key, how="anti")
        self.frame = pl.concat([rows.join(brought, on=key, how="anti"), brought])
        return _Told(pl.concat([brought.select(key), gone.select(key)]), echoes.select(key))

    def _brought(self, batch: ArchivedBatch) -> pl.DataFrame:
        names = self.frame.columns
        pieces = list(batch.record_batches(self.stream.name, columns=names))
        if not pieces:
            return self.frame.clear()
        brought = pl.from_arrow(pa.Table.from_batches(pieces))
        assert isinstance(brought, pl.DataFrame)  # noqa: S101 (narrows the type: a table never becomes a series)
        return brought.match_to_schema(self.frame.schema)


def _named(keys: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return keys.rename(dict(zip(keys.columns, names, strict=True)))


def _type(stream: Stream, name: str) -> pa.DataType:
    if name not in stream.column_names:
        raise KeyError(f"{stream.name} has no column {name}")
    kind: pa.DataType = stream.schema.field(name).type
    return kind


def _archived(root: Path, source: str, merchant_id: str, store_id: str, batch_id: str) -> ArchivedBatch:
    batch = find_batch(root, source, merchant_id, store_id, batch_id)
    if batch is None:
        raise StopError(
            f"batch {batch_id} of store {store_id!r} is in the books but not in the archive at {root.name}/; restore "
            "the archive, or delete the batch's row in ops.archive_batches"
        )
    return batch
