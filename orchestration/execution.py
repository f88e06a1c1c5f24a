"""Running the pipeline from the command line: the same Dagster job, in this process, recorded where the UI shows it."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

import dagster as dg
import psycopg
import sqlalchemy as sa
import typer
from dagster_postgres.utils import DagsterPostgresException

from models.errors import RetryLaterError
from orchestration import progress
from orchestration.automation import run_config
from orchestration.deployment import Deployment, open_deployment
from orchestration.ingestion_reports import ACCESS_CHECK
from orchestration.resources import hold_connections
from orchestration.settings import Settings
from orchestration.summary import print_notices, print_summary, summary_console
from orchestration.transformation import dbt_project, prepare_manifest


def run_pipeline(settings: Settings, merchant_ids: list[str], as_of_date: date | None) -> int:
    """Run every asset for some merchants.

    Returns:
        0 when every merchant was published, 1 when the run failed or withheld somebody.
    """
    deployment = open_deployment(settings)
    console = summary_console()
    with progress.reporting(sys.stderr):
        finished = execute(deployment, merchant_ids, as_of_date)
    if not finished.has_published_everybody:
        print_notices(console, finished.notices)
        typer.echo("The run is recorded in the Dagster UI (make ui); ops.merchant_runs says who was withheld and why.")
        return 1
    concerned = [m.merchant_id for m in deployment.merchants(merchant_ids)]
    print_summary(deployment, console, finished.run_id, concerned)
    print_notices(console, finished.notices)
    typer.echo(f"\nPublished. Run {finished.run_id} is recorded in the Dagster UI (make ui).")
    return 0


@dataclass(frozen=True)
class FinishedRun:
    """A run that came to its end.

    Attributes:
        run_id: Dagster's id of it.
        has_published_everybody: Whether nothing failed and nobody was withheld.
        notices: Per store whose owner has to know something, what.
    """

    run_id: str
    has_published_everybody: bool
    notices: Mapping[str, Sequence[str]]


def execute(
    deployment: Deployment,
    merchant_ids: list[str],
    as_of_date: date | None,
    *,
    when_loaded: Callable[[], None] = lambda: None,
) -> FinishedRun:
    """Execute the nightly job in this process.

    Args:
        deployment: Open.
        merchant_ids: Whom to work on; none means all.
        as_of_date: The day to describe; None leaves it to `perennial.yml`, and without a day there it is the last one
            that is over in the merchant's own zone now.
        when_loaded: Called once the asset graph is loaded and before anything runs.

    Returns:
        What it came to; failures are printed in a sentence each.

    Raises:
        RetryLaterError: The warehouse went away, and with it the books that a failure would be written to.
    """
    started_at = deployment.clock()
    as_of_dates = {
        merchant.merchant_id: deployment.as_of(merchant, as_of_date, started_at)
        for merchant in deployment.merchants(merchant_ids)
    }
    with progress.current().task("Loading the asset graph"):
        prepare_manifest(dbt_project(deployment.settings.project_folder, deployment.dbt_target), os.environ)
        from orchestration.definitions import defs  # needs the manifest

        job = defs.resolve_job_def("nightly")
    when_loaded()
    try:
        with dg.DagsterInstance.get() as instance:
            hold_connections(instance)
            result = job.execute_in_process(
                run_config={
                    **run_config(merchant_ids, as_of_dates),
                    # The reporter and this function speak.
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=instance,
                raise_on_error=False,
            )
    except (DagsterPostgresException, sa.exc.OperationalError, psycopg.OperationalError) as error:
        raise RetryLaterError(
            "the warehouse went away during the run; what was committed is kept, and running again goes on from there "
            f"({str(error).strip().splitlines()[0]})"
        ) from error
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            data = event.step_failure_data
            message = data.user_failure_data.description if data.user_failure_data else None
            fallback = data.error.message if data.error else ""
            sys.stderr.write(f"perennial: {event.step_key}: {message or fallback}\n")
    return FinishedRun(result.run_id, result.success, _notices(result.get_asset_check_evaluations()))


def _notices(checks: Iterable[dg.AssetCheckEvaluation]) -> dict[str, list[str]]:
    """What the archive's checks say that the owners of stores have to know; every asset of a source says the same."""
    notices: dict[str, list[str]] = {}
    for check in checks:
        if check.check_name == ACCESS_CHECK and not check.passed:
            notices |= cast("dict[str, list[str]]", check.metadata["notices"].value)
    return notices
