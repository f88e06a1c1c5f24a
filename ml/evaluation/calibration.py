"""Whether a forecast means what it says: expected against actual, tenth by tenth of the customers.

A ranking can be perfect and every number wrong. Must not know where forecasts or outcomes come from.
"""

import numpy as np
import polars as pl
from scipy.stats import rankdata

from ml.estimator import FloatArray

DECILES_SCHEMA = pl.Schema(
    {
        "decile": pl.Int32(),
        "customer_count": pl.Int64(),
        "expected_value": pl.Float64(),
        "actual_value": pl.Float64(),
    }
)


def deciles(forecast: FloatArray) -> FloatArray:
    """The tenth that each customer belongs to by a forecast: 1 the lowest, 10 the highest; shape (n,).

    Customers with the same forecast stay together, in the tenth where the middle one of them stands, so that the order
    of rows does not matter. A tenth may hold more than a tenth of the customers, or nobody.
    """
    if forecast.size == 0:
        return np.zeros(0)
    middle = (rankdata(forecast) - 0.5) / forecast.size
    return np.floor(10.0 * middle) + 1.0


def decile_calibration(forecast: FloatArray, actual: FloatArray) -> pl.DataFrame:
    """Mean forecast and mean outcome per tenth of the customers by forecast.

    Args:
        forecast: One number per customer: expected purchase days, expected spend, or a probability; shape (n,).
        actual: What happened, in the same unit; for a probability 0 or 1.

    Returns:
        `DECILES_SCHEMA`, one row per tenth with somebody in it, from the lowest forecasts to the highest.
    """
    return (
        pl.DataFrame({"decile": deciles(forecast), "forecast": forecast, "actual": actual})
        .group_by("decile")
        .agg(
            pl.len().cast(pl.Int64).alias("customer_count"),
            pl.col("forecast").sort().mean().alias("expected_value"),
            pl.col("actual").sort().mean().alias("actual_value"),
        )
        .with_columns(pl.col("decile").cast(pl.Int32))
        .sort("decile")
        .match_to_schema(DECILES_SCHEMA)
    )
