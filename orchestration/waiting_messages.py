"""Messages that wait for their recipient's morning: sent in the hour in which it comes.

The night's run plans them when it is night for most people; a run that only sends follows every hour in which one is
due. Must not enrol anybody.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import dagster as dg
import sqlalchemy as sa

from activation.actions import OPEN
from models.activation import deliveries
from models.ops import merchants
from orchestration.activation_stage import MerchantDeliveries, SyncOutcome
from orchestration.automation import run_config
from orchestration.campaign_stage import deliver_campaigns
from orchestration.deployment import open_deployment
from orchestration.failures import typed_failures
from orchestration.outcomes import attempt
from orchestration.resources import DeploymentResource
from orchestration.settings import current_settings


def due_merchants(connection: sa.Connection, at: datetime) -> dict[str, date]:
    """The merchants of whom a message that a gate postponed is due, each with the day that its tables describe."""
    statement = (
        sa.select(merchants.c.merchant_id, merchants.c.as_of_date)
        .join(deliveries, deliveries.c.merchant_id == merchants.c.merchant_id)
        .where(
            deliveries.c.campaign.is_not(None),
            deliveries.c.outcome.in_(OPEN),
            # What was attempted waits for the destination, and for the next night.
            deliveries.c.attempt_count == 0,
            deliveries.c.retry_at <= at,
            merchants.c.as_of_date.is_not(None),
        )
        .distinct()
    )
    return {row.merchant_id: row.as_of_date for row in connection.execute(statement)}


@dg.op(name="send_waiting_messages", description="Send the messages of campaigns whose time has come.")
def send_waiting_messages(deployment: DeploymentResource) -> None:
    """Send what is due of each merchant's campaigns; a merchant's failure does not stop the next."""
    run = deployment.run
    sent = MerchantDeliveries()
    with typed_failures():
        for merchant in run.merchants:
            named = {"merchant_id": merchant.merchant_id}
            failed = attempt(partial(deliver_campaigns, run, merchant, sent), **named)
            if isinstance(failed, Exception):
                sent.syncs.append(SyncOutcome(f"campaigns of {merchant.merchant_id}", "all destinations"))
                sent.syncs[-1].add_failure(failed)
        sent.refuse_failures()


@dg.job(
    name="messages",
    description="Send the campaigns' messages that waited for their recipients' morning; reads and plans nothing new.",
    executor_def=dg.in_process_executor,
)
def messages_job() -> None:
    """The job of the schedule below."""
    send_waiting_messages()


@dg.schedule(
    cron_schedule="15 * * * *",
    job=messages_job,
    name="messages",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour: the merchants of whom a message waits no longer.",
)
def messages_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[Any]:
    """A run for the merchants with messages that are due, none where there are none."""
    at = context.scheduled_execution_time.astimezone(UTC)
    with open_deployment(current_settings()) as deployment, deployment.loader.connect() as connection:
        due = due_merchants(connection, at)
        declared = {merchant.merchant_id for merchant in deployment.configuration.merchants}
    asked = {merchant_id: day for merchant_id, day in due.items() if merchant_id in declared}
    if not asked:
        yield dg.SkipReason("No message's time has come.")
        return
    yield dg.RunRequest(run_key=f"messages:{at:%Y-%m-%dT%H}", run_config=run_config(sorted(asked), asked))
