"""The plots that stand in the metadata of assets: read a merchant's rows, draw, and wrap the picture for Dagster."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import numpy as np
import polars as pl
import sqlalchemy as sa
import structlog

from ml.forecasts.backtesting import base_named
from ml.forecasts.forecasting import MerchantForecast
from models.reading import read_frame
from orchestration import plots
from orchestration.configuration import Merchant
from orchestration.merchant_run import MerchantRun

log = structlog.get_logger(__name__)

# A deployment of thousands of merchants would drown the asset's page and the run's night in pictures.
_MOST_MERCHANTS = 5
_MATRIX_FREQUENCIES = 30
_MATRIX_STEPS = 60

Pictures = dict[str, bytes]


def as_metadata(pictures: Pictures) -> dict[str, dg.MetadataValue]:
    """The pictures as Markdown that Dagster's UI shows."""
    return {
        name: dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")
        for name, png in pictures.items()
    }


def table_plots(run: MerchantRun, key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
    """The plots of a mart, one set per merchant of the run; empty for a table that has none."""
    draw = _TABLE_PLOTS.get("/".join(key.path))
    if draw is None:
        return {}
    schema, name = key.path
    pictures: Pictures = {}
    for merchant in run.merchants[:_MOST_MERCHANTS]:
        with _never_worth_a_night(merchant):
            table = sa.table(name, sa.column("merchant_id"), schema=schema)
            query = sa.select(sa.text("*")).select_from(table).where(table.c.merchant_id == merchant.merchant_id)
            with run.deployment.transformer.connect() as connection:
                rows = read_frame(connection, query)
            pictures |= {
                f"{title} ({merchant.merchant_id})": png for title, png in draw(rows, caption(run, merchant)).items()
            }
    return as_metadata(pictures)


@contextmanager
def _never_worth_a_night(merchant: Merchant) -> Iterator[None]:
    """Go on without a merchant's pictures when they cannot be drawn: a step draws those of all."""
    try:
        yield
    except Exception:
        log.exception("plots were left out", merchant_id=merchant.merchant_id)


def caption(run: MerchantRun, merchant: Merchant) -> str:
    """Whose numbers a picture shows, and as of when."""
    return f"{merchant.merchant_name}, as of {run.as_of_dates[merchant.merchant_id].isoformat()}"


def _retention(rows: pl.DataFrame, text: str) -> Pictures:
    return {"retention": plots.cohort_retention_heat_map(rows, caption=text)}


def _revenue(rows: pl.DataFrame, text: str) -> Pictures:
    return {"cumulative revenue": plots.cohort_revenue_curves(rows, caption=text)}


def _rfm(rows: pl.DataFrame, text: str) -> Pictures:
    return {
        "RFM grid": plots.rfm_grid(rows, caption=text),
        "segments": plots.rfm_segment_bars(rows, caption=text),
    }


def _transitions(rows: pl.DataFrame, text: str) -> Pictures:
    return {"moves between segments": plots.rfm_sankey(rows, caption=text)}


def _lifecycle(rows: pl.DataFrame, text: str) -> Pictures:
    return {"lifecycle stages": plots.lifecycle_stage_bars(rows, caption=text)}


_TABLE_PLOTS: dict[str, Callable[[pl.DataFrame, str], Pictures]] = {
    "marts/cohort_retention": _retention,
    "marts/cohort_revenue": _revenue,
    "marts/customer_lifecycle": _lifecycle,
    "marts/customer_rfm": _rfm,
    "marts/rfm_transitions": _transitions,
}


def model_plots(run: MerchantRun, forecasts: dict[str, MerchantForecast]) -> dict[str, dict[str, dg.MetadataValue]]:
    """The plots of the predict assets.

    Returns:
        Per table of `ml` (`model_runs`, `backtests`, `predictions`), its pictures.
    """
    drawn: dict[str, Pictures] = {"model_runs": {}, "backtests": {}, "predictions": {}}
    for merchant in [m for m in run.merchants if m.merchant_id in forecasts][:_MOST_MERCHANTS]:
        with _never_worth_a_night(merchant):
            forecast, text, who = forecasts[merchant.merchant_id], caption(run, merchant), f"({merchant.merchant_id})"
            drawn["model_runs"] |= {f"{title} {who}": png for title, png in _matrices(forecast, merchant, text).items()}
            drawn["backtests"] |= {
                f"holdout weeks {who}": plots.holdout_forecast(forecast.holdout_weeks, caption=text),
                f"calibration {who}": plots.calibration_by_frequency(forecast.frequency_buckets, caption=text),
                f"calibration by decile {who}": plots.calibration_by_decile(
                    forecast.deciles.filter(pl.col("model_name") == forecast.model_name), caption=text
                ),
                f"coverage of intervals {who}": plots.interval_coverage(forecast.backtest, caption=text),
            }
            predictions = forecast.predictions.with_columns(pl.lit(merchant.currency_code).alias("currency_code"))
            drawn["predictions"] |= {
                f"concentration of value {who}": plots.clv_concentration(
                    predictions, horizon_days=merchant.prediction.horizon_days, caption=text
                )
            }
    return {table: as_metadata(pictures) for table, pictures in drawn.items()}


def _matrices(forecast: MerchantForecast, merchant: Merchant, text: str) -> Pictures:
    """P(alive) and expected purchases over frequency and recency, for customers of the median age."""
    age_days = float(np.median(forecast.summary["age_days"].to_numpy()))
    if age_days < _MATRIX_STEPS:
        return {}
    frequencies = np.arange(_MATRIX_FREQUENCIES + 1, dtype=float)
    recencies = np.linspace(0.0, age_days, _MATRIX_STEPS)
    x, t_x = np.meshgrid(frequencies, recencies)
    grid = pl.DataFrame({"frequency": x.ravel(), "recency_days": t_x.ravel(), "age_days": np.full(x.size, age_days)})
    # Repeat purchases need time to happen in, and no repeat purchase means no time between first and last.
    base = base_named(forecast.base_model_name)
    model = base.from_parameters(**forecast.parameters[base.name])
    impossible = ((x > 0) & (t_x == 0)) | ((x == 0) & (t_x > 0))
    alive = model.probability_alive(grid).reshape(x.shape)
    expected = model.expected_purchases(grid, merchant.prediction.horizon_days).reshape(x.shape)
    return {
        "P(alive)": plots.probability_alive_matrix(
            frequencies, recencies, np.where(impossible, np.nan, alive), age_days=age_days, caption=text
        ),
        "expected purchases": plots.expected_purchases_matrix(
            frequencies,
            recencies,
            np.where(impossible, np.nan, expected),
            age_days=age_days,
            horizon_days=merchant.prediction.horizon_days,
            caption=text,
        ),
    }
