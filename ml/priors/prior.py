"""The prior as an artefact: per model a normal distribution of log-parameters, as text that people can read.

It holds parameters only, no merchant's data. Reading the text is here, finding the file is not. Equation numbers are
those of docs/models.md. Must not estimate anything.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from ml.estimator import FloatArray
from ml.fitting.normal_prior import NormalPrior
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import PARAMETERS, GammaGamma
from models.errors import MisconfiguredError

FORMAT = 1
# The parameters of each model that a prior may speak of, in its order. Times are in days, v is over the mean spend.
LETTERS: Mapping[str, tuple[str, ...]] = {
    **{model.name: model.letters for model in (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)},
    GammaGamma.name: PARAMETERS,
}
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST_DIGITS = 8
_ROW_OF_NUMBERS = re.compile(r"\[\s+([-+.e\d,\s]+?)\s+\]")


@dataclass(frozen=True)
class ModelPrior:
    """What is known of one model's parameters before a merchant's own data.

    Attributes:
        mean: Of the log-parameters, in the order of `LETTERS`.
        covariance: Of the log-parameters, row by row.
        merchant_count: Merchants whose parameters it was estimated from.
    """

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    merchant_count: int


@dataclass(frozen=True)
class Prior:
    """What other merchants teach about a small one.

    Attributes:
        version: Chosen by whoever made it.
        made_on: When.
        method: How, in words.
        sources: What it rests on, in words.
        models: Model name to what is known of its parameters.
    """

    version: str
    made_on: date
    method: str
    sources: tuple[str, ...]
    models: Mapping[str, ModelPrior]

    @property
    def identity(self) -> str:
        """Version and a digest of the numbers: other numbers under the same version are another prior."""
        numbers = [(name, self.models[name].mean, self.models[name].covariance) for name in sorted(self.models)]
        digest = hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
        return f"{self.version}:{digest[:_DIGEST_DIGITS]}"

    def of(self, model_name: str) -> NormalPrior:
        """A model's prior as a fit takes it.

        Raises:
            MisconfiguredError: This prior does not speak of the model.
        """
        if model_name not in self.models:
            raise MisconfiguredError(
                f"prior.models.{model_name}", f"is missing; prior {self.version} speaks of {', '.join(self.models)}"
            )
        model = self.models[model_name]
        return NormalPrior(np.array(model.mean), np.linalg.inv(np.array(model.covariance)), self.identity)


def written(prior: Prior) -> str:
    """The artefact's text; `read_prior` gives the same prior back, to the last bit."""
    content = {
        "format": FORMAT,
        "version": prior.version,
        "made_on": prior.made_on.isoformat(),
        "method": prior.method,
        "sources": list(prior.sources),
        "models": {
            name: {
                "merchant_count": model.merchant_count,
                "parameters": list(LETTERS[name]),
                "mean_of_logarithms": list(model.mean),
                "covariance_of_logarithms": [list(row) for row in model.covariance],
            }
            for name, model in sorted(prior.models.items())
        },
    }
    text = json.dumps(content, indent=2, allow_nan=False)
    # A matrix reads as one, row under row.
    return _ROW_OF_NUMBERS.sub(lambda row: f"[{' '.join(row[1].split())}]", text) + "\n"


def read_prior(text: str) -> Prior:
    """The prior that an artefact's text describes.

    Raises:
        MisconfiguredError: The text is no prior; the message names the key and what would be right.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise MisconfiguredError("prior", f"is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise MisconfiguredError("prior.format", f"has to be {FORMAT}; this version of the project reads no other")
    version, models = content.get("version"), content.get("models")
    if not (isinstance(version, str) and _VERSION.fullmatch(version)):
        raise MisconfiguredError("prior.version", "has to be 1 to 64 letters, digits, dots, hyphens or underscores")
    if not (isinstance(models, dict) and models):
        raise MisconfiguredError("prior.models", "has to hold at least one model")
    try:
        made_on = date.fromisoformat(str(content.get("made_on")))
    except ValueError as error:
        raise MisconfiguredError("prior.made_on", "has to be a date such as 2026-11-21") from error
    return Prior(
        version=version,
        made_on=made_on,
        method=str(content.get("method", "")),
        sources=tuple(str(source) for source in content.get("sources", ())),
        models={name: _model_prior(name, models[name]) for name in sorted(models)},
    )


def _model_prior(name: str, content: object) -> ModelPrior:
    at = f"prior.models.{name}"
    if name not in LETTERS:
        raise MisconfiguredError(at, f"is no model with a prior; those are {', '.join(LETTERS)}")
    if not isinstance(content, dict) or content.get("parameters") != list(LETTERS[name]):
        raise MisconfiguredError(f"{at}.parameters", f"have to be {', '.join(LETTERS[name])}, in this order")
    count = content.get("merchant_count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise MisconfiguredError(f"{at}.merchant_count", "has to be a whole number, zero or more")
    size = len(LETTERS[name])
    mean = _numbers(f"{at}.mean_of_logarithms", content.get("mean_of_logarithms"), (size,))
    key = f"{at}.covariance_of_logarithms"
    covariance = _numbers(key, content.get("covariance_of_logarithms"), (size, size))
    if not np.array_equal(covariance, covariance.T):
        raise MisconfiguredError(key, "is not symmetric")
    eigenvalues = np.linalg.eigvalsh(covariance)
    if eigenvalues[0] <= 1e-9 * eigenvalues[-1]:
        raise MisconfiguredError(key, "is not positive definite")
    return ModelPrior(tuple(mean.tolist()), tuple(map(tuple, covariance.tolist())), count)


def _numbers(key: str, values: object, shape: tuple[int, ...]) -> FloatArray:
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise MisconfiguredError(key, f"has to be {' by '.join(map(str, shape))} finite numbers")
    return numbers
