"""What is known of a model's parameters before the data: a normal distribution of their logarithms.

Adding its logarithm to a log-likelihood gives the posterior, whose maximum exists for any data and for none. Must not
know a model, nor where the prior is from.
"""

from dataclasses import dataclass

import numpy as np

from ml.estimator import FloatArray
from ml.fitting.maximum_likelihood import Evaluation, Optimum


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """A normal distribution of log-parameters.

    Attributes:
        mean: Shape (k,); times in days, money in whatever unit the likelihood has it.
        precision: The inverse of the covariance, shape (k, k), positive definite.
        version: Which prior this is, for reports; empty for one that is nobody's.
    """

    mean: FloatArray
    precision: FloatArray
    version: str = ""

    def added_to(self, at: Evaluation, log_parameters: FloatArray) -> Evaluation:
        """The log-posterior, up to a constant, where the log-likelihood is `at`."""
        away = log_parameters - self.mean
        pull = np.sum(self.precision * away, axis=1)
        return Evaluation(at.value - float(np.sum(pull * away)) / 2.0, at.gradient - pull, at.hessian - self.precision)

    def shifted(self, log_scale: FloatArray) -> "NormalPrior":
        """The same prior with the parameters in other units: their logarithms moved by `log_scale`, shape (k,)."""
        return NormalPrior(self.mean + log_scale, self.precision, self.version)

    def posterior(self, information: FloatArray) -> "Knowledge":
        """How well the log-parameters are known with the data.

        Args:
            information: The data's observed information of the log-parameters, shape (k, k). Where it is negative (the
                likelihood has no maximum that way) it counts as none.
        """
        root = np.linalg.cholesky(self.precision)
        half = np.linalg.solve(root, information)
        whitened = np.linalg.solve(root, half.T)
        # In units of the prior's own precision: how much the data know for each unit that the prior knows.
        gains, directions = np.linalg.eigh((whitened + whitened.T) / 2.0)
        remaining = 1.0 / (1.0 + np.maximum(gains, 0.0))
        spread = np.linalg.solve(root.T, directions * np.sqrt(remaining))
        return Knowledge(spread @ spread.T, float(np.mean(remaining)))


@dataclass(frozen=True, eq=False)
class Knowledge:
    """How well log-parameters are known after a fit.

    Attributes:
        covariance: Of their posterior, or of their estimate where there is no prior, shape (k, k).
        prior_share: The prior's share in the precision, averaged over the directions of the parameters (eq. 33): 0
            without a prior, 1 without data.
    """

    covariance: FloatArray
    prior_share: float


def knowledge(best: Optimum, prior: NormalPrior | None) -> Knowledge:
    """What is known at the maximum of a log-likelihood, or of a log-posterior, from the observed information there."""
    information = -best.evaluation.hessian
    if prior is None:
        return Knowledge(np.linalg.inv(information).astype(np.float64), 0.0)
    return prior.posterior(information - prior.precision)
