import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation import metrics


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_errors_by_hand() -> None:
    expected, actual = array(1, 2, 3), array(0, 4, 3)
    assert metrics.bias(expected, actual) == pytest.approx(-1 / 3)
    assert metrics.mean_absolute_error(expected, actual) == pytest.approx(1.0)
    assert metrics.root_mean_squared_error(expected, actual) == pytest.approx(np.sqrt(5 / 3))
    assert metrics.brier_score(array(0.5, 1.0), array(1, 1)) == pytest.approx(0.125)
    assert metrics.weighted_absolute_percentage_error(expected, actual) == pytest.approx(3 / 7)


def test_undefined_is_none() -> None:
    nothing = array()
    for metric in (metrics.bias, metrics.mean_absolute_error, metrics.root_mean_squared_error, metrics.brier_score):
        assert metric(nothing, nothing) is None
    assert metrics.weighted_absolute_percentage_error(nothing, nothing) is None
    assert metrics.weighted_absolute_percentage_error(array(1, 2), array(0, 0)) is None
    assert metrics.normalised_gini(array(1, 2), array(3, 3)) is None
    assert metrics.normalised_gini(array(1), array(3)) is None
    assert metrics.spearman(array(1, 1), array(1, 2)) is None
    assert metrics.spearman(array(1), array(1)) is None
    assert metrics.area_under_curve(array(1, 2), array(1, 1)) is None
    assert metrics.area_under_curve(array(1, 2), array(0, 0)) is None
    assert metrics.top_decile_capture(array(1, 2), array(0, 0)) is None


def test_a_tied_score_knows_nothing() -> None:
    assert metrics.area_under_curve(array(3, 3, 3, 3), array(1, 0, 0, 1)) == 0.5
    assert metrics.top_decile_capture(np.ones(50), np.arange(50.0)) == pytest.approx(0.1)


def test_gini_is_the_area_between_concentration_and_equality() -> None:
    actual = array(0, 0, 1, 3)
    assert metrics.normalised_gini(array(1, 2, 3, 4), actual) == pytest.approx(1.0)
    assert metrics.normalised_gini(array(4, 3, 2, 1), actual) == pytest.approx(-1.0)
    assert metrics.normalised_gini(np.ones(4), actual) == 0.0
    # Swapping the two best: ranks 1, 2, 4, 3 give 0.5 * 1 + ... = 1.5 * 1 + 0.5 * 3 over 0.5 * 1 + 1.5 * 3.
    assert metrics.normalised_gini(array(1, 2, 4, 3), actual) == pytest.approx(3.0 / 5.0)


def test_top_decile_by_hand() -> None:
    actual = np.zeros(20)
    actual[[19, 18, 3]] = 5, 3, 2
    assert metrics.top_decile_capture(np.arange(20.0), actual) == pytest.approx(0.8)
    assert metrics.top_decile_capture(-np.arange(20.0), actual) == 0.0


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_area_under_curve_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    score, happened = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    yes, no = score[happened > 0], score[happened == 0]
    if yes.size == 0 or no.size == 0:
        return
    wins = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a in yes for b in no) / (yes.size * no.size)
    assert metrics.area_under_curve(score, happened) == pytest.approx(wins)
