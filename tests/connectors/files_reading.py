"""What the tests of the files source share: settings in short form, and a read in full."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.source import Reading, ReadRequest
from connectors.sources.files import FilesSettings, FilesSource
from models.records import Correction, RejectedRecord

REQUESTED_AT = datetime(2025, 1, 1, tzinfo=UTC)
KEY = "merchants[0].stores[0].source"
COLUMNS: dict[str, Any] = {
    "order_id": "id",
    "customer_id": "customer",
    "ordered_at": {"column": "at"},
    "amount": "amount",
    "currency_code": {"constant": "EUR"},
}


@dataclass
class Everything:
    """A read, put together."""

    reading: Reading
    tables: dict[str, pa.Table]
    rejected: list[RejectedRecord] = field(default_factory=list)

    def column(self, name: str, stream: str = "orders") -> list[Any]:
        return self.tables[stream].column(name).to_pylist()

    @property
    def reasons(self) -> list[tuple[int, str, str]]:
        return [(record.line, record.field, record.reason) for record in self.rejected]


def source(
    folder: Path, *, columns: dict[str, Any] | None = None, zone: str = "Europe/Berlin", **settings: Any
) -> FilesSource:
    declared = {"type": "files", "columns": {**COLUMNS, **(columns or {})}, **settings}
    return FilesSource(FilesSettings.model_validate(declared), base_folder=folder, time_zone=zone, key=KEY)


def read(
    files: FilesSource,
    *,
    corrections: Sequence[Correction] = (),
    cursor: dict[str, Any] | None = None,
    requested_at: datetime = REQUESTED_AT,
    page_rows: int = 50_000,
    merchant_id: str = "shop",
) -> Everything:
    request = ReadRequest(merchant_id, "web", cursor, requested_at, corrections, page_rows)
    reading = files.read(request)
    pages = list(reading.pages)
    streams: dict[str, list[pa.RecordBatch]] = {}
    for page in pages:
        streams.setdefault(page.stream, []).append(page.records)
    tables = {name: pa.Table.from_batches(batches) for name, batches in streams.items()}
    return Everything(reading, tables, [rejected for page in pages for rejected in page.rejected])


def correction(raw_text: str, corrected_text: str, stream: str = "orders") -> Correction:
    return Correction(stream, raw_text, corrected_text, REQUESTED_AT)
