"""Pages of a stated size out of batches of any size."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from models.records import Page, RejectedRecord, Stream


class PageBuilder:
    """Gathers one stream's records until they fill a page.

    Args:
        stream: The stream.
        page_rows: The most records of a page, and the most rejected ones.
    """

    def __init__(self, stream: Stream, page_rows: int) -> None:
        self._stream = stream
        self._page_rows = page_rows
        self._batches: list[pa.RecordBatch] = []
        self._count = 0
        self._rejected: list[RejectedRecord] = []
        self._bytes_read = 0

    def add(
        self, batch: pa.RecordBatch | None, rejected: Sequence[RejectedRecord] = (), *, bytes_read: int = 0
    ) -> Iterator[Page]:
        """Take records in; gives the pages that are full."""
        if batch is not None and len(batch):
            self._batches.append(batch)
            self._count += len(batch)
        self._rejected += rejected
        self._bytes_read += bytes_read
        while self._count >= self._page_rows or len(self._rejected) >= self._page_rows:
            yield self._page()

    def finish(self) -> Iterator[Page]:
        """The last page; there is one even of nothing, for a stream that was read and is empty says so."""
        yield self._page()

    def _page(self) -> Page:
        # Batches are views: nothing is copied until a page is put together.
        taken, count = [], 0
        while self._batches and count < self._page_rows:
            batch = self._batches.pop(0)
            room = self._page_rows - count
            if len(batch) > room:
                self._batches.insert(0, batch.slice(room))
                batch = batch.slice(0, room)
            taken.append(batch)
            count += len(batch)
        self._count -= count
        rejected, self._rejected = self._rejected[: self._page_rows], self._rejected[self._page_rows :]
        bytes_read, self._bytes_read = self._bytes_read, 0
        whole = pa.Table.from_batches(taken, schema=self._stream.schema).combine_chunks().to_batches()
        records = whole[0] if whole else pa.RecordBatch.from_pylist([], schema=self._stream.schema)
        return Page(self._stream.name, records, tuple(rejected), bytes_read)
