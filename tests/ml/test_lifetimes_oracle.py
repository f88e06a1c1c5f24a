"""The known implementation as an oracle, where it is right."""

import warnings
from types import ModuleType

import numpy as np
import pytest
from cdnow_purchases import sample_calibration

from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma


@pytest.fixture(scope="module")
def lifetimes() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes as module  # its import warns, and nobody else should pay for it
    return module


@pytest.fixture(autouse=True)
def _quiet() -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def history() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    summary = sample_calibration()
    x, t_x, T = (summary[name].to_numpy().astype(float) for name in ("frequency", "recency_days", "age_days"))
    return x, t_x, T


@pytest.fixture(scope="module")
def their_fit(lifetimes: ModuleType, history: tuple[np.ndarray, ...]) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lifetimes.BetaGeoFitter().fit(*history)


def test_same_likelihood_at_the_optimum(their_fit: object, history: tuple[np.ndarray, ...]) -> None:
    """Theirs is a mean, negative, and in time rescaled by `_scale`: a density of x times gains its factor x times."""
    x = history[0]
    theirs = -their_fit._negative_log_likelihood_ * x.size + x.sum() * np.log(their_fit._scale)  # type: ignore[attr-defined]  # untyped library
    ours = BetaGeometricNbd().fit(sample_calibration())
    assert ours.report_ is not None
    assert ours.report_.log_likelihood == pytest.approx(theirs, rel=1e-6)
    assert ours.report_.log_likelihood >= theirs - 1e-6
    assert ours.params_ == pytest.approx(dict(their_fit.params_), rel=5e-3)  # type: ignore[attr-defined]  # untyped library


def test_same_forecasts_at_the_same_parameters(their_fit: object, history: tuple[np.ndarray, ...]) -> None:
    ours = BetaGeometricNbd.from_parameters(**{name: float(v) for name, v in their_fit.params_.items()})  # type: ignore[attr-defined]  # untyped library
    summary = sample_calibration()
    for horizon in (1.0, 90.0, 273.0):
        theirs = their_fit.conditional_expected_number_of_purchases_up_to_time(horizon, *history)  # type: ignore[attr-defined]  # untyped library
        np.testing.assert_allclose(ours.expected_purchases(summary, horizon), np.asarray(theirs), rtol=1e-6)
    alive = their_fit.conditional_probability_alive(*history)  # type: ignore[attr-defined]  # untyped library
    np.testing.assert_allclose(ours.probability_alive(summary), alive, rtol=1e-6)
    ages = np.array([1.0, 30.0, 273.0, 1000.0])
    course = their_fit.expected_number_of_purchases_up_to_time(ages)  # type: ignore[attr-defined]  # untyped library
    np.testing.assert_allclose(ours.expected_repeat_purchases(ages), course, rtol=1e-6)


def test_same_spend(lifetimes: ModuleType) -> None:
    summary = sample_calibration().filter(sample_calibration()["spend_day_count"] > 0)
    count, mean = summary["spend_day_count"].to_numpy(), summary["monetary_value"].to_numpy()
    theirs = lifetimes.GammaGammaFitter().fit(count, mean)
    ours = GammaGamma().fit(summary)
    assert ours.report_ is not None
    assert ours.report_.log_likelihood == pytest.approx(-theirs._negative_log_likelihood_ * count.size, rel=1e-6)
    same = GammaGamma.from_parameters(**{name: float(value) for name, value in theirs.params_.items()})
    expected = np.asarray(theirs.conditional_expected_average_profit(count, mean))
    np.testing.assert_allclose(same.expected_spend(summary), expected, rtol=1e-9)


def test_answers_where_the_oracle_has_none(lifetimes: ModuleType) -> None:
    """a + b below 1, no repeat purchase, a long horizon: NaN there, a number here."""
    theirs = lifetimes.BetaGeoFitter()
    parameters = {"r": 0.3, "alpha": 20.0, "a": 0.3, "b": 0.4}
    theirs.params_ = parameters
    x, age = np.array([0.0]), np.array([100.0])
    ours = BetaGeometricNbd.from_parameters(**parameters)
    near, far = ours.expected_purchases_while_alive(x, age, np.array([[90.0, 1000.0]]))[0]
    assert near == pytest.approx(
        theirs.conditional_expected_number_of_purchases_up_to_time(90.0, x, x, age)[0], rel=1e-9
    )
    assert np.isnan(theirs.conditional_expected_number_of_purchases_up_to_time(1000.0, x, x, age)[0])
    assert near < far < 0.3 / 120.0 * 1000.0


def test_the_modified_model_at_the_same_parameters(lifetimes: ModuleType, history: tuple[np.ndarray, ...]) -> None:
    their_fit = lifetimes.ModifiedBetaGeoFitter().fit(*history)
    ours = ModifiedBetaGeometricNbd.from_parameters(**{name: float(v) for name, v in their_fit.params_.items()})
    summary = sample_calibration()
    for horizon in (1.0, 90.0, 273.0):
        theirs = their_fit.conditional_expected_number_of_purchases_up_to_time(horizon, *history)
        np.testing.assert_allclose(ours.expected_purchases(summary, horizon), np.asarray(theirs), rtol=1e-6)
    alive = their_fit.conditional_probability_alive(*history)
    np.testing.assert_allclose(ours.probability_alive(summary), np.asarray(alive), rtol=1e-9)
    for age in (30.0, 273.0):
        theirs = their_fit.expected_number_of_purchases_up_to_time(age)
        assert ours.expected_repeat_purchases(np.array([age]))[0] == pytest.approx(float(theirs), rel=1e-6)
    assert ModifiedBetaGeometricNbd().fit(summary).params_ == pytest.approx(dict(their_fit.params_), rel=5e-3)
