"""An influence is the derivative of a measure by a customer's weight: leaving the customer out must show it."""

from collections.abc import Callable

import numpy as np
import pytest

from ml.estimator import FloatArray
from ml.evaluation import influence, metrics
from ml.evaluation.influence import Linearised, Ranking

Influence = Callable[[FloatArray, FloatArray], Linearised | None]


def area_under_curve(score: FloatArray, actual: FloatArray) -> Linearised | None:
    return influence.area_under_curve(Ranking.of(score), np.minimum(actual, 1.0))


def area_value(score: FloatArray, actual: FloatArray) -> float | None:
    return metrics.area_under_curve(score, np.minimum(actual, 1.0))


def normalised_gini(score: FloatArray, actual: FloatArray) -> Linearised | None:
    return influence.normalised_gini(Ranking.of(score), Ranking.of(actual), actual)


def spearman(score: FloatArray, actual: FloatArray) -> Linearised | None:
    return influence.spearman(Ranking.of(score), Ranking.of(actual))


def top_decile_capture(score: FloatArray, actual: FloatArray) -> Linearised | None:
    return influence.top_decile_capture(Ranking.of(score), actual)


SMOOTH = {
    "area": (area_value, area_under_curve),
    "gini": (metrics.normalised_gini, normalised_gini),
    "spearman": (metrics.spearman, spearman),
}
ALL = {**SMOOTH, "top decile": (metrics.top_decile_capture, top_decile_capture)}


def customers(count: int, *, has_ties: bool) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(7)
    rate = rng.gamma(0.6, 1.5, count)
    score = rate * rng.lognormal(0.0, 0.5, count)
    return np.round(score * 2.0) if has_ties else score, rng.poisson(rate).astype(np.float64)


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_values_are_the_plain_metrics(name: str, has_ties: bool) -> None:
    value_of, linearised = ALL[name]
    for count in (7, 10, 95, 400):
        score, actual = customers(count, has_ties=has_ties)
        found = linearised(score, actual)
        assert found is not None
        assert found.value == pytest.approx(value_of(score, actual), rel=1e-12)
        assert np.mean(found.moves) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize("name", SMOOTH)
def test_leaving_a_customer_out_moves_the_measure_by_their_influence(name: str, has_ties: bool) -> None:
    value_of, linearised = SMOOTH[name]
    count = 400
    score, actual = customers(count, has_ties=has_ties)
    found = linearised(score, actual)
    assert found is not None
    some = np.arange(0, count, 13)
    without = np.array([value_of(np.delete(score, i), np.delete(actual, i)) for i in some], dtype=np.float64)
    assert without == pytest.approx(found.value - found.moves[some] / (count - 1), abs=6.0 / count**2)
    assert np.max(np.abs(found.moves[some])) / count > 60.0 / count**2  # The tolerance could fail.


@pytest.mark.parametrize("has_ties", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_the_spread_of_influences_is_that_of_repeated_samples(name: str, has_ties: bool) -> None:
    value_of, linearised = ALL[name]
    rng = np.random.default_rng(11)
    score, actual = customers(500, has_ties=has_ties)
    found = linearised(score, actual)
    assert found is not None
    draws = rng.integers(0, 500, size=(300, 500))
    repeated = np.array([value_of(score[draw], actual[draw]) for draw in draws], dtype=np.float64)
    assert np.std(found.moves) / np.sqrt(500) == pytest.approx(np.std(repeated), rel=0.15)


def test_undefined_where_the_measure_is() -> None:
    same, one, none = np.ones(4), np.array([0.0, 1.0, 2.0, 3.0]), np.zeros(4)
    assert area_under_curve(one, none) is None
    assert normalised_gini(one, same) is None
    assert spearman(same, one) is None
    assert spearman(one, same) is None
    assert top_decile_capture(one, none) is None
    assert top_decile_capture(np.zeros(0), np.zeros(0)) is None
