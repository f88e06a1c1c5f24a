"""A deployment's own prior: made of the fits of merchants who agreed to it, kept in a file, read by every run.

Parameters leave a merchant's model runs, never a record of its customers. Estimating is `ml.priors`; must not fit.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typer

from ml.estimator import FitReport
from ml.forecasts.model_card import fit_reports
from ml.priors.estimation import estimate_prior, is_own_experience
from ml.priors.prior import Prior, read_prior, written
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import ENOUGH_CUSTOMERS, ENOUGH_DAYS
from models.errors import MisconfiguredError, StopError
from models.registry import current_model_run
from models.whole_files import write_whole
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings

# Of fewer, one who knows their own parameters and the prior's could tell about where another's are.
FEWEST_MERCHANTS = 5


def prior_path(settings: Settings) -> Path:
    """Where the deployment's own prior is, or would be."""
    return settings.prior_path or settings.home / "prior.json"


def prior_in_use(settings: Settings) -> Prior:
    """What small merchants' forecasts lean on: the deployment's own prior, or the shipped one where there is none.

    Raises:
        MisconfiguredError: The file that is asked for is missing, or holds no prior.
    """
    path = prior_path(settings)
    if settings.prior_path is None and not path.exists():
        return shipped_prior()
    return _read(path)


def prior_identified(settings: Settings, identity: str) -> Prior | None:
    """The prior of that identity: the one in use, the shipped one, or one that was kept beside; None if it is gone."""
    beside = _beside(prior_path(settings), identity)
    for known in (prior_in_use(settings), shipped_prior(), *([_read(beside)] if beside.exists() else [])):
        if known.identity == identity:
            return known
    return None


def _beside(path: Path, identity: str) -> Path:
    """Where the prior that stood at a path is kept once another has taken its place."""
    return path.with_name(f"{path.stem}-{identity.replace(':', '-')}{path.suffix}")


def _read(path: Path) -> Prior:
    try:
        return read_prior(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError(
            "PERENNIAL_PRIOR", f"{path} cannot be read ({type(error).__name__}); `perennial prior estimate` writes one"
        ) from None
    except MisconfiguredError as error:
        raise MisconfiguredError(str(path), f"{error}; `perennial prior estimate --output FILE` writes one") from None


def estimate(settings: Settings, output: Path | None) -> None:
    """Make the deployment's own prior of its sharing merchants' published fits, and say what is in it.

    Args:
        settings: The deployment's.
        output: Where it goes; None is where runs look for it. What stood there is kept beside it.

    Raises:
        StopError: Too few merchants share, or too few of their fits stand on their own data.
        MisconfiguredError: What stands at `output` is no prior.
    """
    with open_deployment(settings) as deployment:
        sharing = [merchant for merchant in deployment.configuration.merchants if merchant.prediction.shares_prior]
        fits = published_fits(deployment, sharing)
        prior = own_prior(fits, made_on=deployment.clock().date())
    path = output or prior_path(settings)
    before = _kept_beside(path, prior)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, written(prior).encode())
    typer.echo(f"prior {prior.identity}, merchants: {len(sharing)} share")
    for name, counted in sorted(fit_counts(fits).items()):
        is_taken = counted >= FEWEST_MERCHANTS
        typer.echo(
            f"  {name}: {counted} {'fits' if is_taken else f'of {FEWEST_MERCHANTS} fits, so as in the shipped prior'}"
        )
    if before is not None:
        typer.echo(f"the one before is kept in {before}")
    if path.resolve() == prior_path(settings).resolve():
        typer.echo(f"written to {path}; runs use it from now on")
    else:
        typer.echo(f"written to {path}; set PERENNIAL_PRIOR to that path to use it")


def published_fits(deployment: Deployment, merchants: Sequence[Merchant]) -> list[FitReport]:
    """The fits of the model runs that are in force."""
    with deployment.transformer.connect() as connection:
        runs = (current_model_run(connection, merchant.merchant_id) for merchant in merchants)
        return [report for run in runs if run is not None for report in fit_reports(run.model_card)]


def fit_counts(fits: Sequence[FitReport]) -> Counter[str]:
    """Per model that the shipped prior speaks of, how many fits stand on a merchant's own data."""
    counts = Counter(dict.fromkeys(shipped_prior().models, 0))
    counts.update(report.model_name for report in fits if is_own_experience(report))
    return counts


def own_prior(fits: Sequence[FitReport], *, made_on: date) -> Prior:
    """The prior that merchants' fits imply, built on the shipped one, of every model with enough of them.

    Args:
        fits: One per merchant and model.
        made_on: When.

    Raises:
        StopError: No model has enough.
    """
    counts = fit_counts(fits)
    enough = {name for name, counted in counts.items() if counted >= FEWEST_MERCHANTS}
    if not enough:
        told = ", ".join(f"{name} {counted}" for name, counted in sorted(counts.items()))
        raise StopError(
            f"a prior takes fits of {FEWEST_MERCHANTS} merchants of one model; there are: {told}. A merchant counts "
            "who shares (prediction.shares_prior: true in perennial.yml) and has a published model run of their own "
            f"data, which takes {ENOUGH_CUSTOMERS} customers and {ENOUGH_DAYS} days"
        )
    taken = [report for report in fits if report.model_name in enough]
    return estimate_prior(taken, base=shipped_prior(), version=f"own-{made_on.isoformat()}", made_on=made_on)


def _kept_beside(path: Path, prior: Prior) -> Path | None:
    """Give what stands at a path a name of its own, so that a past night can be run again with the prior it had."""
    if not path.exists():
        return None
    standing = _read(path)
    if standing.identity == prior.identity:
        return None
    beside = _beside(path, standing.identity)
    path.replace(beside)
    return beside
