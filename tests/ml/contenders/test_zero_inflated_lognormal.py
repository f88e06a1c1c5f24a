"""The hurdle on value finds a known truth, and its heads are what they say."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ml.contenders.linear import Scale, linear, mean_head, probability_head
from ml.contenders.zero_inflated_lognormal import ZeroInflatedLognormal
from ml.estimator import FitReport, FitStatus, UnusableFitError
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma

LAST = date(2026, 6, 30)


def hurdle_shop(customers: int) -> tuple[KnownHistory, KnownHistory]:
    """Half come on one day in 100 and spend exp(N(3, .5)), half come once and never again. 100 days are held out."""
    rng = np.random.default_rng(5)
    comes = rng.uniform(size=(customers, 900)) < 0.01
    once = np.arange(customers) % 2 == 0
    comes[once] = False
    comes[once, rng.integers(0, 300, once.sum())] = True
    who, day = np.nonzero(comes)
    frame = pl.DataFrame({"who": who, "back": 899 - day, "amount": np.exp(rng.normal(3.0, 0.5, who.size))}).select(
        ("c" + pl.col("who").cast(pl.String)).alias("customer_id"),
        (pl.lit(LAST) - pl.duration(days="back")).alias("purchase_date"),
        "amount",
    )
    whole = KnownHistory(frame, None, LAST)
    return whole.before(100), whole


@pytest.fixture
def no_model_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such customers are at every model's boundary, which takes seconds to find out."""

    def refuse(estimator: BetaGeometricNbd | GammaGamma, _: pl.DataFrame) -> None:
        report = FitReport(estimator.name, FitStatus.SAME_RATE_FOR_ALL, "all alike", {}, {}, None, 1, 1)
        raise UnusableFitError(report)

    for estimator in (BetaGeometricNbd, ModifiedBetaGeometricNbd, GammaGamma):
        monkeypatch.setattr(estimator, "fit", refuse)


@pytest.mark.usefixtures("no_model_fits")
def test_finds_the_hurdle_and_the_size_behind_it() -> None:
    known, whole = hurdle_shop(700)
    said = ZeroInflatedLognormal().forecast(known, horizon_days=100, order_horizon_days=50)
    assert said.purchase_count is None
    assert said.spend is not None
    assert said.order_probability is not None
    happened = whole.outcome_of(known).by_customer
    spent = happened["spend"].to_numpy()
    stays = known.summary["customer_id"].str.slice(1).cast(pl.Int64).to_numpy() % 2 == 1
    assert said.score[stays].mean() == pytest.approx(1 - 0.99**100, abs=0.08)
    assert said.order_probability[stays].mean() == pytest.approx(1 - 0.99**50, abs=0.08)
    assert said.spend[stays].mean() == pytest.approx(np.exp(3.125), rel=0.15)
    assert said.score[~stays].max() < 0.1
    assert said.spend.sum() == pytest.approx(spent.sum(), rel=0.15)


@pytest.mark.usefixtures("no_model_fits")
def test_where_nothing_is_spent_there_is_no_value_to_say() -> None:
    known, _ = hurdle_shop(260)
    free = KnownHistory(known.purchase_days.with_columns(amount=pl.lit(0.0)), None, known.as_of_date)
    with pytest.raises(UnusableFitError, match="spent anything"):
        ZeroInflatedLognormal().forecast(free, horizon_days=90, order_horizon_days=50)


def test_heads_maximise_their_penalised_likelihoods() -> None:
    rng = np.random.default_rng(2)
    columns = rng.gamma(1.0, 5.0, size=(500, 3))
    design = Scale.of(columns).design(columns)
    happened = (rng.uniform(size=500) < expit(design[:, 1] - 1.0)).astype(np.float64)
    logit = probability_head(design, happened)
    # At the maximum the gradient of the likelihood is the ridge's.
    pull = design.T @ (happened - expit(linear(design, logit)))
    np.testing.assert_allclose(pull, [0.0, *logit[1:]], atol=1e-6)
    target = 2.0 + design[:, 2] + rng.normal(size=500)
    mean = mean_head(design, target)
    np.testing.assert_allclose(design.T @ (target - linear(design, mean)), [0.0, *mean[1:]], atol=1e-8)


def test_what_separates_for_certain_stays_finite() -> None:
    columns = np.repeat([[0.0], [9.0]], 50, axis=0)
    design = Scale.of(columns).design(columns)
    logit = probability_head(design, (columns[:, 0] > 0).astype(np.float64))
    assert np.isfinite(logit).all()
    assert expit(linear(design, logit))[[0, -1]] == pytest.approx([0.0, 1.0], abs=0.1)


def test_missing_is_the_mean_and_far_out_is_no_further_than_the_edge() -> None:
    columns = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [1e9, np.nan]])
    scale = Scale.of(columns[:2])
    design = scale.design(columns)
    assert design[2].tolist() == [1.0, 0.0, 0.0]
    assert design[3].tolist() == [1.0, 4.0, 0.0]
