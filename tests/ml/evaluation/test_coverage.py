"""Coverage: the published one of CDNOW, that of customers who follow the models, and of those who do not."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF, CALIBRATION_END, all_purchase_days
from scipy.stats import kstest

from ml.evaluation.coverage import (
    COVERAGE_SCHEMA,
    PURCHASE_COUNT,
    SPEND,
    VALUE,
    Actual,
    actual_within,
    coverage_table,
    customer_uniforms,
    kolmogorov_smirnov_distance,
    learnt_recalibrations,
    probability_integral_transforms,
    recalibrated,
    transforms_at_origin,
)
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import daily_discount_rate
from ml.value.totals import LevelError, Moments, OriginTotal, cohort_totals, count_moments
from models.errors import StopError

SEED = 1


def transforms(history: KnownHistory, earlier: KnownHistory) -> dict[str, np.ndarray]:
    return transforms_at_origin(
        history,
        earlier,
        earlier.fitted(BetaGeometricNbd),
        earlier.fitted(GammaGamma),
        days=(history.as_of_date - earlier.as_of_date).days,
        annual_discount_rate=0.1,
        seed=SEED,
    )


@pytest.fixture(scope="module")
def calibration() -> KnownHistory:
    return KnownHistory(all_purchase_days(), None, CALIBRATION_END)


@pytest.fixture(scope="module")
def holdout(calibration: KnownHistory) -> dict[str, np.ndarray]:
    whole = KnownHistory(all_purchase_days(), None, AS_OF)
    return transforms(whole, calibration)


def covered(values: dict[str, np.ndarray], measure: str) -> dict[float, float]:
    table = coverage_table({measure: values[measure]}, seed=SEED)
    return dict(zip(table["level"].to_list(), table["coverage"].to_list(), strict=True))


def test_published_coverage_of_cdnow(holdout: dict[str, np.ndarray]) -> None:
    """39 weeks after 39 weeks, 23,570 customers."""
    found = covered(holdout, PURCHASE_COUNT)
    for level, published in ((0.8, 0.79), (0.9, 0.88), (0.95, 0.94)):
        assert found[level] == pytest.approx(published, abs=0.006)
    assert kolmogorov_smirnov_distance(holdout[PURCHASE_COUNT]) == pytest.approx(0.023, abs=0.001)


def test_recalibrated_inside_the_calibration_cdnow_is_covered_within_two_points(
    calibration: KnownHistory, holdout: dict[str, np.ndarray]
) -> None:
    origins = [transforms(calibration, calibration.before(days)) for days in (91, 105, 119, 133)]
    recalibrations = learnt_recalibrations(origins)
    assert recalibrations[SPEND].origin_count == 4
    better = recalibrated(holdout, recalibrations)
    for measure in (PURCHASE_COUNT, SPEND, VALUE):
        found = covered(better, measure)
        assert found[0.8] == pytest.approx(0.8, abs=0.02)
        assert found[0.9] == pytest.approx(0.9, abs=0.02)
        before, after = (kolmogorov_smirnov_distance(values[measure]) for values in (holdout, better))
        assert before is not None
        assert after is not None
        assert after < 0.9 * before


def followers(customers: int, seed: int, *, horizon: float, rate: float) -> tuple[pl.DataFrame, Actual]:
    """Customers who follow the BG/NBD and the Gamma-Gamma from their first purchase to the horizon's end."""
    rng = np.random.default_rng(seed)
    age = rng.integers(10, 40, customers) * 10.0
    buys, leaves = rng.gamma(0.8, 1 / 40.0, customers), rng.beta(0.9, 3.0, customers)
    stays_for = rng.geometric(leaves)
    spends = rng.gamma(4.0, 1 / 15.0, customers)
    x, last, total, count, spend, value = (np.zeros(customers) for _ in range(6))
    now, active = np.zeros(customers), np.arange(customers)
    purchase = 0
    while active.size:
        purchase += 1
        now[active] += rng.exponential(1 / buys[active])
        active = active[now[active] <= age[active] + horizon]
        amount = rng.gamma(6.0, 1 / spends[active])
        seen = now[active] <= age[active]
        before, after = active[seen], active[~seen]
        x[before], last[before] = x[before] + 1, now[before]
        total[before] += amount[seen]
        count[after], spend[after] = count[after] + 1, spend[after] + amount[~seen]
        value[after] += amount[~seen] * np.exp(-daily_discount_rate(rate) * (now[after] - age[after]))
        active = active[stays_for[active] > purchase]
    summary = pl.DataFrame(
        {
            "frequency": x,
            "recency_days": last,
            "age_days": age,
            "spend_day_count": x,
            "monetary_value": np.where(x > 0, total / np.maximum(x, 1), 0.0),
        }
    )
    return summary, Actual(count, spend, value)


def test_who_follows_the_models_is_covered_at_every_level() -> None:
    summary, actual = followers(8_000, 7, horizon=365.0, rate=0.1)
    predicted = PredictiveDistributions.of(
        BetaGeometricNbd.from_parameters(r=0.8, alpha=40.0, a=0.9, b=3.0),
        GammaGamma.from_parameters(p=6.0, q=4.0, v=15.0),
        summary,
        horizon_days=365.0,
        annual_discount_rate=0.1,
    )
    found = probability_integral_transforms(predicted, actual, np.random.default_rng(2).random(summary.height))
    for measure in (PURCHASE_COUNT, SPEND, VALUE):
        for level, share in covered(found, measure).items():
            assert share == pytest.approx(level, abs=3.5 * np.sqrt(level * (1 - level) / summary.height))
        assert kstest(found[measure], "uniform").pvalue > 0.001
    # Plain intervals of counts enclose more: they cannot end within a count.
    plain = predicted.count_interval(0.8)
    assert np.mean((actual.purchase_count >= plain.low) & (actual.purchase_count <= plain.high)) > 0.82
    # Who spends three times as much as the model holds is not covered.
    wrong = Actual(actual.purchase_count, 3 * actual.spend, 3 * actual.value)
    missed = probability_integral_transforms(predicted, wrong, np.random.default_rng(2).random(summary.height))
    assert covered(missed, SPEND)[0.8] < 0.75
    assert kstest(missed[SPEND], "uniform").pvalue < 1e-6
    # A factor that knows it covers again what is above zero.
    knows = replace(predicted, factor=np.full(summary.height, 3.0))
    uniforms = np.random.default_rng(2).random(summary.height)
    again = probability_integral_transforms(knows, wrong, uniforms)
    np.testing.assert_allclose(again[SPEND], found[SPEND], rtol=1e-9)
    often = Actual(3 * actual.purchase_count, actual.spend, actual.value)
    unaware, aware = (
        kolmogorov_smirnov_distance(probability_integral_transforms(given, often, uniforms)[PURCHASE_COUNT])
        for given in (predicted, knows)
    )
    assert unaware is not None
    assert aware is not None
    assert aware < 0.5 * unaware


def test_what_happened_is_discounted_from_the_middle_of_its_day() -> None:
    days = pl.DataFrame(
        [
            ("b", date(2024, 1, 1), 10.0),
            ("a", date(2024, 1, 2), 10.0),
            ("a", date(2024, 1, 11), 7.0),
            ("a", date(2024, 1, 20), 5.0),
            ("c", date(2024, 1, 12), 99.0),  # a new customer belongs to nobody's forecast
            ("a", date(2024, 2, 20), 1000.0),  # after the window
        ],
        schema=["customer_id", "purchase_date", "amount"],
        orient="row",
    )
    history = KnownHistory(days, None, date(2024, 3, 1))
    actual = actual_within(history, history.at(date(2024, 1, 10)), days=20, annual_discount_rate=0.5)
    assert actual.purchase_count.tolist() == [2.0, 0.0]
    assert actual.spend.tolist() == [12.0, 0.0]
    daily = np.log(1.5) / 365
    assert actual.value == pytest.approx([7 * np.exp(-0.5 * daily) + 5 * np.exp(-9.5 * daily), 0.0], rel=1e-12)
    with pytest.raises(StopError):
        actual_within(history, history.at(date(2024, 1, 10)), days=200, annual_discount_rate=0.5)


def test_random_places_belong_to_customers_and_not_to_rows() -> None:
    ids = pl.Series([f"customer {i}" for i in range(5_000)])
    found = customer_uniforms(ids, seed=3)
    assert (customer_uniforms(ids.reverse(), seed=3)[::-1] == found).all()
    assert (customer_uniforms(ids[:7], seed=3) == found[:7]).all()
    assert (customer_uniforms(ids, seed=4) != found).all()
    assert ((found >= 0) & (found < 1)).all()
    assert kstest(found, "uniform").pvalue > 0.001


def test_the_table_and_its_confidence() -> None:
    values = np.random.default_rng(6).random(400)
    table = coverage_table({SPEND: values, PURCHASE_COUNT: np.zeros(0)}, seed=2)
    assert table.schema == COVERAGE_SCHEMA
    assert coverage_table({SPEND: values[::-1], PURCHASE_COUNT: np.zeros(0)}, seed=2).equals(table)
    for row in table.iter_rows(named=True):
        if row["measure"] == PURCHASE_COUNT:
            assert (row["coverage"], row["coverage_low"], row["ks_distance"]) == (None, None, None)
            continue
        width = 1.96 * np.sqrt(row["coverage"] * (1 - row["coverage"]) / 400)
        assert row["coverage"] == pytest.approx(row["level"], abs=0.08)
        assert row["coverage_low"] == pytest.approx(row["coverage"] - width, abs=0.012)
        assert row["coverage_high"] == pytest.approx(row["coverage"] + width, abs=0.012)
        assert row["ks_distance"] == pytest.approx(kstest(values, "uniform").statistic, rel=1e-9)


def test_cdnows_autumn_is_within_bands_learnt_before_it(calibration: KnownHistory) -> None:
    """The forecast is 14% too low, which its customers' own chances would not explain."""
    whole = KnownHistory(all_purchase_days(), None, AS_OF)

    def total(history: KnownHistory, earlier: KnownHistory) -> tuple[OriginTotal, Moments]:
        days = (history.as_of_date - earlier.as_of_date).days
        model = earlier.fitted(BetaGeometricNbd)
        predicted = PredictiveDistributions.of(model, None, earlier.summary, horizon_days=days, annual_discount_rate=0)
        moments = count_moments(predicted)
        came = float(history.outcome_of(earlier).by_customer["purchase_count"].sum())
        return OriginTotal(float(moments.mean.sum()), float(moments.variance.sum()), came), moments

    error = LevelError.learnt([total(calibration, calibration.before(days))[0] for days in (91, 105, 119, 133)])
    found, moments = total(whole, calibration)
    assert found.actual > 1.14 * found.expected
    assert found.expected + 5 * np.sqrt(found.variance) < found.actual
    bands = cohort_totals(calibration.summary, moments, error, as_of_date=CALIBRATION_END, level=0.9)
    low, high = bands.row(-1)[-2:]
    assert low < found.actual < high
    assert high < 1.5 * found.expected
