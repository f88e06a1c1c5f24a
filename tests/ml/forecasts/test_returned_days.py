"""Purchase days of which all went back: they count as purchases, and nothing may be expected to be spent on them."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF, CALIBRATION_END, sample_calibration, sample_purchase_days

from ml.contenders.baseline import Naive
from ml.contenders.parametric import Parametric
from ml.evaluation.coverage import SPEND
from ml.forecasts.backtesting import backtested, reach_at_origins
from ml.forecasts.predictions import Speaker, expected_of, predict
from ml.forecasts.settings import ForecastSettings
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma, spend_day_share

DAYS = sample_purchase_days()
RETURNED = DAYS[::4]
REFUNDS = RETURNED.with_columns(refund_date=pl.col("purchase_date") + timedelta(days=1))
PAID = {"p": 6.25, "q": 3.74, "v": 15.44}


def test_the_share_is_of_repeat_days_and_drawn_to_one() -> None:
    summary = pl.DataFrame({"frequency": [20, 0, 10], "spend_day_count": [15, 0, 5]})
    assert spend_day_share(summary) == pytest.approx(30 / 40)
    assert spend_day_share(summary[1:2]) == 1.0
    assert spend_day_share(pl.DataFrame({"frequency": [1], "spend_day_count": [0]})) == pytest.approx(10 / 11)


@pytest.mark.parametrize("contender", [Parametric(BetaGeometricNbd), Naive()], ids=lambda one: one.name)
def test_what_goes_back_is_not_expected_to_be_spent(contender: Parametric | Naive) -> None:
    whole, kept = (
        contender.forecast(KnownHistory(DAYS, refunds, CALIBRATION_END), horizon_days=273, order_horizon_days=90)
        for refunds in (REFUNDS, None)
    )
    assert whole.spend is not None
    assert kept.spend is not None
    np.testing.assert_array_equal(whole.purchase_count, kept.purchase_count)
    # A quarter of all days, of whatever amount.
    assert whole.spend.sum() / kept.spend.sum() == pytest.approx(0.75, abs=0.04)


def test_value_intervals_and_totals_know_it() -> None:
    summary = sample_calibration().with_columns((pl.col("spend_day_count") * 2 // 3).alias("spend_day_count"))
    share = spend_day_share(summary)
    assert 0.4 < share < 0.7
    bg = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)
    speaker = Speaker("bg_nbd", "model", bg, GammaGamma.from_parameters(**PAID), None, {})
    settings = ForecastSettings("cdnow", CALIBRATION_END, annual_discount_rate=0.0)
    said = expected_of(summary, speaker, settings)
    np.testing.assert_allclose(said.spend, said.counts * said.per_day, rtol=1e-12)
    np.testing.assert_allclose(said.per_day, speaker.spend.expected_spend(summary) * share, rtol=1e-12)
    np.testing.assert_allclose(said.distributions.times_spend, share, rtol=1e-12)
    predictions = predict(summary, speaker, settings, said)
    assert float(predictions["clv_amount"].sum()) == pytest.approx(float(said.spend.sum()), rel=1e-4)
    paid = said.distributions.totals
    assert paid is not None
    highest = paid.quantiles(np.array([0.9]))[:, 0]
    np.testing.assert_allclose(predictions["clv_high_amount"].cast(pl.Float64).to_numpy(), highest * share, atol=0.006)


def test_past_totals_are_held_against_the_same_expectation() -> None:
    history = KnownHistory(DAYS, REFUNDS, AS_OF)
    settings = ForecastSettings("cdnow", AS_OF, has_challengers=False)
    rolling = backtested(history, settings)
    with_share = reach_at_origins(history, rolling, BetaGeometricNbd, BetaGeometricNbd.name, settings)
    errors = with_share.level_errors
    # Spend misses by what counts miss, and not by the quarter that goes back on top of it.
    assert errors[SPEND].log_variance == pytest.approx(errors["purchase_count"].log_variance, abs=0.006)
