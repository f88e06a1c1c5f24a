"""The protocol of a source: what every connector that brings data in offers to the pipeline.

A source turns one store's records into pages of declared streams. It keeps no state of its own: the cursor it is
given is the one that it returned when its last rows were archived, so a crash anywhere repeats work and never skips
it. Clock, waiting, chance and secrets are handed in.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from models.records import Correction, Deletions, Page, Stream

Cursor = dict[str, Any]


class ReadMode(StrEnum):
    """What a read says about the records that it does not contain."""

    SNAPSHOT = "snapshot"  # everything that exists was read: a record that is absent was deleted
    DELTA = "delta"  # new and changed records only: absence says nothing, and what is gone is named
    UNCHANGED = "unchanged"  # the source is as it was at the cursor: nothing was read


class KnownRecords(Protocol):
    """The store's live records as the warehouse knows them, with everything that was archived and waits to land."""

    def __call__(self, stream: str, columns: Sequence[str]) -> pa.Table:
        """The columns asked for, one row per live record of the stream, in no particular order."""
        ...


class SecretStore(Protocol):
    """Secrets that a platform hands out while we work with it, such as tokens that replace each other."""

    def get(self, name: str) -> str | None:
        """The secret of that name; None before it was first set."""
        ...

    def set(self, name: str, value: str) -> None:
        """Keep a secret; it is on disk, readable by its owner only, when this returns."""
        ...


@dataclass(frozen=True)
class SourceRuntime:
    """What a source may use of the world.

    Attributes:
        clock: The time now, in UTC: for signatures, the expiry of tokens, and the length of waits. Which records a
            read covers follows from the request's own time.
        sleep: Waits for so many seconds.
        random: Jitter.
        secrets: The store's own secrets.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    random: random.Random
    secrets: SecretStore


@dataclass(frozen=True)
class ReadRequest:
    """What a source needs to read one store.

    Attributes:
        merchant_id: The tenant.
        store_id: The store within it.
        cursor: The JSON state that came with the store's last archived rows; None for the first read.
        requested_at: The run's own time, in UTC; what a read covers ends before it.
        corrections: Rejected records that their owner has corrected.
        page_rows: The most records that a page may hold; bounds memory.
        reading_rows: About how many records a reading holds before it ends at a point that it can go on from.
        known: What the warehouse has of the store; None where there is no warehouse, as when settings are tried.
    """

    merchant_id: str
    store_id: str
    cursor: Cursor | None
    requested_at: datetime
    corrections: Sequence[Correction] = ()
    page_rows: int = 50_000
    reading_rows: int = 25_000
    known: KnownRecords | None = None


@dataclass(frozen=True)
class Notice:
    """Something about a store that its owner has to know, such as a permission that is missing.

    Attributes:
        code: What it is, in snake_case, the same at every read.
        message: What is the matter, what it costs, and what to do about it.
    """

    code: str
    message: str


@dataclass
class BudgetUse:
    """How much of a platform's rate allowance a read used.

    Attributes:
        name: The allowance, such as `admin_api_points`.
        limit: How much there is at most at one time, as the platform's replies said last; None where they don't.
        used_total: What the read used of it in all.
        peak_rate: The largest share of the limit in use after any reply, 0 to 1.
    """

    name: str
    limit: float | None = None
    used_total: float = 0.0
    peak_rate: float = 0.0


@dataclass
class ReadReport:
    """What a read found out besides records; complete once its pages are consumed.

    Attributes:
        has_more: Whether the reading ended before the store's records did: read again from the new cursor.
        request_counts: Per stream, the requests made.
        wait_count: How often it waited for the platform.
        wait_seconds: How long in all.
        rows_expected: How many records the platform says that there are to read, for progress; None if unknown.
        notices: What the store's owner has to know.
        budgets: The allowances used, by name.
    """

    has_more: bool = False
    request_counts: dict[str, int] = field(default_factory=dict)
    wait_count: int = 0
    wait_seconds: float = 0.0
    rows_expected: int | None = None
    notices: list[Notice] = field(default_factory=list)
    budgets: dict[str, BudgetUse] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """One read of one store.

    Attributes:
        mode: What absence means; `UNCHANGED` has no pages.
        fingerprint: A digest of the input and of how it was read; equal fingerprints give equal pages. Of a platform,
            whose records change under the reader, it is the digest of the cursor, the settings and the request's time.
        pages: The pages and what is gone, each of one stream, to be consumed once. No key comes twice within a
            reading, be it as a record or as gone; and with a record come all of its parts.
        cursor: The state to commit together with the rows of *all* pages; complete once the pages are consumed.
        bytes_total: The input's size where it is known, for progress.
        notes: Plain facts worth showing beside the read (files, sizes, encodings).
        report: What else it found out.
    """

    mode: ReadMode
    fingerprint: str
    pages: Iterator[Page | Deletions]
    cursor: Cursor
    bytes_total: int | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    report: ReadReport = field(default_factory=ReadReport)


class Source(Protocol):
    """A connector that brings one kind of system's records in.

    Attributes:
        system: Its name; with `raw_` it gives the schema of its tables.
        streams: What it fills, parents before their parts.
        is_resumable: Whether a read goes on from the last archived reading, landed or not (a platform), or begins with
            what landed and supersedes what waits (a file that holds everything).
    """

    system: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]
    is_resumable: ClassVar[bool]

    def read(self, request: ReadRequest) -> Reading:
        """Open the store and return its pages.

        Raises:
            MisconfiguredError: A key of `perennial.yml` is wrong, such as a path that matches no file.
            RetryLaterError: The system cannot be reached or asks to wait.
            StopError: What was found must not be read, such as a file that changed under the reader.
        """
        ...
