"""Customer lifetime value: discounted expected spend over a stated horizon, or over all that is left.

Money is discounted continuously at a stated annual rate, from the as-of date on (docs/models.md, section 5). Must not
know a model by name, and leaves rounding to the caller.
"""

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator, refuse_horizon
from ml.histories.purchase_histories import DistinctPairs
from models.errors import StopError

DAYS_PER_YEAR = 365.0
# In log-time the expected purchases are analytic in a strip of this half-width (docs/models.md, eq. 19).
_STRIP = np.pi / 2.0
_DIGITS = 13.0
_NODE_COUNTS = (6, 10, 16, 24, 40, 64, 100)
# Money of a day so many discounting times ahead is worth exp(-45) = 3e-20 of itself, and so is all that comes later:
# expected purchases grow at most evenly.
_FOR_EVER = 45.0


def daily_discount_rate(annual_discount_rate: float) -> float:
    """The continuous rate per day that makes an annual one: ln(1 + rate) / 365 (eq. 17).

    Raises:
        StopError: The rate is negative or not finite.
    """
    if not (np.isfinite(annual_discount_rate) and annual_discount_rate >= 0):
        raise StopError(
            f"annual_discount_rate is a share, zero or more (0.10 is 10% a year); {annual_discount_rate} is not"
        )
    return float(np.log1p(annual_discount_rate)) / DAYS_PER_YEAR


def discounted_purchases(
    purchases: PurchaseEstimator, summary: pl.DataFrame, *, horizon_days: float, annual_discount_rate: float
) -> FloatArray:
    """Expected purchase days within a horizon, each weighted by what money of its day is worth today (eq. 18).

    Args:
        purchases: A fitted model.
        summary: Purchase summary of n customers.
        horizon_days: Zero or more.
        annual_discount_rate: A share a year; 0 gives the expected purchases.

    Returns:
        Shape (n,); relative error below 1e-9.

    Raises:
        StopError: A horizon or rate without meaning.
    """
    pairs = DistinctPairs.of(summary)
    while_alive = discounted_purchases_while_alive(
        purchases, pairs, horizon_days=horizon_days, annual_discount_rate=annual_discount_rate
    )
    return purchases.probability_alive(summary) * while_alive[pairs.position]


def discounted_purchases_while_alive(
    purchases: PurchaseEstimator, pairs: DistinctPairs, *, horizon_days: float, annual_discount_rate: float
) -> FloatArray:
    """The same for customers known to be alive, of each distinct (x, T); see `discounted_purchases`."""
    refuse_horizon(horizon_days)
    rate = daily_discount_rate(annual_discount_rate)
    x, age = pairs.frequency, pairs.age_days
    if rate == 0.0 or horizon_days == 0.0:
        return purchases.expected_purchases_while_alive(x, age, np.full((x.size, 1), float(horizon_days)))[:, 0]
    return _integrated(purchases, x, age, float(horizon_days), rate)


def _integrated(
    purchases: PurchaseEstimator, x: FloatArray, age: FloatArray, horizon_days: float, rate: float
) -> FloatArray:
    """By parts (eq. 18): exp(-rate H) E[Y(H)] plus the integral of rate exp(-rate t) E[Y(t)] over t up to H.

    The integral goes over tau = log(1 + speed t): purchases grow evenly at first and ever more slowly later, so on that
    scale a few Gauss-Legendre nodes are exact.
    """
    # Never coarser than the discounting itself, for rates that are beyond this world.
    speed = np.maximum(1.0 / purchases.time_scale_days(x, age), rate)
    length = np.log1p(speed * horizon_days)
    ratio = 2.0 * _STRIP / length
    needed = _DIGITS * np.log(10.0) / (2.0 * np.log(ratio + np.sqrt(1.0 + ratio**2)))
    bucket = np.minimum(np.searchsorted(_NODE_COUNTS, needed), len(_NODE_COUNTS) - 1)
    result = np.empty(x.size)
    for place in np.unique(bucket):
        rows = np.flatnonzero(bucket == place)
        nodes, weights = np.polynomial.legendre.leggauss(_NODE_COUNTS[place])
        tau = length[rows, None] * (nodes + 1.0) / 2.0
        days = np.minimum(np.expm1(tau) / speed[rows, None], horizon_days)
        at_end = np.full((rows.size, 1), horizon_days)
        expected = purchases.expected_purchases_while_alive(x[rows], age[rows], np.concatenate([days, at_end], axis=1))
        density = np.exp(tau - rate * days) * (rate / speed[rows, None]) * (length[rows, None] / 2.0) * weights
        result[rows] = (expected[:, :-1] * density).sum(axis=1) + np.exp(-rate * horizon_days) * expected[:, -1]
    return result


def lifetime_value(
    purchases: PurchaseEstimator,
    spend: SpendEstimator,
    summary: pl.DataFrame,
    *,
    horizon_days: float,
    annual_discount_rate: float,
) -> FloatArray:
    """Discounted expected spend within a horizon, in the merchant's currency, unrounded (eq. 17).

    Args:
        purchases: A fitted model of purchases.
        spend: A fitted model of spend.
        summary: Purchase summary of n customers.
        horizon_days: Zero or more.
        annual_discount_rate: A share a year.

    Returns:
        Shape (n,); never falls as the horizon grows, and is expected purchases times expected spend at a rate of 0.

    Raises:
        StopError: A horizon or rate without meaning.
    """
    counted = discounted_purchases(
        purchases, summary, horizon_days=horizon_days, annual_discount_rate=annual_discount_rate
    )
    return counted * spend.expected_spend(summary)


def residual_lifetime_value(
    purchases: PurchaseEstimator, spend: SpendEstimator, summary: pl.DataFrame, *, annual_discount_rate: float
) -> FloatArray:
    """Discounted expected spend of all the future, in the merchant's currency, unrounded (eq. 51).

    Args:
        purchases: A fitted model of purchases.
        spend: A fitted model of spend.
        summary: Purchase summary of n customers.
        annual_discount_rate: A share a year, above zero: undiscounted purchases of all the future may be infinite.

    Returns:
        Shape (n,): the limit of `lifetime_value` as the horizon grows, relative error below 1e-9.

    Raises:
        StopError: A rate without meaning, or of zero.
    """
    if annual_discount_rate == 0:
        raise StopError("annual_discount_rate is 0; a value without a horizon needs a rate above it")
    horizon_days = _FOR_EVER / daily_discount_rate(annual_discount_rate)
    return lifetime_value(
        purchases, spend, summary, horizon_days=horizon_days, annual_discount_rate=annual_discount_rate
    )


def expected_residual_lifetime(purchases: PurchaseEstimator, summary: pl.DataFrame) -> FloatArray:
    """The expected days for which each customer remains one, those counted as zero who have left already (eq. 52).

    Returns:
        Shape (n,); NaN where the expectation does not exist, because some stay for so long that no mean is finite.
    """
    pairs = DistinctPairs.of(summary)
    while_alive = purchases.expected_lifetime_while_alive(pairs.frequency, pairs.age_days)
    finite = np.where(np.isfinite(while_alive), while_alive, np.nan)
    return purchases.probability_alive(summary) * finite[pairs.position]
