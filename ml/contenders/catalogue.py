"""All contenders. A new one is a module with a class that follows `ml.evaluation.contender.Contender`, and a line here.

Must not hold anything else.
"""

from ml.contenders.baseline import Naive, Recency
from ml.contenders.parametric import BASES, Parametric
from ml.evaluation.contender import Contender

PARAMETRIC: tuple[Parametric, ...] = tuple(Parametric(base) for base in BASES)
BASELINES: tuple[Contender, ...] = (Naive(), Recency())

CONTENDERS: tuple[Contender, ...] = (*BASELINES, *PARAMETRIC)
