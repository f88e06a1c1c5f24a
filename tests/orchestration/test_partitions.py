"""Many merchants' forecasts on a Dask cluster: what comes of them does not depend on where they were calculated."""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa
from distributed import Client, KilledWorker, LocalCluster
from polars.testing import assert_frame_equal

from ml.estimator import FitReport, FitStatus, UnusableFitError
from ml.forecasts.forecasting import MerchantForecast
from ml.forecasts.settings import ForecastSettings
from ml.priors.shipped import shipped_prior
from models import ml
from models.errors import MisconfiguredError, PerennialError, RejectedRecordError, RetryLaterError, StopError
from orchestration import forecast_workers
from orchestration.configuration import Configuration
from orchestration.declaring import declare_merchants
from orchestration.deployment import Deployment
from orchestration.forecast_reports import ReportedForecast, forecast_results
from orchestration.forecast_tasks import ComputedForecast, ForecastTask, compute, computed_or_refused, software
from orchestration.forecast_workers import DaskWorkers, InThisProcess
from orchestration.merchant_run import MerchantRun
from orchestration.outcomes import Outcomes
from orchestration.prediction import predict_merchant
from orchestration.settings import Settings

AS_OF = date(2026, 1, 13)
STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)
REFUNDS = pl.DataFrame(
    schema={
        "customer_id": pl.String,
        "purchase_date": pl.Date,
        "refund_date": pl.Date,
        "amount": pl.Decimal(18, 4),
    }
)
_HISTORY = sa.MetaData(schema="intermediate")
DAYS = sa.Table(
    "int_purchase_days_aggregated",
    _HISTORY,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
    sa.Column("purchase_date", sa.Date),
    sa.Column("amount", sa.Numeric(18, 4)),
)
sa.Table(
    "int_refunds_attributed",
    _HISTORY,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
    *(sa.Column(name, sa.Date) for name in ("purchase_date", "refund_date")),
    sa.Column("amount", sa.Numeric(18, 4)),
)


def tiny_history(seed: int, *, customers: int = 12) -> pl.DataFrame:
    """A dozen customers of the last days, too few of both for a backtest."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"customer-{number}", AS_OF - timedelta(days=int(ago)), Decimal(int(cents)) / 100)
        for number in range(customers)
        for ago, cents in zip(
            rng.choice(np.arange(1, 12), size=rng.integers(1, 5), replace=False),
            rng.integers(500, 9_000, 5),
            strict=False,
        )
    ]
    schema = {"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Decimal(18, 4)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def task(seed: int = 1, **changes: Any) -> ForecastTask:
    settings = ForecastSettings(f"m{seed}", AS_OF, has_challengers=False)
    return replace(ForecastTask(tiny_history(seed), REFUNDS, settings, software()), **changes)


def assert_same_bits(ours: MerchantForecast, theirs: MerchantForecast) -> None:
    for name, value in vars(ours).items():
        other = getattr(theirs, name)
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, other, check_exact=True)
        else:
            assert value == other, name


@pytest.fixture(scope="module")
def dask_client() -> Iterator[Client]:
    """A cluster of two threads within this process."""
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def merchant_run(settings: Settings, database_url: str) -> Iterator[Callable[[int], MerchantRun]]:
    """Makes a run over so many merchants, each with a tiny history in the warehouse; the third has bought nothing."""
    deployments = []

    def make(count: int) -> MerchantRun:
        names = [f"m{number}" for number in range(count)]
        columns = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
        store = {"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": columns}}
        common = {"merchant_name": "M", "time_zone": "UTC", "currency_code": "EUR", "stores": [store]}
        declared = [{**common, "merchant_id": name, "prediction": {"has_challengers": False}} for name in names]
        deployment = Deployment(settings, database_url, clock=lambda: STARTED)
        deployment.__dict__["configuration"] = Configuration.model_validate({"merchants": declared})
        deployments.append(deployment)
        engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            _HISTORY.create_all(connection)
            connection.execute(sa.text("grant select on all tables in schema intermediate to perennial_transformer"))
            for number, name in enumerate(names):
                if number != 2:
                    rows = tiny_history(number).to_dicts()
                    connection.execute(sa.insert(DAYS), [{**row, "merchant_id": name} for row in rows])
        engine.dispose()
        merchants = deployment.configuration.merchants
        run = MerchantRun(deployment, "run-1", merchants, dict.fromkeys(names, AS_OF), STARTED)
        declare_merchants(run)
        return run

    yield make
    for deployment in deployments:
        deployment.loader.dispose()
        deployment.transformer.dispose()


def stored(run: MerchantRun) -> dict[str, dict[str, str]]:
    """Per merchant, its model run and what that one expects of each customer."""
    predictions = ml.predictions
    with run.deployment.transformer.connect() as connection:
        rows = connection.execute(sa.select(predictions)).all()
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row.merchant_id, {"model_run_id": row.model_run_id})[row.customer_id] = str(row.clv_amount)
    return found


def expected(forecast: MerchantForecast) -> dict[str, str]:
    rows = forecast.predictions.select("customer_id", "clv_amount").rows()
    return {"model_run_id": forecast.model_run_id, **{customer: f"{amount:.4f}" for customer, amount in rows}}


def test_a_cluster_gives_the_same_bits_and_one_merchants_failure_is_its_own(
    merchant_run: Callable[[int], MerchantRun], dask_client: Client
) -> None:
    run = merchant_run(6)
    workers = DaskWorkers(dask_client)
    assert workers.at_once > 2

    def predict(merchant: Any) -> MerchantForecast:
        if merchant.merchant_id == "m4":
            raise ZeroDivisionError("a defect of ours")
        return predict_merchant(run, merchant, workers, prior=shipped_prior())

    outcomes = run.each("forecasts", predict, at_once=workers.at_once)
    assert list(outcomes.results) == ["m0", "m1", "m3", "m5"]
    assert outcomes.failures["m2"].startswith("no forecast for merchant m2: nobody bought anything")
    assert outcomes.failures["m4"] == "unexpected ZeroDivisionError: a defect of ours"
    assert set(run.withheld()) == {"m2", "m4"}
    assert stored(run) == {name: expected(forecast) for name, forecast in outcomes.results.items()}

    here = run.each(
        "forecasts",
        lambda merchant: predict_merchant(run, merchant, InThisProcess(), prior=shipped_prior()),
        includes_withheld=True,
    )
    assert list(here.results) == ["m0", "m1", "m3", "m4", "m5"]
    assert here.failures["m2"] == outcomes.failures["m2"]
    for name, forecast in outcomes.results.items():
        assert_same_bits(here.results[name], forecast)


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


class Watched:
    """Workers that answer with one ready forecast, and note how many merchants are on the way and at the warehouse."""

    def __init__(self, at_once: int, answer: ComputedForecast) -> None:
        self.at_once, self._answer = at_once, answer
        self.warehouse_turn = nullcontext()
        self._lock, self._now, self.most = threading.Lock(), 0, 0

    def forecast(self, task: ForecastTask) -> ComputedForecast:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        named = replace(self._answer.forecast, model_run_id=f"run of {task.settings.merchant_id}")
        with self._lock:
            self._now -= 1
        return replace(self._answer, forecast=named)


def test_merchants_on_the_way_are_few_and_their_rows_do_not_stay(merchant_run: Callable[[int], MerchantRun]) -> None:
    run, workers = merchant_run(60), Watched(4, compute(task()))

    def predict(merchant: Any) -> ReportedForecast:
        forecast = predict_merchant(run, merchant, workers)
        return ReportedForecast.of(forecast, is_shown=merchant.merchant_id in {"m0", "m1"})

    outcomes = run.each("forecasts", predict, at_once=workers.at_once)
    assert list(outcomes.results) == [f"m{number}" for number in range(60)], "in the order of the merchants"
    assert len(stored(run)) == 60
    assert workers.most <= 4
    assert [name for name, one in outcomes.results.items() if one.shown] == ["m0", "m1"]
    cards, backtests, predictions = forecast_results(["model_runs", "backtests", "predictions"], outcomes, {})
    assert [key for key in cards.metadata or {} if key.startswith("model card")] == [
        "model card (m0)",
        "model card (m1)",
    ]
    assert (cards.metadata or {})["dagster/row_count"] == 60
    assert (predictions.metadata or {})["dagster/row_count"] == 60 * 12
    assert (backtests.metadata or {})["dagster/row_count"] == 0


def test_outcomes_keep_no_failed_merchants_rows(merchant_run: Callable[[int], MerchantRun]) -> None:
    """An exception holds the variables of every function that it came through."""
    run = merchant_run(3)
    outcomes: Outcomes[Any] = run.each("forecasts", lambda merchant: predict_merchant(run, merchant, InThisProcess()))
    (error,) = outcomes.errors["m2"]
    link: BaseException | None = error
    while link is not None:
        trace = link.__traceback__
        while trace is not None:
            held = [name for name, value in trace.tb_frame.f_locals.items() if isinstance(value, pl.DataFrame)]
            assert held == []
            trace = trace.tb_next
        link = link.__cause__


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_five_thousand_merchants_in_one_run(merchant_run: Callable[[int], MerchantRun], dask_client: Client) -> None:
    run, workers = merchant_run(5_000), DaskWorkers(dask_client)

    def predict(merchant: Any) -> ReportedForecast:
        return ReportedForecast.of(predict_merchant(run, merchant, workers), is_shown=False)

    outcomes = run.each("forecasts", predict, at_once=workers.at_once)
    assert list(outcomes.failures) == ["m2"]
    assert len(outcomes.results) == 4_999
    assert len(stored(run)) == 4_999
