"""XLSX workbooks, written row by row in columns' own time: the XML is put together by Polars, a batch at a time.

Only what a table needs: sheets of typed cells below a row of names. Rows that one sheet cannot hold go to the next.
Text is kept as text, so nothing in it is ever a formula. Knows nothing of where rows come from.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, BinaryIO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pyarrow as pa

from models.errors import StopError

SHEET_ROWS = 1_048_576
TEXT_CHARACTERS = 32_767
COLUMNS = 16_384

# A sheet above 2 GiB would need an extension of ZIP's that not all programs read.
_SHEET_BYTES = 1_536 * 2**20
_TITLE_CHARACTERS = 31
_COMPRESSION_LEVEL = 1
_WRITTEN_ROWS = 8_192

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# The styles' places in the list below.
_DATE_STYLE, _TIME_STYLE, _NAME_STYLE = 1, 2, 3
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET_START = (
    f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultRowHeight="15" baseColWidth="16"/><sheetData>'
)
_SHEET_END = "</sheetData></worksheet>"

# What XML has no place for is written by its number, and so is what looks as if it were.
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "_x": "_x005F_x",
    **{chr(code): f"_x{code:04X}_" for code in (*range(9), 11, 12, *range(13, 32), 0xFFFE, 0xFFFF)},
}
# What readers of XML may take for layout.
_SPACE = r"^\s|\s$|[\t\n]|\s\s"
_EMPTY_CELL = "<c/>"
_ERROR_CELL = '<c t="e"><v>#NUM!</v></c>'
# Day 0 of a sheet's calendar, which has a 29 February 1900: before the March after, days are written as text.
_DAYS_BEFORE_1970 = 25_569
_FIRST_DAY = date(1900, 3, 1)
_MICROSECONDS = 86_400_000_000

WriteRows = Callable[[pa.RecordBatch], None]


@contextmanager
def workbook(
    file: BinaryIO, schema: pa.Schema, title: str, *, sheet_rows: int = SHEET_ROWS, sheet_bytes: int = _SHEET_BYTES
) -> Iterator[WriteRows]:
    """A workbook of one table, complete when the block has ended well.

    Args:
        file: Open for writing, at its beginning.
        schema: The columns: text, numbers, booleans, dates and times.
        title: The first sheet's name; the further ones have a number after it.
        sheet_rows: How many rows a sheet has at most, the names' row included.
        sheet_bytes: How long a sheet's XML becomes before the next one begins.

    Yields:
        A function that adds rows of the schema.

    Raises:
        StopError: A text is longer than a cell holds, or there are more columns than a sheet has.
        OSError: It could not be written.
    """
    if len(schema) > COLUMNS:
        raise StopError(f"a sheet has {COLUMNS:,} columns at most, and these are {len(schema):,}; write csv or parquet")
    # By their names alone, entries bear no time: the same rows make the same file.
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive:
        sheets = _Sheets(archive, schema, sheet_rows, sheet_bytes)
        try:
            yield sheets.write
        finally:
            sheets.close()  # or the archive, which it is a part of, could not be closed either
        for name, text in _package([_sheet_title(title, number) for number in range(1, sheets.count + 1)]).items():
            with archive.open(name, "w") as part:
                part.write(text.encode())


class _Sheets:
    """The workbook's sheets, one after the other."""

    def __init__(self, archive: ZipFile, schema: pa.Schema, sheet_rows: int, sheet_bytes: int) -> None:
        self.count = 0
        self._archive = archive
        self._schema = schema
        self._most_rows = sheet_rows - 1
        self._most_bytes = sheet_bytes
        self._open()

    def write(self, batch: pa.RecordBatch) -> None:
        start = 0
        while start < batch.num_rows:
            if self._rows == self._most_rows or self._bytes >= self._most_bytes:
                self.close()
                self._open()
            piece = batch.slice(start, min(self._most_rows - self._rows, _WRITTEN_ROWS))
            self._put(_rows_xml(piece))
            self._rows += piece.num_rows
            start += piece.num_rows

    def close(self) -> None:
        self._put(_SHEET_END.encode())
        self._sheet.close()

    def _open(self) -> None:
        self.count += 1
        self._rows = self._bytes = 0
        self._sheet: IO[bytes] = self._archive.open(_sheet_path(self.count), "w")
        names = pl.Series(self._schema.names, dtype=pl.String).str.replace_many(_ESCAPES)
        cells = "".join(f'<c s="{_NAME_STYLE}" t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
        self._put(f"{_SHEET_START}<row>{cells}</row>".encode())

    def _put(self, xml: bytes) -> None:
        self._sheet.write(xml)
        self._bytes += len(xml)


def _rows_xml(batch: pa.RecordBatch) -> bytes:
    """The rows of a batch as a sheet's XML; cells stand in their columns by their order alone."""
    frame = _checked(pl.DataFrame(batch))
    cells = [_cell(column).fill_null(_EMPTY_CELL) for column in frame]
    rows = frame.select(pl.concat_str([pl.lit("<row>"), *cells, pl.lit("</row>")]).alias("xml")).to_series()
    return str(rows.str.join("").item()).encode()


def _cell(column: pl.Series) -> pl.Expr:
    """The XML of a column's cells; null where the value is."""
    kind, value = column.dtype, pl.col(column.name)
    if kind == pl.String:
        # Said of columns that need it: it would be a good part of the file.
        has_space = bool(column.str.contains(_SPACE).any())
        return _text_cell(value.str.replace_many(_ESCAPES), ' xml:space="preserve"' if has_space else "")
    if kind == pl.Boolean:
        return pl.format('<c t="b"><v>{}</v></c>', value.cast(pl.Int8))
    if kind.is_temporal():
        is_day = kind == pl.Date
        days = value.to_physical() if is_day else value.dt.timestamp("us") / _MICROSECONDS
        style = _DATE_STYLE if is_day else _TIME_STYLE
        cell = pl.format(f'<c s="{style}"><v>{{}}</v></c>', days + _DAYS_BEFORE_1970)
        if not (column.dt.date() < _FIRST_DAY).any():
            return cell
        return pl.when(value.dt.date() < _FIRST_DAY).then(_text_cell(value.dt.to_string("iso"))).otherwise(cell)
    number = pl.format("<c><v>{}</v></c>", value)
    if kind.is_float() and not column.is_finite().all():
        return pl.when(value.is_null() | value.is_finite()).then(number).otherwise(pl.lit(_ERROR_CELL))
    return number


def _text_cell(escaped: pl.Expr, attribute: str = "") -> pl.Expr:
    return pl.format(f'<c t="inlineStr"><is><t{attribute}>{{}}</t></is></c>', escaped)


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, of which every text fits into a cell.

    Raises:
        StopError: One does not.
    """
    for name, kind in frame.schema.items():
        # No text has more characters than bytes, and those are counted at no cost.
        if kind == pl.String and int(frame[name].str.len_bytes().max() or 0) > TEXT_CHARACTERS:  # type: ignore[arg-type]
            longest = max(len(text.encode("utf-16-le")) // 2 for text in frame[name].drop_nulls())
            if longest > TEXT_CHARACTERS:
                raise StopError(
                    f"column {name} holds a text of {longest:,} characters, and a spreadsheet's cell "
                    f"{TEXT_CHARACTERS:,} at most; write csv or parquet, or leave the column out"
                )
    return frame


def _sheet_path(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


def _sheet_title(title: str, number: int) -> str:
    suffix = "" if number == 1 else f" {number}"
    return title[: _TITLE_CHARACTERS - len(suffix)] + suffix


def _package(titles: list[str]) -> dict[str, str]:
    """The parts of the file beside its sheets: what there is, and how it hangs together."""
    numbers = range(1, len(titles) + 1)
    kinds = "".join(
        f'<Override PartName="/{_sheet_path(number)}" ContentType="{_TYPES}.worksheet+xml"/>' for number in numbers
    )
    sheets = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    styles = len(titles) + 1
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return {
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="rId{styles}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "_rels/.rels": f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{kinds}</Types>',
    }
