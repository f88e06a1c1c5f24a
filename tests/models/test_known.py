from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import part_samples
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_samples import START
from part_samples import LINES, ORDERS, PLATFORM, Order, Shop, Step, archived, chain, drawn_steps, lines, platform

from models import ops
from models.bookkeeping import record_contract
from models.errors import StopError
from models.known import known_records
from models.landing import land_batch


@pytest.fixture
def shop(engine: sa.Engine) -> Iterator[sa.Engine]:
    with platform(engine):
        yield engine


def known(engine: sa.Engine, root: Path, stream: str, *columns: str) -> pa.Table:
    with engine.connect() as connection:
        names = {"source": PLATFORM, "merchant_id": "m", "store_id": "s"}
        return known_records(connection, root, **names, stream=stream, columns=columns)


def read(engine: sa.Engine, root: Path, steps: list[Step], *, landed: int) -> list[str]:
    """Archive steps as a chain and land the first of them; the batches' ids."""
    ids: list[str] = []
    for number, step in enumerate(steps):
        batch = archived(engine, root, number, step, follows=ids[-1] if ids else None)
        ids.append(batch.batch_id)
        if number < landed:
            with engine.connect() as connection:
                at = START + timedelta(hours=number)
                land_batch(connection, batch=batch, loaded_at=at, max_shrink_rate=1.0)
    return ids


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(drawn_steps, min_size=1, max_size=6), landed=st.integers(0, 6))
def test_what_waits_is_known_as_if_it_had_landed(
    shop: sa.Engine, tmp_path: Path, drawn: list[Step], landed: int
) -> None:
    root = tmp_path / str(len(list(tmp_path.iterdir())))
    root.mkdir()
    part_samples.empty(shop)
    steps = chain(drawn)
    read(shop, root, steps, landed=landed)
    model = Shop()
    for number, step in enumerate(steps):
        model.apply(number, step)
    orders = known(shop, root, "orders", "note", "order_id", "modified_at").to_pylist()
    assert {row["order_id"]: (row["note"], row["modified_at"]) for row in orders} == {
        key: (order.note, order.modified_at) for key, (order, _, is_deleted) in model.orders.items() if not is_deleted
    }
    assert len({row["order_id"] for row in orders}) == len(orders)
    found = known(shop, root, "order_lines", "line_id", "of_order_id", "quantity").to_pylist()
    assert sorted(tuple(row.values()) for row in found) == sorted(
        (line, key, quantity) for (key, line), (quantity, _, is_deleted) in model.lines.items() if not is_deleted
    )


def test_only_the_columns_asked_for_come_in_the_streams_types(shop: sa.Engine, tmp_path: Path) -> None:
    assert known(shop, tmp_path, "orders", "order_id").num_rows == 0
    read(shop, tmp_path, [Step({"1": Order(3, "x")}, lines("1/a")), Step({"2": Order(None, "y")})], landed=1)
    orders = known(shop, tmp_path, "orders", "modified_at", "order_id")
    assert orders.schema.names == ["modified_at", "order_id"]
    assert orders.schema.types == [ORDERS.schema.field(name).type for name in orders.schema.names]
    assert sorted(orders.column("order_id").to_pylist()) == ["1", "2"]
    quantities = known(shop, tmp_path, "order_lines", "quantity")
    assert quantities.schema.types == [LINES.schema.field("quantity").type]
    assert quantities.to_pylist() == [{"quantity": 1}]


def test_batches_that_will_not_land_are_not_known(shop: sa.Engine, tmp_path: Path) -> None:
    steps = [Step({"1": Order(0, "x")}), Step({"2": Order(0, "x")})]
    _, second = read(shop, tmp_path, steps, landed=0)
    with shop.begin() as connection:
        record_contract(connection, second, has_passed=False, report={})
    assert known(shop, tmp_path, "orders", "order_id").to_pylist() == [{"order_id": "1"}]


def test_a_batch_that_the_archive_lacks_is_named(shop: sa.Engine, tmp_path: Path) -> None:
    read(shop, tmp_path / "elsewhere", [Step({"1": Order(0, "x")})], landed=0)
    with pytest.raises(StopError, match=r"in the books but not in the archive"):
        known(shop, tmp_path, "orders", "order_id")
    with shop.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ops.archive_batches)) == 1


def test_unknown_columns_are_a_mistake(shop: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="orders has no column batch_id"):
        known(shop, tmp_path, "orders", "batch_id")
