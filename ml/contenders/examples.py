"""What there is to learn from: customers as they were known on earlier days, with what they did next.

A history is cut at days inside it; features are those of `ml.contenders.features` at the cut, with models fitted on
what was known then, and outcomes are what the history knows of the days after it. Must not know what is learnt.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.contenders.features import FEATURES, point_in_time_features
from ml.estimator import FitReport, FitStatus, FloatArray, UnusableFitError
from ml.histories.known_history import KnownHistory

MINIMUM_HORIZON_DAYS = 28
MINIMUM_CUSTOMERS = 200
MINIMUM_OUTCOMES = 50
# More teach small trees nothing, and cost time in proportion.
MAXIMUM_EXAMPLES = 50_000
_CUTS = 3


@dataclass(frozen=True)
class Examples:
    """n examples; a customer is one at every cut by which they had bought.

    Attributes:
        features: `FEATURES` at the cut, NaN where one does not exist, shape (n, k).
        purchase_count: Purchase days within `horizon_days` after it, shape (n,).
        spend: Spend of those days, shape (n,).
        ordered: 1 for who bought within `order_horizon_days`, else 0, shape (n,).
        horizon_days: What was asked for, or the longest that half of the history shows.
        order_horizon_days: At most that.
    """

    features: FloatArray
    purchase_count: FloatArray
    spend: FloatArray
    ordered: FloatArray
    horizon_days: int
    order_horizon_days: int

    def column(self, name: str) -> FloatArray:
        """One feature by name, shape (n,)."""
        return self.features[:, FEATURES.index(name)]


def examples_of(history: KnownHistory, *, learner: str, horizon_days: int, order_horizon_days: int) -> Examples:
    """Examples from up to three cuts, each with at least as many days before it as are looked at after it.

    Args:
        history: All that may be known.
        learner: Whose refusal it would be.
        horizon_days: What is to be forecast.
        order_horizon_days: See there.

    Raises:
        UnusableFitError: The history is too short, or has too few customers or outcomes to learn from.
    """
    horizon = min(horizon_days, history.days // 2)
    order_horizon = min(order_horizon_days, horizon)
    if horizon < min(MINIMUM_HORIZON_DAYS, horizon_days):
        raise refusal(
            learner,
            FitStatus.HISTORY_TOO_SHORT,
            f"the history is {history.days} days long; learning needs {2 * MINIMUM_HORIZON_DAYS}, half of them to look "
            "back from and half to see what followed. Load an earlier history",
            history,
        )
    found = history.once(("examples", horizon, order_horizon), lambda: _examples(history, horizon, order_horizon))
    customers = found.ordered.size
    came, ordered = int(np.sum(found.purchase_count > 0)), int(found.ordered.sum())
    if customers < MINIMUM_CUSTOMERS or min(came, ordered, customers - came) < MINIMUM_OUTCOMES:
        raise refusal(
            learner,
            FitStatus.TOO_FEW_CUSTOMERS,
            f"{customers} customers can be looked back at, of whom {came} came again within {horizon} days and "
            f"{ordered} within {order_horizon}; learning needs {MINIMUM_CUSTOMERS} customers, and {MINIMUM_OUTCOMES} "
            "who came and who did not. Load more of the order history",
            history,
        )
    return found


def refusal(learner: str, status: FitStatus, message: str, history: KnownHistory) -> UnusableFitError:
    """A contender's own reason not to forecast from a history."""
    repeat = history.summary.filter(pl.col("frequency") > 0).height
    return UnusableFitError(FitReport(learner, status, message, {}, {}, None, history.summary.height, repeat))


def feature_matrix(history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> FloatArray:
    """`FEATURES` of every customer today, NaN where one does not exist, shape (n, k)."""
    table = point_in_time_features(history, horizon_days=horizon_days, order_horizon_days=order_horizon_days)
    return table.select(FEATURES).to_numpy()


def _examples(history: KnownHistory, horizon: int, order_horizon: int) -> Examples:
    starts = [back for k in range(_CUTS) if (back := horizon + k * horizon // 2) <= history.days - horizon]
    parts = [_examples_at(history, history.before(back), horizon, order_horizon, len(starts)) for back in starts]
    features, counts, spend, ordered = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Examples(features, counts, spend, ordered, horizon, order_horizon)


def _examples_at(
    history: KnownHistory, cut: KnownHistory, horizon: int, order_horizon: int, cuts: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    known = feature_matrix(cut, horizon_days=horizon, order_horizon_days=order_horizon)
    outcome = history.outcome_of(cut, days=horizon).by_customer
    # Every n-th of the sorted customers: the same ones at every run.
    every = max(1, -(-known.shape[0] * cuts // MAXIMUM_EXAMPLES))
    ordered = (outcome["days_to_next"].fill_null(np.inf).to_numpy() <= order_horizon).astype(np.float64)
    counts, spend = outcome["purchase_count"].to_numpy(), outcome["spend"].to_numpy()
    return known[::every], counts[::every], spend[::every], ordered[::every]
