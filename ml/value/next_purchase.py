"""When a customer who is still there will probably buy again.

Must not know a model by name.
"""

import numpy as np
import polars as pl
from scipy.optimize.elementwise import find_root

from ml.estimator import FloatArray, PurchaseEstimator, refuse_horizon
from ml.histories.purchase_histories import DistinctPairs


def median_days_to_next_purchase(
    purchases: PurchaseEstimator, summary: pl.DataFrame, *, within_days: float
) -> FloatArray:
    """The days by which a customer who is still one has bought again with a probability of one half (eq. 50).

    Given that they have not left by the as-of date: whether they have is P(alive), and another matter. Where the model
    lets them leave before that purchase, those who do never make it, and count so.

    Args:
        purchases: A fitted model.
        summary: Purchase summary of n customers.
        within_days: How far ahead a date still means something.

    Returns:
        Shape (n,), relative error below 1e-9; NaN where a half is not reached within `within_days`, as of most who
        bought once.

    Raises:
        StopError: `within_days` is no number of days.
    """
    refuse_horizon(within_days)
    pairs = DistinctPairs.of(summary)

    def short_of_half(days: FloatArray, x: FloatArray, age: FloatArray) -> FloatArray:
        silent = purchases.purchase_count_probabilities_while_alive(x.ravel(), age.ravel(), days.ravel(), 0)
        result: FloatArray = silent.reshape(days.shape) - 0.5
        return result

    days = np.full(pairs.frequency.size, np.nan)
    limit = np.full(days.size, float(within_days))
    rows = np.flatnonzero(short_of_half(limit, pairs.frequency, pairs.age_days) <= 0)
    if rows.size:
        x, age = pairs.frequency[rows], pairs.age_days[rows]
        scale = purchases.time_scale_days(x, age)

        # On the scale of the model's own time silence falls about evenly, over minutes as over decades.
        def at(tau: FloatArray, x: FloatArray, age: FloatArray, scale: FloatArray) -> FloatArray:
            return short_of_half(scale * np.expm1(tau), x, age)

        found = find_root(at, (np.zeros(rows.size), np.log1p(limit[rows] / scale)), args=(x, age, scale))
        days[rows] = scale * np.expm1(found.x)
    return days[pairs.position]
