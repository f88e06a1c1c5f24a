import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.value.recalibration import Recalibration
from models.errors import StopError

LEVELS = np.array([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])


def test_no_origin_is_no_change() -> None:
    for nothing in (Recalibration.learnt([]), Recalibration.learnt([np.zeros(0)])):
        np.testing.assert_allclose(nothing.raw_levels(LEVELS), LEVELS, atol=1e-15)
        assert (nothing.origin_count, nothing.customer_count) == (0, 0)


def test_levels_hold_that_did_not() -> None:
    """A model whose outcomes are u² in their distributions: too low by far, and the map says where to ask."""
    rng = np.random.default_rng(1)
    learnt = Recalibration.learnt([rng.random(20_000) ** 2 for _ in range(5)])
    later = learnt.shares_below(rng.random(20_000) ** 2)
    assert (learnt.origin_count, learnt.customer_count) == (5, 100_000)
    for level in (0.1, 0.5, 0.9):
        assert np.mean(later <= level) == pytest.approx(level, abs=0.05)
        assert np.mean(rng.random(20_000) ** 2 <= level) > level + 0.04
    np.testing.assert_allclose(learnt.raw_levels(learnt.shares_below(LEVELS)), LEVELS, rtol=1e-12)


def test_few_customers_and_few_origins_change_little() -> None:
    always_high = np.full(20, 0.95)

    def moved(*origins: np.ndarray) -> float:
        return float(np.abs(Recalibration.learnt(list(origins)).shares_below(LEVELS) - LEVELS).max())

    few, many = moved(always_high), moved(np.tile(always_high, 500))
    assert few < 0.2
    assert many > 0.5
    assert many < moved(*[np.tile(always_high, 500)] * 6) < 0.95


@settings(max_examples=40)
@given(st.lists(st.lists(st.floats(0, 1), max_size=40), max_size=4))
def test_any_map_rises_from_zero_to_one_and_survives_json(origins: list[list[float]]) -> None:
    learnt = Recalibration.learnt([np.array(values) for values in origins])
    assert (learnt.shares[0], learnt.shares[-1]) == (0.0, 1.0)
    assert (np.diff(learnt.shares) > 0).all()
    assert Recalibration.of_parameters(json.loads(json.dumps(learnt.parameters))) == learnt


def test_refuses_what_is_no_map() -> None:
    good = Recalibration.learnt([]).parameters
    for bad in (
        {},
        {**good, "shares": good["shares"][:-1]},
        {**good, "shares": [0.0] * len(good["shares"])},
        {**good, "levels": ["a"]},
    ):
        with pytest.raises(StopError, match="recalibration"):
            Recalibration.of_parameters(bad)
    for values in ([-0.1], [1.1], [float("nan")]):
        with pytest.raises(StopError, match="between 0 and 1"):
            Recalibration.learnt([np.array(values)])
