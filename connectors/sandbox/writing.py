"""Writes a synthetic merchant as the files that a shop's owner would export, and the truth beside them.

    <folder>/orders/<store>.csv       orders, local time with its offset; refunds as rows below zero or as columns
    <folder>/customers/<store>.csv    accounts
    <folder>/truth/customers.parquet  what nobody could export: each person's true rate, dropout and spend
    <folder>/truth/merchant.json      the specification that all of it follows from

Files appear under their names when they are whole. Nothing but tests reads the truth.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal, Self

import polars as pl
import pyarrow.parquet as pq

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox.histories import generate
from connectors.sandbox.merchants import SyntheticMerchant, SyntheticStore
from connectors.sandbox.tables import SCHEMAS, Table
from models.errors import MisconfiguredError

FileFormat = Literal["csv", "jsonl", "parquet"]
RefundLayout = Literal["rows", "columns"]

FORMATS: Final[tuple[FileFormat, ...]] = ("csv", "jsonl", "parquet")
_LOCAL_TIME: Final = "%Y-%m-%dT%H:%M:%S%:z"


@dataclass(frozen=True)
class WrittenMerchant:
    """Where a synthetic merchant lies, and how much of it there is.

    Attributes:
        merchant: What was generated.
        order_paths: The orders file of each store.
        customer_paths: The accounts file of each store.
        truth_path: The truth, a Parquet file with a row per person.
        parameters_path: The specification, as JSON.
        counts: Rows by table: orders, refunds, customers, truth.
        source: What stands under `source` of each store in `perennial.yml` to read these files, paths relative to the
            folder.
    """

    merchant: SyntheticMerchant
    order_paths: Mapping[str, Path]
    customer_paths: Mapping[str, Path]
    truth_path: Path
    parameters_path: Path
    counts: Mapping[Table, int]
    source: Mapping[str, dict[str, Any]]


def write_merchant(
    merchant: SyntheticMerchant,
    folder: Path,
    file_format: FileFormat = "csv",
    *,
    refund_layout: RefundLayout = "rows",
    piece_rows: int = 100_000,
) -> WrittenMerchant:
    """Generate a merchant into files; a second call writes the same bytes.

    Args:
        merchant: What to generate.
        folder: Where the files go; made if it is not there. Files of the same names are replaced.
        file_format: `csv`, `jsonl` or `parquet`.
        refund_layout: `rows` writes a refund as an order row below zero with a refund id; `columns` writes what was
            refunded beside the order, summed up.
        piece_rows: How many rows are in memory at a time.

    Raises:
        MisconfiguredError: The format or the layout is none of these.
    """
    if file_format not in FORMATS:
        raise MisconfiguredError("format", f"{file_format!r} is not one of {', '.join(FORMATS)}")
    if refund_layout not in ("rows", "columns"):
        raise MisconfiguredError("refund_layout", f"{refund_layout!r} is neither rows nor columns")
    counts: dict[Table, int] = dict.fromkeys(SCHEMAS, 0)
    truth_path = folder / "truth" / "customers.parquet"
    with ExitStack() as stack:
        truth = stack.enter_context(_TableFile(truth_path, "parquet", SCHEMAS["truth"]))
        exports = {
            store.store_id: _StoreFiles(merchant, store, folder, file_format, refund_layout=refund_layout, stack=stack)
            for store in merchant.stores
        }
        for piece in generate(merchant, piece_rows=piece_rows):
            counts[piece.table] += piece.rows.height
            if piece.table == "truth":
                truth.append(piece.rows)
                continue
            for (store_id,), rows in piece.rows.group_by("store_id", maintain_order=True):
                exports[str(store_id)].append(piece.table, rows)
    parameters_path = folder / "truth" / "merchant.json"
    parameters_path.write_text(json.dumps(asdict(merchant), indent=2, default=_json) + "\n", encoding="utf-8")
    return WrittenMerchant(
        merchant=merchant,
        order_paths={store_id: files.orders.path for store_id, files in exports.items()},
        customer_paths={store_id: files.customers.path for store_id, files in exports.items()},
        truth_path=truth_path,
        parameters_path=parameters_path,
        counts=counts,
        source={store_id: files.source(folder) for store_id, files in exports.items()},
    )


def _json(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    message = f"{type(value).__name__} has no place in a specification"
    raise TypeError(message)


class _StoreFiles:
    """The exports of one store."""

    def __init__(
        self,
        merchant: SyntheticMerchant,
        store: SyntheticStore,
        folder: Path,
        file_format: FileFormat,
        *,
        refund_layout: RefundLayout,
        stack: ExitStack,
    ) -> None:
        self._zone = merchant.time_zone
        self._format = file_format
        self._layout = refund_layout
        self._digits = MINOR_DIGITS[store.currency_code]
        name = f"{store.store_id}.{file_format}"
        self.orders = stack.enter_context(
            _TableFile(
                folder / "orders" / name, file_format, self._exported(self._orders(SCHEMAS["orders"].to_frame()))
            )
        )
        self.customers = stack.enter_context(
            _TableFile(
                folder / "customers" / name, file_format, self._exported(_accounts(SCHEMAS["customers"].to_frame()))
            )
        )

    def append(self, table: Table, rows: pl.DataFrame) -> None:
        if table == "orders":
            self.orders.append(self._exported(self._orders(rows)))
        elif table == "customers":
            self.customers.append(self._exported(_accounts(rows)))
        elif self._layout == "rows":
            self.orders.append(self._exported(self._refund_rows(rows)))

    def source(self, folder: Path) -> dict[str, Any]:
        """The settings of the files source that reads these files."""
        columns: dict[str, Any] = {
            "order_id": "order_id",
            "customer_id": "customer_id",
            "ordered_at": "ordered_at",
            "amount": "total",
            "currency_code": "currency",
            "quantity": "items",
            "channel": "channel",
            "email": "email",
        }
        if self._layout == "rows":
            columns["refund_id"] = "refund_id"
        else:
            columns |= {"refund_amount": "refunded_total", "refunded_at": "refunded_at"}
        return {
            "type": "files",
            "path": self.orders.path.relative_to(folder).as_posix(),
            "format": self._format,
            "refunds": "negative_amounts" if self._layout == "rows" else "column",
            "columns": columns,
            "customers": {
                "path": self.customers.path.relative_to(folder).as_posix(),
                "format": self._format,
                "columns": {
                    name: name
                    for name in (
                        "customer_id",
                        "email",
                        "first_name",
                        "last_name",
                        "has_email_consent",
                        "email_consent_at",
                    )
                },
            },
        }

    def _orders(self, rows: pl.DataFrame) -> pl.DataFrame:
        columns = [
            pl.col("order_id"),
            pl.col("customer_id"),
            pl.col("ordered_at"),
            self._money("amount").alias("total"),
            pl.col("currency_code").alias("currency"),
            pl.col("quantity").alias("items"),
            pl.col("channel"),
            pl.col("email"),
            pl.col("store_id").alias("store"),
        ]
        if self._layout == "rows":
            return rows.select(*columns, pl.lit(None, pl.String).alias("refund_id"))
        return rows.select(*columns, self._money("refunded_amount").alias("refunded_total"), pl.col("refunded_at"))

    def _refund_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            pl.col("order_id"),
            pl.col("customer_id"),
            pl.col("refunded_at").alias("ordered_at"),
            (-self._money("amount")).alias("total"),
            pl.col("currency_code").alias("currency"),
            pl.lit(None, pl.Int64).alias("items"),
            pl.lit(None, pl.String).alias("channel"),
            pl.col("email"),
            pl.col("store_id").alias("store"),
            pl.col("refund_id"),
        )

    def _money(self, column: str) -> pl.Expr:
        """An amount with the decimal places that its currency has."""
        return pl.col(column).cast(pl.Decimal(18, self._digits))

    def _exported(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows as the format writes them: local times and decimals as text, except in Parquet, which has the types."""
        if self._format == "parquet":
            return rows
        local = pl.selectors.datetime().dt.convert_time_zone(self._zone).dt.strftime(_LOCAL_TIME)
        decimals = pl.selectors.decimal().cast(pl.String)
        return rows.with_columns(local, decimals)


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("store_id")


class _TableFile:
    """A file of one table that grows by pieces, and takes its name when it is whole."""

    def __init__(self, path: Path, file_format: FileFormat, example: pl.DataFrame | pl.Schema) -> None:
        self.path = path
        self._format = file_format
        self._example = example.to_frame() if isinstance(example, pl.Schema) else example
        self._partial = path.with_name(path.name + ".partial")
        self._parquet: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self._partial.open("wb")
        if self._format == "parquet":
            self._parquet = pq.ParquetWriter(self._file, self._example.to_arrow().schema, compression="zstd")
        elif self._format == "csv":
            self._example.write_csv(self._file)
        return self

    def append(self, rows: pl.DataFrame) -> None:
        """Write some rows at the end."""
        if self._parquet is not None:
            self._parquet.write_table(rows.to_arrow())
        elif self._format == "csv":
            rows.write_csv(self._file, include_header=False)
        else:
            rows.write_ndjson(self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            self._parquet.close()
        self._file.close()
        if kind is None:
            self._partial.replace(self.path)
        else:
            self._partial.unlink(missing_ok=True)
