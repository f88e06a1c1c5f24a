"""Intervals against the exact mixture, and against customers who follow the models to the cent."""

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration
from scipy.special import betainc

from ml.estimator import FloatArray
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import daily_discount_rate
from ml.value.recalibration import Recalibration
from ml.value.totals import count_moments
from models.errors import StopError

BG = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)
PARETO = ParetoNbd.from_parameters(r=0.553, alpha=74.0, s=0.606, beta=81.7)
SPENDS = [
    GammaGamma.from_parameters(p=6.25, q=3.74, v=15.44),
    GammaGamma.from_parameters(p=0.7, q=0.9, v=40.0, observed_mean=30.0),
    GammaGamma.from_parameters(p=400.0, q=4.0, v=0.3),
]


def distributions(
    summary: pl.DataFrame,
    *,
    purchases: BetaGeometricNbd | ParetoNbd = BG,
    spend: GammaGamma = SPENDS[0],
    rate: float = 0.1,
) -> PredictiveDistributions:
    return PredictiveDistributions.of(purchases, spend, summary, horizon_days=365.0, annual_discount_rate=rate)


def exact_probability(found: PredictiveDistributions, spend: GammaGamma, row: int, amount: float) -> float:
    """P(spend <= amount), every count of purchase days with its own incomplete beta function."""
    assert found.totals is not None
    p, q, _ = spend.params_.values()
    each = found.counts.probabilities_of(500)[row]
    share = amount / (amount + found.totals.scale[row])
    k = np.arange(1, 501)
    return float(each[0] + np.sum(each[1:] * betainc(p * k, q + p * found.totals.spend_day_count[row], share)))


@pytest.mark.parametrize("purchases", [BG, PARETO], ids=lambda model: model.name)
@pytest.mark.parametrize("spend", SPENDS, ids=["cdnow", "wild", "regular"])
def test_the_probability_of_a_quantile_is_its_level(purchases: BetaGeometricNbd, spend: GammaGamma) -> None:
    summary = sample_calibration()[::50]
    found = distributions(summary, purchases=purchases, spend=spend)
    assert found.totals is not None
    levels = np.array([0.05, 0.5, 0.9, 0.99])
    quantiles = found.totals.quantiles(levels)
    none = found.counts.of_none()
    assert ((quantiles == 0) == (none[:, None] >= levels)).all()
    assert 0.3 < (quantiles == 0).mean() < 0.8
    far = []
    for row, column in np.argwhere(quantiles > 0):
        exact = exact_probability(found, spend, row, quantiles[row, column])
        assert abs(exact - levels[column]) < 0.0005
        far.append(abs(exact_probability(found, spend, row, 1.3 * quantiles[row, column]) - levels[column]))
    assert np.median(far) > 0.002


def test_probabilities_and_quantiles_are_each_others_inverse() -> None:
    summary = sample_calibration()
    totals = distributions(summary).totals
    assert totals is not None
    for level in (0.85, 0.97, 0.999_999):
        amounts = totals.quantiles(np.array([level]))[:, 0]
        expected = np.maximum(totals.counts.of_none(), level)
        np.testing.assert_allclose(totals.at_most(amounts), expected, atol=1e-9)
    assert (totals.at_most(np.zeros(summary.height)) == totals.counts.of_none()).all()
    assert totals.at_most(np.full(summary.height, 1e9)).min() > 1 - 1e-6


def test_intervals_enclose_what_they_say() -> None:
    summary = sample_calibration()
    found = distributions(summary)
    for level in (0.5, 0.8, 0.95):
        counts, spend, value = found.count_interval(level), found.spend_interval(level), found.value_interval(level)
        assert spend is not None
        assert value is not None
        assert (found.counts.at_most(counts.low - 1) <= (1 - level) / 2 + 1e-12).all()
        assert (found.counts.at_most(counts.high) >= (1 + level) / 2 - 1e-12).all()
        assert (found.counts.at_most(counts.high - 1) < (1 + level) / 2).all()
        assert ((counts.high == 0) == (spend.high == 0)).all()
        assert (spend.low <= spend.high).all()
        bought = value.high > 0
        assert (value.high[bought] < spend.high[bought]).all()
        assert (value.high[bought] > spend.high[bought] / 1.1).all()
    narrow, wide = found.count_interval(0.5), found.count_interval(0.95)
    assert (wide.low <= narrow.low).all()
    assert (wide.high >= narrow.high).all()
    assert wide.high.sum() > 1.5 * narrow.high.sum()


def simulated_value(
    rng: np.random.Generator, row: dict[str, float], spend: GammaGamma, rate: float, draws: int
) -> FloatArray:
    """Discounted spend over a year of BG/NBD customers with one history, purchase by purchase."""
    r, alpha, a, b = BG.params_.values()
    p, q, v = spend.params_.values()
    x, T, c = row["frequency"], row["age_days"], row["spend_day_count"]
    frame = pl.DataFrame([row])
    alive = rng.random(draws) < BG.probability_alive(frame)[0]
    purchase_rate, leaves = rng.gamma(r + x, 1 / (alpha + T), draws), rng.beta(a, b + x, draws)
    stays_for = np.where(alive, rng.geometric(leaves), 0)
    spend_rate = rng.gamma(q + p * c, 1 / (v + c * row["monetary_value"]), draws)
    value, now = np.zeros(draws), np.zeros(draws)
    active = np.flatnonzero(stays_for > 0)
    for purchase in range(1, 2000):
        now[active] += rng.exponential(1 / purchase_rate[active])
        active = active[now[active] <= 365.0]
        if not active.size:
            return value
        amount = rng.gamma(p, 1 / spend_rate[active])
        value[active] += amount * np.exp(-daily_discount_rate(rate) * now[active])
        active = active[stays_for[active] > purchase]
    raise AssertionError("somebody buys for ever")


@pytest.mark.parametrize(("rate", "error"), [(0.0, 0.004), (0.1, 0.004), (1.0, 0.02)])
def test_scaling_spend_by_the_discount_is_near_the_truth(rate: float, error: float) -> None:
    """The one approximation in the value's interval: that all purchases lose alike by discounting."""
    rng = np.random.default_rng(8)
    rows = [
        {"frequency": x, "recency_days": t_x, "age_days": T, "spend_day_count": x, "monetary_value": 35.0}
        for x, t_x, T in [(1.0, 30.0, 40.0), (4.0, 200.0, 230.0), (30.0, 260.0, 265.0)]
    ]
    found = distributions(pl.DataFrame(rows), rate=rate).value_interval(0.8)
    assert found is not None
    for i, row in enumerate(rows):
        made = simulated_value(rng, row, SPENDS[0], rate, 40_000)
        noise = 3 * np.sqrt(0.09 / made.size)
        assert np.mean(made <= found.high[i]) == pytest.approx(0.9, abs=error + noise)
        if found.low[i] > 0:
            assert np.mean(made <= found.low[i]) == pytest.approx(0.1, abs=error + noise)
        assert np.mean(made <= found.high[i] * 1.3) > 0.92


def test_recalibrated_levels_widen_and_shift() -> None:
    summary = sample_calibration()
    found = distributions(summary)
    plain = found.count_interval(0.8)
    # Outcomes that fell at the ends of their distributions more often than a model holds.
    torn = np.concatenate([np.linspace(0, 0.1, 3000), np.linspace(0.1, 0.9, 4000), np.linspace(0.9, 1, 3000)])
    wider = found.count_interval(0.8, Recalibration.learnt([torn] * 4))
    assert (wider.high >= plain.high).all()
    assert (wider.high - wider.low).sum() > 1.3 * (plain.high - plain.low).sum()
    same = found.count_interval(0.8, Recalibration.learnt([]))
    assert (same.high == plain.high).all()


def test_somebody_else_expects_more_of_some() -> None:
    summary = sample_calibration()
    factor = np.where(np.arange(summary.height) % 2, 2.0, 0.5)
    plain, other = (
        PredictiveDistributions.of(BG, SPENDS[0], summary, horizon_days=365, annual_discount_rate=0.1, factor=given)
        for given in (None, factor)
    )
    np.testing.assert_allclose(other.counts.of_none(), plain.counts.of_none() ** factor, rtol=1e-12)
    left = other.factor
    assert left is not None
    assert ((left >= 1) == (factor > 1)).all()
    assert (np.abs(np.log(left)) < np.log(2.0)).all()
    np.testing.assert_allclose(count_moments(other).mean * left, count_moments(plain).mean * factor, rtol=1e-12)
    value, scaled = plain.value_interval(0.8), other.value_interval(0.8)
    assert value is not None
    assert scaled is not None
    counts, scaled_counts = plain.count_interval(0.9).high, other.count_interval(0.9).high
    assert (scaled_counts == np.floor(scaled_counts)).all()
    for low, high in ((counts, scaled_counts), (value.high, scaled.high)):
        assert (high[factor > 1] >= low[factor > 1]).all()
        assert (high[factor < 1] <= low[factor < 1]).all()
    # The surer a customer is to come, the more of it is how often: 1 - P over 1 - P² twice.
    twice = np.flatnonzero(factor > 1)
    np.testing.assert_allclose(left[twice], 2 / (1 + plain.counts.of_none()[twice]), rtol=1e-9)
    for nonsense in (factor[:5], -factor, factor * np.nan):
        with pytest.raises(StopError, match="factor"):
            PredictiveDistributions.of(BG, None, summary, horizon_days=365, annual_discount_rate=0.1, factor=nonsense)


def test_somebody_else_believes_in_whom_the_model_has_given_up() -> None:
    """A factor of millions is no purchase a millionth as likely and a million times as large."""
    summary = pl.DataFrame(
        {
            "frequency": [60, 25, 0, 3, 3],
            "recency_days": [250.0, 100.0, 0.0, 200.0, 200.0],
            "age_days": [400.0, 400.0, 4000.0, 230.0, 230.0],
            "spend_day_count": [60, 25, 0, 3, 3],
            "monetary_value": [30.0, 30.0, None, 30.0, 30.0],
        }
    )
    base = BG.expected_purchases(summary, 365)
    other = np.array([50.0, 20.0, 0.6, base[3], 0.0])
    assert (other[:2] / base[:2] > 1e5).all()
    found = PredictiveDistributions.of(
        BG, SPENDS[0], summary, horizon_days=365, annual_discount_rate=0.0, factor=other / base
    )
    assert found.factor is not None
    moments = count_moments(found).times(found.factor)
    np.testing.assert_allclose(moments.mean, other, rtol=1e-8)
    # As far from certain as a model of purchases and leaving is of somebody who may be there, and no further.
    assert (moments.variance[:3] < 2 * other[:3] ** 2 + 2 * other[:3]).all()
    none = found.counts.of_none()
    assert (none[:2] < 0.5).all()
    assert 0.5 < none[2] < 0.6
    np.testing.assert_allclose(found.counts.at_most(np.zeros(5)), none, atol=1e-12)
    np.testing.assert_allclose(found.counts.probabilities_of(500)[:3].sum(axis=1), 1.0, atol=1e-6)
    assert found.counts.at_most(np.full(5, -1.0), factor=found.factor).tolist() == [0.0] * 5
    assert none[4] == 1.0
    counts, spend = found.count_interval(0.8), found.spend_interval(0.8)
    assert spend is not None
    for interval, expected in ((counts, other), (spend, 30 * other)):
        assert (interval.low[:2] < expected[:2]).all()
        assert (interval.high[:2] > expected[:2]).all()
        assert interval.high[4] == 0


def test_nothing_to_go_by() -> None:
    summary = sample_calibration()
    without = PredictiveDistributions.of(BG, None, summary, horizon_days=30, annual_discount_rate=0.1)
    assert without.spend_interval(0.8) is None
    assert without.value_interval(0.8) is None
    at_once = PredictiveDistributions.of(BG, SPENDS[0], summary, horizon_days=0, annual_discount_rate=0.1)
    assert at_once.value_interval(0.8).high.max() == 0  # type: ignore[union-attr]  # spend is there
    nobody = distributions(summary[:0])
    assert nobody.value_interval(0.8).high.size == 0  # type: ignore[union-attr]  # the same
    for level in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(StopError, match="level"):
            nobody.count_interval(level)


def test_the_order_of_rows_changes_nothing() -> None:
    summary = sample_calibration()
    backwards = distributions(summary.reverse()).value_interval(0.8)
    forwards = distributions(summary).value_interval(0.8)
    assert forwards is not None
    assert backwards is not None
    np.testing.assert_array_equal(backwards.high[::-1], forwards.high)
    np.testing.assert_array_equal(backwards.low[::-1], forwards.low)
