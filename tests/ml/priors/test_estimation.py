"""Re-estimating the prior: from merchants whose true parameters are drawn from a known distribution."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from simulated_customers import simulate_bg_nbd, simulate_spend

from ml.estimator import FitReport, FitStatus
from ml.priors.estimation import estimate_prior
from ml.priors.prior import LETTERS, Prior, read_prior, written
from ml.priors.shipped import shipped_prior
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma
from models.errors import StopError

TODAY = date(2026, 11, 21)
MEAN = np.log([1.2, 20.0, 0.5, 4.0])
SPREAD = 0.25 * np.array([[1.0, 0.6, 0.0, 0.0], [0.6, 1.0, 0.0, 0.0], [0.0, 0.0, 0.8, -0.3], [0.0, 0.0, -0.3, 0.8]])


def report(name: str, values: np.ndarray, errors: np.ndarray, **changes: object) -> FitReport:
    fitted = FitReport(
        model_name=name,
        status=FitStatus.CONVERGED,
        message="",
        parameters=dict(zip(LETTERS[name], np.exp(values).tolist(), strict=True)),
        standard_errors={},
        log_likelihood=-1.0,
        customer_count=900,
        repeat_customer_count=300,
        log_covariance=tuple(map(tuple, errors.tolist())),
    )
    return replace(fitted, **changes)  # type: ignore[arg-type]  # the fields' own types


def merchants(count: int, *, error: float, seed: int = 5) -> list[FitReport]:
    """Reports of merchants drawn from MEAN and SPREAD, as fits with errors of this size would find them."""
    rng = np.random.default_rng(seed)
    errors = error**2 * (np.eye(4) + 0.5 * np.eye(4)[::-1])
    true = rng.multivariate_normal(MEAN, SPREAD, count)
    return [report("bg_nbd", value + rng.multivariate_normal(np.zeros(4), errors), errors) for value in true]


def estimated(fits: list[FitReport], base: Prior | None = None) -> Prior:
    return estimate_prior(fits, base=base or shipped_prior(), version="own-1", made_on=TODAY)


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_many_merchants_give_the_distribution_they_are_from(error: float) -> None:
    """Errors of fit as large as the spread itself do not widen it."""
    fits = merchants(2000, error=error)
    model = estimated(fits).models["bg_nbd"]
    np.testing.assert_allclose(model.mean, MEAN, atol=0.05)
    np.testing.assert_allclose(np.array(model.covariance), SPREAD, atol=0.05)
    of_the_fits = np.cov(np.log([list(fit.parameters.values()) for fit in fits]).T)
    assert np.abs(of_the_fits - SPREAD).max() > 0.9 * error**2


def test_without_merchants_the_base_stays() -> None:
    own = estimated([])
    assert own.models == shipped_prior().models
    assert own.version == "own-1"
    assert own.made_on == TODAY


def test_a_few_merchants_move_the_base_a_little() -> None:
    base = shipped_prior().models["bg_nbd"]
    distances = [
        float(np.linalg.norm(np.array(estimated(merchants(count, error=0.1)).models["bg_nbd"].mean) - MEAN))
        for count in (0, 1, 4, 40)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[1] > 0.5 * distances[0]
    assert distances[-1] < 0.2 * distances[0]
    one = estimated(merchants(1, error=0.1))
    assert one.models["bg_nbd"].merchant_count == base.merchant_count + 1
    assert np.linalg.eigvalsh(np.array(one.models["bg_nbd"].covariance))[0] > 0.1
    assert one.models["mbg_nbd"] == shipped_prior().models["mbg_nbd"]
    assert shipped_prior().identity in one.method


def test_the_order_of_merchants_does_not_change_a_bit() -> None:
    fits = merchants(9, error=0.3)
    assert estimated(fits) == estimated(fits[::-1])


def test_fits_that_failed_or_stand_on_a_prior_teach_nothing() -> None:
    good = merchants(3, error=0.2)
    wild = np.log([50.0, 1.0, 50.0, 1.0])
    failed = report("bg_nbd", wild, np.eye(4), status=FitStatus.NOBODY_DROPS_OUT, log_covariance=())
    helped = report("bg_nbd", wild, np.eye(4), prior_share=0.3)
    assert estimated([*good, failed, helped]) == estimated(good)


def test_a_fit_without_precision_says_less() -> None:
    sure = report("bg_nbd", MEAN, 0.01 * np.eye(4))
    unsure = report("bg_nbd", MEAN, 25.0 * np.eye(4))
    start = np.array(shipped_prior().models["bg_nbd"].mean)
    moved = [float(np.linalg.norm(estimated([fit]).models["bg_nbd"].mean - start)) for fit in (sure, unsure)]
    assert 0 < moved[1] < 0.2 * moved[0]


def test_the_currency_of_a_merchant_does_not_matter() -> None:
    values, errors = np.log([5.0, 4.0, 0.6]), 0.05 * np.eye(3)
    rates = np.array([1.0, 150.0, 17.0])
    fits = [
        report("gamma_gamma", values + np.log([1.0, 1.0, 30.0 * rate]), errors, mean_spend=30.0 * rate)
        for rate in rates
    ]
    same = [report("gamma_gamma", values, errors, mean_spend=1.0)] * 3
    means = [estimated(reports).models["gamma_gamma"].mean for reports in (fits, same)]
    assert means[0] == pytest.approx(means[1], rel=1e-9)
    with pytest.raises(StopError, match="lacks its mean spend"):
        estimated([report("gamma_gamma", values, errors)])


def test_from_merchants_to_an_artefact() -> None:
    """Fits of simulated merchants who are alike, in three currencies, give a prior around what they share."""
    rng = np.random.default_rng(7)
    fits = []
    for rate in (1.0, 150.0, 0.01):
        purchases = simulate_bg_nbd(rng, 2000, r=0.9, alpha=20.0, a=0.5, b=4.0)
        count = rng.integers(1, 6, 1500)
        spend = simulate_spend(rng, count, p=6.0, q=4.0, v=15.0 * rate)
        for report_ in (
            BetaGeometricNbd().fit(purchases).report_,
            GammaGamma().fit(pl.DataFrame({"spend_day_count": count, "monetary_value": spend})).report_,
        ):
            assert report_ is not None
            fits.append(report_)
    own = estimated(fits)
    assert read_prior(written(own)) == own
    for name, truth in (
        ("bg_nbd", [0.9, 20.0, 0.5, 4.0]),
        ("gamma_gamma", [6.0, 4.0, 15.0 / 30.0]),
    ):
        before, after = (prior.of(name) for prior in (shipped_prior(), own))
        distances = [float(np.linalg.norm(prior.mean - np.log(truth))) for prior in (before, after)]
        assert distances[1] < 0.6 * distances[0]
        assert np.trace(np.linalg.inv(after.precision)) < np.trace(np.linalg.inv(before.precision))
        assert own.models[name].merchant_count == shipped_prior().models[name].merchant_count + 3
