"""From published customers to campaigns: who takes part from tonight on, and their messages through the ledger."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from activation.campaigns.declarations import Campaign
from activation.campaigns.enrolment import Enrolment, enrol
from activation.campaigns.messages import Messages, Sender
from activation.campaigns.sending import send_campaign
from activation.campaigns.triggers import require_segment
from activation.delivery import DeliveryReport
from activation.mail.templates import BadTemplateError
from models.errors import MisconfiguredError
from orchestration import progress
from orchestration.activation_stage import MerchantDeliveries, SyncOutcome, end_of_day
from orchestration.campaign_settings import mail_template
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.outcomes import attempt, in_one_line
from orchestration.references import link_keys
from orchestration.segment_compilation import known_segments
from orchestration.suppression_lists import Lists, pull_merchant, pull_what_is_missing

log = structlog.get_logger(__name__)


def enrol_merchant(run: MerchantRun, merchant: Merchant) -> list[Enrolment]:
    """Write down whom each of the merchant's active campaigns finds; a campaign that is no more finds nobody."""
    as_of_date = run.as_of_dates[merchant.merchant_id]
    pull_merchant(run.deployment, merchant)
    made = []
    for campaign in merchant.campaigns:
        if not campaign.is_active(as_of_date):
            continue
        named = {"merchant_id": merchant.merchant_id, "campaign": campaign.name}
        found = attempt(partial(_enrolled, run, merchant, campaign, as_of_date), **named)
        if isinstance(found, Exception):
            # One that cannot be worked out keeps neither the others nor what is enrolled already from going out.
            found = Enrolment(campaign.name, as_of_date, failure=in_one_line(found))
            log.warning("campaign failed", **named, error=found.failure)
        made.append(found)
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
    """Send each of the merchant's campaigns; one that fails, whatever its failure is, does not stop the next."""
    day = run.as_of_dates[merchant.merchant_id]
    active = [campaign for campaign in merchant.campaigns if campaign.is_active(day)]
    lists = pull_what_is_missing(run.deployment, merchant, active) if active else Lists()
    for campaign in active:
        outcome = SyncOutcome(campaign.name, campaign.destination)
        deliveries.syncs.append(outcome)
        with progress.current().task(f"Sending campaign {campaign.name} to {campaign.destination}"):
            found = attempt(
                partial(deliver_campaign, run, merchant, campaign, lists=lists.names),
                merchant_id=merchant.merchant_id,
                campaign=campaign.name,
            )
        if isinstance(found, Exception):
            outcome.add_failure(found)
            continue
        outcome.report = found
        now = run.deployment.clock()
        # What waits for its recipient's morning has not failed.
        waiting = sum(a.retry_at is not None and a.retry_at > now for a in outcome.report.plan.actions)
        if outcome.report.failed_count > waiting or outcome.report.plan.blocked or outcome.report.plan.dead:
            reasons = "; ".join(f"{count:,}x {reason}" for reason, count in outcome.report.reasons.items())
            outcome.failure = f"{outcome.report.failed_count:,} messages not accepted {reasons}".rstrip()
        kept = outcome.report.outcomes.get("postponed", 0)
        if lists.failures and kept:
            waits = f"{kept:,} messages wait: {lists.in_words}"
            outcome.failure = f"{outcome.failure}; {waits}" if outcome.failure else waits
            outcome.is_passing = lists.is_passing


def deliver_campaign(
    run: MerchantRun, merchant: Merchant, campaign: Campaign, *, lists: Sequence[str] = ()
) -> DeliveryReport:
    """Send an active campaign's messages.

    Args:
        run: The run.
        merchant: Whose.
        campaign: The campaign.
        lists: The destinations whose suppression lists must have been read.

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
        lists=lists,
    )


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
