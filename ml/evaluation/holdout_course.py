"""A model's course through the days after a history: week by week, and by how often customers had come before.

Works on every model alike (docs/models.md, section 6). Must not fit a model: it takes fitted ones.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator
from ml.histories.known_history import KnownHistory, Outcome

# Customers who came back more often than this are one bucket: each frequency of its own would hold a handful.
_LAST_BUCKET = 7

FREQUENCY_BUCKETS_SCHEMA = pl.Schema(
    {
        "calibration_frequency": pl.Int64(),
        "customer_count": pl.Int64(),
        "actual_purchases": pl.Float64(),
        "expected_purchases": pl.Float64(),
    }
)
HOLDOUT_WEEKS_SCHEMA = pl.Schema(
    {
        "week_number": pl.Int32(),
        "week_end_date": pl.Date(),
        "actual_purchases": pl.Float64(),
        "expected_purchases": pl.Float64(),
    }
)


def frequency_buckets(earlier: KnownHistory, outcome: Outcome, expected_purchases: FloatArray) -> pl.DataFrame:
    """Mean holdout purchases per customer, actual and expected, by repeat purchases in calibration.

    The conditional expectations that Fader, Hardie and Lee (2005) compare models by: whether a forecast holds for those
    who came once and for those who came often, and not only in total.

    Args:
        earlier: What was known.
        outcome: What happened to its customers.
        expected_purchases: Expected purchase days in that time, in the order of its summary.

    Returns:
        `FREQUENCY_BUCKETS_SCHEMA`, one row per frequency 0, 1, …; the last stands for itself and more.
    """
    return (
        pl.DataFrame(
            {
                "calibration_frequency": earlier.summary["frequency"].clip(upper_bound=_LAST_BUCKET),
                "actual": outcome.by_customer["purchase_count"],
                "expected": expected_purchases,
            }
        )
        .group_by("calibration_frequency")
        .agg(
            pl.len().cast(pl.Int64).alias("customer_count"),
            pl.col("actual").mean().alias("actual_purchases"),
            pl.col("expected").mean().alias("expected_purchases"),
        )
        .sort("calibration_frequency")
        .match_to_schema(FREQUENCY_BUCKETS_SCHEMA)
    )


def holdout_weeks(earlier: KnownHistory, outcome: Outcome, purchases: PurchaseEstimator) -> pl.DataFrame:
    """Repeat purchase days per holdout week, as they happened and as the model expected them of such customers.

    Both count the customers acquired in calibration and nobody else; all their holdout purchases are repeat purchases.
    Expected is E[X(T + end of week)] - E[X(T + start of week)] summed over their ages T: the course of customers of
    these ages before anything else is known of them (eq. 12), as in the papers' tracking plots. It is not the sum of
    the forecasts given each history, which the backtest's `expected_purchases` is. A last week that the holdout cuts
    short has fewer days on both sides.

    Returns:
        `HOLDOUT_WEEKS_SCHEMA`, one row per started week.
    """
    ages = earlier.summary.group_by("age_days").agg(pl.len().alias("customers")).sort("age_days")
    age, customers = ages["age_days"].to_numpy(), ages["customers"].cast(pl.Float64).to_numpy()
    ends = np.append(np.arange(7, outcome.days, 7), outcome.days)
    edges = np.concatenate([[0], ends])
    reached, position = np.unique(age[:, None] + edges[None, :], return_inverse=True)
    course = purchases.expected_repeat_purchases(reached)[position.reshape(age.size, edges.size)]
    expected = np.diff((course * customers[:, None]).sum(axis=0))
    so_far = np.concatenate([[0.0], np.cumsum(outcome.purchases_by_day)])
    return pl.DataFrame(
        {
            "week_number": np.arange(1, ends.size + 1),
            "week_end_date": [earlier.as_of_date + timedelta(days=int(end)) for end in ends],
            "actual_purchases": np.diff(so_far[edges]),
            "expected_purchases": expected,
        },
        schema=HOLDOUT_WEEKS_SCHEMA,
    )
