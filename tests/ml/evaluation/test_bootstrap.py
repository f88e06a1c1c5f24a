import numpy as np
import polars as pl
import pytest

from ml.evaluation import bootstrap
from ml.evaluation.bootstrap import Resampling, interval


def customers(count: int) -> pl.Series:
    return pl.Series("customer_id", [f"c{i:05d}" for i in range(count)])


def test_the_spread_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(1).gamma(0.5, 2.0, 1_500)
    ids = customers(1_500)
    means = Resampling.of(ids, seed=(1,), replicates=600).sample(ids).means([values])[0]
    assert means.mean() == pytest.approx(values.mean(), rel=0.02)
    assert means.std() == pytest.approx(values.std() / np.sqrt(1_500), rel=0.1)
    low, high = interval(means)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(1_500), rel=0.15)


def test_groups_of_customers_have_the_spread_of_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_GROUPS", 500)
    values = np.random.default_rng(2).gamma(0.5, 2.0, 7_003)
    ids = customers(7_003)
    resampling = Resampling.of(ids, seed=(2,), replicates=600)
    assert resampling.weights.shape == (600, 500)
    means = resampling.sample(ids).means([values])[0]
    assert means.std() == pytest.approx(values.std() / np.sqrt(7_003), rel=0.15)


def test_the_order_of_rows_changes_no_bit() -> None:
    rng = np.random.default_rng(3)
    values, turned, ids = rng.gamma(0.5, 2.0, 300), rng.permutation(300), customers(300)
    straight = Resampling.of(ids, seed=(3,))
    mixed = Resampling.of(ids[turned], seed=(3,))
    assert straight.members.equals(mixed.members)
    assert np.array_equal(straight.weights, mixed.weights)
    assert not np.array_equal(straight.weights, Resampling.of(ids, seed=(4,)).weights)
    one, other = straight.sample(ids).means([values]), mixed.sample(ids[turned]).means([values[turned]])
    assert np.array_equal(one, other)


def test_somebody_known_at_two_origins_is_drawn_at_both() -> None:
    ids = customers(40)
    resampling = Resampling.of(ids, seed=(5,))
    early, late = resampling.sample(ids[10:11]), resampling.sample(ids)
    is_one = np.where(np.arange(40) == 10, 1.0, 0.0)
    drawn = late.means([is_one])[0] > 0
    alone = np.isfinite(early.means([np.ones(1)])[0])
    assert np.array_equal(drawn, alone)
    assert 0.5 < drawn.mean() < 0.75  # 1 - 1/e of the replicates.


def test_a_stranger_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="1 of 1 customers"):
        Resampling.of(customers(3), seed=(1,)).sample(pl.Series("customer_id", ["x"]))


def test_no_interval_from_the_luckier_samples_only() -> None:
    replicates = np.arange(100.0)
    replicates[:11] = np.nan
    assert interval(replicates) == (None, None)
    assert interval(np.zeros(0)) == (None, None)
    replicates[:11] = 0.0
    assert interval(replicates)[1] == pytest.approx(96.525)
