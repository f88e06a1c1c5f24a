"""Distributions of counts against closed forms in many digits, where both are at their worst."""

import mpmath as mp
import numpy as np
import pytest

from ml.purchases.count_distributions import counts_with_a_chance_to_leave, counts_with_a_rate_of_leaving

HIGHEST = 40


def row(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


@pytest.mark.parametrize(
    ("shape", "rate", "a", "b", "horizon"),
    [
        (0.243, 30.9, 0.793, 2.426, 273.0),
        (10_000.3, 400.0, 0.01, 10_002.0, 36_500.0),  # hardly a chance to buy so seldom: all terms are tiny
        (2.2, 10.0, 1e-3, 0.5, 1e4),  # nearly nobody leaves
        (5.2, 400.0, 30.0, 2.0, 0.5),  # nearly everybody leaves, within half a day
    ],
)
def test_a_chance_to_leave(shape: float, rate: float, a: float, b: float, horizon: float) -> None:
    found = counts_with_a_chance_to_leave(*row(shape, rate), a, *row(b, horizon), HIGHEST)[0]
    assert found.sum() <= 1 + 1e-12
    with mp.workdps(40):
        s, A, a_, b_, H = (mp.mpf(value) for value in (shape, rate, a, b, horizon))
        z = H / (A + H)
        for k in (0, 1, 7, HIGHEST):
            stays, before = (mp.beta(a_, b_ + j) / mp.beta(a_, b_) for j in (k, k - 1))
            arrives = mp.gamma(s + k) / mp.gamma(s) / mp.factorial(k) * (1 - z) ** s * z**k
            leaves = (before - stays) * mp.betainc(k, s, 0, z, regularized=True) if k else mp.mpf(0)
            assert found[k] == pytest.approx(float(stays * arrives + leaves), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(
    ("shape", "rate", "leaving_shape", "leaving", "horizon"),
    [
        (0.553, 74.0, 0.606, 81.0, 273.0),
        (0.553, 74.0, 0.606, 81.0, 36_500.0),
        (4.0, 300.0, 1.0, 0.05, 1e4),
        (60.5, 400.0, 0.6, 0.001, 9.0),
        (20.0, 900.0, 30.0, 5000.0, 5000.0),
    ],
)
def test_a_rate_of_leaving(shape: float, rate: float, leaving_shape: float, leaving: float, horizon: float) -> None:
    """Against the other order of integration: over when the k-th purchase comes, which is a beta variable."""
    found = counts_with_a_rate_of_leaving(*row(shape, rate), leaving_shape, *row(leaving, horizon), HIGHEST)[0]
    assert found.sum() <= 1 + 1e-12
    with mp.workdps(20):
        r, A, s, left, H = (mp.mpf(value) for value in (shape, rate, leaving_shape, leaving, horizon))

        def at_least(k: int) -> mp.mpf:
            def density(y: mp.mpf) -> mp.mpf:
                t = mp.exp(y)
                return (t / (A + t)) ** k * (A / (A + t)) ** r * (left / (left + t)) ** s

            peak, width = mp.log(A * k / r), mp.sqrt(1 / mp.mpf(k) + 1 / r)
            edges = [peak + j * width for j in (-60, -12, -4, 0, 4, 12) if peak + j * width < mp.log(H)]
            return mp.quad(density, [*edges, mp.log(H)]) / mp.beta(k, r)

        for k in (1, 6):
            assert found[k] == pytest.approx(float(at_least(k) - at_least(k + 1)), rel=1e-9)
        assert 1 - found[0] == pytest.approx(float(at_least(1)), rel=1e-9)


def test_no_time_no_purchase() -> None:
    for found in (
        counts_with_a_chance_to_leave(*row(2.0, 10.0), 0.8, *row(3.0, 0.0), 3),
        counts_with_a_rate_of_leaving(*row(2.0, 10.0), 0.8, *row(3.0, 0.0), 3),
    ):
        assert found.tolist() == [[1.0, 0.0, 0.0, 0.0]]
