"""Raw tables of a past night, made again from the archive although more has landed since."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import part_samples
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_samples import ORDERS, START, archive_and_land, contents_of, order, page, rejected_order
from part_samples import PLATFORM, Step, archived, chain, drawn_steps, platform, tables_of

from models.archive import ArchivedBatch
from models.built_merchants import StorePosition
from models.engine import create_engine
from models.errors import StopError
from models.landing import land_batch
from models.migration import migrate
from models.ops import archive_batches
from models.past_archive import AlteredFile, altered_files, batches_up_to, landed_since, rebuild_past


@pytest.fixture
def other(empty_database_url: str) -> Iterator[sa.Engine]:
    """Another database on the same server."""
    created = create_engine(empty_database_url)
    yield created
    created.dispose()


def position(engine: sa.Engine, source: str = "files") -> StorePosition:
    """How far the store has landed now."""
    with engine.connect() as connection:
        numbers = connection.scalars(
            sa.select(archive_batches.c.batch_number).where(archive_batches.c.landed_at.is_not(None))
        ).all()
    return StorePosition("s", source, max(numbers), len(numbers))


def batches(engine: sa.Engine, root: Path, at: StorePosition) -> list[ArchivedBatch]:
    with engine.connect() as connection:
        return batches_up_to(connection, root, "m", at)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(drawn_steps, min_size=1, max_size=5))
def test_every_night_of_a_platform_comes_back_as_it_was(
    engine: sa.Engine, other: sa.Engine, tmp_path: Path, drawn: list[Step]
) -> None:
    """Edits, deletions, late echoes, parts, rejected records and snapshots, in any order."""
    root = tmp_path / str(len(list(tmp_path.iterdir())))
    root.mkdir()
    for database in (engine, other):
        with database.begin() as connection:
            connection.execute(sa.schema.DropSchema(f"raw_{PLATFORM}", cascade=True, if_exists=True))
    with platform(engine), platform(other):
        with engine.begin() as connection:
            connection.execute(archive_batches.delete())
        nights, follows = [], None
        for number, step in enumerate(chain(drawn)):
            batch = archived(engine, root, number, step, follows=follows)
            follows = batch.batch_id
            at = START + part_samples.timedelta(hours=number)
            with engine.connect() as connection:
                land_batch(connection, batch=batch, loaded_at=at, max_shrink_rate=1.0)
            nights.append((position(engine, PLATFORM), tables_of(engine)))
        for then, tables in nights:
            with other.begin() as connection:
                for table in part_samples.TABLES.values():
                    connection.execute(table.delete())
                rebuild_past(connection, batches(engine, root, then), {"orders", "order_lines"})
            assert tables_of(other) == tables


def two_nights(engine: sa.Engine, root: Path) -> tuple[StorePosition, list[Any]]:
    """A shop's first night, and a second that edits, deletes, rejects and adds; what the first one left."""
    archive_and_land(engine, root, [page([order("1"), order("2"), order("3")])], fingerprint="a")
    then, rows = position(engine), contents_of(engine)
    second = page([order("1", quantity=9), order("4")], rejected=[rejected_order("3")])
    archive_and_land(engine, root, [second], fingerprint="b", hours=24)
    assert contents_of(engine) != rows
    return then, rows


def test_a_night_of_files_comes_back_in_every_column(
    engine: sa.Engine, other: sa.Engine, empty_database_url: str, tmp_path: Path
) -> None:
    then, rows = two_nights(engine, tmp_path)
    migrate(empty_database_url)
    now = position(engine)
    with other.begin() as connection:
        assert rebuild_past(connection, batches(engine, tmp_path, then), {"orders"}) == 3
    assert contents_of(other) == rows
    with other.begin() as connection:
        connection.execute(ORDERS.delete())
        assert rebuild_past(connection, batches(engine, tmp_path, now), {"orders", "customers"}) == 4
    assert contents_of(other) == contents_of(engine)


def test_what_has_landed_since_is_counted(engine: sa.Engine, tmp_path: Path) -> None:
    then, _ = two_nights(engine, tmp_path)
    with engine.connect() as connection:
        assert landed_since(connection, "m", then) == 1
        assert landed_since(connection, "m", position(engine)) == 0


def orders_file(engine: sa.Engine, root: Path) -> Path:
    (batch,) = batches(engine, root, StorePosition("s", "files", position(engine).batch_number - 1, 1))
    return batch.stream_path("orders")


def test_a_pruned_archive_is_told_by_what_is_gone(engine: sa.Engine, tmp_path: Path) -> None:
    then, _ = two_nights(engine, tmp_path)
    path = orders_file(engine, tmp_path)
    path.unlink()
    with pytest.raises(StopError, match=rf"store s \(files\).*{path.name} is gone"):
        batches(engine, tmp_path, then)


def test_a_batch_without_its_manifest_is_missed(engine: sa.Engine, tmp_path: Path) -> None:
    then, _ = two_nights(engine, tmp_path)
    (batch,) = batches(engine, tmp_path, then)
    batch.manifest_path.unlink()
    with pytest.raises(StopError, match=f"batch {batch.batch_id} has no manifest"):
        batches(engine, tmp_path, then)


def test_a_file_of_another_length_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    """Somebody took a person's records out: the rest does not pass for what was read."""
    then, _ = two_nights(engine, tmp_path)
    path = orders_file(engine, tmp_path)
    pq.write_table(pq.ParquetFile(path).read().slice(1), path)
    with pytest.raises(StopError, match="holds 2 records where 3 were written"):
        batches(engine, tmp_path, then)
    path.write_bytes(b"half")
    with pytest.raises(StopError, match="cannot be read"):
        batches(engine, tmp_path, then)


def test_books_that_know_fewer_batches_than_there_were_are_refused(engine: sa.Engine, tmp_path: Path) -> None:
    two_nights(engine, tmp_path)
    now = position(engine)
    with engine.begin() as connection:
        first = sa.select(sa.func.min(archive_batches.c.batch_number)).scalar_subquery()
        connection.execute(archive_batches.delete().where(archive_batches.c.batch_number == first))
    with pytest.raises(StopError, match=r"know 1 batches up to number \d+ where there were 2"):
        batches(engine, tmp_path, now)


def test_a_rewritten_record_is_found_by_its_hash(engine: sa.Engine, tmp_path: Path) -> None:
    two_nights(engine, tmp_path)
    known = batches(engine, tmp_path, position(engine))
    assert list(altered_files(known)) == []
    path = known[0].stream_path("orders")
    table = pq.ParquetFile(path).read()
    place = table.schema.get_field_index("customer_id")
    rewritten = table.column("customer_id").to_pylist()
    rewritten[1] = "nobody"
    pq.write_table(table.set_column(place, table.schema.field(place), [rewritten]), path)
    assert list(altered_files(known)) == [AlteredFile(path, 1)]
    assert list(altered_files(known[1:])) == []
