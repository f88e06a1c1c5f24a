"""All contenders. A new one is a module with a class that follows `ml.evaluation.contender.Contender`, and a line here.

Must not hold anything else.
"""

from ml.contenders.baseline import Naive, Recency
from ml.contenders.boosting import Boosting
from ml.contenders.covariates import WithCovariates
from ml.contenders.mean import Mean
from ml.contenders.multiplier import Multiplier
from ml.contenders.opportunities import AtOpportunities
from ml.contenders.parametric import BASES, Parametric
from ml.contenders.seasonal import Seasonal
from ml.contenders.zero_inflated_lognormal import ZeroInflatedLognormal
from ml.evaluation.contender import Contender
from ml.histories.opportunity_calendar import Opportunity

PARAMETRIC: tuple[Parametric, ...] = tuple(Parametric(base) for base in BASES)
BASELINES: tuple[Contender, ...] = (Naive(), Recency())
# In the order in which they challenge, simpler ones first.
LEARNT: tuple[Contender, ...] = (WithCovariates(), Boosting(), Multiplier(), ZeroInflatedLognormal(), Seasonal())


def contenders_of(*, has_challengers: bool, opportunity: Opportunity | None) -> tuple[Contender, ...]:
    """Who takes part.

    Args:
        has_challengers: Whether those that have to be trained do.
        opportunity: What the merchant sells by; None is a shop that is always open.
    """
    declared: tuple[Contender, ...] = () if opportunity is None else (AtOpportunities(opportunity),)
    if not has_challengers:
        return (*BASELINES, *PARAMETRIC, *declared)
    challengers = (*declared, *LEARNT)
    return (*BASELINES, *PARAMETRIC, *challengers, Mean((*PARAMETRIC, *challengers)))
