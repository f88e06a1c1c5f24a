"""Tables as files: what was written is what other programs read, batch by batch, in every format."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from models.errors import StopError
from models.table_files import FileFormat, table_file
from models.workbooks import workbook

SCHEMA = pa.schema(
    {
        "words": pa.string(),
        "amount": pa.decimal128(18, 4),
        "share": pa.float64(),
        "score": pa.int32(),
        "count": pa.int64(),
        "day": pa.date32(),
        "at": pa.timestamp("us", tz="UTC"),
        "is_known": pa.bool_(),
        "ids": pa.list_(pa.string()),
    }
)
AT = datetime(2024, 2, 29, 23, 59, 59, 500_000, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    ("Söhne & <Co>", Decimal("-1234567.8900"), 0.1 + 0.2, -5, 2**50, date(2024, 2, 29), AT, True, ["a", "ü"]),
    ("", Decimal("0.0000"), 0.0, 0, 0, date(1900, 3, 1), datetime(2024, 1, 1, tzinfo=UTC), False, []),
    (None,) * len(SCHEMA),
    (' two  spaces,\n"lines" ', Decimal("99999999999999.9999"), 1e-300, 1, 1, date(9999, 12, 31), AT, True, None),
]
FORMULAS = {
    "=1+1": "'=1+1",
    "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    " =1": "' =1",
    "\uff1d1": "'\uff1d1",
    "a;=1": "a;'=1",
    "a\n=1": "a\n'=1",
    "-5": "-5",
    "+49170": "+49170",
    "-1,5": "-1,5",
    "a-b=c": "a-b=c",
    "T-Shirt; grün": "T-Shirt; grün",
    "x@example.com": "x@example.com",
}


def batch(rows: list[tuple[Any, ...]], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def write(path: Path, batches: list[pa.RecordBatch], file_format: str, *, is_exact_text: bool = False) -> None:
    schema = batches[0].schema
    with (
        path.open("wb") as file,
        table_file(file, schema, FileFormat(file_format), title="facts", is_exact_text=is_exact_text) as write_rows,
    ):
        for one in batches:
            write_rows(one)


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def cells(path: Path, title: str = "facts") -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path)[title].iter_rows(values_only=True))


def test_parquet_keeps_every_type(tmp_path: Path) -> None:
    write(tmp_path / "a", [batch(ROWS[:2]), batch(ROWS[2:])], "parquet")
    table = pq.read_table(tmp_path / "a")
    assert table.schema == SCHEMA
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS
    described = duckdb.sql(f"describe select * from read_parquet('{tmp_path / 'a'}')").fetchall()
    assert {name: kind for name, kind, *_ in described} == {
        "words": "VARCHAR",
        "amount": "DECIMAL(18,4)",
        "share": "DOUBLE",
        "score": "INTEGER",
        "count": "BIGINT",
        "day": "DATE",
        "at": "TIMESTAMP WITH TIME ZONE",
        "is_known": "BOOLEAN",
        "ids": "VARCHAR[]",
    }


def test_csv_keeps_every_value(tmp_path: Path) -> None:
    write(tmp_path / "a", [batch(ROWS[:2]), batch(ROWS[2:])], "csv", is_exact_text=True)
    written = {field.name: field.type for field in SCHEMA} | {"ids": pa.string()}
    options = pyarrow.csv.ConvertOptions(
        column_types=written, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
    )
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(tmp_path / "a", parse_options=parsing, convert_options=options)
    expected = [(*row[:-1], None if row[-1] is None else json.dumps(row[-1], ensure_ascii=False)) for row in ROWS]
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    names, first, second, empty, *_ = (tmp_path / "a").read_text().split("\n")
    assert names == ",".join(f'"{name}"' for name in SCHEMA.names)
    assert first.endswith(',2024-02-29 23:59:59.500000Z,true,"[""a"", ""ü""]"')
    assert second.startswith('"",0.0000,0')
    assert empty == "," * (len(SCHEMA) - 1)


def test_a_workbook_keeps_every_type(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [batch(ROWS[:2]), batch(ROWS[2:])], "xlsx")
    names, *rows = cells(tmp_path / "a.xlsx")
    assert names == tuple(SCHEMA.names)
    kinds = (str, float, float, int, int, datetime, datetime, bool, str)
    assert [tuple(map(type, row)) for row in rows[:2]] == [kinds, kinds]
    for row, expected in zip(rows, ROWS, strict=True):
        words, amount, *numbers, day, at, is_known, ids = row
        assert (words, *numbers, is_known) == (expected[0], *expected[2:5], expected[7])
        assert amount == (None if expected[1] is None else float(expected[1]))
        assert (day and day.date(), at and at.replace(tzinfo=UTC)) == expected[5:7]
        assert ids == (None if expected[8] is None else json.dumps(expected[8], ensure_ascii=False))


def test_a_workbook_tells_an_empty_text_from_nothing(tmp_path: Path) -> None:
    schema = pa.schema({"words": pa.string(), "more": pa.string()})
    write(tmp_path / "a.xlsx", [batch([("", None), (None, "")], schema)], "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["facts"]
    assert [[cell.data_type for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["s", "n"],
        ["n", "s"],
    ]


def test_a_workbook_shows_dates_as_dates(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [batch(ROWS[:1])], "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["facts"]
    formats = {name.value: cell.number_format for name, cell in zip(sheet[1], sheet[2], strict=True)}
    assert formats["day"] == "yyyy\\-mm\\-dd"
    assert formats["at"] == "yyyy\\-mm\\-dd\\ hh:mm:ss"
    assert {formats[name] for name in ("words", "amount", "share")} == {"General"}
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.b


def test_days_before_a_sheets_calendar_are_text(tmp_path: Path) -> None:
    schema = pa.schema({"day": pa.date32(), "at": pa.timestamp("us", tz="UTC")})
    rows = [(date(1900, 2, 28), datetime(1899, 12, 31, 12, tzinfo=UTC)), (date(1900, 3, 1), AT), (None, None)]
    write(tmp_path / "a.xlsx", [batch(rows, schema)], "xlsx")
    assert cells(tmp_path / "a.xlsx")[1:] == [
        ("1900-02-28", "1899-12-31 12:00:00.000000+00:00"),
        (datetime(1900, 3, 1), AT.replace(tzinfo=None)),  # noqa: DTZ001 - a sheet's own
        (None, None),
    ]


def test_what_xml_has_no_place_for_is_escaped(tmp_path: Path) -> None:
    texts = ["\x01bell\x1f\r\n", "_x0041_ stays", "a_x0041_x0042_", "</t>&amp;"]
    write(tmp_path / "a.xlsx", [batch([(text,) for text in texts], pa.schema({"words": pa.string()}))], "xlsx")
    assert [row[0] for row in cells(tmp_path / "a.xlsx")[1:]] == [
        "_x0001_bell_x001F__x000D_\n",
        "_x005F_x0041_ stays",
        "a_x005F_x0041_x005F_x0042_",
        "</t>&amp;",
    ]


def test_no_number_is_not_written_as_one(tmp_path: Path) -> None:
    rows = [(1.5,), (float("nan"),), (float("inf"),), (None,)]
    write(tmp_path / "a.xlsx", [batch(rows, pa.schema({"share": pa.float64()}))], "xlsx")
    assert [row[0] for row in cells(tmp_path / "a.xlsx")[1:]] == [1.5, "#NUM!", "#NUM!", None]


def test_a_text_that_no_cell_holds_is_refused(tmp_path: Path) -> None:
    schema = pa.schema({"words": pa.string()})
    longest = "ü" * 32_767
    write(tmp_path / "a.xlsx", [batch([(longest,)], schema)], "xlsx")
    assert cells(tmp_path / "a.xlsx")[1] == (longest,)
    for text in (longest + "x", "🙂" * 16_384):
        with pytest.raises(StopError, match=r"column words .* 32,768 characters.* write csv or parquet"):
            write(tmp_path / "b.xlsx", [batch([(text,)], schema)], "xlsx")


@pytest.mark.parametrize("limits", [{"sheet_rows": 4}, {"sheet_bytes": 550}])
def test_rows_that_no_sheet_holds_go_to_the_next(limits: dict[str, int]) -> None:
    schema = pa.schema({"number": pa.int64()})
    file = io.BytesIO()
    with workbook(file, schema, "a_mart_with_a_name_that_is_long_1", **limits) as write_rows:
        for start in range(0, 7, 2):
            write_rows(batch([(number,) for number in range(start, min(start + 2, 7))], schema))
    book = openpyxl.load_workbook(file)
    assert book.sheetnames[:2] == ["a_mart_with_a_name_that_is_long", "a_mart_with_a_name_that_is_lo 2"]
    sheets = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book]
    assert {sheet[0] for sheet in sheets} == {"number"}
    assert [number for sheet in sheets for number in sheet[1:]] == list(range(7))
    if "sheet_rows" in limits:
        assert [len(sheet) for sheet in sheets] == [4, 4, 2]


def test_more_columns_than_a_sheet_has_are_refused() -> None:
    schema = pa.schema([(f"c{number}", pa.int64()) for number in range(16_385)])
    with pytest.raises(StopError, match="16,384 columns at most"), workbook(io.BytesIO(), schema, "wide"):
        pass


def test_no_spreadsheet_runs_what_a_csv_file_holds(tmp_path: Path) -> None:
    schema = pa.schema({"words": pa.string(), "amount": pa.decimal128(18, 4)})
    rows: list[tuple[Any, ...]] = [(text, Decimal("-5.0000")) for text in FORMULAS] + [(None, None), ("", None)]
    write(tmp_path / "guarded", [batch(rows, schema)], "csv")
    write(tmp_path / "exact", [batch(rows, schema)], "csv", is_exact_text=True)
    read = {name: csv_rows(tmp_path / name) for name in ("guarded", "exact")}
    assert [row[0] for row in read["guarded"]] == ["words", *FORMULAS.values(), "", ""]
    assert [row[0] for row in read["exact"]] == ["words", *FORMULAS, "", ""]
    assert {row[1] for row in read["guarded"][1 : len(FORMULAS) + 1]} == {"-5.0000"}
    assert (tmp_path / "guarded").read_text().endswith('\n,\n"",\n')


def test_text_in_a_workbook_is_no_formula(tmp_path: Path) -> None:
    write(tmp_path / "a.xlsx", [batch([(text,) for text in FORMULAS], pa.schema({"words": pa.string()}))], "xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["facts"]
    assert {cell.data_type for cell in sheet["A"][1:]} == {"s"}
    assert [cell.value for cell in sheet["A"][1:]] == list(FORMULAS)


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_batch_is_written_before_the_next_is_asked_for(tmp_path: Path, file_format: FileFormat) -> None:
    """Nothing is kept for later: the file grows by every batch, and by as much as the last one."""
    schema = pa.schema({"words": pa.string()})
    sizes: list[int] = []

    def batches(file: Any) -> Iterator[pa.RecordBatch]:
        for number in range(6):
            sizes.append(file.tell())
            yield batch([(f"{row * 7919 % 10_007} of {number}",) for row in range(20_000)], schema)

    with (
        (tmp_path / "a").open("wb") as file,
        table_file(file, schema, file_format, title="facts") as write_rows,
    ):
        for one in batches(file):
            write_rows(one)
    steps = [after - before for before, after in pairwise(sizes)]
    assert min(steps) > 10_000, "every batch is in the file when the next one is asked for"


@pytest.mark.parametrize("file_format", FileFormat)
def test_the_same_rows_make_the_same_file(tmp_path: Path, file_format: FileFormat) -> None:
    contents: list[bytes] = []
    for _ in range(2):
        write(tmp_path / "a", [batch(ROWS)], file_format)
        contents.append((tmp_path / "a").read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("file_format", "read"),
    [
        ("parquet", lambda path: pq.read_table(path).column_names),
        ("csv", lambda path: csv_rows(path)[0]),
        ("xlsx", lambda path: list(cells(path)[0])),
    ],
)
def test_a_table_without_rows_has_its_columns(
    tmp_path: Path, file_format: str, read: Callable[[Path], list[str]]
) -> None:
    write(tmp_path / "a.xlsx", [batch([])], file_format)
    assert read(tmp_path / "a.xlsx") == SCHEMA.names
