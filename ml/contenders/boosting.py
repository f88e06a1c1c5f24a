"""Gradient boosting on what is known of each customer, the models' own predictions among it.

Trees learn from earlier days of the same history what followed (`ml.contenders.examples`): purchase days by Poisson
deviance, ordering again by log-loss, spend per purchase day by gamma deviance. What is learnt over a shorter horizon
than is asked for goes on as the parametric base would. Must not know how trees are grown.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ml.contenders.examples import MINIMUM_OUTCOMES, Examples, examples_of, feature_matrix
from ml.contenders.parametric import base_of
from ml.contenders.stretching import stretched_count, stretched_probability
from ml.contenders.trees import Loss, grow
from ml.estimator import FloatArray
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory


@dataclass(frozen=True)
class Boosting:
    """Boosted trees of counts, of ordering again and of spend."""

    name: ClassVar[str] = "boosting"

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; spend is None where too few examples spent anything."""
        examples = examples_of(
            history, learner=self.name, horizon_days=horizon_days, order_horizon_days=order_horizon_days
        )
        learnt, ordering = examples.horizon_days, examples.order_horizon_days
        known = feature_matrix(history, horizon_days=learnt, order_horizon_days=ordering)
        counts = grow(Loss.POISSON, examples.features, examples.purchase_count).predict(known)
        orders = grow(Loss.LOG_LOSS, examples.features, examples.ordered).predict(known)
        if (learnt, ordering) != (horizon_days, order_horizon_days):
            base = base_of(history)
            counts = stretched_count(counts, base, history.summary, learnt_days=learnt, asked_days=horizon_days)
            orders = stretched_probability(
                orders, base, history.summary, learnt_days=ordering, asked_days=order_horizon_days
            )
        per_day = _spend_per_day(examples, known)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=orders,
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )


def _spend_per_day(examples: Examples, known: FloatArray) -> FloatArray | None:
    """Mean spend of a purchase day, learnt from who came back, by how often; a gamma deviance needs amounts above 0."""
    spent = np.flatnonzero(examples.spend > 0)
    if spent.size < MINIMUM_OUTCOMES:
        return None
    days = examples.purchase_count[spent]
    return grow(Loss.GAMMA, examples.features[spent], examples.spend[spent] / days, days).predict(known)
