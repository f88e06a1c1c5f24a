import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ml.histories.purchase_histories import DistinctPairs, cells_of, distinct_histories, gathered_histories, sampled

HISTORY = st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 3)).map(
    lambda drawn: (float(drawn[0]), float(drawn[1]) if drawn[0] else 0.0, float(drawn[1] + drawn[2]))
)


def frame(rows: list[tuple[float, float, float]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


@given(st.lists(HISTORY, min_size=1, max_size=30))
def test_whole_days_and_others_are_counted_alike(rows: list[tuple[float, float, float]]) -> None:
    """Quarter days take the general way, whole days the fast one; the counts must not tell which."""
    quarters = frame(rows).with_columns(pl.col("recency_days", "age_days") / 4)
    general, fast = distinct_histories(quarters), distinct_histories(frame(rows))
    assert general["weight"].equals(fast["weight"])
    assert (general["age_days"] * 4).equals(fast["age_days"])
    counted = {key: rows.count(key) for key in sorted(set(rows))}
    assert list(fast.select(pl.exclude("weight")).iter_rows()) == list(counted)
    assert fast["weight"].to_list() == [float(count) for count in counted.values()]


@given(st.lists(HISTORY, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_pairs_find_every_row(rows: list[tuple[float, float, float]], random: object) -> None:
    random.shuffle(rows)  # type: ignore[attr-defined]  # hypothesis' random
    pairs = DistinctPairs.of(frame(rows))
    assert pairs.frequency[pairs.position].tolist() == [x for x, _, _ in rows]
    assert pairs.age_days[pairs.position].tolist() == [T for _, _, T in rows]
    assert len({*zip(pairs.frequency, pairs.age_days, strict=True)}) == pairs.frequency.size


def test_cells_count_customers_and_past_purchases() -> None:
    cells = cells_of(distinct_histories(frame([(0, 0, 9), (0, 0, 9), (1, 2, 9), (3, 4, 7)])))
    assert (cells.customer_count, cells.repeat_customer_count) == (4.0, 2.0)
    assert cells.longer_than.tolist() == [2.0, 1.0, 1.0]
    assert dict(zip(cells.age, cells.age_weight, strict=True)) == {9.0: 3.0, 7.0: 1.0}


def test_a_sample_keeps_every_nth_customer() -> None:
    rng = np.random.default_rng(1)
    age = rng.integers(10, 400, 50_000).astype(float)
    histories = distinct_histories(frame([(0.0, 0.0, T) for T in age]))
    some = sampled(histories, customer_count=5_000)
    assert some["weight"].sum() == 5_000
    mean = (some["age_days"] * some["weight"]).sum() / 5_000
    assert abs(mean - age.mean()) < 0.5


@given(st.lists(HISTORY, min_size=1, max_size=30), st.integers(1, 7))
def test_pieces_of_a_summary_gather_to_the_whole(rows: list[tuple[float, float, float]], size: int) -> None:
    pieces = (frame(rows[begin : begin + size]) for begin in range(0, len(rows), size))
    assert gathered_histories(pieces).equals(distinct_histories(frame(rows)))


def test_no_pieces_gather_to_nobody() -> None:
    assert gathered_histories([]).height == 0
