"""Parents and parts, late echoes and deletions: landed as a plain model of them says, and rebuilt equal."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import part_samples
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_samples import START
from part_samples import (
    PLATFORM,
    Order,
    Shop,
    Step,
    archived,
    chain,
    drawn_steps,
    lines,
    platform,
    tables_of,
)

from models import landing_comparison, landing_keys, landing_rows
from models.archive import find_batch
from models.errors import StopError
from models.landing import Landing, land_batch
from models.rebuilding import rebuild_raw


@pytest.fixture
def shop(engine: sa.Engine) -> Iterator[sa.Engine]:
    with platform(engine):
        yield engine


def land(engine: sa.Engine, root: Path, steps: list[Step], max_shrink_rate: float = 1.0) -> list[Landing]:
    follows, landings = None, []
    for number, step in enumerate(steps):
        batch = archived(engine, root, number, step, follows=follows)
        at = START + part_samples.timedelta(hours=number)
        with engine.connect() as connection:
            landings.append(land_batch(connection, batch=batch, loaded_at=at, max_shrink_rate=max_shrink_rate))
        follows = batch.batch_id
    return landings


def shop_after(sequence: list[Step]) -> Shop:
    model = Shop()
    for number, step in enumerate(sequence):
        model.apply(number, step)
    return model


def counts(landing: Landing, stream: str) -> tuple[int, ...]:
    result = next(r for r in landing.results if r.stream == stream)
    return (
        result.rows_read,
        result.rows_inserted,
        result.rows_updated,
        result.rows_unchanged,
        result.rows_deleted,
    )


# Each changes how the two sides are read or compared, and nothing else.
WAYS: dict[tuple[ModuleType, str], list[Any]] = {
    (landing_comparison, "_ROWS_READ_PER_KEY"): [3, 100, 0],
    (landing_comparison, "_ROWS_PER_LOOKUP"): [8, 0],
    (landing_comparison, "_MOST_HASHES"): [4_000_000, 0],
    (landing_keys, "sorts_by_bytes"): [lambda _: True, lambda _: False],
    (landing_rows, "_HELD_ROWS"): [50_000, 0],
    (landing_rows, "_READ_ROWS"): [16_384, 1],
}
ways = st.tuples(*(st.sampled_from(values) for values in WAYS.values()))


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(drawn_steps, min_size=1, max_size=6), way=ways)
def test_any_batches_land_as_the_model_says_and_rebuild_equal(
    shop: sa.Engine, tmp_path: Path, drawn: list[Step], way: tuple[Any, ...]
) -> None:
    root = tmp_path / str(len(list(tmp_path.iterdir())))
    root.mkdir()
    part_samples.empty(shop)
    sequence = chain(drawn)
    model = shop_after(sequence)
    with ExitStack() as patches:
        for (module, name), value in zip(WAYS, way, strict=True):
            patches.enter_context(patch.object(module, name, value))
        landings = land(shop, root, sequence)
        assert tables_of(shop) == model
        with shop.connect() as connection:
            again = land_batch(connection, batch=landings[-1].batch, loaded_at=START, max_shrink_rate=0.0)
    assert tables_of(shop) == model, "landing again changed something"
    assert all(r.rows_inserted == r.rows_updated == r.rows_deleted == 0 for r in again.results)
    for stream in ("orders", "order_lines"):
        with shop.connect() as connection:
            assert rebuild_raw(connection, root, PLATFORM, stream, is_verify_only=True).is_equal, stream


def test_a_line_that_does_not_come_along_is_gone(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(0, "x"), "2": Order(0, "x")}, lines("1/a", "1/b", "2/a"))
    second = Step({"1": Order(1, "x")}, lines("1/a"))
    _, landing = land(shop, tmp_path, [first, second])
    assert tables_of(shop).lines == {("1", "a"): (1, 0, False), ("1", "b"): (1, 1, True), ("2", "a"): (1, 0, False)}
    assert counts(landing, "order_lines") == (1, 0, 0, 1, 1)


def test_an_unchanged_order_still_says_which_lines_it_has(shop: sa.Engine, tmp_path: Path) -> None:
    step = Step({"1": Order(0, "x")}, lines("1/a", "1/b"))
    _, landing = land(shop, tmp_path, [step, Step(step.orders, lines("1/b", "1/c"))])
    assert {key for key, row in tables_of(shop).lines.items() if not row[2]} == {("1", "b"), ("1", "c")}
    assert counts(landing, "orders") == (1, 0, 0, 1, 0)
    assert counts(landing, "order_lines") == (2, 1, 0, 1, 1)


def test_a_late_echo_and_its_lines_change_nothing(shop: sa.Engine, tmp_path: Path) -> None:
    now = Step({"1": Order(5, "new")}, lines("1/a", quantity=2))
    echo = Step({"1": Order(4, "old"), "2": Order(4, "other")}, lines("1/a", "1/b", "2/a"))
    _, landing = land(shop, tmp_path, [now, echo])
    found = tables_of(shop)
    assert found.orders["1"] == (Order(5, "new"), 0, False)
    assert found.lines == {("1", "a"): (2, 0, False), ("2", "a"): (1, 1, False)}
    assert counts(landing, "orders") == (2, 1, 0, 1, 0)
    assert counts(landing, "order_lines") == (3, 1, 0, 2, 0)


def test_of_equal_times_the_newly_fetched_state_wins(shop: sa.Engine, tmp_path: Path) -> None:
    land(shop, tmp_path, [Step({"1": Order(5, "x")}), Step({"1": Order(5, "y")})])
    assert tables_of(shop).orders["1"] == (Order(5, "y"), 1, False)


def test_one_stream_is_not_compared_with_what_another_brought(shop: sa.Engine, tmp_path: Path) -> None:
    """Orders and lines are sent into one table; a key of an order that changed must not pass for a line's."""
    first = Step({"1": Order(0, "x"), "2": Order(0, "x")}, lines("1/a", "1/b", "2/a", "2/b"))
    second = Step({"1": Order(1, "y"), "2": Order(1, "y")}, {**lines("1/a", "2/a"), **lines("1/b", quantity=2)})
    _, landing = land(shop, tmp_path, [first, second])
    assert counts(landing, "orders") == (2, 0, 2, 0, 0)
    assert counts(landing, "order_lines") == (3, 0, 1, 2, 1)
    assert tables_of(shop) == shop_after([first, second])


def test_deletions_take_the_lines_along(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(0, "x"), "2": Order(0, "x")}, lines("1/a", "1/b", "2/a", "2/b"))
    second = Step(gone_orders=frozenset({"1", "unknown"}), gone_lines=frozenset({("2", "b")}))
    _, landing = land(shop, tmp_path, [first, second])
    found = tables_of(shop)
    assert found.orders == {"1": (Order(0, "x"), 1, True), "2": (Order(0, "x"), 0, False)}
    assert {key for key, row in found.lines.items() if not row[2]} == {("2", "a")}
    assert counts(landing, "orders") == (0, 0, 0, 0, 1)
    assert counts(landing, "order_lines") == (0, 0, 0, 0, 3)


def test_what_comes_again_is_there_again_whatever_its_time(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(5, "x")}, lines("1/a"))
    land(shop, tmp_path, [first, Step(gone_orders=frozenset("1")), Step({"1": Order(4, "x")}, lines("1/a"))])
    found = tables_of(shop)
    assert found.orders == {"1": (Order(4, "x"), 2, False)}
    assert found.lines == {("1", "a"): (1, 2, False)}


def test_a_record_and_a_deletion_of_one_key_are_a_record(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(0, "x")}, lines("1/a"))
    land(shop, tmp_path, [first, Step(first.orders, first.lines, frozenset("1"), frozenset({("1", "a")}))])
    found = tables_of(shop)
    assert not found.orders["1"][2]
    assert not found.lines["1", "a"][2]


def test_a_rejected_line_keeps_its_last_good_version(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(0, "x")}, lines("1/a", "1/b"))
    land(shop, tmp_path, [first, Step({"1": Order(1, "x")}, protected_lines=frozenset({("1", "a")}))])
    assert {key for key, row in tables_of(shop).lines.items() if not row[2]} == {("1", "a")}


def test_lines_without_their_order_land_if_it_is_known_and_are_a_fault_if_not(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({"1": Order(0, "x")}, lines("1/a", "1/b"))
    land(shop, tmp_path, [first, Step(lines=lines("1/a", quantity=7))])
    assert tables_of(shop).lines == {("1", "a"): (7, 1, False), ("1", "b"): (1, 0, False)}
    with pytest.raises(StopError, match=r"order_lines: records came without the one of orders .*order_id '2'"):
        land(shop, tmp_path, [first, Step(lines=lines("2/a"))])


@pytest.mark.parametrize(("gone", "of", "rate"), [(101, 110, 0.9), (150, 200, 0.74)])
def test_too_many_deletions_are_refused(shop: sa.Engine, tmp_path: Path, gone: int, of: int, rate: float) -> None:
    first = Step({str(i): Order(0, "x") for i in range(of)}, lines(*(f"{i}/a" for i in range(of))))
    second = Step(gone_orders=frozenset(str(i) for i in range(gone)))
    message = (
        rf"orders: the platform says that {gone} of {of} records are gone, more than max_shrink_rate {rate} allows"
    )
    with pytest.raises(StopError, match=message):
        land(shop, tmp_path / "a", [first, second], max_shrink_rate=rate)
    assert not any(row[2] for row in tables_of(shop).orders.values())
    part_samples.empty(shop)
    _, landing = land(shop, tmp_path / "b", [first, second], max_shrink_rate=rate + 0.02)
    assert counts(landing, "orders") == (0, 0, 0, 0, gone)
    assert counts(landing, "order_lines") == (0, 0, 0, 0, gone)


def test_a_hundred_deletions_are_never_too_many(shop: sa.Engine, tmp_path: Path) -> None:
    first = Step({str(i): Order(0, "x") for i in range(100)})
    _, landing = land(shop, tmp_path, [first, Step(gone_orders=frozenset(first.orders))], max_shrink_rate=0.0)
    assert counts(landing, "orders") == (0, 0, 0, 0, 100)


def test_repeated_keys_are_named_by_their_rows(shop: sa.Engine, tmp_path: Path) -> None:
    class Twice(Step):
        def pages(self) -> list:  # type: ignore[type-arg] # of pages and deletions
            return [*super().pages(), *Step({"7": Order(0, "y")}).pages()]

    with pytest.raises(StopError, match=r"orders: order_id '7' stands in this batch twice, at row 1 and row 2"):
        land(shop, tmp_path, [Twice({"1": Order(0, "x"), "7": Order(0, "x")})])
    assert find_batch(tmp_path, PLATFORM, "m", "s", "none") is None
