from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import md5
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_samples import START, STREAMS, archive_batch, order, page, records, rejected_order

from models.archive import ArchivedBatch, BatchWriter, batch_id, batches, find_batch
from models.archive_query import archive_sql
from models.content_hash import PROVENANCE_COLUMNS, content_hashes
from models.errors import MisconfiguredError
from models.raw import SOURCE_STREAMS
from models.records import Column, Stream


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_layout_and_columns(tmp_path: Path) -> None:
    batch = archive_batch(tmp_path, [page([order("1")])], fingerprint="f", merchant_id="a b", store_id="ü/1")
    folder = "merchant_id=a%20b/store_id=%C3%BC%2F1"
    assert files_below(tmp_path) == [
        f"source=files/_batches/{folder}/{batch.batch_id}.json",
        f"source=files/stream=orders/{folder}/day=2020-01-01/{batch.batch_id}.parquet",
    ]
    schema = pq.read_schema(batch.stream_path("orders"))
    assert schema.names == [*STREAMS["orders"].column_names, "content_hash", "row_number"]
    assert schema.field("amount").type == pa.decimal128(18, 4)


def test_interleaved_pages_come_back_in_order(tmp_path: Path) -> None:
    refund = {"refund_id": "r", "customer_id": "c", "refunded_at": START, "amount": Decimal(1), "currency_code": "USD"}
    pages = [page([order("1")]), page([refund], "refunds"), page([]), page([order("2"), order("3")])]
    batch = archive_batch(tmp_path, pages, fingerprint="f")
    assert batch.row_counts == {"orders": 3, "refunds": 1}
    rows = [row for records in batch.record_batches("orders", batch_rows=2) for row in records.to_pylist()]
    assert [(row["order_id"], row["row_number"]) for row in rows] == [("1", 0), ("2", 1), ("3", 2)]
    assert list(batch.record_batches("customers")) == []


def test_manifest_tells_the_batch_again(tmp_path: Path) -> None:
    rejected = [rejected_order("k"), rejected_order("k"), rejected_order(None)]
    batch = archive_batch(tmp_path, [page([order("1")], rejected=rejected)], fingerprint="f")
    assert (batch.rejected_count, batch.protected_keys) == (3, {"orders": ("k",)})
    assert list(batches(tmp_path, "files")) == [batch]
    landed = batch.landed(batch_number=7, landed_at=START)
    assert list(batches(tmp_path, "files")) == [landed]
    assert find_batch(tmp_path, "files", "m", "s", batch.batch_id) == landed
    assert find_batch(tmp_path, "files", "m", "s", "other") is None


def test_a_broken_off_write_leaves_nothing(tmp_path: Path) -> None:
    def pages() -> object:
        yield page([order("1")])
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        archive_batch(tmp_path, pages(), fingerprint="f")  # type: ignore[arg-type] # breaks off
    assert files_below(tmp_path) == []


def test_writing_again_replaces_with_equal_content_even_after_midnight(tmp_path: Path) -> None:
    first = archive_batch(tmp_path, [page([order("1")])], fingerprint="f").landed(batch_number=1, landed_at=START)
    before = {name: (tmp_path / name).read_bytes() for name in files_below(tmp_path)}
    again = archive_batch(tmp_path, [page([order("1")])], fingerprint="f", archived_at=datetime(2020, 1, 2, tzinfo=UTC))
    assert (again.day, again.landed_at) == (first.day, START)
    after = {name: (tmp_path / name).read_bytes() for name in files_below(tmp_path)}
    assert {n: c for n, c in after.items() if n.endswith("parquet")} == {
        n: c for n, c in before.items() if n.endswith("parquet")
    }
    assert after.keys() == before.keys()


def test_pages_of_another_shape_are_refused(tmp_path: Path) -> None:
    wrong = page([order("1")])
    wrong = type(wrong)("orders", wrong.records.rename_columns([f"{n}_" for n in wrong.records.schema.names]))
    with pytest.raises(TypeError, match="a page of orders has the schema"):
        archive_batch(tmp_path, [wrong], fingerprint="f")
    assert files_below(tmp_path) == []


def test_batch_id_tells_stores_inputs_and_predecessors_apart() -> None:
    ids = {
        batch_id("files", "m", "s", "f", follows=None),
        batch_id("files", "m", "s", "f", follows="b"),
        batch_id("files", "m", "s", "g", follows=None),
        batch_id("files", "m", "t", "f", follows=None),
        batch_id("files", "n", "s", "f", follows=None),
        batch_id("files", "ms", "", "f", follows=None),
    }
    assert len(ids) == 6
    assert batch_id("files", "m", "s", "f", follows=None) in ids


def plain_hash(stream: Stream, row: dict[str, object]) -> str:
    """The definition in the module's docstring, spelled out for one row."""
    text = b""
    for column in stream.columns:
        value = row[column.name]
        if column.name in PROVENANCE_COLUMNS:
            continue
        if value is None:
            text += b"~"
        elif isinstance(value, str):
            text += str(len(value.encode())).encode() + b":" + value.encode()
        elif isinstance(value, datetime):
            text += str((value - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)).encode() + b","
        elif isinstance(value, date):
            text += str((value - date(1970, 1, 1)).days).encode() + b","
        elif isinstance(value, Decimal):
            text += str(int(value.scaleb(4))).encode() + b","
        else:
            text += str(int(value)).encode() + b","  # type: ignore[call-overload] # bool or int
    return md5(text, usedforsecurity=False).hexdigest()


KINDS = Stream(
    name="kinds",
    key=("name",),
    description="One record per kind.",
    columns=(
        Column("name", pa.string(), ""),
        Column("other", pa.string(), ""),
        Column("at", pa.timestamp("us", tz="UTC"), ""),
        Column("day", pa.date32(), ""),
        Column("amount", pa.decimal128(18, 4), ""),
        Column("is_it", pa.bool_(), ""),
        Column("count", pa.int64(), ""),
        Column("source_line", pa.int64(), ""),
    ),
)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
rows = st.fixed_dictionaries(
    {
        "name": texts,
        "other": texts,
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "day": st.none() | st.dates(),
        "amount": st.none() | st.integers(-(10**18) + 1, 10**18 - 1).map(lambda unscaled: Decimal(unscaled).scaleb(-4)),
        "is_it": st.none() | st.booleans(),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "source_line": st.none() | st.integers(0, 5),
    }
)


@given(some=st.lists(rows, min_size=1, max_size=8), start=st.integers(0, 7))
def test_content_hash_is_as_documented(some: list[dict[str, object]], start: int) -> None:
    expected = [plain_hash(KINDS, row) for row in some]
    batch = records(KINDS, some)
    assert content_hashes(KINDS, batch).to_pylist() == expected
    assert content_hashes(KINDS, batch.slice(start)).to_pylist() == expected[start:]


@given(first=rows, second=rows)
def test_different_contents_have_different_hashes(first: dict[str, object], second: dict[str, object]) -> None:
    def content(row: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in row.items() if name != "source_line"}

    hashes = content_hashes(KINDS, records(KINDS, [first, second])).to_pylist()
    assert (hashes[0] == hashes[1]) == (content(first) == content(second))


def test_published_hash_never_changes() -> None:
    # Stored in every archive and warehouse: if this fails, every record of every merchant looks changed.
    stream = STREAMS["orders"]
    digest = content_hashes(stream, records(stream, [order("1", channel="", email=None, quantity=-3)])).to_pylist()
    assert digest == ["def53734be6b884642fef660ba29a78c"]


def test_sql_over_the_archive(tmp_path: Path) -> None:
    root = tmp_path / "odd [name] 100%"
    for store, count in [("007", 1), ("8", 2)]:
        pages = [page([order(str(i), amount=Decimal("1.5")) for i in range(count)])]
        archive_batch(root, pages, fingerprint="f", store_id=store, merchant_id="a/b")
    query = "select merchant_id, store_id, day, sum(amount) as amount from files_orders group by all order by store_id"
    assert archive_sql(root, query).to_pylist() == [
        {"merchant_id": "a/b", "store_id": "007", "day": date(2020, 1, 1), "amount": Decimal("1.5")},
        {"merchant_id": "a/b", "store_id": "8", "day": date(2020, 1, 1), "amount": Decimal(3)},
    ]
    assert archive_sql(root, "select min(ordered_at) as at from files_orders").to_pylist() == [{"at": START}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from files_refunds", r"files_refunds.*the archive has files_orders"),
        ("select 1; select 2", "exactly one select"),
        ("copy (select 1) to '{folder}/out.csv'", "exactly one select"),
        ("create table t as select 1", "exactly one select"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("select * frm files_orders", "syntax error"),
    ],
)
def test_sql_that_is_refused(tmp_path: Path, query: str, message: str) -> None:
    archive_batch(tmp_path, [page([order("1")])], fingerprint="f")
    before = files_below(tmp_path)
    with pytest.raises(MisconfiguredError, match=message):
        archive_sql(tmp_path, query.replace("{folder}", str(tmp_path)))
    assert files_below(tmp_path) == before


def test_sql_over_an_empty_archive(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="is empty as yet"):
        archive_sql(tmp_path, "select * from files_orders")


def test_writer_needs_a_stream_of_the_source(tmp_path: Path) -> None:
    batch = ArchivedBatch(tmp_path, "b", "files", "m", "s", "snapshot", "f", START.date(), {}, START)
    with BatchWriter(batch, SOURCE_STREAMS["files"][:1]) as writer, pytest.raises(KeyError, match="refunds"):
        writer.write(page([], "refunds"))
