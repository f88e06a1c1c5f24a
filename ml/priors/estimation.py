"""Re-estimating the prior from a deployment's own merchants: how their parameters scatter, errors of fit set apart.

Equation numbers are those of docs/models.md. Must not see a merchant's data: a fit's report is all that comes in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.estimator import FitReport, FloatArray
from ml.priors.prior import LETTERS, ModelPrior, Prior
from ml.spend.gamma_gamma import GammaGamma
from models.errors import StopError

# What the prior that is built on counts for, in merchants: its mean is soon overruled, its spread is held by more than
# there are parameters, for fewer merchants than that scatter in some directions only.
BASE_MERCHANTS_FOR_MEAN = 2.0
BASE_MERCHANTS_FOR_SPREAD = 6.0
_MAX_ROUNDS = 2_000
_SETTLED = 1e-9  # In log-parameters.


@dataclass(frozen=True, eq=False)
class _Fits:
    """Fitted log-parameters of n merchants, shape (n, k), and the covariance of their errors, shape (n, k, k)."""

    values: FloatArray
    errors: FloatArray


def estimate_prior(fits: Sequence[FitReport], *, base: Prior, version: str, made_on: date) -> Prior:
    """The prior that merchants' fits imply, by empirical Bayes (eq. 35).

    A merchant's fitted log-parameters are normal around the true ones, with the fit's own covariance; the true ones are
    normal around the prior's mean. Mean and covariance are those that make the fits likeliest, found by expectation and
    maximisation; `base` counts as a few merchants more, so that two merchants move it a little and fifty replace it.

    Fits that were not usable, or that stand on a prior themselves (`is_own_experience`), are left out. That leaves out
    merchants at a limit of a model too: the prior is of those whose parameters could be estimated.

    Args:
        fits: Reports of any models and any number of merchants who agreed to it, one per merchant and model.
        base: The prior to build on. A model without a fit keeps what it says.
        version: Of the prior to make.
        made_on: When.

    Returns:
        The same for any order of `fits`.

    Raises:
        StopError: A report of spend lacks its mean spend.
    """
    models = {name: _estimated(model, _fits_of(name, fits)) for name, model in base.models.items()}
    counts = ", ".join(f"{name} {models[name].merchant_count - base.models[name].merchant_count}" for name in models)
    return Prior(
        version=version,
        made_on=made_on,
        method=(
            f"Empirical Bayes from merchants' own fits ({counts}), with prior {base.identity} counting as "
            f"{BASE_MERCHANTS_FOR_MEAN:g} merchants for the mean and {BASE_MERCHANTS_FOR_SPREAD:g} for the spread."
        ),
        sources=base.sources,
        models=models,
    )


def is_own_experience(report: FitReport) -> bool:
    """Whether a fit says what a merchant's own data say, and how surely; others teach nothing."""
    return report.is_usable and report.prior_share == 0.0 and bool(report.log_covariance)


def _fits_of(name: str, fits: Sequence[FitReport]) -> _Fits:
    letters = LETTERS[name]
    taken: list[tuple[list[float], list[list[float]]]] = []
    for report in fits:
        if report.model_name != name or not is_own_experience(report):
            continue
        values = np.log([report.parameters[letter] for letter in letters])
        if name == GammaGamma.name:
            if report.mean_spend is None or report.mean_spend <= 0:
                raise StopError(f"a {name} fit of {report.customer_count} customers lacks its mean spend")
            values[letters.index("v")] -= np.log(report.mean_spend)
        taken.append((values.tolist(), [list(row) for row in report.log_covariance]))
    taken.sort()
    size = len(letters)
    return _Fits(
        np.array([values for values, _ in taken]).reshape(-1, size),
        np.array([errors for _, errors in taken]).reshape(-1, size, size),
    )


def _estimated(base: ModelPrior, fits: _Fits) -> ModelPrior:
    count = len(fits.values)
    if not count:
        return base
    base_mean, base_covariance = np.array(base.mean), np.array(base.covariance)
    mean, covariance = base_mean, base_covariance
    for _ in range(_MAX_ROUNDS):
        before, spread_before = mean, covariance
        # Each merchant's true parameters, as known from their fit and from the others.
        inverse = np.linalg.inv(covariance + fits.errors)
        weight = covariance @ inverse
        true = mean + np.einsum("nij,nj->ni", weight, fits.values - mean)
        unknown = covariance - weight @ covariance
        mean = (BASE_MERCHANTS_FOR_MEAN * base_mean + true.sum(axis=0)) / (BASE_MERCHANTS_FOR_MEAN + count)
        away, base_away = true - mean, base_mean - mean
        covariance = (
            BASE_MERCHANTS_FOR_SPREAD * base_covariance
            + BASE_MERCHANTS_FOR_MEAN * np.outer(base_away, base_away)
            + unknown.sum(axis=0)
            + np.einsum("ni,nj->ij", away, away)
        ) / (BASE_MERCHANTS_FOR_SPREAD + count)
        covariance = (covariance + covariance.T) / 2.0
        moved = max(float(np.abs(mean - before).max()), float(np.abs(covariance - spread_before).max()))
        if moved < _SETTLED:
            break
    return ModelPrior(tuple(mean.tolist()), tuple(map(tuple, covariance.tolist())), base.merchant_count + count)
