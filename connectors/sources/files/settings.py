"""The settings of the files source, as they stand in `perennial.yml` under a store's `source`.

Only their shape and what can be told without opening a file: whether columns exist is known when the files are read.
"""

import codecs
from typing import Literal

from pydantic import Field, field_validator, model_validator

from connectors.sources.files.columns import (
    CustomerColumns,
    Declaration,
    FieldMapping,
    MarketingSpendColumns,
    OrderColumns,
    OrderItemColumns,
    ProductColumns,
)

Format = Literal["auto", "csv", "jsonl", "parquet", "whitespace"]


class FileSet(Declaration):
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


class OrderItemFiles(FileSet):
    """Files of the lines of orders, beside those of orders."""

    columns: OrderItemColumns = Field(description="Which column holds what.")


class ProductFiles(FileSet):
    """Files of products: what they are, and what they cost from which day on."""

    columns: ProductColumns = Field(description="Which column holds what.")


class MarketingSpendFiles(FileSet):
    """Files of what was spent on marketing."""

    columns: MarketingSpendColumns = Field(description="Which column holds what.")


class FilesSettings(FileSet):
    """A store whose records come as files: CSV, JSON lines, Parquet, or columns apart by white space."""

    type: Literal["files"] = Field(description="Which kind of source this is.")
    path: str | list[str] = Field(
        default=[],
        description=(
            "The files of orders: a file, a glob (`exports/**/*.csv.gz`) or a list of them; relative to the folder of "
            "perennial.yml. `package:name/path` is a data file inside an installed Python package. Left out, with "
            "`columns`, where a store's files hold no orders."
        ),
    )
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
    columns: OrderColumns | None = Field(default=None, description="Which column of the orders holds what.")
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

    order_items: OrderItemFiles | None = Field(
        default=None, description="Files of the lines of orders, where the orders' own files have a row per order."
    )
    products: ProductFiles | None = Field(
        default=None, description="Files of products, with what they cost: then margins are known."
    )
    marketing_spend: MarketingSpendFiles | None = Field(
        default=None, description="Files of what was spent on marketing, by day and channel."
    )

    @property
    def further(self) -> dict[str, FileSet]:
        """The declared files beside those of orders, by the key that they stand under."""
        named = {name: getattr(self, name) for name in ("customers", "order_items", "products", "marketing_spend")}
        return {name: own for name, own in named.items() if isinstance(own, FileSet)}

    @model_validator(mode="after")
    def _some_files(self) -> "FilesSettings":
        if self.path and self.columns is None:
            raise ValueError("columns: is needed with `path`, to say which column of the orders holds what")
        if self.columns is not None and not self.path:
            raise ValueError("path: names no file, though `columns` says what its columns hold")
        if self.columns is None and self.customers == "generated":
            raise ValueError("customers: can be generated only for those who placed the orders of `path`")
        if self.columns is None and not self.further:
            raise ValueError("path: names no file, and neither do order_items, products, customers or marketing_spend")
        if self.order_items is not None and self.rows == "lines":
            raise ValueError("order_items: would say the lines again that the orders' own rows are with `rows: lines`")
        for name, own, key in (
            ("order_items", self.order_items, "line_id"),
            ("marketing_spend", self.marketing_spend, "spend_id"),
        ):
            mapping = getattr(own.columns, key) if own is not None else None
            if mapping is not None and mapping.constant is not None:
                raise ValueError(f"{name}.columns.{key}: an id cannot be a constant; leave it out to have ids made")
        return self

    @model_validator(mode="after")
    def _consistent_columns(self) -> "FilesSettings":
        columns = self.columns
        if columns is None:
            return self
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
