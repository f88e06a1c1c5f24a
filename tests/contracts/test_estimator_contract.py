"""What every estimator keeps, whatever its mathematics. A new one joins by a line in the lists below."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.estimator import FitStatus, PurchaseEstimator, SpendEstimator, UnusableFitError
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.churn import churn_probability
from ml.value.lifetime_value import lifetime_value
from models.errors import StopError

PURCHASE_ESTIMATORS: list[Callable[[], PurchaseEstimator]] = [BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd]
SPEND_ESTIMATORS: list[Callable[[], SpendEstimator]] = [GammaGamma]

GRID = pl.DataFrame(
    [
        (x, t_x, T)
        for T in (1.0, 90.0, 540.0, 5000.0)
        for x, t_x in [(0.0, 0.0), (1.0, T / 2), (1.0, T), (8.0, T * 0.9), (500.0, T)]
    ]
    + [(0.0, 0.0, 0.0)],
    schema=["frequency", "recency_days", "age_days"],
    orient="row",
)


@pytest.fixture(scope="module", params=PURCHASE_ESTIMATORS)
def purchases(request: pytest.FixtureRequest) -> PurchaseEstimator:
    estimator: PurchaseEstimator = request.param()
    return estimator.fit(sample_calibration())


@pytest.fixture(scope="module", params=SPEND_ESTIMATORS)
def spend(request: pytest.FixtureRequest) -> SpendEstimator:
    estimator: SpendEstimator = request.param()
    return estimator.fit(sample_calibration())


@pytest.mark.parametrize("make", [*PURCHASE_ESTIMATORS, *SPEND_ESTIMATORS])
def test_fit_returns_itself_with_parameters_and_a_report(
    make: Callable[[], PurchaseEstimator | SpendEstimator],
) -> None:
    estimator = make()
    assert estimator.params_ == {}
    assert estimator.fit(sample_calibration()) is estimator
    report = estimator.report_
    assert report is not None
    assert report.model_name == estimator.name
    assert report.status is FitStatus.CONVERGED
    assert report.parameters == estimator.params_
    assert report.standard_errors.keys() == report.parameters.keys()
    assert all(0 < error < 2 * report.parameters[name] for name, error in report.standard_errors.items())
    assert all(np.isfinite(value) and value > 0 for value in estimator.params_.values())
    assert report.log_likelihood is not None


@pytest.mark.parametrize("make", [*PURCHASE_ESTIMATORS, *SPEND_ESTIMATORS])
def test_too_little_data_raises_and_leaves_no_parameters(
    make: Callable[[], PurchaseEstimator | SpendEstimator],
) -> None:
    estimator = make()
    for few in (sample_calibration()[:0], sample_calibration()[:5]):
        with pytest.raises(UnusableFitError) as caught:
            estimator.fit(few)
        assert caught.value.report.status is FitStatus.TOO_FEW_CUSTOMERS
        assert len(str(caught.value)) > 40
    assert estimator.params_ == {}


@pytest.mark.parametrize("make", [*PURCHASE_ESTIMATORS, *SPEND_ESTIMATORS])
def test_a_missing_column_is_named(make: Callable[[], PurchaseEstimator | SpendEstimator]) -> None:
    with pytest.raises(StopError, match="lacks the column"):
        make().fit(pl.DataFrame({"customer_id": ["a"]}))


@pytest.mark.parametrize("make", [*PURCHASE_ESTIMATORS, *SPEND_ESTIMATORS])
def test_row_order_changes_nothing(make: Callable[[], PurchaseEstimator | SpendEstimator]) -> None:
    shuffled = sample_calibration().sample(fraction=1.0, shuffle=True, seed=1)
    assert make().fit(shuffled).params_ == make().fit(sample_calibration()).params_


def test_probabilities_are_probabilities(purchases: PurchaseEstimator) -> None:
    for values in (
        purchases.probability_alive(GRID),
        *(purchases.probability_of_no_purchase(GRID, days) for days in (0.0, 1.0, 90.0, 1e5)),
    ):
        assert values.shape == (GRID.height,)
        assert ((values >= 0) & (values <= 1)).all()


def test_churn_falls_and_expectations_grow_with_the_horizon(purchases: PurchaseEstimator) -> None:
    silent, expected = np.ones(GRID.height), np.zeros(GRID.height)
    for days in (1.0, 30.0, 365.0, 5000.0):
        now_silent, now_expected = (
            churn_probability(purchases, GRID, horizon_days=days),
            purchases.expected_purchases(GRID, days),
        )
        assert (now_silent <= silent).all()
        assert (now_expected >= expected * (1 - 1e-9)).all()
        silent, expected = now_silent, now_expected
    assert (purchases.expected_purchases(GRID, 0.0) == 0).all()


def test_the_forecast_is_alive_times_what_the_living_do(purchases: PurchaseEstimator) -> None:
    x, T = GRID["frequency"].to_numpy(), GRID["age_days"].to_numpy()
    horizons = np.tile([30.0, 365.0], (GRID.height, 1))
    alive = purchases.expected_purchases_while_alive(x, T, horizons)
    assert alive.shape == (GRID.height, 2)
    for k, days in enumerate((30.0, 365.0)):
        np.testing.assert_allclose(
            purchases.expected_purchases(GRID, days), purchases.probability_alive(GRID) * alive[:, k], rtol=1e-12
        )


def test_the_distribution_of_counts_belongs_to_the_expectation(purchases: PurchaseEstimator) -> None:
    ordinary = GRID.filter(pl.col("age_days") >= pl.col("frequency").clip(lower_bound=90))
    x, T = ordinary["frequency"].to_numpy(), ordinary["age_days"].to_numpy()
    for days in (0.0, 30.0, 365.0):
        horizons = np.full(ordinary.height, days)
        counts = purchases.purchase_count_probabilities_while_alive(x, T, horizons, 2047)
        assert counts.shape == (ordinary.height, 2048)
        assert (counts >= 0).all()
        np.testing.assert_allclose(counts.sum(axis=1), 1.0, rtol=1e-11)
        mean = purchases.expected_purchases_while_alive(x, T, horizons[:, None])[:, 0]
        np.testing.assert_allclose((counts * np.arange(2048)).sum(axis=1), mean, rtol=1e-9)
        none = purchases.purchase_count_probabilities_while_alive(x, T, horizons, 0)[:, 0]
        np.testing.assert_allclose(none, counts[:, 0], rtol=1e-11)
        alive = purchases.probability_alive(ordinary)
        silent = purchases.probability_of_no_purchase(ordinary, days)
        np.testing.assert_allclose(1.0 - alive * (1.0 - none), silent, rtol=1e-9)


def test_a_very_short_horizon_is_a_rate(purchases: PurchaseEstimator) -> None:
    """Within a moment at most one purchase happens: the expectation is the probability of one."""
    moment = 1e-4
    expected = purchases.expected_purchases(GRID, moment)
    some = 1.0 - purchases.probability_of_no_purchase(GRID, moment)
    for row, (e, p) in enumerate(zip(expected, some, strict=True)):
        if e > 1e-9:
            assert p == pytest.approx(e, rel=0.05), GRID.row(row)


def test_likelihoods_make_forecasts(purchases: PurchaseEstimator) -> None:
    """P(no purchase) is the likelihood of staying silent to T + H over that of the history."""
    for days in (30.0, 400.0):
        later = GRID.with_columns(pl.col("age_days") + days)
        ratio = np.exp(purchases.log_likelihood(later) - purchases.log_likelihood(GRID))
        np.testing.assert_allclose(purchases.probability_of_no_purchase(GRID, days), ratio, rtol=1e-8)


def test_new_customers_course_starts_at_zero_and_reproduces_the_sample(purchases: PurchaseEstimator) -> None:
    summary = sample_calibration()
    assert purchases.expected_repeat_purchases(np.array([0.0]))[0] == 0.0
    total = purchases.expected_repeat_purchases(summary["age_days"].to_numpy()).sum()
    assert total == pytest.approx(summary["frequency"].sum(), rel=0.05)


def test_lifetimes_are_positive_or_endless(purchases: PurchaseEstimator) -> None:
    left = purchases.expected_lifetime_while_alive(GRID["frequency"].to_numpy(), GRID["age_days"].to_numpy())
    assert left.shape == (GRID.height,)
    assert (left > 0).all()


def test_time_scale_is_positive(purchases: PurchaseEstimator) -> None:
    scale = purchases.time_scale_days(GRID["frequency"].to_numpy(), GRID["age_days"].to_numpy())
    assert (scale > 0).all()


def test_expected_spend_is_positive_and_drawn_to_the_middle(spend: SpendEstimator) -> None:
    people = pl.DataFrame({"spend_day_count": [0, 1, 30, 1, 30], "monetary_value": [None, 1.0, 1.0, 500.0, 500.0]})
    unknown, low, sure_low, high, sure_high = spend.expected_spend(people)
    assert 0 < sure_low < low < unknown < high < sure_high < 500


def test_totals_are_distributions_that_grow_with_the_days(spend: SpendEstimator) -> None:
    people = pl.DataFrame({"spend_day_count": [0, 1, 30], "monetary_value": [None, 20.0, 20.0]})
    scale = spend.spend_scale(people)
    assert (scale > 0).all()
    for count, of_customer, mean in zip((0, 1, 30), scale, spend.expected_spend(people), strict=True):
        totals = spend.relative_totals(count, 12)
        assert totals.probabilities.shape == (12, totals.log_totals.size)
        assert np.allclose(np.diff(totals.log_totals), totals.log_totals[1] - totals.log_totals[0])
        assert ((totals.probabilities >= 0) & (totals.probabilities <= 1)).all()
        assert (np.diff(totals.probabilities, axis=1) >= 0).all()
        assert (np.diff(totals.probabilities, axis=0) <= 1e-4).all()
        # What lies between two steps costs about their middle: the means are those of the days.
        middle = of_customer * np.exp((totals.log_totals[1:] + totals.log_totals[:-1]) / 2)
        means = (np.diff(totals.probabilities, axis=1) * middle).sum(axis=1)
        np.testing.assert_allclose(means, mean * np.arange(1, 13), rtol=0.01)
    around, of_mean = spend.spend_variances(people)
    assert (around > 0).all()
    assert (np.diff(of_mean[[1, 2]]) < 0).all()


def test_value_is_finite_for_everybody(purchases: PurchaseEstimator, spend: SpendEstimator) -> None:
    people = GRID.with_columns(spend_day_count=pl.col("frequency"), monetary_value=pl.lit(20.0))
    value = lifetime_value(purchases, spend, people, horizon_days=365, annual_discount_rate=0.1)
    assert np.isfinite(value).all()
    assert (value >= 0).all()
