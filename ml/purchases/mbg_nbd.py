"""The MBG/NBD model: the BG/NBD in which the first purchase, too, may have been the last.

The modification lets one-time buyers be gone (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007). Equation
numbers are those of docs/models.md, section 2, with an m.

Must not hold what `ml.purchases.beta_geometric` computes for its sister too.
"""

from typing import ClassVar

from ml.purchases.beta_geometric import BetaGeometricEstimator


class ModifiedBetaGeometricNbd(BetaGeometricEstimator):
    """The MBG/NBD estimator."""

    name: ClassVar[str] = "mbg_nbd"
    title: ClassVar[str] = "MBG/NBD"
    first_chances: ClassVar[int] = 1
