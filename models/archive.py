"""The archive: every batch that was ever read, as typed Parquet files from which any raw table can be rebuilt.

    <root>/source=<source>/stream=<stream>/merchant_id=<m>/store_id=<s>/day=<yyyy-mm-dd>/<batch_id>.parquet
    <root>/source=<source>/stream=<stream>__deleted/…/<batch_id>.parquet
    <root>/source=<source>/_batches/merchant_id=<m>/store_id=<s>/<batch_id>.json

A Parquet file holds one stream of one batch: the stream's columns, `content_hash`, `row_number` and, from a platform,
`payload`, the record's whole text as it was sent. What a platform confirmed to be gone is a file of keys, in a folder
of its own. The manifest beside them says what the batch is, and, once it has landed, when and as which number, so the
archive alone is enough. Files are written under a temporary name and renamed when complete; under its final name a
file is never half there.

Must not know the warehouse: what lands is `landing`'s business.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from models.archive_files import (
    ParquetFile,
    make_folder,
    parquet_batches,
    parquet_columns,
    temporary_path,
)
from models.content_hash import content_hashes
from models.raw import SOURCE_STREAMS
from models.records import Deletions, Page, Stream
from models.whole_files import publish

SNAPSHOT = "snapshot"
DELTA = "delta"

CONTENT_HASH = pa.field("content_hash", pa.string(), nullable=False)
ROW_NUMBER = pa.field("row_number", pa.int64(), nullable=False)
PAYLOAD = pa.field("payload", pa.string())

_DELETED = "__deleted"
_READ_ROWS = 8_192
# Version 1 knew no deletions; a Perennial that knows only it must not take a batch that has some.
_MANIFEST_VERSION = 2
_READABLE_VERSIONS = (1, 2)


def batch_id(source: str, merchant_id: str, store_id: str, fingerprint: str, *, follows: str | None) -> str:
    """The id of a batch: a digest of the store, its input, and the batch that the store landed before it.

    The same read tried again is the same batch. An export that goes back to an earlier content is a new one, because it
    follows another: without that, it would be taken for the old batch, which has landed long since.

    Args:
        source: The source's system name.
        merchant_id: The tenant.
        store_id: The store.
        fingerprint: The reading's fingerprint.
        follows: The batch that the store's cursor was committed with; None before the first.
    """
    parts = json.dumps([source, merchant_id, store_id, fingerprint, follows], ensure_ascii=False)
    return sha256(parts.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class ArchivedBatch:
    """One batch in the archive.

    Attributes:
        root: The archive's folder.
        batch_id: See `batch_id`.
        source: The source's system name.
        merchant_id: The tenant.
        store_id: The store.
        mode: `snapshot` (a record that is absent was deleted) or `delta`.
        fingerprint: The reading's fingerprint.
        day: The UTC day of the read.
        cursor: The state to commit with the rows.
        archived_at: The run's time at which it was read.
        row_counts: Records per stream; a stream without records is absent.
        deletion_counts: Keys per stream that the platform confirmed to be gone; a stream without any is absent.
        rejected_count: Records set aside while it was read.
        protected_keys: Per stream the natural keys, joined with `/`, of rejected records: a snapshot that lacks them
            because they could not be read must not delete them.
        notes: Plain facts about the read.
        batch_number: Its place in the order of batches; None until it has landed.
        landed_at: When it landed; None until then.
    """

    root: Path
    batch_id: str
    source: str
    merchant_id: str
    store_id: str
    mode: str
    fingerprint: str
    day: date
    cursor: Mapping[str, Any]
    archived_at: datetime
    row_counts: Mapping[str, int] = field(default_factory=dict)
    deletion_counts: Mapping[str, int] = field(default_factory=dict)
    rejected_count: int = 0
    protected_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    batch_number: int | None = None
    landed_at: datetime | None = None

    @property
    def manifest_path(self) -> Path:
        """Where the manifest lies."""
        return _manifest_folder(self.root, self.source, self.merchant_id, self.store_id) / f"{self.batch_id}.json"

    def stream_path(self, stream: str) -> Path:
        """Where the records of a stream lie, if the batch has any."""
        return self._path(stream)

    def deletions_path(self, stream: str) -> Path:
        """Where the keys of what is gone of a stream lie, if the batch has any."""
        return self._path(f"{stream}{_DELETED}")

    def _path(self, folder: str) -> Path:
        return (
            _source_folder(self.root, self.source)
            / _part("stream", folder)
            / _part("merchant_id", self.merchant_id)
            / _part("store_id", self.store_id)
            / _part("day", self.day.isoformat())
            / f"{self.batch_id}.parquet"
        )

    def record_batches(
        self,
        stream: str,
        *,
        columns: Sequence[str] | None = None,
        batch_rows: int = _READ_ROWS,
        is_wanted: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The records of a stream, in the order they were read.

        Args:
            stream: The stream's name.
            columns: The columns wanted; by default the stream's own with `content_hash` and `row_number`.
            batch_rows: The most rows at a time.
            is_wanted: For each record whether to return it; by default all are.
        """
        if self.row_counts.get(stream):
            there = parquet_columns(path := self.stream_path(stream))
            wanted = columns or [name for name in there if name != PAYLOAD.name]
            for rows in parquet_batches(path, [name for name in wanted if name in there], batch_rows, is_wanted):
                yield rows if rows.num_columns == len(wanted) else self._completed(stream, rows, wanted)

    def _completed(self, stream: str, rows: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
        """Rows with the columns that the stream did not have yet when they were archived; those are empty."""
        declared = next(one.schema for one in SOURCE_STREAMS[self.source] if one.name == stream)
        for name in set(columns) - set(rows.schema.names):
            rows = rows.append_column(name, pa.nulls(rows.num_rows, declared.field(name).type))
        return rows.select(list(columns))

    def deleted_keys(self, stream: str, *, batch_rows: int = _READ_ROWS) -> Iterator[pa.RecordBatch]:
        """The keys of the stream's records that the platform confirmed to be gone: its key columns, in the key's order.

        Args:
            stream: The stream's name.
            batch_rows: The most keys at a time.
        """
        if self.deletion_counts.get(stream):
            path = self.deletions_path(stream)
            yield from parquet_batches(path, parquet_columns(path), batch_rows)

    def landed(self, *, batch_number: int, landed_at: datetime) -> "ArchivedBatch":
        """Note in the manifest that the batch has landed; repeating it changes nothing.

        Returns:
            The batch with its number and time.
        """
        if (self.batch_number, self.landed_at) == (batch_number, landed_at) and self.manifest_path.exists():
            return self
        batch = replace(self, batch_number=batch_number, landed_at=landed_at)
        _write_manifest(batch)
        return batch


class BatchWriter:
    """Writes one batch, page by page, in memory that does not grow with it.

    Use as a context manager: leaving it by an exception removes what was begun; `finish` makes the batch final.
    Writing a batch that is already there replaces it with equal content.

    Args:
        batch: What is known before reading: everything but counts and protected keys.
        streams: The source's streams.
    """

    def __init__(self, batch: ArchivedBatch, streams: tuple[Stream, ...]) -> None:
        self._batch = replace(batch, day=_first_day(batch))
        self._streams = {stream.name: stream for stream in streams}
        self._files: dict[str, ParquetFile] = {}
        self._deletions: dict[str, ParquetFile] = {}
        self._protected: dict[str, dict[str, None]] = {}
        self._rejected_count = 0
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def write(self, page: Page | Deletions) -> None:
        """Add a page, or what is gone; those of several streams may come in any order.

        Raises:
            KeyError: The source has no such stream.
            TypeError: The page's records are not in the stream's schema, the keys are not the stream's, or only some of
                a stream's pages have payloads.
        """
        stream = self._streams[page.stream]
        if isinstance(page, Deletions):
            self._write_deletions(stream, page.keys)
            return
        if not page.records.schema.equals(stream.schema):
            raise TypeError(f"a page of {stream.name} has the schema {page.records.schema}, not {stream.schema}")
        for rejected in page.rejected:
            self._rejected_count += 1
            if rejected.key is not None:
                self._protected.setdefault(rejected.stream, {})[rejected.key] = None
        if page.records.num_rows:
            self._write_records(stream, page)

    def _write_records(self, stream: Stream, page: Page) -> None:
        extra = [CONTENT_HASH, ROW_NUMBER] if page.payloads is None else [CONTENT_HASH, ROW_NUMBER, PAYLOAD]
        schema = pa.schema([*stream.schema, *extra])

        def complete(rows: pa.Table, first: int) -> pa.Table:
            # The whole texts stay in their pieces: bringing them together would cost as much as all other columns.
            columns = rows.select(stream.column_names).combine_chunks()
            hashes = content_hashes(stream, columns.to_batches()[0])
            numbers = pa.array(np.arange(first, first + rows.num_rows), pa.int64())
            return pa.Table.from_arrays(
                [*columns.columns, hashes, numbers, *rows.columns[len(stream.columns) :]], schema=schema
            )

        if stream.name not in self._files:
            path = self._batch.stream_path(stream.name)
            self._files[stream.name] = ParquetFile(path, schema, complete=complete)
            self._cleanup.callback(self._files[stream.name].discard)
        if self._files[stream.name].schema != schema:
            raise TypeError(f"some pages of {stream.name} have payloads and others have none")
        rows = page.records
        if page.payloads is not None:
            rows = rows.append_column(PAYLOAD, page.payloads.cast(PAYLOAD.type))
        self._files[stream.name].write(rows)

    def _write_deletions(self, stream: Stream, keys: pa.RecordBatch) -> None:
        schema = pa.schema([stream.schema.field(name) for name in stream.key])
        if keys.schema.names != schema.names or keys.schema.types != schema.types:
            raise TypeError(f"deletions of {stream.name} have the schema {keys.schema}, not {schema}")
        if keys.num_rows:
            if stream.name not in self._deletions:
                path = self._batch.deletions_path(stream.name)
                self._deletions[stream.name] = ParquetFile(path, schema)
                self._cleanup.callback(self._deletions[stream.name].discard)
            self._deletions[stream.name].write(pa.RecordBatch.from_arrays(keys.columns, schema=schema))

    def finish(self) -> ArchivedBatch:
        """Make the files final and write the manifest, which comes last: what it names is there.

        Returns:
            The batch as archived.
        """
        for file in (*self._files.values(), *self._deletions.values()):
            file.publish()
        batch = replace(
            self._batch,
            row_counts={name: file.row_count for name, file in self._files.items()},
            deletion_counts={name: file.row_count for name, file in self._deletions.items()},
            rejected_count=self._rejected_count,
            protected_keys={name: tuple(keys) for name, keys in self._protected.items()},
        )
        known = find_batch(batch.root, batch.source, batch.merchant_id, batch.store_id, batch.batch_id)
        if known is not None:  # a batch that has landed stays landed when it is archived again
            batch = replace(batch, batch_number=known.batch_number, landed_at=known.landed_at)
        _write_manifest(batch)
        # What an earlier try left of a platform that has changed since: the manifest does not name it.
        for name in self._streams.keys() - self._files.keys():
            batch.stream_path(name).unlink(missing_ok=True)
        for name in self._streams.keys() - self._deletions.keys():
            batch.deletions_path(name).unlink(missing_ok=True)
        return batch


def find_batch(root: Path, source: str, merchant_id: str, store_id: str, batch_id: str) -> ArchivedBatch | None:
    """A batch of the archive by its id; None if it was never completed."""
    path = _manifest_folder(root, source, merchant_id, store_id) / f"{batch_id}.json"
    return _read_manifest(root, path) if path.exists() else None


def batches(root: Path, source: str) -> Iterator[ArchivedBatch]:
    """Every batch of a source that was completed, landed or not, in no particular order."""
    for path in sorted(_source_folder(root, source).glob("_batches/*/*/*.json")):
        yield _read_manifest(root, path)


def _read_manifest(root: Path, path: Path) -> ArchivedBatch:
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["manifest_version"] not in _READABLE_VERSIONS:
        raise ValueError(
            f"{path}: manifest of version {content['manifest_version']}; this Perennial reads up to {_MANIFEST_VERSION}"
        )
    landed_at = content["landed_at"]
    return ArchivedBatch(
        root=root,
        batch_id=content["batch_id"],
        source=content["source"],
        merchant_id=content["merchant_id"],
        store_id=content["store_id"],
        mode=content["mode"],
        fingerprint=content["fingerprint"],
        day=date.fromisoformat(content["day"]),
        cursor=content["cursor"],
        archived_at=datetime.fromisoformat(content["archived_at"]),
        row_counts=content["row_counts"],
        deletion_counts=content.get("deletion_counts", {}),
        rejected_count=content["rejected_count"],
        protected_keys={name: tuple(keys) for name, keys in content["protected_keys"].items()},
        notes=content["notes"],
        batch_number=content["batch_number"],
        landed_at=None if landed_at is None else datetime.fromisoformat(landed_at),
    )


def _write_manifest(batch: ArchivedBatch) -> None:
    content = {
        "manifest_version": _MANIFEST_VERSION,
        "batch_id": batch.batch_id,
        "batch_number": batch.batch_number,
        "landed_at": None if batch.landed_at is None else batch.landed_at.isoformat(),
        "source": batch.source,
        "merchant_id": batch.merchant_id,
        "store_id": batch.store_id,
        "mode": batch.mode,
        "fingerprint": batch.fingerprint,
        "day": batch.day.isoformat(),
        "cursor": batch.cursor,
        "archived_at": batch.archived_at.isoformat(),
        "row_counts": batch.row_counts,
        "deletion_counts": batch.deletion_counts,
        "rejected_count": batch.rejected_count,
        "protected_keys": batch.protected_keys,
        "files": {
            **{name: str(batch.stream_path(name).relative_to(batch.root)) for name in batch.row_counts},
            **{
                f"{name}{_DELETED}": str(batch.deletions_path(name).relative_to(batch.root))
                for name in batch.deletion_counts
            },
        },
        "notes": batch.notes,
    }
    path = batch.manifest_path
    make_folder(path.parent)
    temporary = temporary_path(path)
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    publish(temporary, path)


def _first_day(batch: ArchivedBatch) -> date:
    # A batch that was begun before midnight and is completed after it stays one set of files.
    known = find_batch(batch.root, batch.source, batch.merchant_id, batch.store_id, batch.batch_id)
    if known is not None:
        return known.day
    pattern = f"stream=*/{_part('merchant_id', batch.merchant_id)}/{_part('store_id', batch.store_id)}/day=*"
    days = [
        date.fromisoformat(folder.name.removeprefix("day="))
        for folder in _source_folder(batch.root, batch.source).glob(pattern)
        if (folder / f"{batch.batch_id}.parquet").exists()
    ]
    return min(days, default=batch.day)


def _source_folder(root: Path, source: str) -> Path:
    return root / _part("source", source)


def _manifest_folder(root: Path, source: str, merchant_id: str, store_id: str) -> Path:
    return _source_folder(root, source) / "_batches" / _part("merchant_id", merchant_id) / _part("store_id", store_id)


def _part(name: str, value: str) -> str:
    return f"{name}={quote(value, safe='')}"
