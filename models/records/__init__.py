"""Record contracts: the streams that every source fills, as Arrow schemas with a meaning for each column.

A stream is data, not code: its name, its natural key and its columns; each source's streams stand in a module of this
package under the source's name. Sources produce record batches of these schemas, the archive stores them as they are,
and the raw tables carry the same columns. The tenant columns (`merchant_id`, `store_id`) are added by the warehouse and
stand in no source's batch.

Must not know the database: this module is what `connectors` and `ml` may see of `models`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

# One physical type holds every ISO 4217 currency's minor units (none has more than four decimal places).
MONEY = pa.decimal128(18, 4)
TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """One column of a stream.

    Attributes:
        name: Its name, the same from the archive to the raw table.
        type: Its Arrow type.
        description: What it holds, in a reader's terms.
        required: Whether a record without it breaks the contract.
        is_personal: Whether it can identify a person; such columns never reach logs, marts or the ledger.
    """

    name: str
    type: pa.DataType
    description: str
    required: bool = False
    is_personal: bool = False


@dataclass(frozen=True)
class Stream:
    """A kind of record that a source yields, and the key by which the warehouse tells records apart.

    Attributes:
        name: The entity in the plural; with the source's name it gives the raw table (`raw_<source>.<name>`).
        key: The natural key within one store.
        columns: Every column, key columns included.
        description: A sentence that starts with "One record per".
        parent: The stream of the records that these are parts of, such as the orders of order lines. Whenever a parent
            is read, all of its parts are read with it; a part that does not come along is gone.
        parent_key: This stream's columns that hold the parent's key, in the order of the parent's key. A part's own key
            begins with them: that makes finding an order's lines a look into the primary key's index, and says that a
            part never moves to another parent.
        updated_at: The column that says when the platform last changed the record. A version that is older than the
            one in the warehouse is a late echo and changes nothing.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    description: str
    parent: str | None = None
    parent_key: tuple[str, ...] = ()
    updated_at: str | None = None

    def __post_init__(self) -> None:
        if (self.parent is None) != (not self.parent_key) or self.key[: len(self.parent_key)] != self.parent_key:
            raise ValueError(f"{self.name}: the key of parts of {self.parent} begins with its parent_key")

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of a batch of this stream."""
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.columns])

    @property
    def column_names(self) -> list[str]:
        """The columns' names, in order."""
        return [c.name for c in self.columns]


@dataclass(frozen=True)
class RejectedRecord:
    """A record that did not parse or broke its contract, with what its owner needs to correct it.

    Attributes:
        stream: The stream that it was meant for.
        origin: Where it came from: a file's name, or a platform's endpoint.
        line: Its line in the file (1-based, as an editor counts), or its position in the page.
        field: The field at fault, or `"*"` when the record as a whole could not be read.
        reason: Why it was refused.
        raw_text: The record as it was received.
        key: The natural key where it could be read, joined with `/`; lets a snapshot keep the last good version.
    """

    stream: str
    origin: str
    line: int
    field: str
    reason: str
    raw_text: str
    key: str | None = None


@dataclass(frozen=True)
class Page:
    """A piece of a stream that fits in memory: the good records, and those set aside.

    Attributes:
        stream: The stream's name.
        records: Good records in the stream's schema.
        rejected: The records that were set aside while this page was read.
        bytes_read: How much of the input this page consumed, for progress.
        payloads: Each record's whole text as the platform sent it, in the records' order. Kept in the archive only,
            where custom fields and whatever has no column yet can be looked up; None where the columns are everything.
    """

    stream: str
    records: pa.RecordBatch
    rejected: Sequence[RejectedRecord] = ()
    bytes_read: int = 0
    payloads: "pa.Array[Any] | None" = None


@dataclass(frozen=True)
class Deletions:
    """Records that the platform confirmed to be gone; their parts go with them.

    Attributes:
        stream: The stream's name.
        keys: Their keys: a batch of the stream's key columns, in the key's order.
    """

    stream: str
    keys: pa.RecordBatch


@dataclass(frozen=True)
class Correction:
    """A rejected record's text as its owner corrected it; sources read it in the record's place.

    Attributes:
        stream: The stream that the record was meant for.
        raw_text: The record as it was received.
        corrected_text: What to read instead, in the same format.
        corrected_at: When it was corrected, in UTC.
    """

    stream: str
    raw_text: str
    corrected_text: str
    corrected_at: datetime
