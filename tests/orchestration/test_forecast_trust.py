"""Whether intervals of synthetic merchants hold: of who follows the models, and of who does not and is said not to."""

from datetime import UTC, datetime
from functools import cache

import polars as pl
import pytest

from connectors.sandbox.histories import generate
from connectors.sandbox.presets import preset_merchant
from ml.forecasts.explanation import StoredRun
from ml.forecasts.forecasting import MerchantForecast, forecast_merchant
from ml.forecasts.settings import ForecastSettings
from orchestration.plots.accuracy import coverage_rows
from orchestration.report_verdict import TOLERATED_MISS, ReportData, verdict

FOLLOWERS = [("model_following", 1), ("model_following", 2)]
CUSTOMERS = 6_000


@cache
def forecast_of(preset: str, seed: int) -> MerchantForecast:
    merchant = preset_merchant(preset, customer_count=CUSTOMERS, seed=seed)
    orders = pl.concat(piece.rows for piece in generate(merchant) if piece.table == "orders")
    local = pl.col("ordered_at").dt.convert_time_zone(merchant.time_zone).dt.date()
    days = orders.group_by("customer_id", local.alias("purchase_date")).agg(pl.col("amount").sum())
    settings = ForecastSettings(preset, merchant.ends_on, has_challengers=False)
    return forecast_merchant(days, None, settings, "0" * 64)


def verdict_on(forecast: MerchantForecast) -> str:
    run = StoredRun(
        "m",
        forecast.model_run_id,
        forecast.summary["as_of_date"][0],
        forecast.model_name,
        forecast.base_model_name,
        forecast.prediction_basis,
        True,
        forecast.parameters,
        forecast.model_card,
    )
    at = datetime(2025, 1, 1, tzinfo=UTC)
    frames = (forecast.predictions, forecast.backtest, forecast.deciles, forecast.holdout_weeks)
    return " ".join(verdict(ReportData("Shop", "USD", run, at, None, {}, *frames, forecast.cohort_forecasts)))


def band(forecast: MerchantForecast, quantity: str) -> float:
    """How many times the lower end the upper end is, of the total of all customers."""
    row = forecast.cohort_forecasts.filter(pl.col("quantity") == quantity, pl.col("cohort") == "all")
    return float(row["high"][0] / row["low"][0])


@pytest.mark.parametrize(("preset", "seed"), FOLLOWERS)
def test_who_follows_the_models_is_covered_within_two_points(preset: str, seed: int) -> None:
    forecast = forecast_of(preset, seed)
    rows = coverage_rows(forecast.backtest).filter(pl.col("level").is_in([0.8, 0.9]))
    assert rows.height == 12  # purchase days, spend and value, as predicted and recalibrated
    for row in rows.to_dicts():
        assert row["coverage"] == pytest.approx(row["level"], abs=TOLERATED_MISS), row
    assert "beyond chance, so" not in verdict_on(forecast)


def test_who_does_not_follow_them_is_said_not_to_and_gets_wider_bands() -> None:
    seasonal = forecast_of("seasonal", 1)
    shares = coverage_rows(seasonal.backtest).filter(pl.col("measure") == "clv", pl.col("level") == 0.8)["coverage"]
    assert max(shares) < 0.8 - TOLERATED_MISS / 2
    assert "of the customers' outcomes: too few, beyond chance" in verdict_on(seasonal)
    for quantity in ("purchase_count", "clv"):
        assert band(seasonal, quantity) > 1.8 * max(band(forecast_of(*one), quantity) for one in FOLLOWERS)
