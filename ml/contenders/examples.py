"""What there is to learn from: customers as they were known on earlier days, with what they did next.

A history is cut at days inside it; features are those of `ml.contenders.features` at the cut, with models fitted on
what was known then, and outcomes are what the history knows of the days after it. Must not know what is learnt.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.contenders.features import FEATURES, point_in_time_features
from ml.contenders.refusals import refusal
from ml.estimator import FitStatus, FloatArray
from ml.histories.known_history import KnownHistory

MINIMUM_HORIZON_DAYS = 28
MINIMUM_EXAMPLES = 200
MINIMUM_OUTCOMES = 50
# More teach small trees nothing, and cost time in proportion.
MAXIMUM_EXAMPLES = 50_000
_MOST_CUTS = 3


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
    key = (horizon, order_horizon)
    # Before the features: they take fits, which are slow on a history that carries none.
    outcomes = history.once(("outcomes", *key), lambda: _outcomes(history, horizon, order_horizon))
    count = outcomes.height
    came, ordered = outcomes.filter(pl.col("purchase_count") > 0).height, int(outcomes["ordered"].sum())
    if count < MINIMUM_EXAMPLES or min(came, ordered, count - came) < MINIMUM_OUTCOMES:
        raise refusal(
            learner,
            FitStatus.TOO_FEW_CUSTOMERS,
            f"the history has {count} examples of a customer on an earlier day, of whom {came} came again within "
            f"{horizon} days and {ordered} within {order_horizon}; learning needs {MINIMUM_EXAMPLES}, and "
            f"{MINIMUM_OUTCOMES} of those who came and of those who did not. Load more of the order history",
            history,
        )
    return history.once(("examples", *key), lambda: _examples(history, outcomes, horizon, order_horizon))


def feature_matrix(history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> FloatArray:
    """`FEATURES` of every customer today, NaN where one does not exist, shape (n, k)."""
    table = point_in_time_features(history, horizon_days=horizon_days, order_horizon_days=order_horizon_days)
    return table.select(FEATURES).to_numpy()


def _cuts(history: KnownHistory, horizon: int) -> list[KnownHistory]:
    starts = (horizon + k * horizon // 2 for k in range(_MOST_CUTS))
    return [history.before(start) for start in starts if start <= history.days - horizon]


def _taken(cut: KnownHistory, cuts: int) -> int:
    """Every how many-th of the sorted customers is an example: the same ones at every run."""
    return max(1, -(-cut.summary.height * cuts // MAXIMUM_EXAMPLES))


def _outcomes(history: KnownHistory, horizon: int, order_horizon: int) -> pl.DataFrame:
    """One row per example: `purchase_count`, `spend` and `ordered` (0 or 1)."""
    cuts = _cuts(history, horizon)
    ordered = (pl.col("days_to_next") <= order_horizon).fill_null(value=False).cast(pl.Float64).alias("ordered")
    return pl.concat(
        history.outcome_of(cut, days=horizon)
        .by_customer.select("purchase_count", "spend", ordered)
        .gather_every(_taken(cut, len(cuts)))
        for cut in cuts
    )


def _examples(history: KnownHistory, outcomes: pl.DataFrame, horizon: int, order_horizon: int) -> Examples:
    cuts = _cuts(history, horizon)
    features = [
        feature_matrix(cut, horizon_days=horizon, order_horizon_days=order_horizon)[:: _taken(cut, len(cuts))]
        for cut in cuts
    ]
    counts, spend, ordered = (outcomes[name].to_numpy() for name in ("purchase_count", "spend", "ordered"))
    return Examples(np.concatenate(features), counts, spend, ordered, horizon, order_horizon)
