"""The prior that comes with the project, for deployments that have not estimated one from their own merchants.

Reads package data and nothing else. What it rests on is in the artefact, and in docs/models.md.
"""

from functools import cache
from importlib import resources

from ml.priors.prior import Prior, read_prior

ARTEFACT = "shipped_prior.json"


@cache
def shipped_prior() -> Prior:
    """The shipped prior."""
    return read_prior(resources.files("ml.priors").joinpath(ARTEFACT).read_text(encoding="utf-8"))
