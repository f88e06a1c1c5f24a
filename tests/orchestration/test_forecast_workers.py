"""Who calculates forecasts: a cluster gives the same bits as this process, and is refused where it could not."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from distributed import Client, KilledWorker, LocalCluster
from distributed.client import ClosedClientError
from distributed.comm.core import CommClosedError
from tiny_merchants import assert_same_bits, task, tiny_history

from ml.estimator import FitReport, FitStatus, UnusableFitError
from models.errors import MisconfiguredError, PerennialError, RejectedRecordError, RetryLaterError, StopError
from orchestration import forecast_workers
from orchestration.forecast_tasks import ForecastTask, compute, computed_or_refused, software
from orchestration.forecast_workers import DaskWorkers
from orchestration.settings import Settings


def test_a_process_of_its_own_gives_the_same_bits_and_the_same_failures() -> None:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        workers = DaskWorkers(client)
        there = workers.forecast(task())
        assert_same_bits(compute(task()).forecast, there.forecast)
        assert there.thread_count >= 1
        with pytest.raises(StopError, match="no forecast for merchant m1: nobody bought anything"):
            workers.forecast(task(purchase_days=tiny_history(1).clear()))
        # A worker that came later, or was updated while the run went on.
        with pytest.raises(MisconfiguredError, match=r"perennial is .* there and other here"):
            workers.forecast(task(software={**software(), "perennial": "other"}))
        other = {**software(), "polars": "0"}
        assert isinstance(computed_or_refused(task(software=other)), MisconfiguredError)


REPORT = FitReport("bg_nbd", FitStatus.NOBODY_DROPS_OUT, "nobody leaves", {}, {}, None, 5, 2)


@pytest.mark.parametrize(
    "error",
    [
        PerennialError("broken"),
        RetryLaterError("later", retry_after_seconds=3.0),
        RejectedRecordError("amount", "is no number"),
        StopError("stop"),
        MisconfiguredError("merchants[0].prediction", "is wrong"),
        UnusableFitError(REPORT),
    ],
)
def test_a_failure_is_the_same_after_a_journey(error: PerennialError) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_a_task_in_a_workers_log_shows_nobodys_purchases() -> None:
    shown = repr(task()) + repr(compute(task()))
    assert "m1" in shown
    assert "customer-" not in shown


class FakeFuture:
    def __init__(self, answer: Any) -> None:
        self._answer, self.is_released = answer, False

    def result(self, timeout: float | None = None) -> Any:
        del timeout
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def release(self) -> None:
        self.is_released = True


class FakeClient:
    """A cluster whose workers run this software, and answer as told."""

    def __init__(self, answer: Any = None, software_there: Any = None, workers: int = 1) -> None:
        self._software = software() if software_there is None else software_there
        self.workers, self.future, self.keys = workers, FakeFuture(answer), set[str]()

    def wait_for_workers(self, n_workers: int, timeout: float | None = None) -> None:
        del timeout
        if self.workers < n_workers:
            raise TimeoutError

    def run(self, function: Callable[[], Any], *, on_error: str) -> dict[str, Any]:
        del function, on_error
        return {f"tcp://worker-{number}:1": self._software for number in range(self.workers)}

    def nthreads(self) -> dict[str, int]:
        return {f"tcp://worker-{number}:1": 4 for number in range(self.workers)}

    def submit(self, function: Callable[[ForecastTask], Any], task: ForecastTask, *, key: str) -> FakeFuture:
        del function, task
        self.keys.add(key)
        return self.future


@pytest.mark.parametrize(
    ("client", "kind", "words"),
    [
        (FakeClient(workers=0), RetryLaterError, r"PERENNIAL_DASK_ADDRESS: the Dask scheduler has had no worker"),
        (
            FakeClient(software_there={**software(), "polars": "1.9.0"}),
            MisconfiguredError,
            rf"tcp://worker-0:1 runs other code: polars is 1\.9\.0 there and {pl.__version__} here\. Install",
        ),
        (
            FakeClient(software_there={"perennial": "0" * 64}),
            MisconfiguredError,
            r"numpy is missing there.*perennial is 000000000000 there",
        ),
        (
            FakeClient(software_there=ModuleNotFoundError("No module named 'orchestration'")),
            MisconfiguredError,
            r"cannot run Perennial \(ModuleNotFoundError: No module named 'orchestration'\)\. Install",
        ),
    ],
)
def test_a_cluster_that_would_calculate_otherwise_is_refused(
    client: FakeClient, kind: type[PerennialError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        DaskWorkers(client, patience_seconds=0.0)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            KilledWorker("forecast-m1", "tcp://worker-0:1", 3),
            StopError,
            "workers that calculated m1 died.*--memory-limit",
        ),
        (CancelledError(), RetryLaterError, "the Dask scheduler went away while m1 was calculated"),
        (ClosedClientError(), RetryLaterError, "the Dask scheduler went away while m1 was calculated"),
        (CommClosedError(), RetryLaterError, "the Dask scheduler went away while m1 was calculated"),
        (StopError("as the worker said"), StopError, "^as the worker said$"),
    ],
)
def test_what_befalls_a_worker_is_told(answer: Exception, kind: type[PerennialError], words: str) -> None:
    client = FakeClient(answer)
    with pytest.raises(kind, match=words):
        DaskWorkers(client).forecast(task())
    assert client.future.is_released


def test_a_queue_that_nobody_works_on_any_more_is_left() -> None:
    client = FakeClient(TimeoutError())
    workers = DaskWorkers(client, patience_seconds=0.0)
    client.workers = 0
    with pytest.raises(RetryLaterError, match="has had no worker"):
        workers.forecast(task())


def test_every_request_is_a_new_one() -> None:
    """An earlier run's answer of the same name may still be on the cluster."""
    client = FakeClient(computed_or_refused(task()))
    for _ in range(2):
        DaskWorkers(client).forecast(task())
    assert len(client.keys) == 2


def test_a_scheduler_that_is_not_there_stops_the_stage(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_workers, "_CONNECT_SECONDS", 0.1)
    away = replace(settings, dask_address="tcp://127.0.0.1:1")
    with (
        pytest.raises(
            RetryLaterError, match=r"^PERENNIAL_DASK_ADDRESS: no Dask scheduler answers at tcp://127\.0\.0\.1:1\."
        ),
        forecast_workers.forecast_workers(away),
    ):
        raise AssertionError("nothing is calculated in its place")


def test_without_an_address_nothing_of_dask_is_imported() -> None:
    code = "import sys, orchestration.forecast_workers; sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("address", ["scheduler:8786", "scheduler", "tcp://", "tcp://a b"])
def test_an_address_that_is_none_names_its_variable(address: str) -> None:
    with pytest.raises(MisconfiguredError, match=r"PERENNIAL_DASK_ADDRESS: .* such as tcp://scheduler:8786"):
        Settings.from_environment({"PERENNIAL_DASK_ADDRESS": address})
    given = Settings.from_environment({"PERENNIAL_DASK_ADDRESS": "tls://scheduler:8786"})
    assert given.dask_address == "tls://scheduler:8786"
