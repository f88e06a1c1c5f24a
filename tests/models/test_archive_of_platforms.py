"""What batches of a platform add to the archive: payloads, what is gone, and reads that found nothing."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_samples import START, STREAMS, archive_batch, deletions, order, page

from models.archive import ArchivedBatch, batches, find_batch
from models.archive_query import archive_sql
from models.records import Deletions, Page

ORDERS, LINES = STREAMS["orders"], STREAMS["order_lines"]


def page_with_payloads(*payloads: str, first: int = 1) -> Page:
    plain = page([order(str(first + i)) for i in range(len(payloads))])
    return Page("orders", plain.records, payloads=pa.array(payloads, pa.string()))


def test_payloads_are_kept_and_not_read_unless_asked_for(tmp_path: Path) -> None:
    pages = [page_with_payloads('{"a": 1}', '{"b": "é"}'), page_with_payloads("{}", first=3)]
    batch = archive_batch(tmp_path, pages, fingerprint="f", mode="delta")
    names = [*ORDERS.column_names, "content_hash", "row_number"]
    assert pq.read_schema(batch.stream_path("orders")).names == [*names, "payload"]
    assert [records.schema.names for records in batch.record_batches("orders")] == [names]
    rows = [
        tuple(row.values())
        for records in batch.record_batches("orders", columns=["payload", "order_id"])
        for row in records.to_pylist()
    ]
    assert rows == [('{"a": 1}', "1"), ('{"b": "é"}', "2"), ("{}", "3")]


def test_large_payloads_do_not_gather_in_memory(tmp_path: Path) -> None:
    pages = [page_with_payloads(*["x" * 2**16] * 100, first=100 * i) for i in range(6)]
    batch = archive_batch(tmp_path, pages, fingerprint="f", mode="delta")
    metadata = pq.read_metadata(batch.stream_path("orders"))
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [300, 300]


def test_payloads_come_with_all_pages_of_a_stream_or_with_none(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="some pages of orders have payloads"):
        archive_batch(tmp_path, [page_with_payloads("{}"), page([order("9")])], fingerprint="f")


def test_deletions_are_kept_beside_the_records(tmp_path: Path) -> None:
    pages = [deletions(ORDERS, ("7",)), page([order("1")]), deletions(ORDERS, ("8",), ("9",))]
    pages.append(deletions(LINES, ("1", "a")))
    batch = archive_batch(tmp_path, pages, fingerprint="f", mode="delta")
    assert (batch.row_counts, batch.deletion_counts) == ({"orders": 1}, {"orders": 3, "order_lines": 1})
    assert [key for keys in batch.deleted_keys("orders") for key in keys.column(0).to_pylist()] == ["7", "8", "9"]
    assert [keys.to_pylist() for keys in batch.deleted_keys("order_lines")] == [[{"order_id": "1", "line_id": "a"}]]
    assert list(batch.deleted_keys("refunds")) == []
    assert list(batches(tmp_path, "files")) == [batch]


def test_deletions_by_something_else_than_the_key_are_refused(tmp_path: Path) -> None:
    wrong = Deletions("order_lines", pa.RecordBatch.from_arrays([pa.array(["a"])], names=["line_id"]))
    with pytest.raises(TypeError, match="deletions of order_lines have the schema"):
        archive_batch(tmp_path, [wrong], fingerprint="f")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_read_that_found_nothing_is_a_batch_too(tmp_path: Path) -> None:
    batch = archive_batch(tmp_path, [deletions(ORDERS), page([])], fingerprint="f", mode="delta")
    assert (batch.row_counts, batch.deletion_counts) == ({}, {})
    assert find_batch(tmp_path, "files", "m", "s", batch.batch_id) == batch


def test_an_earlier_try_leaves_nothing_behind(tmp_path: Path) -> None:
    line = {**order("1"), "line_id": "a"}
    first = archive_batch(tmp_path, [page([line], "order_lines"), deletions(ORDERS, ("7",))], fingerprint="f")
    again = archive_batch(tmp_path, [page([order("1")])], fingerprint="f")
    assert first.batch_id == again.batch_id
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        f"{again.batch_id}.json",
        f"{again.batch_id}.parquet",
    ]


def test_manifests_from_before_there_were_deletions_are_read(tmp_path: Path) -> None:
    batch = archive_batch(tmp_path, [page([order("1")])], fingerprint="f")
    content = json.loads(batch.manifest_path.read_text())
    del content["deletion_counts"]
    batch.manifest_path.write_text(json.dumps({**content, "manifest_version": 1}))
    assert list(batches(tmp_path, "files")) == [batch]
    batch.manifest_path.write_text(json.dumps({**content, "manifest_version": 3}))
    with pytest.raises(ValueError, match=r"manifest of version 3; this Perennial reads up to 2"):
        list(batches(tmp_path, "files"))


def test_sql_finds_payloads_and_deletions(tmp_path: Path) -> None:
    archive_batch(tmp_path, [page([order("0")])], fingerprint="before")
    pages = [page_with_payloads('{"note": {"text": "fragile"}}'), deletions(ORDERS, ("7",))]
    archive_batch(tmp_path, pages, fingerprint="f", mode="delta")
    query = "select order_id, payload ->> '$.note.text' as note from files_orders order by order_id"
    assert archive_sql(tmp_path, query).to_pylist() == [
        {"order_id": "0", "note": None},
        {"order_id": "1", "note": "fragile"},
    ]
    query = "select order_id, merchant_id, store_id, day from files_orders__deleted"
    assert archive_sql(tmp_path, query).to_pylist() == [
        {"order_id": "7", "merchant_id": "m", "store_id": "s", "day": START.date()}
    ]
    amount = "select sum(amount) as amount from files_orders"
    assert archive_sql(tmp_path, amount).to_pylist() == [{"amount": Decimal(2)}]


def test_files_have_no_payload(tmp_path: Path) -> None:
    batch: ArchivedBatch = archive_batch(tmp_path, [page([order("1")])], fingerprint="f")
    assert "payload" not in pq.read_schema(batch.stream_path("orders")).names
