"""Parting text into rows: the same whatever the pieces, and as the standard library reads well-formed CSV."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.files.delimited import read_blocks
from connectors.sources.files.records import Dialect, split_record
from models.errors import RejectedRecordError

CSV = Dialect(b",", b'"')
WHITE_SPACE = Dialect(None, None)


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    return iter([data[start : start + size] for start in range(0, len(data), size)])


def parted(
    data: bytes, dialect: Dialect, width: int, size: int = 1 << 20
) -> tuple[list[tuple[int, tuple[str, ...], str]], list[tuple[int, str, str]]]:
    """Rows as (line, values, raw text), and broken ones as (line, reason, raw text)."""
    columns = {f"c{position}": position for position in range(width)}
    rows, broken = [], []
    for block in read_blocks(pieces_of(data, size), dialect, columns, width=width, first_line=1, label="f"):
        values = [block.columns[name].to_list() for name in columns]
        for position, line in enumerate(block.lines.tolist()):
            rows.append((line, tuple(own[position] for own in values), block.raw_text(position)))
        broken += [(b.line, b.reason, b.raw_text) for b in block.broken]
    return rows, broken


FIELDS = st.text(st.sampled_from('ab é,"\n\r|'), max_size=6).filter(lambda text: "\r" not in text.replace("\r\n", ""))


@given(
    rows=st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=8),
    ending=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    size=st.integers(1, 40),
    ends_in_newline=st.booleans(),
)
def test_well_formed_csv_reads_as_the_standard_library_reads_it(
    rows: list[list[str]], ending: str, quoting: int, size: int, ends_in_newline: bool
) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=ending, quoting=quoting).writerows(rows)
    text = file.getvalue() if ends_in_newline else file.getvalue().removesuffix(ending)
    got, broken = parted(text.encode(), CSV, 3, size)
    assert broken == []
    assert [list(values) for _, values, _ in got] == rows
    reader = csv.reader(io.StringIO(text, newline=""))
    line = 1
    for (own_line, values, raw_text), expected in zip(got, reader, strict=True):
        assert own_line == line
        assert split_record(raw_text, CSV, width=3) == list(values) == expected
        line = line + raw_text.count("\n") + 1


@given(
    data=st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\xe9", b"\0", b"bc"]), max_size=40).map(b"".join)
)
def test_any_bytes_are_accounted_for_whatever_the_pieces(data: bytes) -> None:
    whole = parted(data, CSV, 2)
    for size in (1, 3, 7):
        assert parted(data, CSV, 2, size) == whole
    lines = data.count(b"\n") + 1
    covered: set[int] = set()
    for line, _, raw_text in whole[0] + whole[1]:
        own = set(range(line, line + raw_text.count("\n") + 1))
        assert not own & covered
        covered |= own
    bare = {number for number, line in enumerate(data.split(b"\n"), 1) if line.removesuffix(b"\r")}
    assert bare <= covered <= set(range(1, lines + 1))


def test_a_quote_that_never_closes_costs_its_own_line_only() -> None:
    rows, broken = parted(b'1,a\n2,"b\n3,c\n4,"d, e"\n5,"x ""y"""\n', CSV, 2)
    assert [values for _, values, _ in rows] == [("1", "a"), ("3", "c"), ("4", "d, e"), ("5", 'x "y"')]
    assert [(line, raw_text) for line, _, raw_text in broken] == [(2, '2,"b')]
    assert "closing" in broken[0][1] or "closes" in broken[0][1]


def test_a_quote_that_never_closes_at_the_end_of_a_file() -> None:
    rows, broken = parted(b'1,a\n2,"b\n3,c\n', CSV, 2)
    assert [values[0] for _, values, _ in rows] == ["1", "3"]
    assert [(line, "never closes" in reason) for line, reason, _ in broken] == [(2, True)]


def test_an_unclosed_quote_in_a_large_file_costs_its_own_line_only() -> None:
    lines = [b"%d,value of some length" % number for number in range(200_000)]
    lines[1000] = b'1000,"open'
    rows, broken = parted(b"\n".join(lines) + b"\n", CSV, 2, 1 << 18)
    assert len(rows) == 199_999
    assert [line for line, _, _ in broken] == [1001]


def test_too_many_and_too_few_values_and_the_cut_off_end() -> None:
    rows, broken = parted(b"1,a\n2,b,c\n3\n4,d\n5", CSV, 2)
    assert [line for line, _, _ in rows] == [1, 4]
    assert [(line, raw_text) for line, _, raw_text in broken] == [(2, "2,b,c"), (3, "3"), (5, "5")]
    assert broken[0][1] == "has 3 values, but the file has 2 columns"
    assert broken[1][1] == "has 1 value, but the file has 2 columns"


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    _, broken = parted(b"1,caf\xe9\n2,a\x00b\n", CSV, 2)
    assert [raw_text for _, _, raw_text in broken] == ["1,caf\\xe9", "2,a\\x00b"]
    assert "0xE9" in broken[0][1]
    assert "NUL" in broken[1][1]


def test_white_space_is_any_run_of_blanks_and_tabs() -> None:
    rows, broken = parted(b" a  b\r\n\r\n  \t \nc\t\td  \n e\n", WHITE_SPACE, 2, 3)
    assert [(line, values, raw_text) for line, values, raw_text in rows] == [
        (1, ("a", "b"), " a  b"),
        (4, ("c", "d"), "c\t\td  "),
    ]
    assert [(line, raw_text) for line, _, raw_text in broken] == [(5, " e")]


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), ("1,a\n2,b", "more than one"), ("1", "1 value"), ('1,"', "never")]
)
def test_a_correction_must_be_one_record(text: str, reason: str) -> None:
    with pytest.raises(RejectedRecordError, match=reason):
        split_record(text, CSV, width=2)
