"""The BG/NBD model: when customers buy again, if each repeat purchase may have been their last.

Nobody leaves before a first repeat purchase (Fader, Hardie and Lee 2005), so P(alive) is 1 for everybody who bought
once, whatever their age. Equation numbers are those of docs/models.md, section 2.

Must not hold what `ml.purchases.beta_geometric` computes for its sister too.
"""

from typing import ClassVar

from ml.purchases.beta_geometric import BetaGeometricEstimator


class BetaGeometricNbd(BetaGeometricEstimator):
    """The BG/NBD estimator."""

    name: ClassVar[str] = "bg_nbd"
    title: ClassVar[str] = "BG/NBD"
    first_chances: ClassVar[int] = 0
