"""Runs whose process is gone: killed, or gone down with its machine, before it could say so.

Dagster goes on counting them as being at work, and with one run at a time none would ever start again. A run that
works, or waits for its turn, has a connection to the warehouse that carries its id.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.deployment import open_deployment
from orchestration.run_lock import living_runs
from orchestration.settings import current_settings

# A run says that it has started some seconds before it has opened its connection.
_GRACE = timedelta(minutes=5)
_MESSAGE = (
    "The run's process is gone: it was killed, or its machine went down. Run the merchants again; whatever was done is "
    "kept, and nothing is sent twice."
)


def lost_runs(records: Iterable[dg.RunRecord], living: set[str], now: datetime) -> Iterator[dg.DagsterRun]:
    """The runs that count as started and that nobody is at work on.

    Args:
        records: Runs that count as started.
        living: Ids of the runs that have their connection.
        now: The time, aware.
    """
    for record in records:
        started = datetime.fromtimestamp(record.start_time, UTC) if record.start_time else record.create_timestamp
        if record.dagster_run.run_id not in living and now - started > _GRACE:
            yield record.dagster_run


@dg.sensor(
    name="lost_runs",
    description="Marks runs as failed whose process is gone, so that they do not keep the next ones waiting.",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def lost_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Fail the runs whose process is gone; Dagster then starts those that wait, and the alarm goes off."""
    deployment = open_deployment(current_settings())
    # In this order: a run that ends in between has a connection in the list, or is no longer among the records.
    living = living_runs(deployment.owner_url)
    records = context.instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    lost = list(lost_runs(records, living, deployment.clock()))
    for run in lost:
        context.instance.report_run_failed(run, _MESSAGE)
    return dg.SkipReason(f"{len(lost)} of {len(records)} started runs were lost.")
