"""What the contract suite needs to know of each source: how to make an input, change it and break it.

A new source adds one entry to `HARNESSES`.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.source import Source
from connectors.sources.files import FilesSettings, FilesSource


class Prepared(Protocol):
    """A source over an input that the suite may change."""

    row_count: int
    bad_row_count: int

    def source(self) -> Source:
        """A fresh instance over the input as it is now."""
        ...

    def change(self) -> None:
        """Change what the source would read."""
        ...

    def breakages(self) -> list[Callable[[], Source]]:
        """Sources over inputs, or with settings, that cannot be read."""
        ...


@dataclass(frozen=True)
class SourceHarness:
    """One source, or one variant of it.

    Attributes:
        name: Its name in the test report.
        prepare: Makes an input in an empty folder: orders of 2021, good ones and bad ones.
    """

    name: str
    prepare: Callable[[Path], Prepared]


_NAMES = ["number", "who", "at", "total", "currency", "items", "back", "mail"]


def _rows() -> list[list[str]]:
    rows = [
        [
            f"A{i}",
            f"c{i % 7}",
            f"2021-03-{i % 28 + 1:02d} 10:{i:02d}:00",
            f"{i}.{i:02d}",
            "EUR",
            str(i % 4),
            "",
            "a@b.example",
        ]
        for i in range(40)
    ]
    rows[4][6] = "1.00"
    rows[11][2] = "2021-02-30"
    rows[17][4] = "EUX"
    rows[23][1] = ""
    rows[31][5] = "-1"
    return rows


@dataclass
class FilesInput:
    """Files in one format."""

    folder: Path
    suffix: str
    write: Callable[[Path, list[list[str]]], None]
    extra: dict[str, Any] = field(default_factory=dict)
    row_count: int = 40
    bad_row_count: int = 4

    def __post_init__(self) -> None:
        rows = _rows()
        self.write(self.folder / f"1{self.suffix}", rows[:25])
        self.write(self.folder / f"2{self.suffix}", rows[25:])

    def settings(self, **changes: Any) -> FilesSettings:
        columns: dict[str, Any] = {
            "order_id": "number", "customer_id": "who", "ordered_at": {"column": "at"}, "amount": "total",
            "currency_code": "currency", "quantity": "items", "refund_amount": "back", "email": "mail",
        }  # fmt: skip
        columns |= changes.pop("columns", {})
        declared = {"type": "files", "path": f"*{self.suffix}", "refunds": "column", "columns": columns}
        return FilesSettings.model_validate(declared | self.extra | changes)

    def source(self, **changes: Any) -> Source:
        return FilesSource(self.settings(**changes), base_folder=self.folder, time_zone="Europe/Berlin", key="source")

    def change(self) -> None:
        self.write(self.folder / f"2{self.suffix}", _rows()[25:39])

    def breakages(self) -> list[Callable[[], Source]]:
        return [
            lambda: self.source(path="absent.*"),
            lambda: self.source(columns={"amount": "no such column"}),
            lambda: self.source(columns={"currency_code": {"constant": "EUX"}}),
        ]


@dataclass
class GeneratedIdsInput(FilesInput):
    """Without order ids, and with people made up."""

    def settings(self, **changes: Any) -> FilesSettings:
        columns = changes.pop("columns", {})
        return super().settings(columns={"order_id": None, **columns}, customers="generated", **changes)


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([_NAMES, *rows])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_json_lines(path: Path, rows: list[list[str]]) -> None:
    path.write_text("\n".join(json.dumps(dict(zip(_NAMES, row, strict=True))) for row in rows), encoding="utf-8")


def _write_parquet(path: Path, rows: list[list[str]]) -> None:
    columns = zip(*rows, strict=True)
    pq.write_table(pa.table(dict(zip(_NAMES, map(list, columns), strict=True))), path, row_group_size=10)


def _write_white_space(path: Path, rows: list[list[str]]) -> None:
    # No value may be empty or hold a blank.
    lines = ["  ".join(value.replace(" ", "T") or "-" for value in row) for row in [_NAMES, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


HARNESSES = [
    SourceHarness("files-csv", lambda folder: FilesInput(folder, ".csv", _write_csv)),
    SourceHarness("files-jsonl", lambda folder: FilesInput(folder, ".jsonl", _write_json_lines)),
    SourceHarness("files-parquet", lambda folder: FilesInput(folder, ".parquet", _write_parquet)),
    SourceHarness(
        "files-whitespace",
        lambda folder: FilesInput(
            folder, ".txt", _write_white_space, extra={"format": "whitespace", "null_markers": ["-"]}
        ),
    ),
    SourceHarness("files-append", lambda folder: FilesInput(folder, ".csv", _write_csv, extra={"mode": "append"})),
    SourceHarness("files-generated-ids", lambda folder: GeneratedIdsInput(folder, ".csv", _write_csv)),
]
