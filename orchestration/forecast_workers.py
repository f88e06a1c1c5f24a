"""Where forecasts are calculated: in this process, or on the workers of a Dask cluster.

Either way the same function gets the same task, so the answer is the same to the last bit; reading and storing stay
with the caller. Nothing of Dask is imported unless an address is given. Must not know the warehouse.
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, cast

import structlog

from models.errors import MisconfiguredError, PerennialError, RetryLaterError, StopError
from orchestration.forecast_tasks import (
    ComputedForecast,
    ForecastTask,
    compute,
    computed_or_refused,
    require_same_software,
    software,
)
from orchestration.settings import Settings

log = structlog.get_logger(__name__)

_KEY = "PERENNIAL_DASK_ADDRESS"
_CONNECT_SECONDS = 15
_WORKER_SECONDS = 60
# Merchants that are read or stored while the others are calculated; the warehouse's pool has a few places more.
_AROUND = 8
# Each merchant on the way is held here and in the scheduler's memory.
_MOST_AT_ONCE = 256


class DaskFuture(Protocol):
    """The part of `distributed.Future` that is used here."""

    def result(self, timeout: float | None = None) -> ComputedForecast | PerennialError:
        """What the worker answered; raises what it raised, and TimeoutError while there is nothing yet."""
        ...

    def release(self) -> None:
        """Let the cluster forget it."""
        ...


class DaskClient(Protocol):
    """The part of `distributed.Client` that is used here."""

    def wait_for_workers(self, n_workers: int, timeout: float | None = None) -> None:
        """Return once there are so many workers; raises TimeoutError."""
        ...

    def run(self, function: Callable[[], Any], *, on_error: str) -> Any:  # noqa: ANN401 - as Dask has it
        """Per worker, what the function returns there."""
        ...

    def nthreads(self) -> Mapping[str, int]:
        """Threads per worker."""
        ...

    def submit(self, function: Callable[[ForecastTask], Any], task: ForecastTask, *, key: str) -> DaskFuture:
        """Ask for a call on some worker."""
        ...


class ForecastWorkers(Protocol):
    """Whoever calculates forecasts."""

    @property
    def at_once(self) -> int:
        """How many merchants should be on the way at a time; with one, nothing is gained by threads."""
        ...

    @property
    def warehouse_turn(self) -> AbstractContextManager[object]:
        """What to hold while a merchant is read or stored: those on the way are more than the warehouse should bear."""
        ...

    def forecast(self, task: ForecastTask) -> ComputedForecast:
        """The forecast, once it is there; may be called from several threads.

        Raises:
            PerennialError: See `orchestration.forecast_tasks.compute`, and what happened to the worker.
        """
        ...


class InThisProcess:
    """One forecast after the other, here."""

    at_once = 1
    warehouse_turn: AbstractContextManager[object] = nullcontext()

    def forecast(self, task: ForecastTask) -> ComputedForecast:
        """Calculate it now."""
        return compute(task)


class DaskWorkers:
    """The workers of a Dask cluster.

    Args:
        client: A connected client; whoever made it closes it.

    Raises:
        RetryLaterError: There is no worker.
        MisconfiguredError: A worker runs other code than this process.
    """

    def __init__(self, client: DaskClient, *, patience_seconds: float = _WORKER_SECONDS) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        try:
            client.wait_for_workers(1, timeout=patience_seconds)
        except TimeoutError:
            raise self._nobody_works() from None
        for worker, theirs in client.run(software, on_error="return").items():
            if isinstance(theirs, Exception):
                raise MisconfiguredError(
                    _KEY,
                    f"worker {worker} cannot run Perennial ({type(theirs).__name__}: {theirs}). Install the same "
                    "version of Perennial there, from the same requirements.lock, and restart the worker",
                )
            require_same_software(theirs, software(), worker=worker)
        threads = sum(client.nthreads().values())
        self.warehouse_turn: AbstractContextManager[object] = threading.BoundedSemaphore(_AROUND)
        self.at_once = min(threads + _AROUND, _MOST_AT_ONCE)
        log.info("forecasts run on Dask", workers=len(client.nthreads()), threads=threads)

    def forecast(self, task: ForecastTask) -> ComputedForecast:
        """Send it to a worker, and wait.

        Raises:
            RetryLaterError: The scheduler went away, or every worker did.
            StopError: This merchant's task killed the workers that took it.
            PerennialError: See `orchestration.forecast_tasks.compute`.
        """
        from distributed import KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        merchant_id = task.settings.merchant_id
        try:
            answer = self._asked(task)
        except KilledWorker:
            raise StopError(
                f"the Dask workers that calculated {merchant_id} died, one after the other; most often they had too "
                "little memory. Give them more (dask worker --memory-limit), or leave this merchant to a run without "
                f"{_KEY}"
            ) from None
        except (CancelledError, ClosedClientError, CommClosedError):
            raise RetryLaterError(f"{_KEY}: the Dask scheduler went away while {merchant_id} was calculated") from None
        if isinstance(answer, PerennialError):
            raise answer
        return answer

    def _asked(self, task: ForecastTask) -> ComputedForecast | PerennialError:
        """What a worker answers; a queue that nobody works on is not waited for."""
        # A key of its own: whatever an earlier run left under the merchant's name is not this run's answer.
        key = f"forecast-{task.settings.merchant_id}-{uuid.uuid4().hex}"
        future = self._client.submit(computed_or_refused, task, key=key)
        try:
            while True:
                try:
                    return future.result(timeout=self._patience_seconds)
                except TimeoutError:
                    if not self._client.nthreads():
                        raise self._nobody_works() from None
        finally:
            future.release()

    def _nobody_works(self) -> RetryLaterError:
        return RetryLaterError(
            f"{_KEY}: the Dask scheduler has had no worker for {self._patience_seconds:g} seconds. Start some (dask "
            f"worker <address>), or leave {_KEY} empty to calculate in this process"
        )


@contextmanager
def forecast_workers(settings: Settings) -> Iterator[ForecastWorkers]:
    """Whoever calculates this deployment's forecasts, connected while the block runs.

    Where a cluster is asked for and cannot be had, nothing is calculated here instead: who needs a cluster would wait
    for days, on a machine that was not made for it, without being told.

    Raises:
        RetryLaterError: The scheduler does not answer, or has no worker.
        MisconfiguredError: The address is none, or a worker runs other code.
    """
    if settings.dask_address is None:
        yield InThisProcess()
        return
    import dask
    from distributed import Client

    # Dask advises against large arguments, which many tasks would share; here each belongs to one task, and must
    # outlive the worker that takes it.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "100 GiB"}):
        try:
            client = Client(  # type: ignore[no-untyped-call]  # Dask's
                settings.dask_address, timeout=_CONNECT_SECONDS, set_as_default=False, name="perennial"
            )
        except (OSError, TimeoutError):
            raise RetryLaterError(
                f"{_KEY}: no Dask scheduler answers at {settings.dask_address}. Start it there (dask scheduler), "
                f"correct the address, or leave {_KEY} empty to calculate in this process"
            ) from None
        with client:
            yield DaskWorkers(cast("DaskClient", client))
