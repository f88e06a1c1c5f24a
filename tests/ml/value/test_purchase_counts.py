"""The distribution of counts against the expectations, the oracle and customers who follow the model."""

import warnings

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.estimator import FloatArray
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.value.churn import churn_probability
from ml.value.purchase_counts import PurchaseCounts
from models.errors import StopError

BG = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)
MODELS = [
    BG,
    ModifiedBetaGeometricNbd.from_parameters(r=0.525, alpha=43.3, a=0.891, b=1.614),
    ParetoNbd.from_parameters(r=0.553, alpha=74.0, s=0.606, beta=81.7),
]


def histories(*rows: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("horizon", [0.0, 30.0, 1000.0])
def test_mean_and_silence_are_those_of_the_model(model: BetaGeometricNbd, horizon: float) -> None:
    summary = sample_calibration()
    counts = PurchaseCounts.of(model, summary, horizon_days=horizon)
    mean, second = counts.moments()
    np.testing.assert_allclose(mean, model.expected_purchases(summary, horizon), rtol=1e-9)
    np.testing.assert_allclose(counts.of_none(), churn_probability(model, summary, horizon_days=horizon), rtol=1e-12)
    assert (second >= mean**2).all()
    assert (counts.probabilities[counts.start + counts.highest + 1] < 1e-10).all()


def test_probabilities_agree_with_each_other() -> None:
    summary = sample_calibration()[::20]
    counts = PurchaseCounts.of(BG, summary, horizon_days=273.0)
    each = counts.probabilities_of(200)
    np.testing.assert_allclose(each.sum(axis=1), 1.0, rtol=1e-10)
    running = np.cumsum(each, axis=1)
    for k in (-1, 0, 1, 5, 10_000):
        expected = np.zeros(summary.height) if k < 0 else running[:, min(k, 200)]
        np.testing.assert_allclose(counts.at_most(np.full(summary.height, float(k))), expected, atol=1e-10)
    levels = np.array([0.05, 0.5, 0.9, 0.999])
    by_hand = (running[:, :, None] < levels).sum(axis=1)
    assert (counts.quantiles(levels) == by_hand).all()
    assert by_hand.max() > 20


def test_the_oracle_counts_alike() -> None:
    """Theirs is the probability of n purchases of a new customer: ours at x = 0 and T = 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes

        theirs = lifetimes.BetaGeoFitter()
        theirs.params_ = BG.params_
        new = PurchaseCounts.of(BG, histories((0, 0, 0)), horizon_days=200.0).probabilities_of(30)[0]
        for n in (0, 1, 4, 12):
            assert new[n] == pytest.approx(theirs.probability_of_n_purchases_up_to_time(200.0, n), rel=1e-9)


def futures(rng: np.random.Generator, x: int, t_x: float, T: float, horizon: float, draws: int) -> FloatArray:
    """Counts of BG/NBD customers with one history: of those alive, purchase by purchase."""
    r, alpha, a, b = BG.params_.values()
    is_alive = rng.random(draws) < BG.probability_alive(histories((x, t_x, T)))[0]
    rate, leaves = rng.gamma(r + x, 1 / (alpha + T), draws), rng.beta(a, b + x, draws)
    purchases = rng.poisson(rate * horizon)
    last = rng.geometric(leaves)
    return np.where(is_alive, np.minimum(purchases, last), 0)


def test_customers_who_follow_the_model() -> None:
    rng = np.random.default_rng(3)
    for history in [(0, 0.0, 100.0), (3, 50.0, 120.0), (25, 250.0, 270.0)]:
        made = futures(rng, *history, horizon=300.0, draws=40_000)
        counts = PurchaseCounts.of(BG, histories(history), horizon_days=300.0)
        expected = counts.probabilities_of(60)[0]
        seen = np.bincount(made.astype(int), minlength=61)[:61] / made.size
        assert np.abs(np.cumsum(seen) - np.cumsum(expected)).max() < 1.7 / np.sqrt(made.size)
        assert np.abs(np.cumsum(seen) - np.cumsum(counts.probabilities_of(61)[0][1:])).max() > 0.01


def test_a_factor_scales_counts_and_leaves_who_never_comes() -> None:
    summary = sample_calibration()[::20]
    counts = PurchaseCounts.of(BG, summary, horizon_days=273.0)
    levels = np.array([0.3, 0.5, 0.9, 0.99])
    once = np.ones(summary.height)
    assert (counts.quantiles(levels, factor=once) == counts.quantiles(levels)).all()
    k = np.arange(-1.0, 400.0)
    mean = counts.moments()[0]
    for times in (0.3, 0.9, 1.0, 1.2, 2.5):
        factor = times * once
        running = np.array([counts.at_most(at * once, factor=factor) for at in k])
        assert (np.diff(running, axis=0) >= -1e-15).all()
        assert (running[0] == 0).all()
        assert (running[1] >= counts.of_none() - 1e-12).all()
        quantiles = counts.quantiles(levels, factor=factor)
        by_hand = (running[1:, :, None] < levels - 1e-12).sum(axis=0)
        assert (quantiles == by_hand).all()
        scaled = (1.0 - running[1:]).sum(axis=0)
        assert scaled.sum() == pytest.approx(times * mean.sum(), rel=0.1)
        if times == 1.0:
            np.testing.assert_allclose(running, [counts.at_most(at * once) for at in k], rtol=1e-12)
    assert (counts.quantiles(levels, factor=0 * once) == 0).all()
    assert (counts.at_most(0 * once, factor=0 * once) == 1).all()


def test_long_tails_have_a_last_cell() -> None:
    """Somebody who buys 25 times a day, over a century: all of it is beyond the last count, and stays one."""
    counts = PurchaseCounts.of(BG, histories((10_000, 400, 400)), horizon_days=36_500.0)
    assert counts.highest[0] == 2047
    assert counts.probabilities.sum() == pytest.approx(1.0, rel=1e-12)
    assert counts.probabilities[-1] > 0.1
    assert counts.quantiles(np.array([0.99]))[0, 0] == 2048


def test_nobody_and_nonsense() -> None:
    nobody = PurchaseCounts.of(BG, histories(), horizon_days=30.0)
    assert nobody.quantiles(np.array([0.5])).shape == (0, 1)
    assert nobody.moments()[0].size == 0
    with pytest.raises(StopError, match="horizon"):
        PurchaseCounts.of(BG, sample_calibration(), horizon_days=-1.0)
    with pytest.raises(StopError, match="level"):
        nobody.quantiles(np.array([0.0]))
