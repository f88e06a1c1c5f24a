"""The protocol of a source: what every connector that brings data in offers to the pipeline.

A source turns one store's records into pages of declared streams. It keeps no state of its own: the cursor it is
given is the one that it returned when its last rows were committed, so a crash anywhere repeats work and never skips
it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from models.records import Correction, Page, Stream

Cursor = dict[str, Any]


class ReadMode(StrEnum):
    """What a read says about the records that it does not contain."""

    SNAPSHOT = "snapshot"  # everything that exists was read: a record that is absent was deleted
    DELTA = "delta"  # new and changed records only: absence says nothing
    UNCHANGED = "unchanged"  # the source is as it was at the cursor: nothing was read


@dataclass(frozen=True)
class ReadRequest:
    """What a source needs to read one store.

    Attributes:
        merchant_id: The tenant.
        store_id: The store within it.
        cursor: The JSON state committed with the last landed rows; None for the first read.
        requested_at: The run's own time, in UTC; sources never look at a clock.
        corrections: Rejected records that their owner has corrected.
        page_rows: The most records that a page may hold; bounds memory.
    """

    merchant_id: str
    store_id: str
    cursor: Cursor | None
    requested_at: datetime
    corrections: Sequence[Correction] = ()
    page_rows: int = 50_000


@dataclass(frozen=True)
class Reading:
    """One read of one store.

    Attributes:
        mode: What absence means; `UNCHANGED` has no pages.
        fingerprint: A digest of the input and of how it was read; equal fingerprints give equal pages.
        pages: The pages, each of one stream, to be consumed once.
        cursor: The state to commit together with the rows of *all* pages.
        bytes_total: The input's size where it is known, for progress.
        notes: Plain facts worth showing beside the read (files, sizes, encodings).
    """

    mode: ReadMode
    fingerprint: str
    pages: Iterator[Page]
    cursor: Cursor
    bytes_total: int | None = None
    notes: dict[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A connector that brings one kind of system's records in."""

    system: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]

    def read(self, request: ReadRequest) -> Reading:
        """Open the store and return its pages.

        Raises:
            MisconfiguredError: A key of `perennial.yml` is wrong, such as a path that matches no file.
            RetryLaterError: The system cannot be reached or asks to wait.
            StopError: What was found must not be read, such as a file that changed under the reader.
        """
        ...
