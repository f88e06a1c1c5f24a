from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_samples import (
    ORDERS,
    START,
    archive_and_land,
    archive_batch,
    contents_of,
    order,
    page,
    rejected_order,
    rows_of,
)

from models import ops
from models.bookkeeping import register_batch
from models.engine import create_engine
from models.errors import StopError
from models.landing import land_batch
from models.landing_stream import StreamLanding
from models.migration import migrate
from models.raw import RAW_TABLES
from models.rebuilding import RebuildResult, rebuild_raw

FILES = {stream: table for (source, stream), table in RAW_TABLES.items() if source == "files"}
KEYS = ("1", "2", "3", "4/5")


@dataclass(frozen=True)
class Step:
    """One batch: what it holds, and where landing it breaks off before it is tried again."""

    mode: str
    quantities: dict[str, int]
    protected: frozenset[str]
    crashes_after: int | None
    page_rows: int


steps = st.builds(
    Step,
    mode=st.sampled_from(["snapshot", "snapshot", "delta"]),
    quantities=st.dictionaries(st.sampled_from(KEYS), st.integers(1, 2), max_size=4),
    protected=st.frozensets(st.sampled_from(KEYS), max_size=2),
    crashes_after=st.none() | st.integers(0, 3),
    page_rows=st.integers(1, 4),
)


@dataclass
class Model:
    """What the raw table has to hold: per key quantity, the step of its version, and whether it is deleted."""

    rows: dict[str, tuple[int, int, bool]] = field(default_factory=dict)

    def apply(self, number: int, step: Step) -> None:
        for key, quantity in step.quantities.items():
            known = self.rows.get(key)
            if known is None or known[0] != quantity or known[2]:
                self.rows[key] = (quantity, number, False)
        if step.mode == "snapshot":
            for key, (quantity, _, is_deleted) in list(self.rows.items()):
                if key not in step.quantities and key not in step.protected and not is_deleted:
                    self.rows[key] = (quantity, number, True)


class CrashError(Exception):
    """Stands for the process's death."""


def land(engine: sa.Engine, root: Path, number: int, step: Step) -> None:
    rows = [order(key, quantity=quantity, source_line=number) for key, quantity in step.quantities.items()]
    pages = [page(rows[i : i + step.page_rows]) for i in range(0, len(rows), step.page_rows)]
    pages.append(page([], rejected=[rejected_order(key) for key in sorted(step.protected)]))
    options: dict[str, Any] = {"mode": step.mode, "hours": number, "fingerprint": str(number)}
    if step.crashes_after is not None:
        calls = 0
        original = StreamLanding.land

        def crash(landing: StreamLanding, max_shrink_rate: float) -> Any:
            nonlocal calls
            result = original(landing, max_shrink_rate)
            calls += 1
            if calls > (step.crashes_after or 0):
                raise CrashError
            return result

        with patch.object(StreamLanding, "land", crash), pytest.raises(CrashError):
            archive_and_land(engine, root, pages, **options)
    archive_and_land(engine, root, pages, **options)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sequence=st.lists(steps, min_size=1, max_size=5))
def test_any_sequence_of_batches_lands_as_the_model_says_and_rebuilds_equal(
    engine: sa.Engine, tmp_path: Path, sequence: list[Step]
) -> None:
    root = tmp_path / str(len(list(tmp_path.iterdir())))
    root.mkdir()
    with engine.begin() as connection:
        for table in (*FILES.values(), ops.archive_batches, ops.cursors):
            connection.execute(table.delete())
    model = Model()
    for number, step in enumerate(sequence):
        land(engine, root, number, step)
        model.apply(number, step)
    landed = {r["order_id"]: (r["quantity"], r["loaded_at"], r["is_deleted"]) for r in rows_of(engine)}
    assert landed == {
        key: (quantity, START + timedelta(hours=number), is_deleted)
        for key, (quantity, number, is_deleted) in model.rows.items()
    }
    with engine.connect() as connection:
        result = rebuild_raw(connection, root, "files", "orders", is_verify_only=True)
    assert result == RebuildResult(len(landed), 0, 0, 0)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 30), max_size=6).map(sorted))
def test_any_split_into_pages_gives_the_same_table(engine: sa.Engine, tmp_path: Path, cuts: list[int]) -> None:
    rows = [order(f"{i:02d}", quantity=i, channel=None if i % 3 else "") for i in range(30)]
    borders = [0, *cuts, 30]
    pages = [page(rows[a:b]) for a, b in pairwise(borders)]
    merchants = [f"whole-{len(cuts)}", f"cut-{len(cuts)}"]
    for merchant, some in zip(merchants, ([page(rows)], pages), strict=True):
        archive_and_land(engine, tmp_path, some, fingerprint=str(cuts), merchant_id=merchant)
    whole, cut = (
        [
            {k: v for k, v in r.items() if k not in {"merchant_id", "batch_id"}}
            for r in rows_of(engine)
            if r["merchant_id"] == m
        ]
        for m in merchants
    )
    assert whole == cut
    assert len(whole) == 30


def test_rebuild_in_an_empty_warehouse_restores_rows_and_books(
    engine: sa.Engine, warehouse_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    line = {**order("1"), "line_id": "a"}
    for merchant, store in [("m", "s"), ("ü/n %", "00 7")]:
        options = {"merchant_id": merchant, "store_id": store}
        pages = [page([order("1", channel="\\N"), order("2", channel=""), order("3")]), page([line], "order_lines")]
        archive_and_land(engine, tmp_path, pages, fingerprint="a", **options)  # type: ignore[arg-type] # texts
        pages = [page([order("1", quantity=3), order("2", channel="")])]
        archive_and_land(engine, tmp_path, pages, fingerprint="b", hours=1, **options)  # type: ignore[arg-type] # texts
    migrate(empty_database_url)
    restored = create_engine(empty_database_url)
    for stream in FILES:
        with restored.connect() as connection:
            result = rebuild_raw(connection, tmp_path, "files", stream)
        assert (result.missing > 0) == result.is_replaced == (stream in {"orders", "order_lines"})
    for table in (*FILES.values(), ops.cursors):
        assert contents_of(restored, table) == contents_of(engine, table)
    landing = archive_and_land(restored, tmp_path, [page([order("9")])], fingerprint="c", mode="delta", hours=2)
    assert not landing.is_superseded
    with restored.connect() as connection:
        assert rebuild_raw(connection, tmp_path, "files", "orders").is_equal
    restored.dispose()


def test_verifying_finds_every_difference_and_repairs_none(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path, [page([order("1"), order("2"), order("3")])], fingerprint="a")
    landed = contents_of(engine)
    with engine.begin() as connection:
        connection.execute(ORDERS.delete().where(ORDERS.c.order_id == "1"))
        connection.execute(ORDERS.update().where(ORDERS.c.order_id == "2").values(source_line=77))
        connection.execute(ORDERS.update().where(ORDERS.c.order_id == "3").values(order_id="4"))
    damaged = contents_of(engine)
    with engine.connect() as connection:
        result = rebuild_raw(connection, tmp_path, "files", "orders", is_verify_only=True)
    assert result == RebuildResult(3, missing=2, unexpected=1, different=1)
    assert contents_of(engine) == damaged
    with engine.connect() as connection:
        assert rebuild_raw(connection, tmp_path, "files", "orders").is_replaced
    assert contents_of(engine) == landed


def test_the_wrong_archive_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path / "right", [page([order("1")])], fingerprint="a")
    with engine.connect() as connection, pytest.raises(StopError, match=r"m/s.*right archive"):
        rebuild_raw(connection, tmp_path / "wrong", "files", "orders")
    assert len(rows_of(engine)) == 1


def test_archived_but_never_landed_batches_are_left_out(engine: sa.Engine, tmp_path: Path) -> None:
    archive_and_land(engine, tmp_path, [page([order("1")])], fingerprint="a")
    with patch.object(StreamLanding, "land", side_effect=CrashError), pytest.raises(CrashError):
        archive_and_land(engine, tmp_path, [page([order("1"), order("2")])], fingerprint="b", hours=1)
    with engine.connect() as connection:
        assert rebuild_raw(connection, tmp_path, "files", "orders").is_equal


def test_a_column_that_a_stream_did_not_have_when_it_was_archived_is_empty(engine: sa.Engine, tmp_path: Path) -> None:
    """Of a batch that waits to land as of one that is rebuilt from."""
    batch = archive_batch(tmp_path, [page([order("1"), order("2")])], fingerprint="a")
    path = batch.stream_path("orders")
    pq.write_table(pq.read_table(path).drop_columns(["channel"]), path)
    with engine.begin() as connection:
        register_batch(connection, batch)
    with engine.connect() as connection:
        land_batch(connection, batch=batch, loaded_at=START, max_shrink_rate=1.0)
    landed = contents_of(engine)
    assert [row["channel"] for row in rows_of(engine)] == [None, None]
    with engine.begin() as connection:
        connection.execute(ORDERS.delete())
    with engine.connect() as connection:
        assert rebuild_raw(connection, tmp_path, "files", "orders").is_replaced
    assert contents_of(engine) == landed
