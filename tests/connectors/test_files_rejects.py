"""Rows that are set aside: with their line and their reason, and in their place once they are corrected."""

from decimal import Decimal
from pathlib import Path

import pytest
from files_reading import correction, read, source

from connectors.source import ReadMode

HEADER = "id,customer,at,amount\n"


def test_a_byte_that_is_no_text_costs_its_row_only(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER.encode() + b"1,Jos\xe9,2024-01-01,1\n2,b,2024-01-01,2\n")
    everything = read(source(tmp_path, path="a.csv"))
    assert everything.column("order_id") == ["2"]
    assert [r.raw_text for r in everything.rejected] == ["1,Jos\\xe9,2024-01-01,1"]
    (tmp_path / "a.csv").write_bytes(HEADER.encode() + b"1,a\x81,2024-01-01,1\n2,\x80b,2024-01-01,2\n")
    everything = read(source(tmp_path, path="a.csv", encoding="cp1252"))
    assert everything.column("customer_id") == ["€b"]
    assert [(r.line, r.raw_text) for r in everything.rejected] == [(2, "1,a\\x81,2024-01-01,1")]
    assert "0x81" in everything.rejected[0].reason
    (tmp_path / "a.csv").write_bytes((HEADER + "1,a,2024-01-01,1\n2,b,2024-01-01,2").encode("utf-16")[:-1])
    everything = read(source(tmp_path, path="a.csv", encoding="utf-16"))
    assert everything.column("order_id") == ["1"]
    assert [record.line for record in everything.rejected] == [3]


BAD_ROWS = [
    ("1,c,2024-13-01,1.00", "at (ordered_at)", "'2024-13-01' is not a date or time of ISO 8601"),
    ("1,c,,1.00", "at (ordered_at)", "is empty"),
    ("1,,2024-01-01,1.00", "customer (customer_id)", "is empty"),
    ("1,  ,2024-01-01,1.00", "customer (customer_id)", "is empty"),
    (",c,2024-01-01,1.00", "id (order_id)", "is empty"),
    ("1,c,2024-01-01,", "amount", "is empty"),
    ("1,c,2024-01-01,abc", "amount", "'abc' is not a number"),
    ("1,c,2024-01-01,nan", "amount", "'nan' is not a number"),
    ("1,c,2024-01-01,1 000", "amount", "is not a number"),
    ("1,c,2024-01-01,1E+05", "amount", "exponent notation"),
    ("1,c,2024-01-01,-1.00", "amount", "refunds: negative_amounts"),
    ("1,c,2024-01-01,1.005", "amount", "more decimal places than EUR has"),
    ("1,c,2024-01-01,1.00001", "amount", "more than four decimal places"),
    ("1,c,2024-01-01,123456789012345", "amount", "too large"),
    ("1,c,2025-01-03,1.00", "at (ordered_at)", "lies in the future"),
    ("1,c,1024-01-01,1.00", "at (ordered_at)", "lies before 1900"),
    (f"{'x' * 256},c,2024-01-01,1.00", "id (order_id)", "longer than 255"),
    ("1,c,2024-01-01,1.00,", "*", "has 5 values, but the file has 4 columns"),
    ("1,c,2024-01-01", "*", "has 3 values, but the file has 4 columns"),
    ('1,"c,2024-01-01,1.00', "*", "never closes"),
    ('1,"c"d,2024-01-01,1.00', "*", "goes on after its closing"),
    ("1,c\0,2024-01-01,1.00", "*", "NUL"),
]


@pytest.mark.parametrize(("row", "field", "reason"), BAD_ROWS)
def test_a_bad_row_is_set_aside_and_the_others_go_on(tmp_path: Path, row: str, field: str, reason: str) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}a,c,2024-01-01,1.00\n{row}\nb,c,2024-01-01,1.00\n")
    everything = read(source(tmp_path, path="a.csv"))
    assert everything.column("order_id") == ["a", "b"]
    assert [(r.stream, r.origin, r.line, r.field) for r in everything.rejected] == [("orders", "a.csv", 3, field)]
    assert reason in everything.rejected[0].reason
    assert everything.rejected[0].raw_text == row.replace("\0", "\\x00")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("1,c,2024-01-01,1.00,-2,EUR", "n (quantity)"),
        ("1,c,2024-01-01,1.00,1.5,EUR", "n (quantity)"),
        ("1,c,2024-01-01,1.00,99999999999999,EUR", "n (quantity)"),
        ("1,c,2024-01-01,1.00,2,EURO", "cur (currency_code)"),
        ("1,c,2024-01-01,1.00,2,", "cur (currency_code)"),
        ("1,c,2024-01-01,1.50,2,JPY", "amount"),
    ],
)
def test_bad_quantities_and_currencies(tmp_path: Path, row: str, field: str) -> None:
    (tmp_path / "a.csv").write_text(f"id,customer,at,amount,n,cur\n{row}\n2,c,2024-01-01,1.000,2.0,kwd\n")
    everything = read(source(tmp_path, path="a.csv", columns={"quantity": "n", "currency_code": "cur"}))
    assert everything.column("currency_code") == ["KWD"]
    assert everything.column("quantity") == [2]
    assert [record.field for record in everything.rejected] == [field]


def test_an_order_id_that_comes_again(tmp_path: Path) -> None:
    rows = "1,c,2024-01-01,1.00\n1,c,2024-01-01,1.00\n1,d,2024-01-01,1.00\n"
    (tmp_path / "a.csv").write_text(HEADER + rows)
    (tmp_path / "b.csv").write_text(f"{HEADER}1,c,2024-01-02,1.00\n2,c,2024-01-02,1.00\n")
    everything = read(source(tmp_path, path="*.csv"))
    assert everything.column("order_id") == ["1", "2"]
    assert everything.reading.notes["repeated_row_count"] == 1
    assert [(r.origin, r.line, r.field) for r in everything.rejected] == [
        ("a.csv", 4, "id (order_id)"),
        ("b.csv", 2, "id (order_id)"),
    ]
    assert "line 2 too" in everything.rejected[0].reason
    assert "rows: lines" in everything.rejected[0].reason
    assert "line 2 of a.csv" in everything.rejected[1].reason


def test_in_append_mode_the_last_file_counts(tmp_path: Path) -> None:
    (tmp_path / "2024-01.csv").write_text(f"{HEADER}1,c,2024-01-01,1.00\n2,c,2024-01-01,2.00\n")
    (tmp_path / "2024-02.csv").write_text(f"{HEADER}1,c,2024-01-01,0.50\n3,c,2024-02-01,3.00\n3,d,2024-02-01,3.00\n")
    everything = read(source(tmp_path, path="*.csv", mode="append"))
    amounts = dict(zip(everything.column("order_id"), everything.column("amount"), strict=True))
    assert amounts == {"1": Decimal("0.50"), "2": Decimal(2), "3": Decimal(3)}
    assert everything.reading.mode is ReadMode.DELTA
    assert [(r.origin, r.line) for r in everything.rejected] == [("2024-02.csv", 4)]


def test_corrections_are_read_in_place(tmp_path: Path) -> None:
    bad, worse = "2,c,31/01/2024,2.00", "3,c"
    (tmp_path / "a.csv").write_text(
        f"{HEADER}1,c,2024-01-01,1.00\n{bad}\n{worse}\n4,c,2024-01-04,x\n5,c,2024-01-05,5.00\n"
    )
    files = source(tmp_path, path="a.csv")
    before = read(files)
    corrections = [
        correction(bad, "2,c,2024-01-31,2.00"),
        correction(worse, "3,c,2024-01-03"),
        correction("4,c,2024-01-04,x", '4,"c, d",2024-01-04,4.00'),
        correction("4,c,2024-01-04,x", "not this stream", stream="customers"),
    ]
    after = read(files, corrections=corrections)
    assert before.reading.fingerprint != after.reading.fingerprint
    assert after.column("order_id") == ["1", "2", "4", "5"]
    assert after.column("source_line") == [2, 3, 5, 6]
    assert after.column("customer_id")[2] == "c, d"
    assert after.rejected[0].raw_text == worse
    assert after.reasons == [(4, "*", "as corrected: has 3 values, but the file has 4 columns")]


def test_one_correction_serves_every_equal_row_and_mends_a_repeated_id(tmp_path: Path) -> None:
    columns = {"order_id": None}
    (tmp_path / "a.csv").write_text("customer,at,amount\nc,x,1.00\nc,x,1.00\n")
    everything = read(
        source(tmp_path, path="a.csv", columns=columns), corrections=[correction("c,x,1.00", "c,2024-01-01,1.00")]
    )
    assert [own[-2:] for own in everything.column("order_id")] == ["-1", "-2"]
    (tmp_path / "a.csv").write_text(f"{HEADER}1,c,2024-01-01,1.00\n1,d,2024-01-01,1.00\n")
    everything = read(
        source(tmp_path, path="a.csv"), corrections=[correction("1,d,2024-01-01,1.00", "9,d,2024-01-01,1.00")]
    )
    assert everything.column("order_id") == ["1", "9"]
    assert everything.rejected == []
