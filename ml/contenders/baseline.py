"""What every contender has to beat, as contenders: the same rate carried on, and recency alone as a ranking.

They refuse no history. Must not fit anything.
"""

from dataclasses import dataclass
from typing import ClassVar

from ml.evaluation.baselines import (
    NAIVE,
    RECENCY,
    own_mean_spend,
    recency_score,
    same_rate_order_probability,
    same_rate_purchases,
)
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory
from ml.spend.gamma_gamma import spend_day_share


@dataclass(frozen=True)
class Naive:
    """Everybody goes on at their own rate so far, and spends their own mean on as many of the days as all do."""

    name: ClassVar[str] = NAIVE

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`."""
        counts = same_rate_purchases(history.summary, horizon_days=horizon_days)
        per_day = own_mean_spend(history.summary)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=same_rate_order_probability(history.summary, horizon_days=order_horizon_days),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day * spend_day_share(history.summary),
        )


@dataclass(frozen=True)
class Recency:
    """The fewer days since the last purchase, the likelier the next; a ranking and no number."""

    name: ClassVar[str] = RECENCY

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:  # noqa: ARG002  # a ranking by recency is the same for every horizon
        """See `ml.evaluation.contender.Contender`."""
        return Forecast(model_name=self.name, score=recency_score(history.summary))
