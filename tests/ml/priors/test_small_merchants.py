"""Fits under a prior: without data it is the answer, with many customers it is not heard, and both say their share."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import CALIBRATION_END, sample_calibration, sample_purchase_days
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_customers import simulate_bg_nbd, simulate_spend

from ml.estimator import FitStatus, UnusableFitError
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.fitting.normal_prior import NormalPrior
from ml.histories.known_history import KnownHistory
from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import (
    FitWithPrior,
    customer_prior_share,
    fit_purchases,
    fit_spend,
    mean_spend,
    why_small,
)
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma
from models.errors import MisconfiguredError, StopError

TRUTH = {"r": 0.6, "alpha": 40.0, "a": 0.9, "b": 2.5}
PRIOR = shipped_prior()
MODELS: tuple[type[LikelihoodEstimator], ...] = (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)
each_model = pytest.mark.parametrize("model", MODELS)


def histories(*rows: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


def spenders(*rows: tuple[int, float | None]) -> pl.DataFrame:
    schema = {"spend_day_count": pl.Int64, "monetary_value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(age_days=pl.lit(90.0))


def customers(count: int, *, seed: int = 3) -> pl.DataFrame:
    return simulate_bg_nbd(np.random.default_rng(seed), 10_000, **TRUTH).head(count)


def share_of(model: LikelihoodEstimator | GammaGamma) -> float:
    assert model.report_ is not None
    return model.report_.prior_share


@each_model
def test_without_data_the_prior_s_mean_is_the_answer(model: type[LikelihoodEstimator]) -> None:
    fit = fit_purchases(model, histories(), PRIOR)
    expected = np.exp(PRIOR.of(model.name).mean)
    assert list(fit.params_.values()) == pytest.approx(expected.tolist(), rel=1e-12)
    assert share_of(fit) == pytest.approx(1.0, abs=1e-12)
    assert fit.report_ is not None
    assert fit.report_.status is FitStatus.CONVERGED
    assert fit.report_.prior_version == PRIOR.identity
    spread = np.sqrt(np.diag(np.array(PRIOR.models[model.name].covariance)))
    assert list(fit.report_.standard_errors.values()) == pytest.approx((expected * spread).tolist(), rel=1e-9)


@each_model
@pytest.mark.parametrize(
    "summary",
    [
        pytest.param(histories((0.0, 0.0, 0.0)), id="one customer, today"),
        pytest.param(histories((12.0, 100.0, 101.0)), id="one customer"),
        pytest.param(histories(*[(0.0, 0.0, float(9 * i)) for i in range(20)]), id="nobody came back"),
        pytest.param(histories(*[(0.0, 0.0, 90.0)] * 19, (1.0, 3.0, 90.0)), id="one of twenty came back"),
    ],
)
def test_a_handful_of_customers_is_enough(model: type[LikelihoodEstimator], summary: pl.DataFrame) -> None:
    with pytest.raises(UnusableFitError):
        model().fit(summary)
    fit = fit_purchases(model, summary, PRIOR)
    assert 0.4 < share_of(fit) <= 1.0
    for values in (fit.expected_purchases(summary, 365.0), fit.probability_of_no_purchase(summary, 90.0)):
        assert np.isfinite(values).all()
        assert (values >= 0).all()


@each_model
def test_the_prior_s_share_falls_as_customers_come(model: type[LikelihoodEstimator]) -> None:
    prior = PRIOR.of(model.name)
    shares = [share_of(model(prior=prior).fit(customers(count))) for count in (0, 1, 5, 20, 100, 400, 1600)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1.0)
    assert shares[3] > 0.2
    assert 0.005 < shares[-1] < 0.06


def test_with_ten_thousand_customers_the_prior_is_not_heard() -> None:
    alone = BetaGeometricNbd().fit(customers(10_000))
    helped = BetaGeometricNbd(prior=PRIOR.of("bg_nbd")).fit(customers(10_000))
    assert alone.report_ is not None
    for letter, value in alone.params_.items():
        assert abs(helped.params_[letter] - value) < 0.05 * alone.report_.standard_errors[letter]
    assert 0 < share_of(helped) < 0.005
    assert share_of(alone) == 0.0


def test_merchants_with_enough_data_are_fitted_without() -> None:
    summary = customers(600)
    fit = fit_purchases(BetaGeometricNbd, summary, PRIOR)
    assert fit.params_ == BetaGeometricNbd().fit(summary).params_
    assert fit.report_ is not None
    assert (fit.report_.prior_share, fit.report_.prior_version, fit.report_.message) == (0.0, "", "")


@pytest.mark.parametrize(("count", "age", "is_small"), [(499, 180.0, True), (500, 179.0, True), (500, 180.0, False)])
def test_who_is_small(count: int, age: float, is_small: bool) -> None:
    why = why_small(histories(*[(0.0, 0.0, age)] * count))
    assert bool(why) is is_small
    assert not why or str(count) in why


def test_a_limit_of_the_model_becomes_a_fit_that_says_so() -> None:
    rng = np.random.default_rng(11)
    age = rng.uniform(200, 500, 1500)
    x = rng.poisson(rng.gamma(3.0, 1 / 60.0, age.size) * age)
    last = np.where(x > 0, age * rng.random(age.size) ** (1 / np.maximum(x, 1)), 0.0)
    summary = histories(*zip(x.astype(float), last, age, strict=True))
    with pytest.raises(UnusableFitError, match="nobody ever leaves"):
        BetaGeometricNbd().fit(summary)
    fit = fit_purchases(BetaGeometricNbd, summary, PRIOR)
    assert fit.report_ is not None
    assert fit.report_.is_usable
    assert "nobody ever leaves" in fit.report_.message
    assert fit.params_["a"] / (fit.params_["a"] + fit.params_["b"]) < 0.01
    assert fit.params_["r"] / fit.params_["alpha"] == pytest.approx(3.0 / 60.0, rel=0.05)
    assert 0.1 < share_of(fit) < 0.5


@each_model
def test_customers_who_are_all_alike_end_at_parameters_that_still_mean_something(
    model: type[LikelihoodEstimator],
) -> None:
    """Twenty thousand who come every week to the day: rates without spread, held where they are as good as that."""
    weekly = histories(*[(float(n), 7.0 * n, 7.0 * n + i % 7) for i in range(60) for n in [5 + i % 60]])
    fit = fit_purchases(model, weekly.with_columns(weight=pl.lit(333.0)), PRIOR)
    assert fit.report_ is not None
    assert fit.report_.customer_count == 19_980
    assert fit.params_["r"] == pytest.approx(900.0)
    assert fit.params_["r"] / fit.params_["alpha"] == pytest.approx(1 / 7, rel=0.05)
    np.testing.assert_allclose(fit.expected_purchases(weekly, 365.0), 52.0, rtol=0.05)


HISTORY = st.tuples(st.integers(0, 400), st.floats(0.01, 1.0), st.integers(1, 20_000)).map(
    lambda drawn: (float(drawn[0]), max(drawn[1] * drawn[2], 0.01) if drawn[0] else 0.0, float(drawn[2]))
)


@settings(max_examples=25, deadline=None)
@given(st.lists(HISTORY, max_size=6))
def test_any_history_has_a_fit(rows: list[tuple[float, float, float]]) -> None:
    frame = histories(*rows)
    for model in MODELS:
        fit = fit_purchases(model, frame, PRIOR)
        assert 0 < share_of(fit) <= 1 + 1e-12
        assert np.isfinite(fit.expected_purchases(frame, 365.0)).all()


@each_model
def test_the_maximum_is_that_of_the_posterior(model: type[LikelihoodEstimator]) -> None:
    """Beside the fit the log-posterior is lower, whichever parameter is moved, and at the fit its slope is nothing."""
    summary, prior = customers(40), PRIOR.of(model.name)
    fit = model(prior=prior).fit(summary)
    cells = cells_of(distinct_histories(summary))
    at = np.log(list(fit.params_.values()))

    def log_posterior(point: np.ndarray) -> float:
        away = point - prior.mean
        return model().evaluate(cells, np.exp(point)).value - float(away @ prior.precision @ away) / 2

    top = log_posterior(at)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-3
        up, down = log_posterior(at + step), log_posterior(at - step)
        assert max(up, down) < top
        assert abs(up - down) / 2e-3 < 1e-3
        assert abs(prior.precision[i] @ (at - prior.mean)) > 1e-2  # The prior does pull, and the data hold against it.


def test_a_penalty_is_the_prior_around_one() -> None:
    summary = sample_calibration()
    mean_age = float(summary["age_days"].to_numpy().mean())
    around_one = NormalPrior(np.log([1.0, mean_age, 1.0, 1.0]), 200.0 * np.eye(4))
    penalised = BetaGeometricNbd(penalty=100.0).fit(summary).params_
    assert BetaGeometricNbd(prior=around_one).fit(summary).params_ == pytest.approx(penalised, rel=1e-6)
    with pytest.raises(StopError, match="one of the two"):
        BetaGeometricNbd(penalty=1.0, prior=around_one)


@each_model
def test_the_order_of_rows_does_not_change_a_bit(model: type[LikelihoodEstimator]) -> None:
    summary = customers(80)
    shuffled = summary.sample(fraction=1.0, shuffle=True, seed=4)
    assert fit_purchases(model, summary, PRIOR).report_ == fit_purchases(model, shuffled, PRIOR).report_


def test_a_prior_forecasts_small_merchants_better_than_their_own_data_or_the_prior_alone() -> None:
    """Merchants drawn from the prior, forty customers each: the error in the logarithm of the expected purchases."""
    rng = np.random.default_rng(20)
    prior = PRIOR.of("bg_nbd")
    covariance = np.array(PRIOR.models["bg_nbd"].covariance)
    errors: dict[str, list[float]] = {"helped": [], "alone": [], "prior": []}
    unusable = 0
    for _ in range(24):
        r, alpha, a, b = np.exp(rng.multivariate_normal(prior.mean, covariance))
        truth = BetaGeometricNbd.from_parameters(r=r, alpha=alpha, a=a, b=b)
        summary = simulate_bg_nbd(rng, 40, r=r, alpha=alpha, a=a, b=b)
        expected = np.log(truth.expected_purchases(summary, 365.0).sum())

        def error(model: BetaGeometricNbd, summary: pl.DataFrame = summary, expected: float = expected) -> float:
            return abs(float(np.log(model.expected_purchases(summary, 365.0).sum()) - expected))

        helped = error(fit_purchases(BetaGeometricNbd, summary, PRIOR))
        try:
            alone = error(BetaGeometricNbd().fit(summary))
        except UnusableFitError:
            unusable += 1
            continue
        errors["helped"].append(helped)
        errors["alone"].append(alone)
        errors["prior"].append(error(fit_purchases(BetaGeometricNbd, summary.clear(), PRIOR)))
    means = {name: float(np.mean(values)) for name, values in errors.items()}
    assert unusable > 0
    assert len(errors["alone"]) > 5
    assert means["helped"] < 0.9 * means["alone"]
    assert means["helped"] < 0.5 * means["prior"]


def test_a_customer_who_was_watched_for_long_is_judged_by_what_they_did() -> None:
    summary = histories((0.0, 0.0, 0.0), (0.0, 0.0, 30.0), (3.0, 10.0, 300.0), (3.0, 10.0, 3000.0))
    fit = fit_purchases(BetaGeometricNbd, summary, PRIOR)
    shares = customer_prior_share(fit, summary)
    assert shares[0] == pytest.approx(share_of(fit))
    assert (np.diff(shares) < 0).all()
    assert 0 < shares[-1] < 0.1 * shares[0]
    assert (customer_prior_share(BetaGeometricNbd().fit(customers(600)), summary) == 0).all()


def test_spend_without_repeat_spend_is_the_merchant_s_own_mean() -> None:
    summary = spenders((0, None), (0, None))
    fit = fit_spend(summary, PRIOR, mean_spend=25.0)
    assert fit.expected_spend(summary).tolist() == [25.0, 25.0]
    assert share_of(fit) == pytest.approx(1.0)
    assert fit.params_["v"] == pytest.approx(25.0 * np.exp(PRIOR.of("gamma_gamma").mean[2]))
    with pytest.raises(UnusableFitError, match="only 0 customers"):
        GammaGamma(prior=PRIOR.of("gamma_gamma")).fit(summary)


def test_one_repeat_purchase_moves_its_customer_and_nobody_else() -> None:
    summary = spenders((1, 80.0), (0, None))
    one, other = fit_spend(summary, PRIOR, mean_spend=25.0).expected_spend(summary)
    assert 30.0 < one < 75.0
    assert other == pytest.approx(25.0)


def test_nothing_spent_is_nothing_expected() -> None:
    summary = spenders((0, None), (0, None))
    fit = fit_spend(summary, PRIOR, mean_spend=0.0)
    assert not fit.has_reliable_mean
    assert fit.expected_spend(summary).tolist() == [0.0, 0.0]


def test_spend_s_share_falls_as_spenders_come_and_ends_with_none() -> None:
    rng = np.random.default_rng(8)
    count = rng.integers(1, 6, 5000)
    rows = list(zip(count.tolist(), simulate_spend(rng, count, p=6.0, q=4.0, v=15.0).tolist(), strict=True))
    prior = PRIOR.of("gamma_gamma")
    fits = [GammaGamma(prior=prior, mean_spend=30.0).fit(spenders(*rows[:size])) for size in (0, 5, 50, 500, 5000)]
    shares = [share_of(fit) for fit in fits]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1.0)
    assert 0.2 < shares[2] < 0.5
    assert shares[-1] < 0.02
    alone = GammaGamma().fit(spenders(*rows))
    assert alone.report_ is not None
    for letter, value in alone.params_.items():
        assert abs(fits[-1].params_[letter] - value) < 0.2 * alone.report_.standard_errors[letter]


def test_the_currency_of_spend_does_not_matter() -> None:
    rng = np.random.default_rng(9)
    count = rng.integers(1, 6, 30)
    means = simulate_spend(rng, count, p=6.0, q=4.0, v=15.0)
    fits = [
        fit_spend(spenders(*zip(count.tolist(), (means * rate).tolist(), strict=True)), PRIOR, mean_spend=31.0 * rate)
        for rate in (1.0, 1000.0)
    ]
    scaled = {**fits[1].params_, "v": fits[1].params_["v"] / 1000.0}
    assert scaled == pytest.approx(fits[0].params_, rel=1e-6)
    assert share_of(fits[1]) == pytest.approx(share_of(fits[0]), rel=1e-6)


@pytest.mark.parametrize("count", [12, 300])
def test_identical_amounts_are_expected_again(count: int) -> None:
    summary = spenders(*[(1 + i % 5, 19.9) for i in range(count)])
    with pytest.raises(UnusableFitError):
        GammaGamma().fit(summary)
    fit = fit_spend(summary, PRIOR, mean_spend=19.9)
    np.testing.assert_allclose(fit.expected_spend(summary), 19.9, rtol=0.03)


def test_mean_spend_is_of_days_with_spend() -> None:
    days = pl.DataFrame({"units": [100_000, 0, 300_000]}, schema={"units": pl.Int64})
    assert mean_spend(days) == 20.0
    assert mean_spend(days.clear()) == 0.0


def test_a_prior_that_lacks_the_model_says_which_it_has() -> None:
    lacking = replace(PRIOR, models={"gamma_gamma": PRIOR.models["gamma_gamma"]})
    with pytest.raises(MisconfiguredError, match="bg_nbd: is missing"):
        fit_purchases(BetaGeometricNbd, customers(5), lacking)


def test_a_history_is_fitted_the_way_its_size_asks_for() -> None:
    fit = FitWithPrior(PRIOR)
    large = KnownHistory(sample_purchase_days(), None, CALIBRATION_END)
    small = large.before(260)
    assert fit(BetaGeometricNbd, large).params_ == BetaGeometricNbd().fit(large.summary).params_
    assert fit(GammaGamma, large).params_ == GammaGamma().fit(large.summary).params_
    for model in (*MODELS, GammaGamma):
        assert 0.01 < share_of(fit(model, small)) < 1
    # Spend is taken over what all days cost, first purchases too.
    spend = fit(GammaGamma, small)
    assert spend.observed_mean_ == mean_spend(small.net_days)
    silent = FitWithPrior(replace(PRIOR, models={}))
    with pytest.raises(UnusableFitError):
        silent(BetaGeometricNbd, small.before(12))
