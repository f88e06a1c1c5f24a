"""The parametric contenders say what their models say, and the baselines what theirs do."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF, CALIBRATION_END, sample_purchase_days

from ml.contenders.baseline import Naive, Recency
from ml.contenders.parametric import Parametric, base_of
from ml.estimator import FitStatus, UnusableFitError
from ml.evaluation.baselines import own_mean_spend, recency_score, same_rate_purchases
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma, spend_day_share

CDNOW = KnownHistory(sample_purchase_days(), None, AS_OF).at(CALIBRATION_END)


def test_a_model_and_its_spend_are_fitted_on_the_history() -> None:
    said = Parametric(BetaGeometricNbd).forecast(CDNOW, horizon_days=273, order_horizon_days=90)
    model, spend = CDNOW.fitted(BetaGeometricNbd), CDNOW.fitted(GammaGamma)
    counts = model.expected_purchases(CDNOW.summary, 273)
    assert said.purchase_count is not None
    assert said.order_probability is not None
    assert said.spend is not None
    np.testing.assert_array_equal(said.purchase_count, counts)
    np.testing.assert_array_equal(
        said.order_probability, 1.0 - model.probability_of_no_purchase(CDNOW.summary, 90).clip(0, 1)
    )
    paid = spend_day_share(CDNOW.summary)
    np.testing.assert_allclose(said.spend, counts * spend.expected_spend(CDNOW.summary) * paid, rtol=1e-12)


def test_without_amounts_counts_are_still_said() -> None:
    free = KnownHistory(CDNOW.purchase_days.with_columns(amount=pl.lit(0.0)), None, CALIBRATION_END)
    for contender in (Parametric(ModifiedBetaGeometricNbd), Naive()):
        said = contender.forecast(free, horizon_days=273, order_horizon_days=90)
        assert said.spend is None
        assert said.purchase_count is not None


def test_the_baselines_are_their_functions() -> None:
    naive = Naive().forecast(CDNOW, horizon_days=100, order_horizon_days=90)
    own = own_mean_spend(CDNOW.summary)
    assert own is not None
    np.testing.assert_array_equal(naive.score, same_rate_purchases(CDNOW.summary, horizon_days=100))
    np.testing.assert_array_equal(naive.spend, naive.score * own * spend_day_share(CDNOW.summary))
    recency = Recency().forecast(CDNOW, horizon_days=100, order_horizon_days=90)
    np.testing.assert_array_equal(recency.score, recency_score(CDNOW.summary))
    assert recency.purchase_count is None


def test_the_base_is_the_first_model_that_can_be_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(base_of(CDNOW)) is BetaGeometricNbd
    last = date(2026, 6, 30)
    few = pl.DataFrame(
        {"customer_id": ["a", "b"], "purchase_date": [last, last - timedelta(days=9)], "amount": [1.0, 2.0]}
    )
    with pytest.raises(UnusableFitError) as caught:
        base_of(KnownHistory(few, None, last))
    assert caught.value.report.model_name == "bg_nbd"
    refused = KnownHistory(CDNOW.purchase_days, None, CALIBRATION_END)

    def refuse(*_: object) -> None:
        raise caught.value

    monkeypatch.setattr(BetaGeometricNbd, "fit", refuse)
    assert type(base_of(refused)) is ModifiedBetaGeometricNbd
    assert caught.value.report.status is FitStatus.TOO_FEW_CUSTOMERS
