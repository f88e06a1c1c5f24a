"""Which day a run describes: what was asked for, what is declared, or else the last that was over when it was asked."""

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from orchestration import execution, resources
from orchestration.automation import run_config
from orchestration.deployment import Deployment, open_deployment
from orchestration.resources import DeploymentResource
from orchestration.settings import Settings, current_settings

COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
# The two zones without a day are 25 hours apart, so that it is never the same day in both.
DAYS = {"kiribati": date(2026, 1, 14), "samoa": date(2026, 1, 12), "closed": date(1998, 6, 30)}


def half_past_ten() -> datetime:
    return datetime(2026, 1, 14, 10, 30, tzinfo=UTC)


def merchant(name: str, time_zone: str, **declared: str) -> dict[str, Any]:
    store = {"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}
    named = {"merchant_id": name, "merchant_name": name, "time_zone": time_zone, "currency_code": "EUR"}
    return {**named, **declared, "stores": [store]}


@pytest.fixture
def declared(tmp_path: Path, module_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two merchants at the two ends of the earth without a day of their own, and one whose history is closed."""
    merchants = [
        merchant("kiribati", "Pacific/Kiritimati"),
        merchant("samoa", "Pacific/Pago_Pago"),
        merchant("closed", "UTC", as_of_date="1998-06-30"),
    ]
    path = tmp_path / "perennial.yml"
    path.write_text(json.dumps({"merchants": merchants}))
    monkeypatch.setenv("PERENNIAL_CONFIG", str(path))
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERENNIAL_WAREHOUSE_URL", module_database_url)
    monkeypatch.setattr("os.environ", os.environ.copy())  # what the run tells its children stays here
    return current_settings()


def opened(resource: DeploymentResource, context: Any = None) -> dict[str, date]:
    with resource.yield_for_execution(context or dg.build_init_resource_context()) as run:
        return run.run.as_of_dates


def test_a_run_without_a_day_describes_what_was_over_when_it_began(
    declared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        resources, "open_deployment", lambda settings: replace(open_deployment(settings), clock=half_past_ten)
    )
    assert opened(DeploymentResource()) == DAYS


def test_the_day_asked_for_wins(declared: Settings) -> None:
    asked = DeploymentResource(as_of_date="2025-12-31")
    assert opened(asked) == dict.fromkeys(("kiribati", "samoa", "closed"), date(2025, 12, 31))
    each = DeploymentResource(merchant_ids=["samoa", "closed"], as_of_dates={"samoa": "2025-11-30"})
    assert opened(each) == {"samoa": date(2025, 11, 30), "closed": date(1998, 6, 30)}


def test_a_run_that_takes_up_another_describes_its_day(declared: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        @dg.op
        def nothing() -> None: ...

        @dg.job
        def job() -> None:
            nothing()

        first = instance.create_run_for_job(job)
        second = instance.create_run_for_job(job, parent_run_id=first.run_id, root_run_id=first.run_id)
        asked_at = instance.get_run_record_by_id(first.run_id).create_timestamp  # type: ignore[union-attr]  # it is there
        context = SimpleNamespace(run=second, instance=instance)
        days = opened(DeploymentResource(merchant_ids=["samoa"]), context)
    assert days == {"samoa": (asked_at.astimezone(UTC) - timedelta(hours=11)).date() - timedelta(days=1)}


def test_the_command_records_each_merchants_day_with_the_run(
    declared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day is that of the command's start, however long the run waits for another."""
    configs: list[dict[str, Any]] = []

    class Job:
        def execute_in_process(self, run_config: dict[str, Any], **_: object) -> Any:
            configs.append(run_config)
            return SimpleNamespace(success=True, run_id="r", all_events=[], get_asset_check_evaluations=list)

    definitions = SimpleNamespace(defs=SimpleNamespace(resolve_job_def=lambda _: Job()))
    monkeypatch.setitem(__import__("sys").modules, "orchestration.definitions", cast("Any", definitions))
    monkeypatch.setattr(execution, "prepare_manifest", lambda *_: None)
    monkeypatch.setattr(execution, "hold_connections", lambda _: None)
    monkeypatch.setattr(dg.DagsterInstance, "get", dg.DagsterInstance.ephemeral)
    deployment = Deployment(declared, "", clock=half_past_ten)
    loaded: list[int] = []
    finished = execution.execute(deployment, [], None, when_loaded=lambda: loaded.append(1))
    assert (finished.run_id, finished.has_published_everybody, loaded) == ("r", True, [1])
    assert configs[0]["resources"] == run_config([], DAYS)["resources"]
    execution.execute(deployment, ["samoa"], date(2025, 1, 1))
    assert configs[1]["resources"] == run_config(["samoa"], {"samoa": date(2025, 1, 1)})["resources"]
