"""The figures of docs/models.md, drawn from the full CDNOW file by the plots that stand in the assets.

Usage: python benchmarks/model_figures.py
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cdnow_purchases import AS_OF, all_purchase_days  # noqa: E402  # run as a script, from any folder

from ml.forecasts.backtesting import base_named  # noqa: E402  # run as a script, from any folder
from ml.forecasts.forecasting import forecast_merchant  # noqa: E402  # the same
from ml.forecasts.settings import ForecastSettings  # noqa: E402  # the same
from orchestration import plots  # noqa: E402  # the same

IMAGES = ROOT / "docs" / "images"
CAPTION = "CDNOW, 23,570 customers, calibrated on 39 weeks, held out for 39"


def main() -> None:
    settings = ForecastSettings("cdnow", AS_OF, holdout_days=273, has_challengers=False)
    forecast = forecast_merchant(all_purchase_days(), None, settings, "0" * 64)
    base = base_named(forecast.base_model_name)
    model = base.from_parameters(**forecast.parameters[base.name])
    age_days = float(np.median(forecast.summary["age_days"].to_numpy()))
    frequencies, recencies = np.arange(31, dtype=float), np.linspace(0.0, age_days, 60)
    x, t_x = np.meshgrid(frequencies, recencies)
    grid = pl.DataFrame({"frequency": x.ravel(), "recency_days": t_x.ravel(), "age_days": np.full(x.size, age_days)})
    # Repeat purchases need time to happen in, and no repeat purchase means no time between first and last.
    impossible = ((x > 0) & (t_x == 0)) | ((x == 0) & (t_x > 0))
    alive = np.where(impossible, np.nan, model.probability_alive(grid).reshape(x.shape))
    deciles = forecast.deciles.filter(pl.col("model_name") == forecast.model_name)
    pictures = {
        "models-alive.png": plots.probability_alive_matrix(
            frequencies, recencies, alive, age_days=age_days, caption=f"{base.title}, CDNOW as of {AS_OF}"
        ),
        "models-holdout.png": plots.holdout_forecast(forecast.holdout_weeks, caption=CAPTION),
        "models-deciles.png": plots.calibration_by_decile(deciles, caption=CAPTION),
    }
    for name, png in pictures.items():
        (IMAGES / name).write_bytes(png)
        print(f"{name}: {len(png) / 1024:.0f} KiB, champion {forecast.model_name}")


if __name__ == "__main__":
    main()
