"""dbt's tests when dbt itself breaks off: nobody has passed what did not run."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
import sqlalchemy as sa

from models.ops import exchange_rates
from orchestration.dbt_stages import build_and_test, ended_with_its_reader
from orchestration.merchant_run import MerchantRun
from orchestration.settings import PROJECT_FOLDER

BUILT = '{"results": [{"unique_id": "model.p.fct_orders", "status": "success", "message": "SELECT 3"}]}'
TESTED = '{"results": []}'
ENDED = SimpleNamespace(poll=lambda: 0)
RATE = {"merchant_id": "ink", "currency_code": "USD", "valid_from_date": date(2020, 1, 1), "rate": 1}


class Dbt:
    """A dbt that writes what it is told to, for building and for testing; None is a dbt that breaks off."""

    def __init__(self, built: str, tested: str | None) -> None:
        self._writes = {"build": built, "test": tested}

    def cli(self, arguments: list[str], *, target_path: Path, **_: Any) -> Any:
        class Events(list[Any]):
            def fetch_row_counts(self) -> Iterator[Any]:
                return iter(self)

        def stream() -> Events:
            written = self._writes[arguments[0]]
            if written is not None:
                target_path.mkdir(parents=True, exist_ok=True)
                (target_path / "run_results.json").write_text(written)
            return Events()

        return SimpleNamespace(stream=stream, process=ENDED)


class Books:
    """What was recorded about a merchant."""

    def __init__(self) -> None:
        self.passed: list[bool] = []

    def check(self, _: str, __: str, *, has_passed: bool, message: str) -> None:
        del message
        self.passed.append(has_passed)


@pytest.fixture
def deployment(tmp_path: Path, engine: sa.Engine, database_url: str) -> Any:
    settings = SimpleNamespace(project_folder=PROJECT_FOLDER)
    return SimpleNamespace(
        dbt_target=tmp_path, loader=engine, transformer=engine, settings=settings, owner_url=database_url
    )


def carried_out(
    deployment: Any,
    tested: str | None,
    *,
    table: str = "marts/fct_orders",
    nodes: dict[str, Any] | None = None,
) -> tuple[list[bool], list[Any]]:
    """What was recorded of the merchant, and what Dagster was told."""
    books = Books()
    run = MerchantRun(
        deployment,
        "run-1",
        cast("Any", [SimpleNamespace(merchant_id="ink")]),
        {"ink": date(2026, 1, 13)},
        datetime(2026, 1, 14, tzinfo=UTC),
    )
    object.__setattr__(run, "check", books.check)
    key = dg.AssetKey(table.split("/"))
    assets = SimpleNamespace(keys={key}, keys_by_output_name={"table": key}, asset_deps={key: set()})
    context: Any = SimpleNamespace(selected_asset_keys={key}, assets_def=assets)
    dbt = cast("Any", Dbt(BUILT, tested))
    events = build_and_test(context, dbt, run, "transformed_tables", {"nodes": nodes or {}}, reads_predictions=False)
    told = list(events)
    return books.passed, told


def test_tests_that_ran_and_found_nothing_are_passed(deployment: Any) -> None:
    assert carried_out(deployment, TESTED) == ([True], [])


def test_tests_that_never_ran_are_not_passed_by_anybody(deployment: Any) -> None:
    carried_out(deployment, TESTED)  # an earlier run's results lie there too
    with pytest.raises(dg.Failure, match="left no test results") as failure:
        carried_out(deployment, None)
    assert failure.value.allow_retries


def test_tables_that_passed_are_kept_until_their_inputs_change(deployment: Any, engine: sa.Engine) -> None:
    carried_out(deployment, TESTED, table="ops/merchants")
    # dbt would break off, and is not asked.
    passed, (kept,) = carried_out(deployment, None, table="ops/merchants")
    assert passed == [True]
    assert "nothing has changed since run run-1" in str(kept.metadata["kept"])
    with engine.begin() as connection:
        connection.execute(exchange_rates.insert().values(RATE))
    with pytest.raises(dg.Failure):
        carried_out(deployment, None, table="ops/merchants")


@pytest.mark.parametrize(("materialized", "count"), [("table", 2), ("incremental", 2), ("view", None)])
def test_what_is_kept_is_counted_where_rows_are_kept(
    deployment: Any, engine: sa.Engine, materialized: str, count: int | None
) -> None:
    model = {"resource_type": "model", "schema": "ops", "name": "exchange_rates"}
    nodes = {
        "model.p.exchange_rates": model
        | {"config": {"materialized": materialized}, "depends_on": {"nodes": ["model.p.rates"]}},
        "model.p.rates": model | {"name": "rates", "config": {"materialized": "table"}, "depends_on": {"nodes": []}},
    }
    with engine.begin() as connection:
        connection.execute(exchange_rates.insert(), [RATE, RATE | {"currency_code": "EUR"}])
    for _ in range(2):
        _, told = carried_out(deployment, TESTED, table="ops/exchange_rates", nodes=nodes)
    (kept,) = told
    assert kept.metadata.get("dagster/row_count") == (count and dg.IntMetadataValue(count))


def test_tables_whose_tests_broke_off_are_built_again(deployment: Any) -> None:
    with pytest.raises(dg.Failure):
        carried_out(deployment, None, table="ops/merchants")
    passed, told = carried_out(deployment, TESTED, table="ops/merchants")
    assert (passed, told) == ([True], [])


def test_who_breaks_off_reading_ends_dbt() -> None:
    # As dbt's server does, it takes the signal back that whoever started the tests may ignore.
    taken_back = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    waiting = [sys.executable, "-c", f"{taken_back}; print('ready', flush=True); input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(KeyError), ended_with_its_reader(process):
            raise KeyError("model.p.fct_orders")
        assert process.returncode is not None


def test_who_reads_to_the_end_leaves_dbt_to_itself() -> None:
    waiting = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as process:
        with ended_with_its_reader(process):
            pass
        assert process.poll() is None
        process.communicate(b"\n")
    assert process.returncode == 0
