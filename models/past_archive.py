"""The archive as a model run found it: which batches had landed by then, and the raw tables that they give.

The books say which batches those are, the archive has what is in them. What is missing or has another length is found
before anything is made of it; what was rewritten is found by the hash that stands beside each record. Writes into
another database than the one that the books are in, and never into the archive.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from models.archive import CONTENT_HASH, ArchivedBatch, find_batch
from models.archive_versions import landed_rows
from models.built_merchants import StorePosition
from models.content_hash import content_hashes
from models.copying import copy_batches
from models.errors import StopError
from models.ops import archive_batches
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import Stream

_SHOWN = 3


@dataclass(frozen=True)
class AlteredFile:
    """A file of the archive that is not as it was written.

    Attributes:
        path: The file.
        record_count: Records whose content is not what their hash says.
    """

    path: Path
    record_count: int


def batches_up_to(
    connection: sa.Connection, archive_root: Path, merchant_id: str, position: StorePosition
) -> list[ArchivedBatch]:
    """The batches of a store that had landed at a position, in their order.

    Landing takes a store's batches in the order of their numbers and no other, so these are all that its raw tables
    were made of.

    Args:
        connection: A connection that may read `ops`.
        archive_root: The archive's folder.
        merchant_id: The tenant.
        position: The store and how far it had landed.

    Raises:
        StopError: Books or archive no longer have all of them; the message says what is missing.
    """
    table = archive_batches
    rows = connection.execute(
        sa.select(table.c.batch_id, table.c.batch_number, table.c.landed_at)
        .where(
            table.c.merchant_id == merchant_id,
            table.c.store_id == position.store_id,
            table.c.source == position.source,
            table.c.landed_at.is_not(None),
            table.c.batch_number <= position.batch_number,
        )
        .order_by(table.c.batch_number)
    ).all()
    at = f"store {position.store_id} ({position.source})"
    if len(rows) != position.batch_count:
        raise StopError(
            f"{at}: the books know {len(rows)} batches up to number {position.batch_number} where there were "
            f"{position.batch_count}; the rows of ops.archive_batches have been changed"
        )
    found, wrongs = [], []
    for row in rows:
        batch = find_batch(archive_root, position.source, merchant_id, position.store_id, row.batch_id)
        if batch is None:
            wrongs.append(f"batch {row.batch_id} has no manifest")
            continue
        wrongs += _wrongs(batch)
        found.append(replace(batch, batch_number=row.batch_number, landed_at=row.landed_at))
    if wrongs:
        more = f"; and {len(wrongs) - _SHOWN:,} more" if len(wrongs) > _SHOWN else ""
        raise StopError(
            f"{at}: the archive no longer holds what had landed by then: {'; '.join(wrongs[:_SHOWN])}{more}. Was "
            "something removed from it, or only in part restored?"
        )
    return found


def landed_since(connection: sa.Connection, merchant_id: str, position: StorePosition) -> int:
    """How many batches of a store have landed after a position."""
    table = archive_batches
    query = sa.select(sa.func.count()).where(
        table.c.merchant_id == merchant_id,
        table.c.store_id == position.store_id,
        table.c.source == position.source,
        table.c.landed_at.is_not(None),
        table.c.batch_number > position.batch_number,
    )
    return connection.execute(query).scalar_one()


def rebuild_past(connection: sa.Connection, of_store: Sequence[ArchivedBatch], streams: Collection[str]) -> int:
    """Fill the raw tables of another database with what landing had made of a store's batches.

    Args:
        connection: A connection in a transaction, to a migrated database that has nothing of the store.
        of_store: From `batches_up_to`.
        streams: The streams of the store's source that are wanted.

    Returns:
        How many rows there are now.
    """
    if not of_store:
        return 0
    source, rows = of_store[0].source, 0
    for stream in SOURCE_STREAMS[source]:
        if stream.name in streams:
            raw = RAW_TABLES[source, stream.name]
            names = [column.name for column in raw.columns]
            rows += copy_batches(connection, raw, names, landed_rows(of_store, source, stream))
    return rows


def altered_files(batches: Iterable[ArchivedBatch]) -> Iterator[AlteredFile]:
    """The files of batches in which a record is not what its hash says; reads all of them.

    A file of an older contract, which lacks a column that the stream has now, cannot be told and passes.
    """
    for batch in batches:
        for stream in SOURCE_STREAMS[batch.source]:
            if batch.row_counts.get(stream.name):
                path = batch.stream_path(stream.name)
                if (count := _altered_count(batch, stream)) > 0:
                    yield AlteredFile(path, count)


def _altered_count(batch: ArchivedBatch, stream: Stream) -> int:
    if not set(stream.column_names) <= set(pq.read_schema(batch.stream_path(stream.name)).names):
        return 0
    count = 0
    for records in batch.record_batches(stream.name, columns=[*stream.column_names, CONTENT_HASH.name]):
        own = pa.RecordBatch.from_arrays(records.columns[:-1], schema=stream.schema)
        hashes = content_hashes(stream, own).to_pylist()
        kept = records.column(CONTENT_HASH.name).to_pylist()
        count += sum(one != other for one, other in zip(hashes, kept, strict=True))
    return count


def _wrongs(batch: ArchivedBatch) -> list[str]:
    """The files of a batch that are not there as its manifest says."""
    files = [(batch.stream_path(name), count) for name, count in batch.row_counts.items()]
    files += [(batch.deletions_path(name), count) for name, count in batch.deletion_counts.items()]
    wrongs = []
    for path, count in files:
        name = path.relative_to(batch.root).as_posix()
        try:
            found = pq.read_metadata(path).num_rows
        except FileNotFoundError:
            wrongs.append(f"{name} is gone")
        except (OSError, pa.ArrowInvalid):
            wrongs.append(f"{name} cannot be read")
        else:
            if found != count:
                wrongs.append(f"{name} holds {found:,} records where {count:,} were written")
    return wrongs
