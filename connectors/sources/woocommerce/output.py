"""What a reading gives, gathered into pages of a useful size, and which records it has given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from connectors.payloads import payload_column
from models.records import Deletions, Page, RejectedRecord, Stream

# Few enough that their texts fit in memory, many enough that a page is worth its keeping.
_PAGE_ROWS = 2_000


@dataclass
class _Gathered:
    batches: list[pa.RecordBatch] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    rejected: list[RejectedRecord] = field(default_factory=list)
    row_count: int = 0


class Output:
    """Gathers batches per stream.

    Args:
        streams: Every stream.
        page_rows: The most rows of a page.

    Attributes:
        row_count: Rows given in all, parts included.
        given: Per parent stream, the ids that this reading has given, as records, as gone or as rejected.
    """

    def __init__(self, streams: Sequence[Stream], page_rows: int) -> None:
        self._streams = {stream.name: stream for stream in streams}
        self._page_rows = page_rows
        self._gathered: dict[str, _Gathered] = {}
        self._deletions: list[Deletions] = []
        self._waiting_rows = 0
        self.row_count = 0
        self.given: dict[str, set[int]] = {stream.name: set() for stream in streams}

    def add(self, stream: str, batch: pa.RecordBatch, payloads: Sequence[bytes] = ()) -> None:
        """Take records in, with their texts where they have such."""
        gathered = self._gathered.setdefault(stream, _Gathered())
        gathered.batches.append(batch)
        gathered.payloads += payloads
        gathered.row_count += batch.num_rows
        self._waiting_rows = max(self._waiting_rows, gathered.row_count)
        self.row_count += batch.num_rows

    def reject(self, record: RejectedRecord) -> None:
        """Take in a record that was set aside."""
        self._gathered.setdefault(record.stream, _Gathered()).rejected.append(record)
        self.row_count += 1

    def delete(self, stream: str, ids: Sequence[int]) -> None:
        """Take in records that are confirmed to be gone."""
        if ids:
            declared = self._streams[stream]
            names = list(declared.key)
            schema = pa.schema([declared.schema.field(name) for name in names])
            keys = pa.RecordBatch.from_arrays([pa.array(map(str, ids), pa.string())], schema=schema)
            self._deletions.append(Deletions(stream, keys))
            self.given[stream].update(ids)

    @property
    def is_due(self) -> bool:
        """Whether enough has gathered for a page."""
        return self._waiting_rows >= min(_PAGE_ROWS, self._page_rows)

    def flush(self) -> Iterator[Page | Deletions]:
        """Everything that has gathered, parents before their parts."""
        for name, stream in self._streams.items():
            gathered = self._gathered.pop(name, None)
            if gathered is not None and (gathered.row_count or gathered.rejected):
                yield from self._pages(stream, gathered)
        yield from self._deletions
        self._deletions = []
        self._waiting_rows = 0

    def _pages(self, stream: Stream, gathered: _Gathered) -> Iterator[Page]:
        table = pa.Table.from_batches(gathered.batches, schema=stream.schema).combine_chunks()
        batches = table.to_batches(max_chunksize=self._page_rows) or [pa.RecordBatch.from_pylist([], stream.schema)]
        rejected = tuple(gathered.rejected)
        start = 0
        for batch in batches:
            texts = gathered.payloads[start : start + batch.num_rows]
            start += batch.num_rows
            payloads = payload_column(texts) if stream.parent is None else None
            yield Page(stream.name, batch, rejected, payloads=payloads)
            rejected = ()
