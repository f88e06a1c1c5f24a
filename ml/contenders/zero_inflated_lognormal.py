"""A hurdle on value: whether anything is spent within the horizon, and how much by those who do.

Most customers spend nothing and a few spend a lot, which no single distribution of amounts holds. Wang, Liu and Miao
(2019) take a zero-inflated lognormal: P(any spend) and, given some, a lognormal amount, each a head of one network.
Here the heads are linear (`ml.contenders.linear`), and one spread of the logarithms serves all customers: a merchant's
history feeds no network (docs/models.md, section "Contenders"). Counts are not in the story and are not said.

Must not know how heads are fitted.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit

from ml.contenders.examples import MINIMUM_OUTCOMES, examples_of, feature_matrix
from ml.contenders.features import FEATURES
from ml.contenders.linear import Scale, linear, mean_head, probability_head
from ml.contenders.parametric import base_of
from ml.contenders.refusals import refusal
from ml.contenders.stretching import stretched_count, stretched_probability
from ml.estimator import FitStatus
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory

# Months go round, and a line does not.
_COLUMNS = [place for place, name in enumerate(FEATURES) if not name.endswith("_month")]


@dataclass(frozen=True)
class ZeroInflatedLognormal:
    """P(any spend) and lognormal spend, learnt from earlier days of the same history."""

    name: ClassVar[str] = "zero_inflated_lognormal"

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; the score is P(any spend), and expected purchases are None."""
        examples = examples_of(
            history, learner=self.name, horizon_days=horizon_days, order_horizon_days=order_horizon_days
        )
        spent = np.flatnonzero(examples.spend > 0)
        if spent.size < MINIMUM_OUTCOMES:
            raise refusal(
                self.name,
                FitStatus.TOO_FEW_CUSTOMERS,
                f"{spent.size} customers spent anything in the days that there are to learn from; it takes "
                f"{MINIMUM_OUTCOMES}. Load more of the order history, or check that the mapped amount is not zero",
                history,
            )
        learnt, ordering = examples.horizon_days, examples.order_horizon_days
        scale = Scale.of(examples.features[:, _COLUMNS])
        then = scale.design(examples.features[:, _COLUMNS])
        known = feature_matrix(history, horizon_days=learnt, order_horizon_days=ordering)
        now = scale.design(known[:, _COLUMNS])

        any_spend = expit(linear(now, probability_head(then, (examples.spend > 0).astype(np.float64))))
        orders = expit(linear(now, probability_head(then, examples.ordered)))
        logs = np.log(examples.spend[spent])
        size_head = mean_head(then[spent], logs)
        misses = logs - linear(then[spent], size_head)
        variance = float(np.sum(misses**2) / max(1, spent.size - then.shape[1]))
        # Nobody is expected to spend more than anybody did.
        size = np.exp(linear(now, size_head).clip(logs.min(), logs.max()) + variance / 2.0)
        spend = any_spend * size
        if (learnt, ordering) != (horizon_days, order_horizon_days):
            base = base_of(history)
            spend = stretched_count(spend, base, history.summary, learnt_days=learnt, asked_days=horizon_days)
            orders = stretched_probability(
                orders, base, history.summary, learnt_days=ordering, asked_days=order_horizon_days
            )
        return Forecast(model_name=self.name, score=any_spend, order_probability=orders, spend=spend)
