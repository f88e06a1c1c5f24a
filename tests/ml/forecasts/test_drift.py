import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2

from ml.evaluation.rolling_origins import ROLLING_SCHEMA
from ml.forecasts.drift import (
    LevelResidual,
    input_drift,
    input_sketch,
    level_residuals,
    population_stability_index,
    residual_drift,
)
from ml.forecasts.forecast_checks import ForecastCheck

DAY = date(2026, 3, 31)


def customers(count: int = 4_000, *, days: int = 400, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.integers(0, days, count).astype(np.float64)
    frequency = rng.poisson(age / 200.0 * rng.gamma(0.8, 1.0, count))
    recency = np.where(frequency > 0, np.floor(age * rng.random(count)), 0.0)
    spend = np.where(frequency > 0, rng.gamma(3.0, 12.0, count), np.nan)
    return pl.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(count)],
            "frequency": frequency,
            "recency_days": recency,
            "age_days": age,
            "spend_day_count": frequency,
            "monetary_value": spend,
        }
    ).with_columns(pl.col("monetary_value").fill_nan(None))


NOW = customers()
SKETCH = input_sketch(NOW, as_of_date=DAY)


def failed(checks: list[ForecastCheck]) -> set[str]:
    assert all(not check.is_blocking for check in checks)
    return {check.name for check in checks if not check.has_passed}


def test_the_sketch_is_small_and_json_and_names_nobody() -> None:
    text = json.dumps(SKETCH, allow_nan=False)
    assert json.loads(text) == SKETCH
    assert len(text) < 2_500
    assert "c1" not in text
    assert sum(SKETCH["distributions"]["frequency"]["counts"]) == NOW.height
    assert SKETCH["new_customers_by_week"][-1] == NOW.filter(pl.col("age_days") < 7).height
    assert len(SKETCH["new_customers_by_week"]) == 26


def test_the_same_customers_have_not_drifted() -> None:
    checks = input_drift(SKETCH, NOW, as_of_date=DAY)
    assert failed(checks) == set()
    assert [check.name for check in checks] == [
        "customers_stay",
        "frequency_is_stable",
        "days_since_last_purchase_is_stable",
        "age_days_is_stable",
        "monetary_value_is_stable",
        "new_customers_are_stable",
    ]
    assert "index 0.000" in checks[1].message


def test_other_customers_of_the_same_shop_have_not_drifted() -> None:
    for seed in range(2, 6):
        assert failed(input_drift(SKETCH, customers(seed=seed), as_of_date=DAY)) == set()
        small = input_sketch(customers(60, seed=seed), as_of_date=DAY)
        assert failed(input_drift(small, customers(60, seed=seed + 10), as_of_date=DAY)) == set()


def test_days_that_pass_move_ages_and_nothing_else() -> None:
    """A month on, everybody is a month older and new customers have come at the usual rate."""
    rng = np.random.default_rng(3)
    new = customers(300, days=30, seed=4)
    later = pl.concat([NOW.with_columns(pl.col("age_days") + 30, pl.col("recency_days") + rng.integers(0, 30)), new])
    checks = input_drift(SKETCH, later, as_of_date=DAY + timedelta(days=30))
    assert failed(checks) == set()
    assert "index 0.000" in checks[3].message


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (NOW.with_columns(pl.col("monetary_value") * 100), {"monetary_value_is_stable"}),
        (NOW.with_columns(pl.col("frequency") * 3 + 1), {"frequency_is_stable"}),
        (
            NOW.with_columns(pl.col("age_days") + 90),
            {"days_since_last_purchase_is_stable", "age_days_is_stable", "new_customers_are_stable"},
        ),
        (NOW.head(3_800), {"customers_stay"}),
        (NOW.filter(pl.col("age_days") >= 28), {"customers_stay", "new_customers_are_stable"}),
        (NOW.clear(), {"customers_stay"}),
    ],
)
def test_what_breaks_is_named(broken: pl.DataFrame, found: set[str]) -> None:
    assert failed(input_drift(SKETCH, broken, as_of_date=DAY)) == found


def test_new_customers_are_notable_when_they_double() -> None:
    recent = sum(SKETCH["new_customers_by_week"][-4:]) / 4
    for usual, found in ((0.7, set()), (0.4, {"new_customers_are_stable"}), (2.4, {"new_customers_are_stable"})):
        before = {**SKETCH, "new_customers_by_week": [round(usual * recent)] * 26}
        assert failed(input_drift(before, NOW, as_of_date=DAY)) == found


def test_three_customers_and_none_are_no_drift() -> None:
    few = customers(3)
    assert failed(input_drift(input_sketch(few, as_of_date=DAY), few, as_of_date=DAY)) == set()
    nobody = input_sketch(NOW.clear(), as_of_date=DAY)
    assert json.loads(json.dumps(nobody, allow_nan=False)) == nobody
    assert failed(input_drift(nobody, NOW, as_of_date=DAY)) == set()


def test_the_index_by_hand_and_by_chance() -> None:
    moved = population_stability_index(np.array([100.0, 100.0]), np.array([150.0, 50.0]))
    assert moved == pytest.approx((0.74876 - 0.5) * np.log(0.74876 / 0.25124), abs=1e-4)
    rng = np.random.default_rng(5)
    one, other = rng.multinomial(1_000, [0.1] * 10, 400), rng.multinomial(500, [0.1] * 10, 400)
    index = np.array([population_stability_index(a, b) for a, b in zip(one, other, strict=True)])
    assert np.mean(index) == pytest.approx(9 * (1 / 1_000 + 1 / 500), rel=0.1)
    assert np.mean(index > chi2.ppf(0.9, 9) * (1 / 1_000 + 1 / 500)) == pytest.approx(0.1, abs=0.05)


def residuals(*ratios: float) -> list[LevelResidual]:
    return [
        LevelResidual(DAY + timedelta(days=90 * k), 90, 10_000.0, 10_000.0 * ratio) for k, ratio in enumerate(ratios)
    ]


def test_a_level_error_is_held_against_earlier_ones() -> None:
    check = residual_drift(residuals(0.9, 1.0, 1.1, 0.95, 1.02, 1.6), model_name="bg_nbd")
    assert (check.has_passed, check.is_blocking) == (False, False)
    assert "+60.0% purchase days" in check.message
    assert residual_drift(residuals(0.9, 1.0, 1.1, 0.95, 1.02, 1.2), model_name="bg_nbd").has_passed
    # Two origins that happen to agree do not make a narrow band.
    assert residual_drift(residuals(1.0, 1.0, 1.6), model_name="bg_nbd").has_passed
    assert not residual_drift(residuals(1.0, 1.0, 3.0), model_name="bg_nbd").has_passed
    assert "too few" in residual_drift(residuals(1.0, 3.0), model_name="bg_nbd").message


def test_a_handful_of_purchases_scatters_more() -> None:
    few = [LevelResidual(DAY, 90, 4.0, actual) for actual in (4.0, 4.0, 4.0, 4.0, 0.0)]
    assert residual_drift(few, model_name="bg_nbd").has_passed
    many = [LevelResidual(DAY, 90, 4_000.0, actual) for actual in (4_000.0, 4_000.0, 4_000.0, 4_000.0, 500.0)]
    assert not residual_drift(many, model_name="bg_nbd").has_passed


def test_residuals_are_read_from_the_backtest() -> None:
    rows = [
        ("bg_nbd", metric, day, 90, value, None, None)
        for day, value in ((DAY, 50.0), (DAY - timedelta(days=45), 40.0))
        for metric, value in (("expected_purchases", value), ("actual_purchases", value + 5), ("mae", 1.0))
    ]
    rows.append(("recency", "actual_purchases", DAY, 90, 55.0, None, None))
    table = pl.DataFrame(rows, schema=ROLLING_SCHEMA, orient="row")
    assert level_residuals(table, "bg_nbd") == [
        LevelResidual(DAY - timedelta(days=45), 90, 40.0, 45.0),
        LevelResidual(DAY, 90, 50.0, 55.0),
    ]
    assert level_residuals(table, "recency") == []
    assert level_residuals(table, "nobody") == []
