"""The parametric models as contenders: one of purchases with the Gamma-Gamma model of spend.

Must not hold a model's mathematics.
"""

from dataclasses import dataclass

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator, UnusableFitError
from ml.evaluation.contender import Forecast
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma, spend_day_share
from ml.value.churn import churn_probability

# In the order in which one stands in for another: the quickest first, and all three agree on most merchants.
BASES: tuple[type[PurchaseEstimator], ...] = (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)


@dataclass(frozen=True)
class Parametric:
    """A model of purchases with the Gamma-Gamma model of spend.

    Attributes:
        purchases: The model of purchases, which gives the contender its name.
        spend: The model of spend; where it cannot be fitted, nothing is said of spend.
    """

    purchases: type[PurchaseEstimator]
    spend: type[SpendEstimator] = GammaGamma

    @property
    def name(self) -> str:
        """The purchase model's."""
        return self.purchases.name

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; spend is expected purchases times expected spend."""
        purchases = history.fitted(self.purchases)
        counts = purchases.expected_purchases(history.summary, horizon_days)
        per_day = spend_per_day(history, self.spend)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=1.0 - churn_probability(purchases, history.summary, horizon_days=order_horizon_days),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )


def spend_per_day(history: KnownHistory, spend: type[SpendEstimator] = GammaGamma) -> FloatArray | None:
    """The expected spend of each customer's next purchase day, shape (n,); None where the model cannot be fitted.

    It may be a day without spend: a free one, or one on which all goes back.
    """
    try:
        return history.fitted(spend).expected_spend(history.summary) * spend_day_share(history.summary)
    except UnusableFitError:
        return None


def base_of(history: KnownHistory) -> PurchaseEstimator:
    """The first of `BASES` that can be fitted on a history.

    Raises:
        UnusableFitError: None can; the first one's error.
    """
    refusals: list[UnusableFitError] = []
    for base in BASES:
        try:
            return history.fitted(base)
        except UnusableFitError as error:
            refusals.append(error)
    raise refusals[0]
