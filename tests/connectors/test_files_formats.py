"""JSON lines, Parquet and packed files, and what is broken off or changes under the reader."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from files_reading import correction, read, source

from connectors.sources.files import source as source_module
from models.errors import StopError

HEADER = "id,customer,at,amount\n"


def write_json(path: Path) -> None:
    rows = [
        '{"id": 1, "customer": {"id": "c"}, "at": "2024-01-01T10:00:00Z", "amount": 11.77, "tags": [1]}',
        '{"id": 2, "customer": {"id": 7}, "at": "2024-01-01", "amount": "12.5"}',
        "not json",
        '{"id": 3, "customer": {}, "at": "2024-01-01", "amount": 1}',
        '{"id": 4, "customer": {"id": {"x": 1}}, "at": "2024-01-01", "amount": 1}',
        '{"id": 5, "customer": {"id": "a\\u0000b"}, "at": "2024-01-01", "amount": 1}',
        '["a list"]',
        '{"id": 6, "customer": {"id": "c"}, "at": "2024-01-01", "amount": 1.2e3}',
        '{"id": 7, "customer": {"id": "c"}, "at": "2024-01-01", "amount": 5',
    ]
    path.write_text("\n".join(rows))


def test_json_lines(tmp_path: Path) -> None:
    write_json(tmp_path / "a.jsonl")
    everything = read(source(tmp_path, path="a.jsonl", columns={"customer_id": "customer.id"}))
    assert everything.column("order_id") == ["1", "2", "6"]
    assert everything.column("customer_id") == ["c", "7", "c"]
    assert everything.column("amount") == [Decimal("11.77"), Decimal("12.5"), Decimal(1200)]
    assert [(line, field) for line, field, _ in everything.reasons] == [
        (3, "*"),
        (4, "customer.id (customer_id)"),
        (5, "customer.id"),
        (6, "customer.id (customer_id)"),
        (7, "*"),
        (9, "*"),
    ]
    assert everything.rejected[0].raw_text == "not json"


def test_json_numbers_are_numbers_whatever_texts_look_like(tmp_path: Path) -> None:
    rows = [{"id": 1, "customer": "c", "at": "2024-01-01", "amount": own} for own in (12.5, "12,5")]
    rows[1]["id"] = 2
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    everything = read(source(tmp_path, path="a.jsonl", decimal_separator=",", thousands_separator="."))
    assert everything.column("amount") == [Decimal("12.5")] * 2


def test_parquet_types(tmp_path: Path) -> None:
    at = [datetime.fromisoformat(own) for own in ("2024-07-01T12:00", "2024-07-01T13:00", "2024-03-31T02:30")]
    table = pa.table({
        "id": pa.array([1, 2, 3], pa.int64()),
        "customer": pa.array([101.0, 102.0, float("nan")], pa.float64()),
        "nested": pa.array([{"who": {"mail": "a@b.example"}}, {"who": None}, None]),
        "at": pa.array(at, pa.timestamp("ms")),
        "at_utc": pa.array(at, pa.timestamp("ns", tz="America/New_York")),
        "day": pa.array([own.date() for own in at], pa.date32()),
        "amount": pa.array([11.77, 0.1, 1e6], pa.float64()),
        "exact": pa.array([Decimal("1.20"), Decimal("-2.00"), None], pa.decimal128(10, 2)),
        "channel": pa.array(["web", "web", None]).dictionary_encode(),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    columns = {"channel": "channel", "email": "nested.who.mail"}
    everything = read(source(tmp_path, path="a.parquet", columns=columns))
    assert everything.column("customer_id") == ["101", "102"]
    assert everything.column("amount") == [Decimal("11.77"), Decimal("0.1")]
    assert everything.column("channel") == ["web", "web"]
    assert everything.column("email") == ["a@b.example", None]
    assert everything.column("ordered_at")[0] == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert everything.reasons == [(3, "customer (customer_id)", "is empty")]
    raw = json.loads(everything.rejected[0].raw_text)
    assert raw["id"] == "3"
    corrected = json.dumps(raw | {"customer": 103})
    mended = read(
        source(tmp_path, path="a.parquet", columns=columns),
        corrections=[correction(everything.rejected[0].raw_text, corrected)],
    )
    assert mended.column("customer_id") == ["101", "102", "103"]
    # Clocks in Berlin went forward from two to three.
    assert mended.column("ordered_at")[2] == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    others = {"ordered_at": {"column": "at_utc", "format": "%d/%m/%Y"}, "amount": "exact", "customer_id": "id"}
    everything = read(
        source(tmp_path, path="a.parquet", columns=others, refunds="negative_amounts", decimal_separator=",")
    )
    assert everything.column("amount") == [Decimal("1.2")]
    assert everything.column("ordered_at")[0] == at[0].replace(tzinfo=UTC)
    assert everything.column("amount", "refunds") == [Decimal(2)]
    days = {"ordered_at": {"column": "day"}, "customer_id": "id"}
    assert read(source(tmp_path, path="a.parquet", columns=days)).column("ordered_at")[0] == datetime(
        2024, 6, 30, 22, tzinfo=UTC
    )


PACKED: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "zst": zstandard.compress}
PLAIN = (HEADER + "".join(f"{i},c{i},2024-01-01,{i}.25\n" for i in range(50_000))).encode()


@pytest.mark.parametrize("suffix", PACKED)
def test_packed_files(tmp_path: Path, suffix: str) -> None:
    pack = PACKED[suffix]
    path = tmp_path / f"a.csv.{suffix}"
    # Packers append: a file may hold several members or frames.
    path.write_bytes(pack(PLAIN[:1000]) + pack(PLAIN[1000:]))
    everything = read(source(tmp_path, path="*"))
    assert len(everything.tables["orders"]) == 50_000
    assert everything.rejected == []
    whole = pack(PLAIN)
    damaged = whole[:100] + b"\xff" * 200 + whole[300:]
    # Zstandard has checksums on request only; what is damaged without one is seen row by row.
    for broken in (whole[:-1], whole[: len(whole) // 2], *([damaged] if suffix == "gz" else [])):
        path.write_bytes(broken)
        with pytest.raises(StopError, match=f"a.csv.{suffix}"):
            read(source(tmp_path, path="*"))


def test_a_broken_off_parquet_file_stops_the_store(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data[:-10])
    with pytest.raises(StopError, match=r"a\.parquet"):
        read(source(tmp_path, path="a.parquet"))


def test_a_file_that_changes_while_it_is_read_stops_the_store(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PLAIN * 3)
    files = source(tmp_path, path="a.csv", columns={"order_id": None, "customer_id": "id"})
    request = source_module.ReadRequest("shop", "web", None, datetime(2025, 1, 1, tzinfo=UTC), page_rows=1000)
    reading = files.read(request)
    next(reading.pages)
    with path.open("ab") as file:
        file.write(b"x,c,2024-01-01,1.00\n")
    with pytest.raises(StopError, match="changed while it was being read"):
        list(reading.pages)
