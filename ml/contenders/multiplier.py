"""Boosting as a multiplier on a model's forecast: who does better, and who worse, than the model would say.

Trees learn from earlier days of the same history (`ml.contenders.examples`) by Poisson deviance, with the logarithm of
what the model expected then as an offset. The trees' library takes no offset and needs none: up to a term without m,
the log-likelihood of y ~ Poisson(e * m), y * log(m) - e * m, is e times that of the ratio y / e, (y / e) * log(m) - m.
So the ratio is learnt, with weight e (docs/models.md, section "Contenders").

Must not know how trees are grown.
"""

from dataclasses import dataclass

import numpy as np

from ml.contenders.examples import examples_of, feature_matrix
from ml.contenders.parametric import spend_per_day
from ml.contenders.refusals import refusal
from ml.contenders.stretching import with_hazard
from ml.contenders.trees import Loss, grow
from ml.estimator import FitStatus, FloatArray, PurchaseEstimator
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.value.churn import churn_probability

# As far as a customer's history may be from what the model makes of it.
WIDEST_FACTOR = 4.0
_LEAST_EXPECTED = 1e-9


@dataclass(frozen=True)
class Multiplier:
    """A model's forecast times what trees learnt of its errors; spend per purchase day is the Gamma-Gamma model's.

    Attributes:
        base: The model of purchases; one that is among the features (`ml.contenders.features.MODELS`).
    """

    base: type[PurchaseEstimator] = BetaGeometricNbd

    @property
    def name(self) -> str:
        """`boosted_` and the model's."""
        return f"boosted_{self.base.name}"

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`."""
        purchases = history.fitted(self.base)
        factor = self.factors(history, horizon_days=horizon_days, order_horizon_days=order_horizon_days)
        counts = factor * purchases.expected_purchases(history.summary, horizon_days)
        orders = 1.0 - churn_probability(purchases, history.summary, horizon_days=order_horizon_days)
        per_day = spend_per_day(history)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=with_hazard(orders, factor),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )

    def factors(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> FloatArray:
        """What each customer's expectation is multiplied by, shape (n,), within `WIDEST_FACTOR` either way.

        The examples' level is taken out: how a model's total missed the one or two windows that there are to learn from
        is their season, and no property of the customers.

        Raises:
            UnusableFitError: The history does not carry it.
        """
        examples = examples_of(
            history, learner=self.name, horizon_days=horizon_days, order_horizon_days=order_horizon_days
        )
        expected = examples.column(f"{self.base.name}_expected_purchases")
        is_modelled = ~np.isnan(expected)
        if not is_modelled.any():
            raise refusal(
                self.name,
                FitStatus.HISTORY_TOO_SHORT,
                f"on none of the earlier days to learn from could {self.base.name} be fitted. Load an earlier history",
                history,
            )
        expected = np.maximum(expected[is_modelled], _LEAST_EXPECTED)
        ratio = examples.purchase_count[is_modelled] / expected
        trees = grow(Loss.POISSON, examples.features[is_modelled], ratio, expected)
        level = float(np.sum(examples.purchase_count[is_modelled]) / np.sum(expected))
        known = feature_matrix(
            history, horizon_days=examples.horizon_days, order_horizon_days=examples.order_horizon_days
        )
        return (trees.predict(known) / level).clip(1.0 / WIDEST_FACTOR, WIDEST_FACTOR)
