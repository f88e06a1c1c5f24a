"""All contenders. A new one is a module with a class that follows `ml.evaluation.contender.Contender`, and a line here.

Must not hold anything else.
"""

from ml.contenders.baseline import Naive, Recency
from ml.contenders.boosting import Boosting
from ml.contenders.mean import Mean
from ml.contenders.multiplier import Multiplier
from ml.contenders.parametric import BASES, Parametric
from ml.contenders.seasonal import Seasonal
from ml.contenders.zero_inflated_lognormal import ZeroInflatedLognormal
from ml.evaluation.contender import Contender

PARAMETRIC: tuple[Parametric, ...] = tuple(Parametric(base) for base in BASES)
BASELINES: tuple[Contender, ...] = (Naive(), Recency())
LEARNT: tuple[Contender, ...] = (Boosting(), Multiplier(), ZeroInflatedLognormal(), Seasonal())

CONTENDERS: tuple[Contender, ...] = (*BASELINES, *PARAMETRIC, *LEARNT, Mean((*PARAMETRIC, *LEARNT)))
