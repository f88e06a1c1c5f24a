"""From published customers to deliveries: refresh a merchant's audiences, and keep their destinations in step."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from activation.audiences import AudienceChange, refresh_audience
from activation.changes import reconcile
from activation.delivery import DeliveryReport
from activation.members import Members, SegmentMembers
from activation.payloads import Sync
from activation.syncs import sync_audience
from models.errors import RetryLaterError, StopError
from orchestration import progress
from orchestration.configuration import Merchant
from orchestration.merchant_run import MerchantRun
from orchestration.outcomes import attempt, in_one_line, is_passing


@dataclass
class SyncOutcome:
    """What became of one sync.

    Attributes:
        audience: The audience or the segment.
        destination: The destination.
        report: What was sent; None when the sync could not be carried out.
        failure: Why it was not successful.
        is_passing: Whether the same sync may succeed later, as it is.
    """

    audience: str
    destination: str
    report: DeliveryReport | None = None
    failure: str | None = None
    is_passing: bool = False

    def add_failure(self, error: Exception) -> None:
        """Note that it could not be carried out, and why, in words that may be shown."""
        self.failure, self.is_passing = in_one_line(error), is_passing(error)


@dataclass
class MerchantDeliveries:
    """A merchant's syncs, each kept from the others' failures."""

    syncs: list[SyncOutcome] = field(default_factory=list)

    def refuse_failures(self) -> None:
        """Raise when a sync failed, once all were tried: a sync with failed records is never called successful.

        Raises:
            RetryLaterError: One of them may succeed yet; the others find nothing left to send when all are repeated.
            StopError: Names each sync that failed, and why.
        """
        failed = [f"{s.audience} → {s.destination}: {s.failure}" for s in self.syncs if s.failure]
        if any(s.is_passing for s in self.syncs):
            raise RetryLaterError("; ".join(failed))
        if failed:
            raise StopError("; ".join(failed))


def end_of_day(run: MerchantRun, merchant: Merchant) -> datetime:
    """The end of the merchant's as-of day in its own zone: what memberships are dated with."""
    day_after = run.as_of_dates[merchant.merchant_id] + timedelta(days=1)
    return datetime.combine(day_after, datetime.min.time(), ZoneInfo(merchant.time_zone))


def refresh_merchant(run: MerchantRun, merchant: Merchant) -> list[AudienceChange]:
    """Bring each of the merchant's audiences up to date with `marts.customer_360`."""
    changes = []
    for audience in merchant.audiences:
        with run.deployment.transformer.begin() as connection:
            changes.append(
                refresh_audience(
                    connection, audience, merchant_id=merchant.merchant_id, as_of=end_of_day(run, merchant)
                )
            )
    return changes


def members_of(merchant: Merchant, sync: Sync) -> Members:
    """Whom a sync is about."""
    if sync.segment is not None:
        return SegmentMembers(sync.segment)
    return next(audience for audience in merchant.audiences if audience.name == sync.audience)


def deliver_merchant(run: MerchantRun, merchant: Merchant) -> MerchantDeliveries:
    """Carry out each of the merchant's syncs; one that fails, whatever its failure is, does not stop the next."""
    number = run.deployment.configuration.merchants.index(merchant)
    deliveries = MerchantDeliveries()
    knows_changes = False
    if merchant.syncs:
        reconciled = attempt(partial(_reconciled, run, merchant), merchant_id=merchant.merchant_id)
        knows_changes = not isinstance(reconciled, Exception)
        if isinstance(reconciled, Exception):  # the syncs look at everybody
            deliveries.syncs.append(SyncOutcome("changes of customers", "all syncs"))
            deliveries.syncs[-1].add_failure(reconciled)
    for index, sync in enumerate(merchant.syncs):
        outcome = SyncOutcome(sync.name, sync.destination)
        deliveries.syncs.append(outcome)
        with progress.current().task(f"Sending {sync.name} to {sync.destination}"):
            key = f"merchants[{number}].syncs[{index}]"
            work = partial(_carried_out, run, merchant, sync, key, knows_changes=knows_changes)
            found = attempt(work, merchant_id=merchant.merchant_id, sync=key)
        if isinstance(found, Exception):
            outcome.add_failure(found)
            continue
        outcome.report = found
        if not outcome.report.is_successful:
            outcome.failure = why_not(outcome.report)
    return deliveries


def _reconciled(run: MerchantRun, merchant: Merchant) -> int:
    with run.deployment.transformer.begin() as connection:
        return reconcile(connection, merchant.merchant_id)


def _carried_out(run: MerchantRun, merchant: Merchant, sync: Sync, key: str, *, knows_changes: bool) -> DeliveryReport:
    return sync_audience(
        run.deployment.transformer,
        merchant_id=merchant.merchant_id,
        sync=sync,
        audience=members_of(merchant, sync),
        destination=run.deployment.destination(sync.destination),
        run_id=run.run_id,
        pace=run.pace,
        key=key,
        knows_changes=knows_changes,
    )


def why_not(report: DeliveryReport) -> str:
    """Why a report is not successful, in words that hold no personal data."""
    reasons = "; ".join(f"{count:,}x {reason}" for reason, count in report.reasons.items())
    blocked = len(report.plan.blocked)
    waiting = f"{blocked:,} may have been sent and wait for `perennial deliveries resolve`" if blocked else ""
    dead = len(report.plan.dead)
    tired = f"{dead:,} were tried in vain too often and wait for `perennial deliveries replay`" if dead else ""
    failed = f"{report.failed_count:,} records not accepted"
    return ", ".join(part for part in (failed, reasons, waiting, tired) if part)
