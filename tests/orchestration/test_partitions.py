"""Many merchants' forecasts in one run: each its own, wherever they are calculated, and few of them in memory."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import dagster as dg
import polars as pl
import pytest
import sqlalchemy as sa
from distributed import Client, LocalCluster
from tiny_merchants import AS_OF, DAYS, HISTORY, assert_same_bits, task, tiny_history

from ml.forecasts.forecasting import MerchantForecast
from ml.priors.prior import written
from ml.priors.shipped import shipped_prior
from models import ml
from orchestration import progress
from orchestration.configuration import Configuration
from orchestration.declaring import declare_merchants
from orchestration.defs.predict.forecasts import forecasts
from orchestration.deployment import Deployment
from orchestration.forecast_reports import ReportedForecast, forecast_results
from orchestration.forecast_tasks import ComputedForecast, ForecastTask, compute
from orchestration.forecast_workers import DaskWorkers, InThisProcess
from orchestration.merchant_run import MerchantRun
from orchestration.outcomes import Outcomes
from orchestration.prediction import predict_merchant
from orchestration.settings import Settings

STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)


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
            HISTORY.create_all(connection)
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
    run, prior = merchant_run(6), replace(shipped_prior(), version="own-1")
    workers = DaskWorkers(dask_client)
    assert workers.at_once > 2

    def predict(merchant: Any) -> MerchantForecast:
        if merchant.merchant_id == "m4":
            raise ZeroDivisionError("a defect of ours")
        return predict_merchant(run, merchant, workers, prior=prior)

    outcomes = run.each("forecasts", predict, at_once=workers.at_once)
    assert list(outcomes.results) == ["m0", "m1", "m3", "m5"]
    assert outcomes.failures["m2"].startswith("no forecast for merchant m2: nobody bought anything")
    assert outcomes.failures["m4"] == "unexpected ZeroDivisionError: a defect of ours"
    assert set(run.withheld()) == {"m2", "m4"}
    assert stored(run) == {name: expected(forecast) for name, forecast in outcomes.results.items()}

    here = run.each(
        "forecasts",
        lambda merchant: predict_merchant(run, merchant, InThisProcess(), prior=prior),
        includes_withheld=True,
    )
    assert list(here.results) == ["m0", "m1", "m3", "m4", "m5"]
    assert here.failures["m2"] == outcomes.failures["m2"]
    for name, forecast in outcomes.results.items():
        assert_same_bits(here.results[name], forecast)
        assert forecast.model_card["settings"]["prior"] == prior.identity


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


def test_the_asset_uses_the_deployments_own_prior(merchant_run: Callable[[int], MerchantRun]) -> None:
    run = merchant_run(2)
    home = run.deployment.settings.home
    home.mkdir()
    (home / "prior.json").write_text(written(replace(shipped_prior(), version="own-1")))
    context, resource = SimpleNamespace(retry_number=2), SimpleNamespace(run=run)
    shown = io.StringIO()
    with progress.reporting(shown):
        results = list(forecasts.op.compute_fn.decorated_fn(context, resource))
    rows = {
        result.asset_key.path[-1]: result.metadata for result in results if isinstance(result, dg.MaterializeResult)
    }
    assert rows["predictions"]["dagster/row_count"] == 2 * 12
    assert rows["model_runs"]["model card (m1)"].value["settings"]["prior"].startswith("own-1:")
    assert shown.getvalue().splitlines()[0] == "  Fitting and predicting 2 merchants ..."
    assert "  Fitting and predicting 2 merchants 40%" in shown.getvalue().splitlines()


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_five_thousand_merchants_in_one_run(merchant_run: Callable[[int], MerchantRun]) -> None:
    """On processes of their own: a cluster within one process keeps what it was sent, and grows with every merchant."""
    run = merchant_run(5_000)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        workers = DaskWorkers(client)

        def predict(merchant: Any) -> ReportedForecast:
            return ReportedForecast.of(predict_merchant(run, merchant, workers), is_shown=False)

        outcomes = run.each("forecasts", predict, at_once=workers.at_once)
    assert list(outcomes.failures) == ["m2"]
    assert len(outcomes.results) == 4_999
    assert len(stored(run)) == 4_999
