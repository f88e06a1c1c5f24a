"""CPU time of a year's discounted value, ours without and with intervals, `lifetimes`' without: it has none.

Usage: python benchmarks/clv_value.py [--customers 1000000] [--repeats 3] [--results FILE]

The customers are those of `clv_fit.py`. Both predict with one set of parameters, those that we fitted, so that only the
predictions are compared. `lifetimes` discounts by months of 30 days and we by days, so the values are compared over
360 days at a rate of zero, where the two mean the same; the worst relative difference is printed with the times.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.clv_fit import cdnow_customers, commit, cpu_seconds, customers, written  # noqa: E402  # run as a script
from ml.estimator import FloatArray  # noqa: E402  # run as a script, from any folder
from ml.purchases.bg_nbd import BetaGeometricNbd  # noqa: E402
from ml.spend.gamma_gamma import GammaGamma  # noqa: E402
from ml.value.intervals import PredictiveDistributions  # noqa: E402
from ml.value.lifetime_value import lifetime_value  # noqa: E402

LEVEL = 0.8
MONTHS, DAYS_A_MONTH = 12, 30
MONTHLY_RATE = 0.01


YEAR = {"horizon_days": MONTHS * DAYS_A_MONTH, "annual_discount_rate": (1 + MONTHLY_RATE) ** 12 - 1}


def intervals(purchases: BetaGeometricNbd, spend: GammaGamma, summary: pl.DataFrame) -> None:
    """The intervals of each customer's purchases, spend and value."""
    distributions = PredictiveDistributions.of(purchases, spend, summary, **YEAR)
    distributions.count_interval(LEVEL)
    distributions.spend_interval(LEVEL)
    distributions.value_interval(LEVEL)


class Peer:
    """`lifetimes` at our parameters."""

    def __init__(self, purchases: BetaGeometricNbd, spend: GammaGamma, summary: pl.DataFrame) -> None:
        import lifetimes  # its import warns
        import pandas as pd

        self._buying = lifetimes.BetaGeoFitter()
        self._buying.params_ = pd.Series(purchases.params_)
        self._buying.predict = self._buying.conditional_expected_number_of_purchases_up_to_time
        self._spending = lifetimes.GammaGammaFitter()
        self._spending.params_ = pd.Series(spend.params_)
        self._history = [pd.Series(summary[name].to_numpy()) for name in ("frequency", "recency_days", "age_days")]
        self._count = pd.Series(summary["spend_day_count"].to_numpy())
        self._mean = pd.Series(summary["monetary_value"].fill_null(0.0).to_numpy())

    def value(self, monthly_rate: float) -> FloatArray:
        """What its `customer_lifetime_value` does, with spend days counted apart from purchases."""
        from lifetimes.utils import _customer_lifetime_value

        spend = self._spending.conditional_expected_average_profit(self._count, self._mean)
        arguments = {"time": MONTHS, "discount_rate": monthly_rate, "freq": "D"}
        return np.asarray(_customer_lifetime_value(self._buying, *self._history, spend, **arguments))


def compared(summary: pl.DataFrame, repeats: int) -> dict[str, object]:
    """Both sides' CPU seconds, the best of so many, and how far their values are apart."""
    purchases, spend = BetaGeometricNbd().fit(summary), GammaGamma().fit(summary)
    value_alone = min(cpu_seconds(lambda: lifetime_value(purchases, spend, summary, **YEAR))[0] for _ in range(repeats))
    with_intervals = value_alone + min(
        cpu_seconds(lambda: intervals(purchases, spend, summary))[0] for _ in range(repeats)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = Peer(purchases, spend, summary)
        theirs = min(cpu_seconds(lambda: peer.value(MONTHLY_RATE))[0] for _ in range(repeats))
        undiscounted = peer.value(0.0)
    value = lifetime_value(purchases, spend, summary, horizon_days=MONTHS * DAYS_A_MONTH, annual_discount_rate=0.0)
    finite = np.isfinite(undiscounted)
    apart = np.abs(undiscounted[finite] / value[finite] - 1.0)
    return {
        "ours": value_alone,
        "ours with intervals": with_intervals,
        "lifetimes": theirs,
        "ratio": theirs / value_alone,
        "ratio with intervals": theirs / with_intervals,
        "worst difference": float(apart.max()),
        "not finite there": int((~finite).sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    commit()  # Before others commit: what runs is what was there at the start.
    for kind, draw in (("simulated", customers), ("cdnow", cdnow_customers)):
        line = {"kind": kind, "customers": arguments.customers, "what": "12-month value"}
        written(line | compared(draw(arguments.customers), arguments.repeats), arguments.results)


if __name__ == "__main__":
    main()
