"""Whole files through the files source: published data, hard exports, and everything that can be wrong with them."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files_reading import KEY, Everything, correction, read, source

from connectors.source import ReadMode
from connectors.sources.files import source as source_module
from models.errors import MisconfiguredError, StopError

CDNOW: dict[str, Any] = {
    "path": "package:lifetimes/datasets/CDNOW_master.txt",
    "format": "whitespace",
    "columns": {
        "order_id": None,
        "customer_id": "customer_id",
        "ordered_at": {"column": "date", "format": "%Y%m%d"},
        "amount": "dollar_value",
        "quantity": "number_of_cds",
        "currency_code": {"constant": "USD"},
    },
}
HEADER = "id,customer,at,amount\n"


def test_every_line_of_cdnow_lands(tmp_path: Path) -> None:
    everything = read(source(tmp_path, zone="America/New_York", customers="generated", **CDNOW))
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_master.txt").read_text()
    lines = [line.split() for line in text.splitlines()[1:] if line.strip()]
    assert len(lines) == 69_659
    assert everything.rejected == []
    orders = everything.tables["orders"]
    assert len(orders) == 69_659
    assert len(set(everything.column("customer_id"))) == 23_570 == len(everything.tables["customers"])
    assert sum(everything.column("amount")) == sum(Decimal(line[3]) for line in lines) == Decimal("2500315.63")
    assert sum(everything.column("quantity")) == sum(int(line[2]) for line in lines)
    assert everything.column("customer_id") == [line[0] for line in lines]
    assert everything.column("source_line") == list(range(2, 69_661))
    ids = everything.column("order_id")
    assert len(set(ids)) == 69_659
    # Of the same content on every machine and in every version.
    assert ids[0] == "203a82485d543bfc36ec-1"
    repeats = Counter(tuple(line) for line in lines)
    assert sum(count - 1 for count in repeats.values()) == 255
    assert sum(not own.endswith("-1") for own in ids) == 255
    # Midnight in New York, in winter and in summer.
    assert everything.column("ordered_at")[0] == datetime(1997, 1, 1, 5, tzinfo=UTC)
    assert {at.hour for at in everything.column("ordered_at")} == {4, 5}
    assert everything.reading.mode is ReadMode.SNAPSHOT
    assert all(everything.column("is_generated", "customers"))


def test_generated_ids_do_not_depend_on_files_or_order_or_pages(tmp_path: Path) -> None:
    rows = [f"c{i % 3},2024-01-0{i % 2 + 1},{i % 4}.50\n" for i in range(60)]
    for name, own in {"whole/a": rows, "parts/1": rows[:7], "parts/2": rows[7:], "sorted/z": sorted(rows)}.items():
        path = tmp_path / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("customer,at,amount\n" + "".join(own))
    columns = {"order_id": None}
    ids = {
        folder: sorted(
            read(source(tmp_path, path=f"{folder}/*.csv", columns=columns), page_rows=rows_).column("order_id")
        )
        for folder, rows_ in (("whole", 50_000), ("parts", 5), ("sorted", 1))
    }
    assert len(set(ids["whole"])) == 60
    assert ids["whole"] == ids["parts"] == ids["sorted"]


HARD = (
    "Bestellung;Kunde;Datum;Betrag;Währung;Bemerkung\r\n"
    '1;Müller;31.01.2024 18:30;1.234,50;EUR;"zwei\r\nZeilen; und ""Zitat"""\r\n'
    "2;Weiß;01.02.2024 00:10;12,00;CHF;\r\n"
    "3;Müller;03.02.2024 09:00;-34,50;EUR;Storno\r\n"
    "4;Ñandú;30.02.2024 09:00;1,00;EUR;\r\n"
    "5;Ñandú;01.03.2024 09:00;12.50;EUR;Punkt statt Komma\r\n"
    "6;Ñandú;01.03.2024 09:00;7;EUR;ohne Nachkommastellen"
)


def read_hard(folder: Path, **changes: Any) -> Everything:
    columns = {
        "order_id": "Bestellung", "customer_id": "Kunde", "amount": "Betrag", "currency_code": "Währung",
        "ordered_at": {"column": "Datum", "format": "%d.%m.%Y %H:%M"}, "channel": "Bemerkung",
    }  # fmt: skip
    settings = {
        "path": "export.csv", "encoding": "latin-1", "decimal_separator": ",", "thousands_separator": ".",
        "refunds": "negative_amounts",
    }  # fmt: skip
    return read(source(folder, columns=columns, **settings | changes))


def test_a_hard_export(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(HARD.encode("latin-1"))
    everything = read_hard(tmp_path)
    assert everything.column("order_id") == ["1", "2", "6"]
    assert everything.column("customer_id") == ["Müller", "Weiß", "Ñandú"]
    assert everything.column("amount") == [Decimal("1234.50"), Decimal("12.00"), Decimal(7)]
    assert everything.column("currency_code") == ["EUR", "CHF", "EUR"]
    assert everything.column("channel")[0] == 'zwei\r\nZeilen; und "Zitat"'
    assert everything.column("ordered_at")[:2] == [
        datetime(2024, 1, 31, 17, 30, tzinfo=UTC),
        datetime(2024, 1, 31, 23, 10, tzinfo=UTC),
    ]
    assert everything.column("source_line") == [2, 4, 8]
    refunds = everything.tables["refunds"].to_pylist()
    assert [(r["order_id"], r["customer_id"], r["amount"], r["source_line"]) for r in refunds] == [
        ("3", "Müller", Decimal("34.50"), 5)
    ]
    assert re.fullmatch(r"[0-9a-f]{20}-1", refunds[0]["refund_id"])
    assert [(r.line, r.field, r.key) for r in everything.rejected] == [
        (6, "Datum (ordered_at)", "4"),
        (7, "Betrag (amount)", "5"),
    ]
    assert everything.rejected[0].raw_text == "4;Ñandú;30.02.2024 09:00;1,00;EUR;"
    assert everything.rejected[0].origin == "export.csv"
    assert "%d.%m.%Y %H:%M" in everything.rejected[0].reason


@pytest.mark.parametrize(("encoding", "declared"), [("utf-16", "utf-16"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252")])
def test_encodings_give_the_same_records(tmp_path: Path, encoding: str, declared: str) -> None:
    (tmp_path / "export.csv").write_bytes(HARD.encode("latin-1"))
    expected = read_hard(tmp_path)
    (tmp_path / "export.csv").write_bytes(HARD.encode(encoding))
    got = read_hard(tmp_path, encoding=declared)
    assert got.tables == expected.tables
    assert got.rejected == expected.rejected


def test_lines_of_orders(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "id,customer,at,amount,sku,title\n1,c,2024-01-01,1.00,A,Apple\n1,c,2024-01-01,1.00,A,Apple\n1,c,2024-01-01,-1.00,A,\n"
    )
    columns = {"sku": "sku", "product_name": "title"}
    everything = read(source(tmp_path, path="a.csv", rows="lines", columns=columns, refunds="negative_amounts"))
    assert set(everything.tables) == {"order_lines", "refunds"}
    lines = everything.tables["order_lines"].to_pylist()
    assert [(line["order_id"], line["sku"], line["product_name"], line["line_id"][-2:]) for line in lines] == [
        ("1", "A", "Apple", "-1"),
        ("1", "A", "Apple", "-2"),
    ]
    assert everything.column("order_id", "refunds") == ["1"]


def test_refunds_in_a_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "id,customer,at,amount,back,back_at,back_id\n1,c,2024-01-01,9.00,2.50,2024-02-01,r1\n2,c,2024-01-01,9.00,,,\n"
        "3,c,2024-01-01,9.00,-9.00,,\n4,c,2024-01-01,9.00,1.00,,r1\n5,c,2024-01-01,9.00,0.00,,\n"
    )
    columns = {"refund_amount": "back", "refunded_at": {"column": "back_at"}, "refund_id": "back_id"}
    everything = read(source(tmp_path, path="a.csv", columns=columns, refunds="column"))
    refunds = everything.tables["refunds"].to_pylist()
    assert [(r["order_id"], r["amount"], r["refunded_at"].date()) for r in refunds] == [
        ("1", Decimal("2.50"), date(2024, 1, 31)),
        ("3", Decimal(9), date(2023, 12, 31)),
    ]
    assert everything.column("order_id") == ["1", "2", "3", "5"]
    assert everything.reasons == [(5, "refund_id", "is the id of line 2 too, which says something else")]


def test_globs_are_sorted_and_files_named_apart(tmp_path: Path) -> None:
    for number, name in enumerate(["b/2.csv", "a/10.csv", "a/deep/2.csv", "a/2.csv"]):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{HEADER}{number},c,2024-01-01,1.00\n")
    everything = read(source(tmp_path, path="**/*.csv"))
    assert everything.column("source_file") == ["a/10.csv", "a/2.csv", "a/deep/2.csv", "b/2.csv"]
    everything = read(source(tmp_path, path=["b/2.csv", "*/*.csv"]))
    assert everything.column("source_file") == ["b/2.csv", "a/10.csv", "a/2.csv"]
    single = read(source(tmp_path, path=str(tmp_path / "a" / "2.csv")))
    assert single.column("source_file") == ["2.csv"]


def misconfigured(key: str, folder: Path, **settings: Any) -> str:
    with pytest.raises(MisconfiguredError) as caught:
        read(source(folder, **settings))
    assert caught.value.key == f"{KEY}.{key}"
    return str(caught.value)


def test_wrong_settings_name_their_key(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(f"{HEADER}1,c,2024-01-01,1.00\n")
    (tmp_path / "unsure.csv").write_text("x;y,z\n1;2,3\n")
    (tmp_path / "plain.dat").write_text(HEADER)
    (tmp_path / "twice.csv").write_text("id,customer,at,amount,amount\n")
    message = misconfigured("path", tmp_path, path="order.csv")
    assert "orders.csv" in message
    assert str(tmp_path) in message
    assert "not a folder" in misconfigured("path[1]", tmp_path, path=["orders.csv", "none/*.csv"])
    assert "is a folder" in misconfigured("path", tmp_path.parent, path=tmp_path.name)
    assert "no package" in misconfigured("path", tmp_path, path="package:no_such_package/x.csv")
    message = misconfigured("columns.amount", tmp_path, path="orders.csv", columns={"amount": "Amount "})
    assert "did you mean 'amount'?" in message
    assert "'id', 'customer', 'at', 'amount'" in message
    assert "more than one" in misconfigured("columns.amount", tmp_path, path="twice.csv")
    assert "comma, semicolon" in misconfigured("delimiter", tmp_path, path="unsure.csv")
    assert "plain.dat" in misconfigured("format", tmp_path, path="plain.dat")
    constant = {"currency_code": {"constant": "EUX"}}
    assert "EUX" in misconfigured("columns.currency_code.constant", tmp_path, path="orders.csv", columns=constant)
    (tmp_path / "orders.csv").write_bytes(HEADER.encode("utf-16"))
    assert "utf-16" in misconfigured("encoding", tmp_path, path="orders.csv")
    (tmp_path / "a.jsonl").write_text('{"id": 1, "customer": {"id": "c"}, "at": "2024-01-01", "amount": 1}')
    assert "did you mean 'customer.id'?" in misconfigured(
        "columns.customer_id", tmp_path, path="a.jsonl", columns={"customer_id": "customer.i"}
    )
    pq.write_table(pa.table({"id": ["1"], "customer": [[1]]}), tmp_path / "a.parquet")
    assert "list" in misconfigured("columns.customer_id", tmp_path, path="a.parquet")


def test_an_empty_file_stops_the_store(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(StopError, match=r"a\.csv: is empty"):
        read(source(tmp_path, path="a.csv", delimiter=","))
    (tmp_path / "a.csv").write_text(HEADER)
    everything = read(source(tmp_path, path="a.csv"))
    assert everything.column("order_id") == []


def test_files_without_header_and_with_lines_above_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Export of 2024\n\n1|c|2024-01-01|1.00\n")
    names = {"column_names": ["id", "customer", "at", "amount"], "skip_lines": 2}
    everything = read(source(tmp_path, path="a.csv", delimiter="|", **names))
    assert everything.column("source_line") == [3]
    (tmp_path / "a.csv").write_text("Export of 2024\n\nid|customer|at|amount\n1|c|2024-01-01|1.00\n")
    everything = read(source(tmp_path, path="a.csv", skip_lines=2))
    assert everything.column("source_line") == [4]


def test_customer_files_and_consent_that_fails_closed(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(f"{HEADER}1,c,2024-01-01,1.00\n")
    consents = ["Yes", "0", "maybe", "", "TRUE", "unsubscribed"]
    rows = "".join(f"c{i}\ta{i}@b.example\t{own}\t2024-01-0{i + 1}\n" for i, own in enumerate(consents))
    (tmp_path / "people.tsv").write_text(f"key\tmail\tnews\tsince\n{rows}c0\tother@b.example\t\t\n\tx@b.example\t\t\n")
    columns = {
        "customer_id": "key",
        "email": "mail",
        "has_email_consent": "news",
        "email_consent_at": {"column": "since"},
    }
    everything = read(source(tmp_path, path="orders.csv", customers={"path": "people.tsv", "columns": columns}))
    assert everything.column("has_email_consent", "customers") == [True, False, None, None, True, False]
    assert everything.column("is_generated", "customers") == [False] * 6
    assert everything.column("email", "customers")[0] == "a0@b.example"
    assert [(r.stream, r.line, r.field) for r in everything.rejected] == [
        ("customers", 8, "customer_id"), ("customers", 9, "key (customer_id)"),
    ]  # fmt: skip
    missing = {"path": "people.tsv", "columns": {"customer_id": "kee"}}
    assert "did you mean 'key'?" in misconfigured(
        "customers.columns.customer_id", tmp_path, path="orders.csv", customers=missing
    )


def test_what_counts_for_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}1,c,2024-01-01,1.00\n")
    prints = {
        "first": read(source(tmp_path, path="a.csv")).reading.fingerprint,
        "zone": read(source(tmp_path, path="a.csv", zone="Asia/Kolkata")).reading.fingerprint,
        "settings": read(source(tmp_path, path="a.csv", refunds="negative_amounts")).reading.fingerprint,
        "corrections": read(source(tmp_path, path="a.csv"), corrections=[correction("a", "b")]).reading.fingerprint,
    }
    assert read(source(tmp_path, path="*.csv", max_shrink_rate=0.5)).reading.fingerprint == prints["first"]
    monkeypatch.setattr(source_module, "PARSER_VERSION", 999)
    prints["parser"] = read(source(tmp_path, path="a.csv")).reading.fingerprint
    monkeypatch.undo()
    (tmp_path / "a.csv").write_text(f"{HEADER}1,c,2024-01-01,2.00\n")
    prints["content"] = read(source(tmp_path, path="a.csv")).reading.fingerprint
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    prints["name"] = read(source(tmp_path, path="b.csv")).reading.fingerprint
    assert len(set(prints.values())) == len(prints)
