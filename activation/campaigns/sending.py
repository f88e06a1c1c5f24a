"""Sending a campaign: those who were enrolled in the message's arm and have not had theirs, through the ledger.

Must not enrol anybody.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from activation.actions import Occasion, Target
from activation.campaigns.declarations import CHANNEL, Campaign, FrequencyCap, Mail, QuietHours
from activation.campaigns.messages import Messages
from activation.delivery import DeliveryReport, Pace
from activation.experiments.assignment import MESSAGE
from activation.gates.enrolment import Enrolled
from activation.gates.frequency import CHANNEL_FACT, FrequencyCapGate
from activation.gates.gate import Gate
from activation.gates.list_readings import ListsAreRead
from activation.gates.one_person import OncePerPerson
from activation.gates.quiet_hours import QuietHoursGate
from activation.occurrences.planning import Occurrence
from activation.occurrences.sending import send_occurrences
from connectors.destination import Destination
from models.campaigns import campaign_enrolments
from models.ops import segments

STEP = "message"
CONSENT = "email"


def quiet_hours_of(campaign: Campaign, mail: Mail | None) -> QuietHours | None:
    """The quiet hours in force: the campaign's, the merchant's, or the default."""
    if campaign.quiet_hours is not None:
        return campaign.quiet_hours or None
    return mail.quiet_hours if mail is not None else QuietHours()


def frequency_cap_of(campaign: Campaign, mail: Mail | None) -> FrequencyCap | None:
    """The frequency cap in force: the campaign's, the merchant's, or the default."""
    if campaign.frequency_cap is not None:
        return campaign.frequency_cap or None
    return mail.frequency_cap if mail is not None else FrequencyCap()


def gates_of(campaign: Campaign, mail: Mail | None, shop_zone: str, lists: Sequence[str] = ()) -> tuple[Gate, ...]:
    """What is asked before every attempt, after consent and suppressions: first what refuses, then what postpones."""
    gates: list[Gate] = [Enrolled(campaign.valid_days)]
    if lists:
        gates.append(ListsAreRead(lists))
    if hours := quiet_hours_of(campaign, mail):
        gates.append(QuietHoursGate(hours.from_time, hours.until, shop_zone))
    gates.append(OncePerPerson(campaign.cooldown_days))
    # Counts what it allows, and so comes last: what another gate keeps back is no message.
    if cap := frequency_cap_of(campaign, mail):
        gates.append(FrequencyCapGate(cap.messages, cap.days))
    return tuple(gates)


def target_of(merchant_id: str, campaign: Campaign, destination: Destination) -> Target:
    """What the ledger calls it."""
    return Target(
        merchant_id,
        destination.name,
        None,
        destination.is_idempotent,
        consent=CONSENT,
        campaign=campaign.name,
        campaign_version=campaign.version,
    )


def send_campaign(
    engine: sa.Engine,
    messages: Messages,
    destination: Destination,
    *,
    active_since: datetime,
    shop_zone: str,
    run_id: str,
    pace: Pace,
    lists: Sequence[str] = (),
) -> DeliveryReport:
    """Send each customer in the message's arm theirs, once, and finish what earlier runs began.

    Args:
        engine: The warehouse.
        messages: The campaign with its merchant and template.
        destination: Where to.
        active_since: The beginning of the campaign's first day.
        shop_zone: The merchant's time zone.
        run_id: The run, for the ledger.
        pace: Clock, waits and patience.
        lists: The destinations whose suppression lists must have been read; while one was not, messages wait.

    Raises:
        StopError: The merchant is withheld or has no customers, or the destination sends no messages.
        RetryLaterError: Another process is at work on the destination, or the warehouse went away.
    """
    campaign, merchant_id = messages.campaign, messages.sender.merchant_id
    with engine.begin() as connection:
        wanted = wanted_of(connection, merchant_id, campaign, since=pace.clock() - timedelta(days=campaign.valid_days))
    return send_occurrences(
        engine,
        target=target_of(merchant_id, campaign, destination),
        wanted=wanted,
        destination=destination,
        active_since=active_since,
        render=messages,
        gates=gates_of(campaign, messages.sender.mail, shop_zone, lists),
        run_id=run_id,
        pace=pace,
        facts={CHANNEL_FACT: CHANNEL},
    )


def wanted_of(
    connection: sa.Connection, merchant_id: str, campaign: Campaign, *, since: datetime
) -> Sequence[Occurrence]:
    """The occurrences of those who were enrolled in the message's arm since a time."""
    rule_hash = _rule_hash(connection, merchant_id, _segment(campaign))
    table = campaign_enrolments
    rows = connection.execute(
        sa.select(table)
        .where(
            table.c.merchant_id == merchant_id,
            table.c.campaign == campaign.name,
            table.c.arm == MESSAGE,
            table.c.refusal.is_(None),
            table.c.enrolled_at >= since,
        )
        .order_by(table.c.customer_id, table.c.period)
    )
    return [
        Occurrence(
            customer_id=row.customer_id,
            occasion=Occasion(row.arm, STEP, row.period),
            occurred_at=row.triggered_at,
            model_run_id=row.model_run_id,
            facts=_facts(campaign, row.as_of_date, rule_hash),
        )
        for row in rows
    ]


def _segment(campaign: Campaign) -> str | None:
    return campaign.trigger.segment_entered or campaign.trigger.segment_left


def _rule_hash(connection: sa.Connection, merchant_id: str, segment: str | None) -> str | None:
    """The digest of the criteria that the segment has now; None where no segment is meant, or it is wrong."""
    return connection.execute(
        sa.select(segments.c.criteria_hash).where(
            segments.c.merchant_id == merchant_id, segments.c.segment_name == segment
        )
    ).scalar_one_or_none()


def _facts(campaign: Campaign, as_of_date: date, rule_hash: str | None) -> Mapping[str, Any]:
    trigger = campaign.trigger
    segment = _segment(campaign)
    return {
        CHANNEL_FACT: CHANNEL,
        "as_of_date": as_of_date.isoformat(),
        "trigger": trigger.kind,
        **({"segment": segment} if segment else {}),
        **({"rule_hash": rule_hash} if rule_hash else {}),
    }
