"""What boosting learns, where it may look, and how it reaches beyond what a history shows."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF, CALIBRATION_END, sample_purchase_days

from ml.contenders import multiplier
from ml.contenders.boosting import Boosting
from ml.contenders.examples import MINIMUM_EXAMPLES, Examples, examples_of
from ml.contenders.features import FEATURES, point_in_time_features
from ml.contenders.multiplier import WIDEST_FACTOR, Multiplier
from ml.contenders.stretching import stretched_count, stretched_probability, with_hazard
from ml.contenders.trees import Bins, Loss, Trees, grow
from ml.contenders.zero_inflated_lognormal import ZeroInflatedLognormal
from ml.estimator import FitStatus, FloatArray, UnusableFitError
from ml.evaluation.contender import Contender, forecast_once
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd

ALL = KnownHistory(sample_purchase_days(), None, AS_OF)
CDNOW = ALL.at(CALIBRATION_END)


def examples(history: KnownHistory, horizon_days: int, order_horizon_days: int = 30) -> Examples:
    return examples_of(history, learner="x", horizon_days=horizon_days, order_horizon_days=order_horizon_days)


def test_examples_are_what_was_known_with_what_followed() -> None:
    found = examples(CDNOW, 90)
    cuts = [CDNOW.before(back) for back in (90, 135, 180)]
    assert found.features.shape == (sum(cut.summary.height for cut in cuts), len(FEATURES))
    first = cuts[0].summary.height
    outcome = CDNOW.outcome_of(cuts[0], days=90).by_customer
    np.testing.assert_array_equal(found.purchase_count[:first], outcome["purchase_count"].to_numpy())
    np.testing.assert_array_equal(
        found.ordered[:first], (outcome["days_to_next"].fill_null(999).to_numpy() <= 30).astype(float)
    )
    known = point_in_time_features(cuts[1], horizon_days=90, order_horizon_days=30)["age_days"].to_numpy()
    np.testing.assert_array_equal(found.column("age_days")[first : first + known.size], known)


def test_a_horizon_beyond_half_the_history_is_learnt_over_half_of_it() -> None:
    found = examples(CDNOW, 273, 200)
    assert (found.horizon_days, found.order_horizon_days) == (CDNOW.days // 2, CDNOW.days // 2)
    assert found.ordered.size == CDNOW.before(found.horizon_days).summary.height


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(UnusableFitError, match="history is 40 days long") as caught:
        examples(CDNOW.at(date(1997, 2, 10)), 90)
    assert caught.value.report.status is FitStatus.HISTORY_TOO_SHORT
    few = CDNOW.purchase_days.filter(pl.col("customer_id") < CDNOW.summary["customer_id"][MINIMUM_EXAMPLES // 4])
    with pytest.raises(UnusableFitError, match="learning needs 200") as caught:
        examples(KnownHistory(few, None, CALIBRATION_END), 90)
    assert caught.value.report.status is FitStatus.TOO_FEW_CUSTOMERS


def test_an_offset_is_a_weight_on_the_ratio() -> None:
    """With nothing to tell them apart everybody gets the maximum of y ~ Poisson(e * m): sum y over sum e."""
    rng = np.random.default_rng(0)
    expected = rng.gamma(2.0, 1.0, 400)
    counts = rng.poisson(1.7 * expected).astype(np.float64)
    said = grow(Loss.POISSON, np.zeros((400, 1)), counts / expected, expected).predict(np.zeros((3, 1)))
    np.testing.assert_allclose(said, counts.sum() / expected.sum(), rtol=1e-6)


def test_a_multiplier_finds_whom_the_model_misjudges_and_leaves_the_level() -> None:
    factors = Multiplier().factors(CDNOW, horizon_days=90, order_horizon_days=90)
    assert (factors >= 1 / WIDEST_FACTOR).all()
    assert (factors <= WIDEST_FACTOR).all()
    expected = CDNOW.fitted(BetaGeometricNbd).expected_purchases(CDNOW.summary, 90)
    assert (factors * expected).sum() == pytest.approx(expected.sum(), rel=0.25)
    happened = ALL.outcome_of(CDNOW, days=90).by_customer["purchase_count"].to_numpy()
    low, high = factors < np.median(factors), factors >= np.median(factors)
    assert happened[high].sum() / expected[high].sum() > happened[low].sum() / expected[low].sum()


def test_a_multiplier_learns_counts_over_what_was_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[FloatArray, FloatArray]] = []

    def spy(loss: Loss, features: FloatArray, target: FloatArray, weight: FloatArray) -> Trees:
        asked.append((target, weight))
        return grow(loss, features, target, weight)

    monkeypatch.setattr(multiplier, "grow", spy)
    Multiplier().factors(CDNOW, horizon_days=90, order_horizon_days=30)
    found = examples(CDNOW, 90)
    np.testing.assert_allclose(asked[0][0] * asked[0][1], found.purchase_count, rtol=1e-12)
    np.testing.assert_array_equal(asked[0][1], found.column("bg_nbd_expected_purchases"))


def test_bins_hold_about_equally_many_as_far_as_values_differ() -> None:
    values = np.concatenate([np.zeros(500), np.arange(1.0, 501.0)])
    features = np.column_stack([values, np.full(1000, np.nan), np.where(values > 0, np.nan, 7.0)])
    bins = Bins.of(features)
    assert bins.columns.tolist() == [0, 2]
    places = bins.places(features)
    counts = np.unique(places[:, 0], return_counts=True)[1]
    assert counts[0] == 500
    assert counts[1:].max() <= 18
    assert (np.diff(places[:, 0]) >= 0).all()
    assert np.isnan(places[500:, 1]).all()
    assert bins.places(np.array([[-5.0, 0.0, 9.0], [9999.0, 0.0, np.nan]]))[:, 0].tolist() == [0.0, places[:, 0].max()]


def test_trees_do_not_depend_on_a_feature_that_nobody_has() -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(size=(300, 2))
    target = rng.poisson(np.exp(known[:, 0])).astype(np.float64)
    with_empty = np.column_stack([known, np.full(300, np.nan)])
    np.testing.assert_array_equal(
        grow(Loss.POISSON, with_empty, target).predict(with_empty), grow(Loss.POISSON, known, target).predict(known)
    )


def test_what_is_learnt_goes_on_as_the_base_would() -> None:
    base, summary = CDNOW.fitted(BetaGeometricNbd), CDNOW.summary
    short, long = (base.expected_purchases(summary, days) for days in (60, 200))
    np.testing.assert_allclose(stretched_count(2 * short, base, summary, learnt_days=60, asked_days=200), 2 * long)
    short, long = (1.0 - base.probability_of_no_purchase(summary, days) for days in (60, 200))
    np.testing.assert_allclose(
        stretched_probability(short, base, summary, learnt_days=60, asked_days=200), long, rtol=1e-9
    )
    np.testing.assert_allclose(with_hazard(np.array([0.0, 0.5, 1.0]), 2.0), [0.0, 0.75, 1.0], atol=1e-12)


@pytest.mark.parametrize("contender", [Boosting(), ZeroInflatedLognormal()], ids=lambda contender: contender.name)
def test_what_half_of_the_history_taught_is_stretched(contender: Contender) -> None:
    half = CDNOW.days // 2
    learnt, asked = (
        forecast_once(contender, CDNOW, horizon_days=days, order_horizon_days=days) for days in (half, 2 * half)
    )
    base = CDNOW.fitted(BetaGeometricNbd)
    short, long = (base.expected_purchases(CDNOW.summary, days) for days in (half, 2 * half))
    assert learnt.spend is not None
    assert asked.spend is not None
    np.testing.assert_allclose(asked.spend, learnt.spend * long / short, rtol=1e-9)
    assert learnt.order_probability is not None
    assert asked.order_probability is not None
    assert (asked.order_probability > learnt.order_probability).all()


def test_says_nothing_of_spend_where_nobody_spends() -> None:
    free = KnownHistory(CDNOW.purchase_days.with_columns(amount=pl.lit(0.0)), None, CALIBRATION_END)
    said = Boosting().forecast(free, horizon_days=90, order_horizon_days=90)
    assert said.spend is None
    assert said.purchase_count is not None
    assert said.purchase_count.sum() > 0


def test_a_cut_that_carries_no_model_teaches_no_multiplier() -> None:
    """Nobody had come back by any day that there is to look back from."""
    rows = [
        (f"c{n:03}", date(2026, 1, 1) + timedelta(days=back), 10.0)
        for n in range(300)
        for back in ((0, 100 + n % 80) if n % 2 else (0,))
    ]
    days = pl.DataFrame(rows, schema=["customer_id", "purchase_date", "amount"], orient="row")
    history = KnownHistory(days, None, date(2026, 7, 1))
    with pytest.raises(UnusableFitError, match="earlier days"):
        Multiplier().factors(history, horizon_days=90, order_horizon_days=90)
