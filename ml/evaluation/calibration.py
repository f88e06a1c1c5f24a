"""Whether a forecast means what it says: expected against actual, tenth by tenth of the customers.

A ranking can be perfect and every number wrong. Must not know where forecasts or outcomes come from.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FloatArray
from ml.evaluation.influence import Ranking

DECILES_SCHEMA = pl.Schema(
    {
        "decile": pl.Int32(),
        "customer_count": pl.Int64(),
        "expected_value": pl.Float64(),
        "actual_value": pl.Float64(),
    }
)


def deciles(ranking: Ranking) -> npt.NDArray[np.intp]:
    """The tenth that each customer belongs to: 1 the lowest, 10 the highest; shape (n,).

    Customers with the same forecast stay together, in the tenth where the middle one of them stands, so that the order
    of rows does not matter. A tenth may hold more than a tenth of the customers, or nobody.
    """
    return np.floor(10.0 * ranking.standing).astype(np.intp) + 1


def decile_calibration(ranking: Ranking, forecast: FloatArray, actual: FloatArray) -> pl.DataFrame:
    """Mean forecast and mean outcome per tenth of the customers by forecast.

    Args:
        ranking: Of the customers by the forecast.
        forecast: One number per customer: expected purchase days, expected spend, or a probability; shape (n,).
        actual: What happened, in the same unit; for a probability 0 or 1.

    Returns:
        `DECILES_SCHEMA`, one row per tenth with somebody in it, from the lowest forecasts to the highest.
    """
    decile = deciles(ranking)
    count = np.bincount(decile, minlength=11)
    there = np.flatnonzero(count)
    return pl.DataFrame(
        {
            "decile": there,
            "customer_count": count[there],
            "expected_value": (np.bincount(decile, weights=forecast, minlength=11)[there] / count[there]),
            "actual_value": (np.bincount(decile, weights=actual, minlength=11)[there] / count[there]),
        },
        schema_overrides=DECILES_SCHEMA,
    )
