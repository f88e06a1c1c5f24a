"""A merchant's forecast as one piece of work that may be done anywhere: plain data in, plain data out.

A worker on another machine imports this module, `ml` and the failures of `models`; it needs no warehouse, no settings
and no Dagster. Must not read or write anything but the source that it runs.
"""

import platform
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.metadata import version

import polars as pl

from ml.forecasts.forecasting import MerchantForecast, forecast_merchant
from ml.forecasts.model_card import code_hash
from ml.forecasts.settings import ForecastSettings, Incumbent
from ml.priors.prior import Prior
from models.errors import MisconfiguredError, PerennialError

# Other versions of these may round the last bit the other way.
_LIBRARIES = ("numpy", "scipy", "polars", "scikit-learn")


@cache
def ml_code_hash() -> str:
    """Digest of the `ml` package's source: predictions made by other code are another run."""
    with resources.as_file(resources.files("ml")) as folder:
        return code_hash({path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")})


@cache
def software() -> dict[str, str]:
    """What decides, besides a task, the bits of its result: our own code's digest, and the libraries' versions."""
    return {"perennial": ml_code_hash(), **{name: version(name) for name in _LIBRARIES}}


def require_same_software(theirs: dict[str, str], ours: dict[str, str], *, worker: str) -> None:
    """Refuse a worker that would calculate with other code.

    Raises:
        MisconfiguredError: Names what differs, and the way out.
    """
    differing = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    if differing:
        told = ", ".join(f"{name} is {_short(theirs, name)} there and {_short(ours, name)} here" for name in differing)
        raise MisconfiguredError(
            "PERENNIAL_DASK_ADDRESS",
            f"worker {worker} runs other code: {told}. Install the same version of Perennial there, from the same "
            "requirements.lock, and restart the worker",
        )


def _short(software: dict[str, str], name: str) -> str:
    return software.get(name, "missing")[:12]


@dataclass(frozen=True)
class ForecastTask:
    """All that a merchant's forecast depends on.

    Attributes:
        purchase_days: See `ml.forecasts.forecasting.forecast_merchant`; people's records, so they stand in no log.
        refunds: See there.
        settings: What is asked for.
        software: `software` of whoever asks.
        prior: What other merchants teach; None is the shipped prior.
        incumbent: Who spoke for the merchant before.
        first_orders: See `forecast_merchant`.
    """

    purchase_days: pl.DataFrame = field(repr=False)
    refunds: pl.DataFrame = field(repr=False)
    settings: ForecastSettings
    software: dict[str, str] = field(repr=False)
    prior: Prior | None = field(default=None, repr=False)
    incumbent: Incumbent | None = field(default=None, repr=False)
    first_orders: pl.DataFrame | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ComputedForecast:
    """What came of a task.

    Attributes:
        forecast: The forecast.
        thread_count: Threads that the calculation had.
    """

    forecast: MerchantForecast = field(repr=False)
    thread_count: int


def compute(task: ForecastTask) -> ComputedForecast:
    """Forecast for one merchant; the same bits wherever it is called.

    Raises:
        MisconfiguredError: The code here is not the asker's.
        StopError: See `forecast_merchant`.
    """
    require_same_software(software(), task.software, worker=platform.node())
    forecast = forecast_merchant(
        task.purchase_days,
        task.refunds,
        task.settings,
        task.software["perennial"],
        prior=task.prior,
        incumbent=task.incumbent,
        first_orders=task.first_orders,
    )
    return ComputedForecast(forecast, pl.thread_pool_size())


def computed_or_refused(task: ForecastTask) -> ComputedForecast | PerennialError:
    """The same for a worker: a refusal is an answer, which the worker need not report as a defect in its log."""
    try:
        return compute(task)
    except PerennialError as error:
        # Without its traceback, whose frames hold the merchant's records.
        return error.with_traceback(None)
