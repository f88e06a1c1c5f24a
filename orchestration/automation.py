"""What runs by itself: the nightly run at 01:00 of each merchant's own zone, and the alarm when a run fails."""

import hashlib
import http.client
import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.configuration import Configuration, Merchant
from orchestration.deployment import read_configuration
from orchestration.logs import redact_text
from orchestration.settings import current_settings

NIGHTLY_HOUR = 1
_TICK = timedelta(hours=1)
_ALERT_TIMEOUT_SECONDS = 5
_LONGEST_TAG = 100


def due_merchants(configuration: Configuration, tick: datetime) -> Iterator[tuple[Merchant, datetime]]:
    """The merchants whose night it is.

    The answer must be right by itself: a schedule's run key tells a tick from its own repeat, not from the tick before.

    Args:
        configuration: The declarations in force.
        tick: The schedule's own time, aware.

    Yields:
        Each merchant whose clock has passed 01:00 of a date since the tick before, with its local time: once a date,
        also where the clock jumps over 01:00 or shows it twice.
    """
    for merchant in configuration.merchants:
        zone = ZoneInfo(merchant.time_zone)
        local, before = tick.astimezone(zone), (tick - _TICK).astimezone(zone)
        was_due = before.date() == local.date() and before.hour >= NIGHTLY_HOUR
        if local.hour >= NIGHTLY_HOUR and not was_due:
            yield merchant, local


def nightly_requests(due: Iterable[tuple[Merchant, datetime]]) -> Iterator[dg.RunRequest]:
    """The runs of one tick's nights, each for the day that has just ended.

    Merchants whose night describes the same day share a run: the tables are built for all of them at once, and a run
    for each would build them as often as there are merchants.

    Args:
        due: The tick's merchants with their local times, from `due_merchants`.

    Yields:
        A request per day described; its key names its merchants and their local date.
    """
    nights: dict[tuple[date, date], list[str]] = {}
    for merchant, local in due:
        as_of_date = merchant.as_of_date or (local.date() - timedelta(days=1))
        nights.setdefault((as_of_date, local.date()), []).append(merchant.merchant_id)
    for (as_of_date, local_date), merchant_ids in nights.items():
        names = ",".join(sorted(merchant_ids))
        yield dg.RunRequest(
            run_key=f"{hashlib.sha256(names.encode()).hexdigest()[:16]}:{as_of_date}:{local_date}",
            run_config=run_config(merchant_ids, as_of_date.isoformat()),
            tags={
                "perennial/merchants": names if len(names) <= _LONGEST_TAG else f"{len(merchant_ids)} merchants",
                "perennial/local_date": local_date.isoformat(),
                "perennial/as_of_date": as_of_date.isoformat(),
            },
        )


def run_config(merchant_ids: list[str], as_of: str | Mapping[str, date]) -> dict[str, Any]:
    """Run configuration that limits a run to some merchants.

    Args:
        merchant_ids: Whom to work on; none means all.
        as_of: The day that the run describes, or that of each merchant.
    """
    config: dict[str, Any] = {"merchant_ids": merchant_ids}
    if isinstance(as_of, str):
        config["as_of_date"] = as_of
    else:
        config["as_of_dates"] = {merchant_id: day.isoformat() for merchant_id, day in as_of.items()}
    return {"resources": {"deployment": {"config": config}}}


def nightly_schedule(job: dg.JobDefinition | Any) -> dg.ScheduleDefinition:  # noqa: ANN401 - an unresolved job
    """An hourly schedule that starts the nightly run of the merchants whose zone has reached 01:00."""

    @dg.schedule(
        cron_schedule="0 * * * *",
        job=job,
        name="nightly",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour: the merchants whose own clock shows 01:00 get their nightly run, once per local date.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        configuration = read_configuration(current_settings())
        due = list(due_merchants(configuration, context.scheduled_execution_time.astimezone(UTC)))
        if not due:
            yield dg.SkipReason(f"No merchant's clock shows {NIGHTLY_HOUR:02d}:00.")
        yield from nightly_requests(due)

    return nightly


def alert_body(run_id: str, job_name: str, message: str) -> dict[str, str]:
    """What the alert webhook is sent: ids and the failure's own words, which name what to do."""
    return {
        "event": "run_failed",
        "run_id": run_id,
        "job": job_name,
        "message": redact_text(message),
        "what_to_do": "Open the run in the Dagster UI; `ops.merchant_runs` lists what was withheld and why.",
    }


def post_alert(url: str, body: dict[str, str]) -> None:
    """Post a failure to the configured webhook.

    Raises:
        dg.Failure: The webhook did not take it; the sensor's own tick then shows as failed.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise dg.Failure("PERENNIAL_ALERT_WEBHOOK_URL is not an http(s) address")
    request = urllib.request.Request(  # noqa: S310 - the deployment's own setting, checked above
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_ALERT_TIMEOUT_SECONDS):  # noqa: S310 - checked above
            pass
    except (OSError, http.client.HTTPException) as error:  # URLError and TimeoutError are OSErrors
        raise dg.Failure(f"the alert webhook did not take the alert: {error}") from error


@dg.run_failure_sensor(
    name="failed_run_alert",
    description="Posts every failed run to PERENNIAL_ALERT_WEBHOOK_URL.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_run_alert(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Tell the configured webhook that a run failed."""
    url = current_settings().alert_webhook_url
    if url is None:
        return dg.SkipReason("PERENNIAL_ALERT_WEBHOOK_URL is not set.")
    message = context.failure_event.message or "The run failed."
    post_alert(url, alert_body(context.dagster_run.run_id, context.dagster_run.job_name, message))
    return None
