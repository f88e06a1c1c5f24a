"""Churn as what a merchant can observe: no purchase within a stated number of days.

Never the complement of P(alive): a one-time buyer is alive with certainty under the BG/NBD although most never return,
so that score ranks customers worse than a coin (docs/models.md, section 4). Must not know a model by name.
"""

import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, refuse_horizon


def churn_probability(purchases: PurchaseEstimator, summary: pl.DataFrame, *, horizon_days: float) -> FloatArray:
    """P(no purchase day within the next `horizon_days`), given each customer's history (eq. 7).

    Args:
        purchases: A fitted model.
        summary: Purchase summary of n customers.
        horizon_days: Zero or more; a probability of churn means nothing without it.

    Returns:
        Probabilities of shape (n,); 1 at a horizon of zero, and never rising with the horizon.

    Raises:
        StopError: The horizon is no number of days.
    """
    refuse_horizon(horizon_days)
    return purchases.probability_of_no_purchase(summary, horizon_days).clip(0.0, 1.0)
