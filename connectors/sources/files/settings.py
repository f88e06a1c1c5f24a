"""The settings of the files source, as they stand in `perennial.yml` under a store's `source`.

Only their shape and what can be told without opening a file: whether columns exist is known when the files are read.
"""

import codecs
from datetime import date
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Format = Literal["auto", "csv", "jsonl", "parquet", "whitespace"]


class _Declaration(BaseModel):
    """An unknown key is an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(_Declaration):
    """Where one of our fields comes from: a column of the file, or a constant."""

    column: str | None = Field(
        default=None,
        min_length=1,
        description="The file's column. In JSONL and Parquet, dots lead into nested objects (`customer.id`).",
    )
    constant: str | None = Field(
        default=None, min_length=1, description="The same value for every row, for what the file does not say."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain_column(cls, value: Any) -> Any:  # noqa: ANN401 - what stands in the file may be anything
        """Let `amount: total` stand for `amount: {column: total}`, and a constant be a number."""
        if isinstance(value, str):
            return {"column": value}
        named = value.get("column") if isinstance(value, dict) else value
        if isinstance(named, bool | int | float | date):
            # YAML takes a bare No, Yes or 2024 for a truth or a number, and `No` is what many exports call the order.
            reason = f"YAML reads this as {named}, not as a column's name; put it in quotes"
            raise ValueError(reason)  # noqa: TRY004 - pydantic collects these only
        if isinstance(value, dict) and isinstance(value.get("constant"), int | float) and value["constant"] is not True:
            return {**value, "constant": str(value["constant"])}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> "FieldMapping":
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs a column's name, or {constant: …} for a value that the file lacks")
        return self


class DateMapping(FieldMapping):
    """A date or time: its column, how it is written, and in which zone."""

    format: str = Field(
        default="iso8601",
        description=(
            "`iso8601` (2024-01-31, 2024-01-31T18:30:00+01:00), `unix_seconds`, `unix_milliseconds`, or a strptime "
            "format such as `%d/%m/%Y %H:%M`. Day and month are never guessed. Date types of Parquet need none."
        ),
    )
    time_zone: str | None = Field(
        default=None,
        description=(
            "The IANA zone of values that carry no offset; default: the merchant's. A local time that occurs twice "
            "(clocks going back) is the first of the two; one that never was (clocks going forward) is moved forward "
            "by the gap. An offset in the value wins."
        ),
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone; write one such as Europe/Berlin")
        return value

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value not in {"iso8601", "unix_seconds", "unix_milliseconds"} and "%" not in value:
            raise ValueError(
                f"{value!r} is no date format; write iso8601, unix_seconds, unix_milliseconds or one such as %d/%m/%Y"
            )
        return value


class OrderColumns(_Declaration):
    """Which column of the files holds which of our fields."""

    customer_id: FieldMapping = Field(
        description="Who bought: the seller's customer id, or an address if there is none."
    )
    ordered_at: DateMapping = Field(description="When the order was placed.")
    amount: FieldMapping = Field(description="What the customer paid for the order (with `rows: lines`: for the line).")
    currency_code: FieldMapping = Field(description="ISO 4217 code; `{constant: EUR}` where the file does not say.")
    order_id: FieldMapping | None = Field(
        default=None,
        description=(
            "The seller's order id. Without one, ids are made of a row's content and its occurrence: the same rows "
            "give the same ids however the files are named and sorted, and rows that repeat each other are orders of "
            "their own."
        ),
    )
    quantity: FieldMapping | None = Field(default=None, description="Items bought; a whole number, not negative.")
    channel: FieldMapping | None = Field(default=None, description="Where the order came from.")
    email: FieldMapping | None = Field(default=None, description="The address given with the order.")
    refund_id: FieldMapping | None = Field(default=None, description="The seller's refund id; made of content without.")
    refunded_at: DateMapping | None = Field(default=None, description="When the money went back; default: ordered_at.")
    refund_amount: FieldMapping | None = Field(
        default=None, description="With `refunds: column`: what went back of this order; its sign does not matter."
    )
    line_id: FieldMapping | None = Field(
        default=None, description="With `rows: lines`: the line's id within its order."
    )
    sku: FieldMapping | None = Field(default=None, description="With `rows: lines`: the product's code.")
    product_name: FieldMapping | None = Field(default=None, description="With `rows: lines`: the product's name.")


class CustomerColumns(_Declaration):
    """Which column of the customer files holds which of our fields."""

    customer_id: FieldMapping = Field(description="The same id as in the orders.")
    email: FieldMapping | None = Field(default=None, description="The customer's address.")
    first_name: FieldMapping | None = Field(default=None, description="Given name.")
    last_name: FieldMapping | None = Field(default=None, description="Family name.")
    has_email_consent: FieldMapping | None = Field(
        default=None,
        description=(
            "Whether they agreed to marketing emails: true/false, yes/no, y/n, t/f, 1/0, subscribed/unsubscribed. "
            "Anything else counts as unknown, and nothing is sent on unknown."
        ),
    )
    email_consent_at: DateMapping | None = Field(default=None, description="When they agreed or withdrew.")


class FileSet(_Declaration):
    """Files of one layout, and how they are written."""

    path: str | list[str] = Field(
        description=(
            "A file, a glob (`exports/**/*.csv.gz`) or a list of them; relative to the folder of perennial.yml. "
            "`package:name/path` is a data file inside an installed Python package."
        )
    )
    format: Format = Field(
        default="auto",
        description="By default told from the suffix (.csv, .tsv, .jsonl, .ndjson, .parquet; .gz, .zst unpacked).",
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="What parts the columns of a CSV; by default found among comma, semicolon, tab and bar.",
    )
    header: bool | None = Field(
        default=None,
        description="Whether the first line names the columns; by default it does unless `column_names` do.",
    )
    column_names: list[str] | None = Field(
        default=None, min_length=1, description="The columns' names in order, for files without a header line."
    )
    skip_lines: int = Field(default=0, ge=0, description="Lines above the header (or the first row) to pass over.")
    encoding: str = Field(
        default="utf-8", description="Such as utf-8, latin-1, cp1252, utf-16. A byte-order mark is fine."
    )
    decimal_separator: Literal[".", ","] = Field(default=".", description="What parts whole from fraction in numbers.")
    thousands_separator: Literal[".", ",", " ", "'", "_"] | None = Field(
        default=None,
        description="What groups the digits of numbers, where something does; a blank may be non-breaking.",
    )
    quote_character: str | None = Field(
        default='"',
        min_length=1,
        max_length=1,
        description="What encloses CSV values that hold a delimiter or a line end, doubled inside; null: nothing does.",
    )
    null_markers: list[str] = Field(
        default=["NULL", "null", "\\N"], description='Texts that mean "no value", beside the empty one.'
    )

    @field_validator("path")
    @classmethod
    def _some_path(cls, value: str | list[str]) -> str | list[str]:
        if not value or not all(value):
            raise ValueError("names no file")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            "".encode(codecs.lookup(value).name)
        except (LookupError, TypeError):
            raise ValueError(f"{value!r} is not an encoding; write one such as utf-8, latin-1 or cp1252") from None
        return value

    @field_validator("delimiter", "quote_character")
    @classmethod
    def _one_byte(cls, value: str | None) -> str | None:
        if value is not None and (not value.isascii() or value in "\r\n\0"):
            raise ValueError(f'{value!r} cannot part columns; use one ASCII character such as ; or a tab ("\\t")')
        return value

    @model_validator(mode="after")
    def _consistent_layout(self) -> "FileSet":
        if self.decimal_separator == self.thousands_separator:
            raise ValueError("thousands_separator: is the decimal separator too; a number could mean two things")
        if self.delimiter is not None and self.delimiter == self.quote_character:
            raise ValueError("delimiter: is the quote_character too")
        if self.header is False and self.column_names is None:
            raise ValueError("column_names: is needed when `header` is false, to say which column is which")
        return self

    @property
    def has_header(self) -> bool:
        """Whether a line of each file names its columns."""
        return self.column_names is None if self.header is None else self.header


class CustomerFiles(FileSet):
    """Files of customers, beside those of orders."""

    columns: CustomerColumns = Field(description="Which column holds what.")


class FilesSettings(FileSet):
    """A store whose orders come as files: CSV, JSON lines, Parquet, or columns apart by white space."""

    type: Literal["files"] = Field(description="Which kind of source this is.")
    mode: Literal["snapshot", "append"] = Field(
        default="snapshot",
        description=(
            "`snapshot`: the files are the whole history, and what is no longer in them is deleted. `append`: files "
            "come and go, and say what is new or changed; of an order that several files hold, the version in the "
            "file whose name sorts last counts."
        ),
    )
    max_shrink_rate: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="The share of records that a snapshot may lose against the one before; more stops the merchant.",
    )
    rows: Literal["orders", "lines"] = Field(
        default="orders", description="Whether a row is an order or a line of one."
    )
    columns: OrderColumns = Field(description="Which column holds what.")
    refunds: Literal["none", "negative_amounts", "column"] = Field(
        default="none",
        description=(
            "`negative_amounts`: a row below zero is a refund, of the order whose id it carries. `column`: "
            "`refund_amount` says what of the order went back. `none`: a row below zero is rejected."
        ),
    )
    customers: Literal["generated"] | CustomerFiles | None = Field(
        default=None,
        description=(
            "Files of customers with a layout of their own; or `generated`: names, addresses and consent are made up, "
            "for demonstrations, and marked as such."
        ),
    )

    @model_validator(mode="after")
    def _consistent_columns(self) -> "FilesSettings":
        columns = self.columns
        for name in ("order_id", "refund_id", "line_id"):
            mapping: FieldMapping | None = getattr(columns, name)
            if mapping is not None and mapping.constant is not None:
                raise ValueError(f"columns.{name}: an id cannot be a constant; leave it out to have ids made")
        if self.rows == "lines" and columns.order_id is None:
            raise ValueError("columns.order_id: is needed with `rows: lines`, to tell which lines are one order")
        if self.rows == "orders":
            for name in ("line_id", "sku", "product_name"):
                if getattr(columns, name) is not None:
                    raise ValueError(f"columns.{name}: belongs to a line; set `rows: lines` or leave it out")
        if self.refunds == "column" and columns.refund_amount is None:
            raise ValueError("columns.refund_amount: is needed with `refunds: column`")
        if self.refunds != "column" and columns.refund_amount is not None:
            raise ValueError("columns.refund_amount: would not be read; set `refunds: column` or leave it out")
        if self.refunds == "none" and (columns.refund_id or columns.refunded_at):
            raise ValueError("refunds: must say how refunds are written, for refund_id and refunded_at are mapped")
        return self
