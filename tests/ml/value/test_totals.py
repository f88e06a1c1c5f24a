"""Totals: moments against simulation, bands against the formula and against CDNOW's autumn."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import CALIBRATION_END, sample_calibration
from scipy.stats import t as student_t

from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import lifetime_value
from ml.value.totals import (
    TOTALS_SCHEMA,
    LevelError,
    Moments,
    OriginTotal,
    cohort_totals,
    count_moments,
    spend_moments,
)
from models.errors import StopError

BG = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)
SPEND = GammaGamma.from_parameters(p=6.25, q=5.74, v=25.44)


def predicted(summary: pl.DataFrame) -> PredictiveDistributions:
    return PredictiveDistributions.of(BG, SPEND, summary, horizon_days=365.0, annual_discount_rate=0.1)


def test_means_are_the_forecasts() -> None:
    summary = sample_calibration()
    found = predicted(summary)
    np.testing.assert_allclose(count_moments(found).mean, BG.expected_purchases(summary, 365.0), rtol=1e-9)
    value = spend_moments(found, SPEND, summary).times(found.discount)
    clv = lifetime_value(BG, SPEND, summary, horizon_days=365, annual_discount_rate=0.1)
    np.testing.assert_allclose(value.mean, clv, rtol=1e-9)


def test_variances_of_customers_who_follow_the_models() -> None:
    rng = np.random.default_rng(3)
    row = {"frequency": 4.0, "recency_days": 200.0, "age_days": 230.0, "spend_day_count": 3.0, "monetary_value": 40.0}
    summary = pl.DataFrame([row])
    found = predicted(summary)
    count, spend = count_moments(found), spend_moments(found, SPEND, summary)
    each = found.counts.probabilities_of(300)[0]
    counts = rng.choice(301, p=each / each.sum(), size=200_000)
    rate = rng.gamma(5.74 + 6.25 * 3, 1 / (25.44 + 120.0), counts.size)
    totals = np.where(counts > 0, rng.gamma(6.25 * np.maximum(counts, 1), 1 / rate), 0.0)
    assert count.variance[0] == pytest.approx(counts.var(), rel=0.03)
    assert spend.variance[0] == pytest.approx(totals.var(), rel=0.05)


def test_variances_stay_finite_where_the_model_has_none() -> None:
    wild = GammaGamma.from_parameters(p=0.7, q=0.9, v=40.0, observed_mean=30.0)
    summary = sample_calibration()
    found = spend_moments(predicted(summary), wild, summary)
    assert np.isfinite(found.variance).all()
    assert (found.variance > found.mean**2 / 100).all()


def test_bands_are_the_formulas() -> None:
    origins = [OriginTotal(100.0, 25.0, 120.0), OriginTotal(200.0, 40.0, 180.0), OriginTotal(0.0, 0.0, 3.0)]
    error = LevelError.learnt(origins)
    by_hand = (0.15**2 + np.log(1.2) ** 2 - 0.0025 + np.log(0.9) ** 2 - 0.001) / 3
    assert error.log_variance == pytest.approx(by_hand, rel=1e-12)
    assert error.origin_count == 2
    width = error.log_width(np.array([0.01]), 0.8)[0]
    assert width == pytest.approx(student_t.ppf(0.9, 3) * np.sqrt(by_hand + 0.01), rel=1e-12)


def test_bands_narrow_with_origins_that_were_right_and_widen_with_those_that_were_not() -> None:
    none = np.zeros(1)
    right = [LevelError.learnt([OriginTotal(100.0, 1.0, 101.0)] * n).log_width(none, 0.8)[0] for n in (0, 1, 3, 8)]
    assert right == sorted(right, reverse=True)
    assert right[0] == pytest.approx(0.15 * student_t.ppf(0.9, 1), rel=1e-9)
    assert right[-1] < 0.2 * right[0]
    wrong = LevelError.learnt([OriginTotal(100.0, 1.0, 160.0)] * 8).log_width(none, 0.8)[0]
    assert wrong > 0.6
    # Chance alone explains errors of this size.
    assert LevelError.learnt([OriginTotal(100.0, 2500.0, 101.0)] * 3).log_variance == 0.0


def test_cohorts_add_up_to_the_merchant() -> None:
    summary = sample_calibration()
    error = LevelError.learnt([])
    moments = count_moments(predicted(summary))
    table = cohort_totals(summary, moments, error, as_of_date=CALIBRATION_END, level=0.8)
    assert table.schema == TOTALS_SCHEMA
    assert table["cohort_month"].to_list() == [date(1997, 1, 1), date(1997, 2, 1), date(1997, 3, 1), None]
    merchant = table.row(-1, named=True)
    assert merchant["customer_count"] == summary.height == table["customer_count"][:-1].sum()
    assert merchant["expected"] == pytest.approx(moments.mean.sum(), rel=1e-12)
    assert table["expected"][:-1].sum() == pytest.approx(merchant["expected"], rel=1e-12)
    assert (table["low"] < table["expected"]).all()
    assert (table["high"] > table["expected"]).all()
    # Single customers' errors cancel the less, the fewer they are.
    folds = (table["high"] / table["low"]).to_numpy()
    assert (folds[:-1] > folds[-1]).all()
    order = np.random.default_rng(1).permutation(summary.height)
    shuffled = Moments(moments.mean[order], moments.variance[order])
    again = cohort_totals(summary[order], shuffled, error, as_of_date=CALIBRATION_END, level=0.8)
    assert again.equals(table)


def test_nobody_and_nonsense() -> None:
    error = LevelError.learnt([])
    nobody = Moments(np.zeros(0), np.zeros(0))
    table = cohort_totals(sample_calibration()[:0], nobody, error, as_of_date=CALIBRATION_END, level=0.8)
    assert table.rows() == [(None, 0, 0.0, 0.0, 0.0)]
    with pytest.raises(StopError, match="do not belong"):
        cohort_totals(sample_calibration(), nobody, error, as_of_date=CALIBRATION_END, level=0.8)
    with pytest.raises(StopError, match="level"):
        cohort_totals(sample_calibration()[:0], nobody, error, as_of_date=CALIBRATION_END, level=80)
