"""A past forecast made again, from the archive as it had landed by then and with what was asked for then.

Settings, incumbent, prior, declarations and the number of threads are those of that night. Works in a scratch database
that goes when the work ends; the warehouse and the archive are only read.
"""

import json
import subprocess
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from ml.forecasts.settings import ForecastSettings
from models.archive import ArchivedBatch
from models.built_merchants import ModelRunInputs, StorePosition, restore_declarations
from models.engine import connect
from models.errors import StopError
from models.migration import migrate
from models.past_archive import batches_up_to, landed_since, rebuild_past
from models.registry import model_run
from models.scratch_database import scratch_database
from models.statistics import measure_grown_tables
from orchestration import progress
from orchestration.deployment import Deployment, child_environment
from orchestration.deployment_prior import prior_identified
from orchestration.forecast_process import compute_with_threads
from orchestration.forecast_tasks import ComputedForecast, ForecastTask
from orchestration.prediction import incumbent_from, task_from
from orchestration.purchase_history import HISTORY_TABLES
from orchestration.transformation import DBT_EXECUTABLE, dbt_project, prepare_manifest, sources_of

_SETTINGS = TypeAdapter(ForecastSettings)
# Part of what a card calls settings, and not of what is asked for.
_BESIDE_SETTINGS = ("prior", "incumbent")


@dataclass(frozen=True)
class PastStore:
    """A store as a model run found it.

    Attributes:
        position: How far it had landed.
        batches: What had landed.
        landed_since: How many batches have landed since.
    """

    position: StorePosition
    batches: tuple[ArchivedBatch, ...]
    landed_since: int


@dataclass(frozen=True)
class ReplayedForecast:
    """A past forecast made again.

    Attributes:
        computed: The forecast.
        settings: What it was asked for.
        stores: What it was made from.
        row_count: Rows of the raw tables that these gave.
        missing: What the run leaned on and is not there any more, in a sentence each.
    """

    computed: ComputedForecast
    settings: ForecastSettings
    stores: tuple[PastStore, ...]
    row_count: int
    missing: tuple[str, ...]


def inputs_of_run(stored: sa.Row[Any]) -> ModelRunInputs:
    """What the tables that a stored run read were built from.

    Raises:
        StopError: The run is from before that was kept.
    """
    if stored.inputs is None:
        raise StopError(
            f"model run {stored.model_run_id} of merchant {stored.merchant_id} is from before Perennial kept what the "
            "tables were built from, so what it read cannot be told; those of later runs can be replayed"
        )
    return ModelRunInputs.of(stored.inputs)


def recorded_settings(stored: sa.Row[Any]) -> ForecastSettings:
    """What a stored run was asked for."""
    recorded = stored.model_card["settings"]
    return _SETTINGS.validate_python({name: value for name, value in recorded.items() if name not in _BESIDE_SETTINGS})


def forecast_again(deployment: Deployment, stored: sa.Row[Any]) -> ReplayedForecast:
    """Make a stored run's forecast again.

    Args:
        deployment: Open.
        stored: The run's row of `ml.model_runs`.

    Raises:
        StopError: What the run read is not known, or no longer there; or no forecast can be made of it.
        RetryLaterError: Another replay is at work.
        MisconfiguredError: The warehouse's owner may not create a database.
    """
    inputs, settings = inputs_of_run(stored), recorded_settings(stored)
    missing = []
    with deployment.transformer.connect() as connection:
        stores = tuple(
            PastStore(
                position,
                tuple(batches_up_to(connection, deployment.archive_root, stored.merchant_id, position)),
                landed_since(connection, stored.merchant_id, position),
            )
            for position in inputs.stores
        )
        held = None
        if stored.incumbent_run_id is not None:
            held = model_run(connection, stored.merchant_id, stored.incumbent_run_id)
            if held is None:
                missing.append(f"the registry no longer has the incumbent of then, model run {stored.incumbent_run_id}")
    identity = stored.model_card["settings"]["prior"]
    prior = prior_identified(deployment.settings, identity)
    if prior is None:
        missing.append(f"the prior of then, {identity}, is not here; the shipped one took its place")
    project = dbt_project(deployment.settings.project_folder, deployment.dbt_target)
    manifest_path = prepare_manifest(project, child_environment(deployment.owner_url))
    needed = sources_of(json.loads(manifest_path.read_text(encoding="utf-8")), HISTORY_TABLES)
    with scratch_database(deployment.owner_url) as url:
        with progress.current().task("Preparing a scratch database"):
            migrate(url)
        with replace(deployment, owner_url=url) as scratch:
            row_count = _fill(deployment, scratch, stored, stores, needed)
            with progress.current().task("Building the purchase history of then"):
                _build_history(scratch)
            with scratch.transformer.connect() as connection:
                task: ForecastTask = task_from(connection, settings, prior, incumbent_from(held))
    with progress.current().task(f"Fitting and predicting {stored.merchant_id}"):
        computed = compute_with_threads(task, stored.thread_count)
    return ReplayedForecast(computed, settings, stores, row_count, tuple(missing))


def _fill(
    deployment: Deployment,
    scratch: Deployment,
    stored: sa.Row[Any],
    stores: tuple[PastStore, ...],
    needed: set[tuple[str, str]],
) -> int:
    """Fill the scratch database with what had landed and what was declared; returns the raw rows."""
    row_count = 0
    with progress.current().task("Rebuilding raw tables from the archive", len(stores)) as advance:
        for store in stores:
            streams = {name for schema, name in needed if schema == f"raw_{store.position.source}"}
            with scratch.loader.begin() as writing:
                row_count += rebuild_past(writing, store.batches, streams)
            advance(1)
    with deployment.transformer.connect() as reading, scratch.loader.begin() as writing:
        restore_declarations(reading, writing, stored.merchant_id, stored.model_run_id)
    with connect(scratch.owner_url, autocommit=True) as connection:
        measure_grown_tables(connection)
    return row_count


def _build_history(scratch: Deployment) -> None:
    """Let dbt build what a forecast reads, and what that stands on.

    Raises:
        StopError: dbt failed; the message ends with what it said.
    """
    folder, target = scratch.settings.project_folder / "dbt_project", scratch.dbt_target / "replay"
    target.mkdir(parents=True, exist_ok=True)
    selected = [f"+{name}" for name in HISTORY_TABLES]
    outputs = ["--target-path", str(target), "--log-path", str(target)]
    environment = {**child_environment(scratch.owner_url), "DBT_PROFILES_DIR": str(folder)}
    done = subprocess.run(
        [DBT_EXECUTABLE, "--no-use-colors", "run", "--select", *selected, *outputs],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StopError(f"dbt could not build the history of then:\n{(done.stdout + done.stderr)[-2000:]}")
