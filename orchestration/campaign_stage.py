"""From published customers to campaigns: who takes part from tonight on, and their messages through the ledger."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from activation.campaigns.declarations import Campaign
from activation.campaigns.enrolment import Enrolment, enrol
from activation.campaigns.messages import Messages, Sender
from activation.campaigns.sending import send_campaign
from activation.campaigns.triggers import require_segment
from activation.delivery import DeliveryReport
from activation.gates.suppressions import Entry, address_hash, suppress
from activation.mail.templates import BadTemplateError
from connectors.destinations.failover import FailoverSettings
from connectors.suppressing import Suppressing
from models.errors import MisconfiguredError, PerennialError, RetryLaterError
from orchestration import progress
from orchestration.activation_stage import MerchantDeliveries, SyncOutcome, end_of_day
from orchestration.campaign_settings import mail_template
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.references import link_keys
from orchestration.segment_compilation import known_segments

log = structlog.get_logger(__name__)
_LIST_DAYS = 30  # a provider that cannot be read for weeks leaves no hole


def enrol_merchant(run: MerchantRun, merchant: Merchant) -> list[Enrolment]:
    """Write down whom each of the merchant's active campaigns finds; a campaign that is no more finds nobody."""
    as_of_date = run.as_of_dates[merchant.merchant_id]
    pull_merchant(run.deployment, merchant, days=_LIST_DAYS)
    made = []
    for campaign in merchant.campaigns:
        if not campaign.is_active(as_of_date):
            continue
        try:
            made.append(_enrolled(run, merchant, campaign, as_of_date))
        except PerennialError as error:
            # One that cannot be worked out keeps neither the others nor what is enrolled already from going out.
            log.warning("campaign failed", merchant_id=merchant.merchant_id, campaign=campaign.name, error=str(error))
            made.append(Enrolment(campaign.name, as_of_date, failure=str(error)))
    return made


def _enrolled(run: MerchantRun, merchant: Merchant, campaign: Campaign, as_of_date: date) -> Enrolment:
    with run.deployment.transformer.begin() as connection:
        segments = {s.name for s in known_segments(connection, merchant.merchant_id, merchant.segments)}
        require_segment(merchant.merchant_id, campaign, segments)
        return enrol(
            connection,
            merchant.merchant_id,
            campaign,
            as_of_date=as_of_date,
            triggered_at=end_of_day(run, merchant),
            enrolled_at=run.deployment.clock(),
            run_id=run.run_id,
        )


def deliver_campaigns(run: MerchantRun, merchant: Merchant, deliveries: MerchantDeliveries) -> None:
    """Send each of the merchant's campaigns; one that fails does not stop the next."""
    for campaign in merchant.campaigns:
        if not campaign.is_active(run.as_of_dates[merchant.merchant_id]):
            continue
        outcome = SyncOutcome(campaign.name, campaign.destination)
        deliveries.syncs.append(outcome)
        with progress.current().task(f"Sending campaign {campaign.name} to {campaign.destination}"):
            try:
                outcome.report = deliver_campaign(run, merchant, campaign)
            except PerennialError as error:
                outcome.failure, outcome.is_passing = str(error), isinstance(error, RetryLaterError)
                continue
        now = run.deployment.clock()
        # What waits for its recipient's morning has not failed.
        waiting = sum(a.retry_at is not None and a.retry_at > now for a in outcome.report.plan.actions)
        if outcome.report.failed_count > waiting or outcome.report.plan.blocked or outcome.report.plan.dead:
            reasons = "; ".join(f"{count:,}x {reason}" for reason, count in outcome.report.reasons.items())
            outcome.failure = f"{outcome.report.failed_count:,} messages not accepted {reasons}".rstrip()


def deliver_campaign(run: MerchantRun, merchant: Merchant, campaign: Campaign) -> DeliveryReport:
    """Send an active campaign's messages.

    Raises:
        StopError: The merchant is withheld, or the destination sends no messages.
        RetryLaterError: Another process is at work on the destination.
    """
    deployment = run.deployment
    zone = ZoneInfo(merchant.time_zone)
    return send_campaign(
        deployment.transformer,
        messages_of(deployment, merchant, campaign),
        deployment.destination(campaign.destination),
        active_since=datetime.combine(campaign.active_from, datetime.min.time(), zone),
        shop_zone=merchant.time_zone,
        run_id=run.run_id,
        pace=run.pace,
    )


def pull_merchant(deployment: Deployment, merchant: Merchant, *, days: int, must_read: bool = False) -> dict[str, int]:
    """New entries by destination, from those that a merchant's campaigns send through and that keep a list.

    Args:
        deployment: Open.
        merchant: Whose.
        days: How far back the lists are read.
        must_read: Whether a list that cannot be read is an error; else the others are read all the same.
    """
    names, now = {campaign.destination for campaign in merchant.campaigns}, deployment.clock()
    # What stands in for each other keeps a list each.
    for settings in deployment.configuration.destinations:
        if isinstance(settings, FailoverSettings) and settings.name in names:
            names.update(settings.destinations)
    added: dict[str, int] = {}
    for settings in deployment.configuration.destinations:
        if settings.name not in names:
            continue
        try:
            destination = deployment.destination(settings.name)
            if not isinstance(destination, Suppressing):
                continue
            told = [
                Entry(one.kind.value, one.suppressed_at, address_hash=address_hash(one.email), evidence=settings.name)
                for one in destination.suppressions(now - timedelta(days=days), asked_at=now)
            ]
        except PerennialError as error:
            if must_read:
                raise
            # The provider refuses whom its own list names, whether we know of them or not.
            log.warning("suppression list not read", destination=settings.name, error=str(error))
            continue
        with deployment.transformer.begin() as connection:
            added[settings.name] = suppress(connection, merchant.merchant_id, told)
    return added


def messages_of(deployment: Deployment, merchant: Merchant, campaign: Campaign) -> Messages:
    """What makes a campaign's messages.

    Raises:
        MisconfiguredError: Its template is wrong.
    """
    try:
        template = mail_template(merchant.mail, campaign, deployment.config_folder)
    except BadTemplateError as error:
        raise MisconfiguredError(f"campaign '{campaign.name}'", str(error)) from None
    key = link_keys(deployment.settings)[0]
    return Messages(Sender(merchant.merchant_id, merchant.merchant_name, merchant.mail, key), campaign, template)
