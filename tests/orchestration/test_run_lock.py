"""One run at a time, and runs whose process is gone."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import psycopg
import pytest

from models.errors import StopError
from orchestration.lost_runs import lost_runs, lost_runs_sensor
from orchestration.resources import _continued_runs
from orchestration.run_lock import hold_run_lock, living_runs
from orchestration.settings import PROJECT_FOLDER

NOW = datetime(2026, 1, 14, 3, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=1)


def waiting_for_the_lock(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = "
            "(select oid from pg_database where datname = current_database())"
        ).fetchone()
    return int(row[0]) if row else 0


def cut_connection_of(url: str, run_id: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = %s",
            (f"perennial run {run_id}",),
        )


def test_a_run_waits_until_the_other_has_ended(database_url: str) -> None:
    order: list[str] = []

    def second() -> None:
        with hold_run_lock(database_url, "run-2"):
            order.append("run-2")

    thread = threading.Thread(target=second)
    with hold_run_lock(database_url, "run-1"):
        thread.start()
        while not waiting_for_the_lock(database_url):
            assert thread.is_alive()
        assert living_runs(database_url) == {"run-1", "run-2"}
        order.append("run-1")
    thread.join(30)
    assert order == ["run-1", "run-2"]
    assert living_runs(database_url) == set()


def test_a_lock_that_the_server_forgot_is_taken_again(database_url: str) -> None:
    with hold_run_lock(database_url, "run-1") as lock:
        lock.require_held()
        cut_connection_of(database_url, "run-1")
        lock.require_held()
        assert living_runs(database_url) == {"run-1"}


def test_a_lock_that_somebody_else_has_taken_ends_the_run(database_url: str) -> None:
    with hold_run_lock(database_url, "run-1") as lock:
        cut_connection_of(database_url, "run-1")
        with hold_run_lock(database_url, "run-2"), pytest.raises(StopError, match="another run has begun"):
            lock.require_held()


def record(run_id: str, start: datetime | None) -> dg.RunRecord:
    found = SimpleNamespace(
        dagster_run=SimpleNamespace(run_id=run_id),
        start_time=start.timestamp() if start else None,
        create_timestamp=LONG_AGO,
    )
    return cast("dg.RunRecord", found)


def test_a_run_is_lost_when_nobody_has_been_at_work_on_it_for_a_while() -> None:
    records = [
        record("gone", LONG_AGO),
        record("gone-at-once", None),
        record("working", LONG_AGO),
        record("starting", NOW - timedelta(seconds=20)),
    ]
    assert [run.run_id for run in lost_runs(records, {"working"}, NOW)] == ["gone", "gone-at-once"]


def test_the_sensor_fails_lost_runs_and_leaves_the_living(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERENNIAL_CONFIG", str(PROJECT_FOLDER / "perennial.yml"))
    monkeypatch.setenv("PERENNIAL_WAREHOUSE_URL", database_url)
    monkeypatch.setattr("os.environ", os.environ.copy())  # what a deployment tells its children stays here

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def job() -> None:
        nothing()

    with dg.DagsterInstance.ephemeral() as instance:

        def started() -> str:
            run = instance.create_run_for_job(job)
            event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, job.name)
            instance.report_dagster_event(event, run.run_id, timestamp=LONG_AGO.timestamp())
            return run.run_id

        gone, working = started(), started()
        with hold_run_lock(database_url, working), dg.build_sensor_context(instance) as context:
            lost_runs_sensor(context)
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses == {gone: dg.DagsterRunStatus.FAILURE, working: dg.DagsterRunStatus.STARTED}


def test_a_run_knows_the_runs_that_it_takes_up() -> None:
    runs = {"b": SimpleNamespace(parent_run_id="a"), "a": SimpleNamespace(parent_run_id=None)}
    instance = SimpleNamespace(get_run_by_id=runs.get)
    context: Any = SimpleNamespace(run=SimpleNamespace(parent_run_id="b"), instance=instance)
    assert list(_continued_runs(context)) == ["b", "a"]
    assert list(_continued_runs(cast("Any", SimpleNamespace(run=None, instance=instance)))) == []
