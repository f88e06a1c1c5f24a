from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from landing_samples import (
    ORDERS,
    START,
    STREAMS,
    archive_and_land,
    archive_batch,
    contents_of,
    order,
    page,
    rejected_order,
    rows_of,
)

from models import landing_comparison, ops
from models.archive import batches
from models.bookkeeping import complete_manifests, read_cursor, record_contract, register_batch
from models.engine import create_engine
from models.errors import StopError
from models.landing import LandingResult, land_batch
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.roles import LOADER


def result_of(landing: object, stream: str = "orders") -> LandingResult:
    return next(r for r in landing.results if r.stream == stream)  # type: ignore[attr-defined] # a Landing


def test_first_load(engine: sa.Engine, tmp_path: Path) -> None:
    landing = archive_and_land(engine, tmp_path, [page([order("1"), order("2")])], fingerprint="a")
    assert result_of(landing) == LandingResult("orders", 2, rows_inserted=2)
    assert result_of(landing, "refunds") == LandingResult("refunds", 0)
    rows = rows_of(engine)
    assert [(r["merchant_id"], r["store_id"], r["order_id"]) for r in rows] == [("m", "s", "1"), ("m", "s", "2")]
    assert {r["loaded_at"] for r in rows} == {START}
    assert {r["batch_id"] for r in rows} == {landing.batch.batch_id}
    assert not any(r["is_deleted"] for r in rows)
    with engine.connect() as connection:
        cursor = read_cursor(connection, "m", "s", "files")
        assert cursor is not None
        assert (cursor.state, cursor.batch_id) == ({"read": "a"}, landing.batch.batch_id)
        assert connection.scalar(sa.select(ops.archive_batches.c.landed_at)) == START


TEXTS = [
    "",
    " ",
    "\\N",
    "\\.",
    "NULL",
    'say "hi"',
    "'",
    "a,b;c\td",
    "line\nfeed",
    "a\r\nb",
    "\n\\.\n",
    "back\\slash\\",
    "ünïcödé 漢字 🎁",
    "\u2028",
    "\ufeff",
    "\x01\x1f",
    "{}",
    "%s",
]


def test_texts_survive(engine: sa.Engine, tmp_path: Path) -> None:
    rows = [order(f"{i:02d}", channel=text) for i, text in enumerate(TEXTS)] + [order("null", channel=None)]
    archive_and_land(engine, tmp_path, [page(rows)], fingerprint="a")
    assert [row["channel"] for row in rows_of(engine)] == [*TEXTS, None]


def test_null_and_empty_differ_in_hash(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path, [page([order("1", channel=None)])], fingerprint="a")
    landing = archive_and_land(engine, tmp_path, [page([order("1", channel="")])], fingerprint="b", hours=1)
    assert result_of(landing).rows_updated == 1
    assert rows_of(engine)[0]["channel"] == ""


@pytest.mark.parametrize("amount", ["0.0001", "-0.0001", "99999999999999.9999", "-99999999999999.9999", "0.0000"])
def test_money_is_exact(engine: sa.Engine, tmp_path: Path, amount: str) -> None:
    archive_and_land(engine, tmp_path, [page([order("1", amount=Decimal(amount))])], fingerprint="a")
    assert str(rows_of(engine)[0]["amount"]) == amount


def test_nul_character_is_refused_with_the_way_out(engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(StopError, match="NUL"):
        archive_and_land(engine, tmp_path, [page([order("1", channel="a\x00b")])], fingerprint="a")
    assert rows_of(engine) == []


def test_landing_twice_changes_nothing(engine: sa.Engine, tmp_path: Path) -> None:
    rows = [order("1"), order("2")]
    first = archive_and_land(engine, tmp_path, [page(rows)], fingerprint="a")
    before = contents_of(engine), contents_of(engine, ops.cursors), contents_of(engine, ops.archive_batches)
    with engine.connect() as connection:
        again = land_batch(connection, batch=first.batch, loaded_at=START + timedelta(days=1), max_shrink_rate=0.0)
    assert result_of(again) == LandingResult("orders", 2, rows_unchanged=2)
    assert again.batch.landed_at == START
    assert before == (contents_of(engine), contents_of(engine, ops.cursors), contents_of(engine, ops.archive_batches))


@pytest.mark.parametrize("extra", [0, 50], ids=["full re-read", "small delta"])
def test_only_changes_are_written(engine: sa.Engine, tmp_path: Path, extra: int) -> None:
    filler = [order(f"f{i}") for i in range(extra)]
    archive_and_land(engine, tmp_path, [page([order("1"), order("2"), *filler])], fingerprint="a", mode="delta")
    changed = [order("1", source_line=9, source_file="moved.csv"), order("2", quantity=5), order("3")]
    landing = archive_and_land(engine, tmp_path, [page(changed)], fingerprint="b", mode="delta", hours=1)
    assert result_of(landing) == LandingResult("orders", 3, rows_inserted=1, rows_updated=1, rows_unchanged=1)
    rows = {r["order_id"]: r for r in rows_of(engine)}
    assert rows["1"]["loaded_at"] == START
    assert rows["1"]["source_file"] == "orders.csv", "a record that moved is the same record"
    assert (rows["2"]["quantity"], rows["2"]["loaded_at"]) == (5, START + timedelta(hours=1))
    assert len(rows) == extra + 3


def test_snapshot_marks_what_it_lacks_and_undeletes_what_returns(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path, [page([order("1"), order("2")])], fingerprint="a")
    landing = archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="b", hours=1)
    assert result_of(landing) == LandingResult("orders", 1, rows_unchanged=1, rows_deleted=1)
    gone = rows_of(engine)[1]
    assert (gone["is_deleted"], gone["loaded_at"], gone["batch_id"]) == (
        True,
        START + timedelta(hours=1),
        landing.batch.batch_id,
    )
    landing = archive_and_land(engine, tmp_path, [page([order("1"), order("2")])], fingerprint="a", hours=2)
    assert result_of(landing) == LandingResult("orders", 2, rows_updated=1, rows_unchanged=1)
    assert (rows_of(engine)[1]["is_deleted"], rows_of(engine)[1]["loaded_at"]) == (False, START + timedelta(hours=2))


def test_snapshot_without_a_stream_deletes_its_rows(engine: sa.Engine, tmp_path: Path) -> None:
    customer = {"customer_id": "c", "is_generated": False}
    archive_and_land(engine, tmp_path, [page([order("1")]), page([customer], "customers")], fingerprint="a")
    with pytest.raises(StopError, match=r"customers: the snapshot lacks 1 of 1 rows"):
        archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="b", max_shrink_rate=0.5)
    archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="b", max_shrink_rate=1.0)
    assert rows_of(engine, RAW_TABLES["files", "customers"])[0]["is_deleted"]


@pytest.mark.parametrize("new_rows", [0, 20], ids=["seen by the count", "hidden by new rows"])
def test_truncated_snapshot_is_refused(engine: sa.Engine, tmp_path: Path, new_rows: int) -> None:
    archive_and_land(engine, tmp_path, [page([order(str(i)) for i in range(10)])], fingerprint="a")
    before = contents_of(engine), contents_of(engine, ops.cursors)
    pages = [page([order(str(i), quantity=7) for i in range(7)] + [order(f"n{i}") for i in range(new_rows)])]
    with pytest.raises(StopError, match=r"lacks 3 of 10 rows, more than max_shrink_rate 0\.2 .*looks truncated"):
        archive_and_land(engine, tmp_path, pages, fingerprint="b", hours=1, max_shrink_rate=0.2)
    assert before == (contents_of(engine), contents_of(engine, ops.cursors))
    assert result_of(
        archive_and_land(engine, tmp_path, pages, fingerprint="b", hours=1, max_shrink_rate=0.3)
    ) == LandingResult("orders", 7 + new_rows, rows_inserted=new_rows, rows_updated=7, rows_deleted=3)


def test_rejected_records_keep_their_last_good_version(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path, [page([order("1"), order("2"), order("3")])], fingerprint="a")
    pages = [page([order("1")], rejected=[rejected_order("2"), rejected_order(None)])]
    landing = archive_and_land(engine, tmp_path, pages, fingerprint="b", hours=1, max_shrink_rate=0.4)
    assert result_of(landing).rows_deleted == 1
    assert [r["is_deleted"] for r in rows_of(engine)] == [False, False, True]


def test_protected_keys_of_two_columns(engine: sa.Engine, tmp_path: Path) -> None:
    lines = RAW_TABLES["files", "order_lines"]
    rows = [{**order("1"), "line_id": str(i)} for i in range(3)]
    archive_and_land(engine, tmp_path, [page(rows, "order_lines")], fingerprint="a")
    rejected = rejected_order("1/2")
    rejected = type(rejected)("order_lines", *(getattr(rejected, n) for n in list(vars(rejected))[1:]))
    pages = [page(rows[:1], "order_lines", [rejected])]
    archive_and_land(engine, tmp_path, pages, fingerprint="b", hours=1)
    assert [r["is_deleted"] for r in rows_of(engine, lines)] == [False, True, False]


def test_stores_and_merchants_keep_apart(engine: sa.Engine, tmp_path: Path) -> None:
    for merchant, store in [("m", "s"), ("m", "t"), ("n", "s")]:
        pages = [page([order("1"), order("2")])]
        archive_and_land(engine, tmp_path, pages, fingerprint="a", merchant_id=merchant, store_id=store)
    archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="b", merchant_id="m", store_id="t")
    deleted = [(r["merchant_id"], r["store_id"], r["order_id"]) for r in rows_of(engine) if r["is_deleted"]]
    assert deleted == [("m", "t", "2")]


@pytest.mark.parametrize("known", [[], ["1"], ["1", *(f"f{i}" for i in range(50))]])
def test_repeated_key_is_refused(engine: sa.Engine, tmp_path: Path, known: list[str]) -> None:
    if known:
        archive_and_land(engine, tmp_path, [page([order(k) for k in known])], fingerprint="a", mode="delta")
    before = contents_of(engine)
    pages = [
        page([order("1", source_line=2), order("2", source_line=3)]),
        page([order("1", source_line=7)]),
    ]
    message = r"order_id '1' stands in this batch twice, at orders\.csv line 2 and orders\.csv line 7"
    with pytest.raises(StopError, match=message):
        archive_and_land(engine, tmp_path, pages, fingerprint="b", mode="delta")
    assert contents_of(engine) == before


def test_older_batch_does_not_overwrite_a_newer_one(engine: sa.Engine, tmp_path: Path) -> None:
    old = archive_batch(tmp_path, [page([order("1", quantity=1)])], fingerprint="old")
    new = archive_batch(tmp_path, [page([order("1", quantity=2)])], fingerprint="new")
    with engine.begin() as connection:
        assert register_batch(connection, old) < register_batch(connection, new)
    for batch, is_superseded in [(new, False), (old, True)]:
        with engine.connect() as connection:
            landing = land_batch(connection, batch=batch, loaded_at=START, max_shrink_rate=1.0)
        assert landing.is_superseded == is_superseded
    assert rows_of(engine)[0]["quantity"] == 2


def test_export_that_goes_back_to_an_earlier_content_lands(engine: sa.Engine, tmp_path: Path) -> None:
    for hours, fingerprint in enumerate("aba"):
        quantity = {"a": 1, "b": 2}[fingerprint]
        pages = [page([order("1", quantity=quantity)])]
        archive_and_land(engine, tmp_path, pages, fingerprint=fingerprint, hours=hours)
    assert rows_of(engine)[0]["quantity"] == 1


def test_batch_that_broke_its_contract_does_not_land(engine: sa.Engine, tmp_path: Path) -> None:
    batch = archive_batch(tmp_path, [page([order("1")])], fingerprint="a")
    with engine.begin() as connection:
        register_batch(connection, batch)
        record_contract(connection, batch.batch_id, has_passed=False, report={"failed": ["amount"]})
    with engine.connect() as connection, pytest.raises(StopError, match="data contract"):
        land_batch(connection, batch=batch, loaded_at=START, max_shrink_rate=1.0)
    assert rows_of(engine) == []


def test_unregistered_batch_is_a_mistake(engine: sa.Engine, tmp_path: Path) -> None:
    batch = archive_batch(tmp_path, [page([order("1")])], fingerprint="a")
    with engine.connect() as connection, pytest.raises(LookupError, match="register_batch"):
        land_batch(connection, batch=batch, loaded_at=START, max_shrink_rate=1.0)


def test_crash_between_commit_and_manifest_is_made_good(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("models.archive.ArchivedBatch.landed", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="a")
    assert [b.landed_at for b in batches(tmp_path, "files")] == [None]
    with engine.connect() as connection:
        completed = list(complete_manifests(connection, list(batches(tmp_path, "files"))))
    assert [b.landed_at for b in completed] == [START]
    assert list(batches(tmp_path, "files")) == completed


def test_loader_role_is_enough_and_cannot_drop(engine: sa.Engine, database_url: str, tmp_path: Path) -> None:
    loading = create_engine(database_url, role=LOADER)
    landing = archive_and_land(loading, tmp_path, [page([order("1")])], fingerprint="a")
    assert result_of(landing).rows_inserted == 1
    with loading.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="must be owner"):
        connection.execute(sa.schema.DropTable(ORDERS))
    loading.dispose()
    assert len(rows_of(engine)) == 1


def test_streams_of_the_samples_are_those_of_the_source() -> None:
    assert set(STREAMS) == {stream for source, stream in RAW_TABLES if source == "files"}


def test_keys_fit_the_table_that_rows_are_compared_in() -> None:
    most = max(len(stream.key) for streams in SOURCE_STREAMS.values() for stream in streams)
    assert most <= landing_comparison._MOST_KEY_COLUMNS
