"""Record contracts: the streams that every source fills, as Arrow schemas with a meaning for each column.

A stream is data, not code: its name, its natural key and its columns. Sources produce record batches of these schemas,
the archive stores them as they are, and the raw tables carry the same columns. The tenant columns (`merchant_id`,
`store_id`) are added by the warehouse and stand in no source's batch.

Must not know the database: this module is what `connectors` and `ml` may see of `models`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

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
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    description: str

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
    """

    stream: str
    records: pa.RecordBatch
    rejected: Sequence[RejectedRecord] = ()
    bytes_read: int = 0


_PROVENANCE = (
    Column("source_file", pa.string(), "The file that the record was read from, without its folder."),
    Column("source_line", pa.int64(), "The record's line in that file, 1-based."),
)

ORDERS = Stream(
    name="orders",
    key=("order_id",),
    description="One record per order, as its seller recorded it; refunds are records of their own.",
    columns=(
        Column("order_id", pa.string(), "The seller's order id, or an id made of the row's content.", required=True),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("ordered_at", TIMESTAMP, "When the order was placed, in UTC.", required=True),
        Column("amount", MONEY, "What the customer paid, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the order's currency.", required=True),
        Column("quantity", pa.int64(), "Items in the order, where the source says."),
        Column("channel", pa.string(), "Where the order came from, where the source says."),
        Column("email", pa.string(), "The address given with the order.", is_personal=True),
        Column("is_generated_id", pa.bool_(), "Whether the id was made from content and occurrence.", required=True),
        *_PROVENANCE,
    ),
)

ORDER_LINES = Stream(
    name="order_lines",
    key=("order_id", "line_id"),
    description="One record per line of an order, from files whose rows are lines.",
    columns=(
        Column("order_id", pa.string(), "The order that the line belongs to.", required=True),
        Column("line_id", pa.string(), "The seller's line id, or one made of content and occurrence.", required=True),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("ordered_at", TIMESTAMP, "When the order was placed, in UTC.", required=True),
        Column("sku", pa.string(), "The product's code, where the source says."),
        Column("product_name", pa.string(), "The product's name, where the source says."),
        Column("quantity", pa.int64(), "Items in the line, where the source says."),
        Column("amount", MONEY, "What the customer paid for the line, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the order's currency.", required=True),
        Column("channel", pa.string(), "Where the order came from, where the source says."),
        Column("email", pa.string(), "The address given with the order.", is_personal=True),
        *_PROVENANCE,
    ),
)

REFUNDS = Stream(
    name="refunds",
    key=("refund_id",),
    description="One record per refund, booked on the refund's own date.",
    columns=(
        Column(
            "refund_id", pa.string(), "The seller's refund id, or one made of content and occurrence.", required=True
        ),
        Column("order_id", pa.string(), "The order refunded, where the source says."),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("refunded_at", TIMESTAMP, "When the money went back, in UTC.", required=True),
        Column("amount", MONEY, "What went back, as a positive amount, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the refund's currency.", required=True),
        *_PROVENANCE,
    ),
)

CUSTOMERS = Stream(
    name="customers",
    key=("customer_id",),
    description="One record per customer, with how and whether they may be written to.",
    columns=(
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("email", pa.string(), "The customer's address.", is_personal=True),
        Column("first_name", pa.string(), "Given name.", is_personal=True),
        Column("last_name", pa.string(), "Family name.", is_personal=True),
        Column("has_email_consent", pa.bool_(), "Whether they agreed to marketing emails; null is unknown."),
        Column("email_consent_at", TIMESTAMP, "When they agreed or withdrew, in UTC."),
        Column("is_generated", pa.bool_(), "Whether the person was made up for a demonstration.", required=True),
        *_PROVENANCE,
    ),
)


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
