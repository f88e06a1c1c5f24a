"""Enrolment: who takes part in a campaign from tonight on, in which arm; written down before anything is sent.

Both arms are asked the same: who may not be written to takes part in neither, so that what the arms do differently is
the message's doing. Refusals are rows, too. Must not send anything.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.arrays import among, rows
from activation.campaigns.declarations import Campaign
from activation.campaigns.triggers import Occasion, occasions
from activation.consent import email_refusal, read_contacts
from activation.customers import customer_360
from activation.experiments.assignment import HOLDOUT, Split
from activation.gates.suppressions import suppressed
from activation.locks import lock_key
from models.campaigns import campaign_enrolments, campaign_versions
from models.identity import current_ids

PRESENT = "they met the trigger before the campaign began"
COOLING_DOWN = "they took part within the cool-down"
# Of a candidate, under the same names in the table.
KEPT = ("arm", "refusal", "forecast_amount", "currency_code", "consent_at", "consent_evidence", "model_run_id")


@dataclass(frozen=True)
class Candidate:
    """A customer whom a trigger found, and what is decided about them.

    Attributes:
        occasion: What was found.
        arm: Their arm.
        refusal: Why they take no part; None when they do.
        forecast_amount: Revenue expected of them within the window.
        currency_code: Of it.
        consent_at: When they agreed to be written to.
        consent_evidence: How that is known.
        model_run_id: The model run that the forecast comes from.
    """

    occasion: Occasion
    arm: str
    refusal: str | None
    forecast_amount: Decimal | None = None
    currency_code: str | None = None
    consent_at: datetime | None = None
    consent_evidence: str | None = None
    model_run_id: str | None = None


@dataclass(frozen=True)
class Enrolment:
    """What a night brought a campaign.

    Attributes:
        campaign: The campaign's name.
        as_of_date: The day.
        is_replay: Whether the tables describe an earlier day than was worked out before; then nobody is enrolled.
        candidates: Those who were found and not known yet.
        failure: Why the campaign could not be worked out; None when it was.
    """

    campaign: str
    as_of_date: date
    is_replay: bool = False
    candidates: Sequence[Candidate] = field(default=(), repr=False)
    failure: str | None = None

    @property
    def arms(self) -> Mapping[str, int]:
        """Customers enrolled, by arm."""
        return Counter(one.arm for one in self.candidates if one.refusal is None)

    @property
    def refusals(self) -> Mapping[str, int]:
        """Customers who take no part, by reason."""
        return Counter(one.refusal for one in self.candidates if one.refusal is not None)


def enrol(
    connection: sa.Connection,
    merchant_id: str,
    campaign: Campaign,
    *,
    as_of_date: date,
    triggered_at: datetime,
    enrolled_at: datetime,
    run_id: str,
) -> Enrolment:
    """Write down whom the campaign's trigger finds, in the caller's transaction.

    Args:
        connection: The warehouse, with a transaction that the caller commits before anything is sent.
        merchant_id: The tenant.
        campaign: An active campaign.
        as_of_date: The day that the merchant's tables describe.
        triggered_at: The end of that day.
        enrolled_at: Now, in UTC.
        run_id: The run.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key("campaign", merchant_id, campaign.name))))
    found = candidates(connection, merchant_id, campaign, as_of_date=as_of_date)
    if found.is_replay or not campaign.is_active(as_of_date):
        return found
    versions = insert(campaign_versions).values(
        merchant_id=merchant_id,
        campaign=campaign.name,
        campaign_version=campaign.version,
        declaration=campaign.declaration,
        first_as_of_date=as_of_date,
        last_as_of_date=as_of_date,
        first_run_id=run_id,
    )
    connection.execute(
        versions.on_conflict_do_update(
            constraint="campaign_versions_pkey", set_={"last_as_of_date": versions.excluded.last_as_of_date}
        )
    )
    if found.candidates:
        values: dict[str, Any] = {
            "merchant_id": merchant_id,
            "campaign": campaign.name,
            "campaign_version": campaign.version,
            "as_of_date": as_of_date,
            "triggered_at": triggered_at,
            "window_days": campaign.window_days,
            "run_id": run_id,
            "enrolled_at": enrolled_at,
        }
        table = campaign_enrolments
        columns: dict[str, list[Any]] = {
            "customer_id": [one.occasion.customer_id for one in found.candidates],
            "period": [one.occasion.period for one in found.candidates],
            **{name: [getattr(one, name) for one in found.candidates] for name in KEPT},
        }
        new = rows("new", **{name: (table.c[name].type, cells) for name, cells in columns.items()})
        constants = {name: sa.literal(value, table.c[name].type) for name, value in values.items()}
        connection.execute(
            insert(table)
            .from_select([*constants, *columns], sa.select(*constants.values(), *(new.c[name] for name in columns)))
            .on_conflict_do_nothing()
        )
    return found


def candidates(
    connection: sa.Connection, merchant_id: str, campaign: Campaign, *, as_of_date: date, is_rehearsal: bool = False
) -> Enrolment:
    """Whom `enrol` would write down; reads only.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        campaign: The campaign.
        as_of_date: The day that the merchant's tables describe.
        is_rehearsal: Whether to find whoever meets the trigger, as if nobody had been enrolled yet.
    """
    latest, latest_alike = _latest_dates(connection, merchant_id, campaign)
    if latest is not None and as_of_date < latest and not is_rehearsal:
        return Enrolment(campaign.name, as_of_date, is_replay=True)
    if not campaign.is_active(as_of_date):
        return Enrolment(campaign.name, as_of_date)
    # After a rest, too, nobody knows who met the trigger when; nor whom another trigger would have found before.
    has_rested = latest_alike is None or (as_of_date - latest_alike).days > campaign.valid_days
    found = occasions(connection, merchant_id, campaign, as_of_date=as_of_date, is_first_night=has_rested)
    earlier = _Earlier() if is_rehearsal else _earlier(connection, merchant_id, campaign, as_of_date)
    new = [one for one in found if (one.customer_id, one.period) not in earlier.known]
    ids = [one.customer_id for one in new]
    contacts = read_contacts(connection, merchant_id, ids)
    on_list = suppressed(connection, merchant_id, ids, contacts)
    values = _values(connection, merchant_id, ids)
    split = Split.holding_out(campaign.holdout_share, salt=campaign.salt)
    made = []
    for one in new:
        contact, row = contacts.get(one.customer_id), values.get(one.customer_id, {})
        refusal = PRESENT if one.is_present and not campaign.includes_present else None
        refusal = refusal or (COOLING_DOWN if one.customer_id in earlier.cooling_down else None)
        refusal = refusal or email_refusal(contact) or on_list.get(one.customer_id)
        made.append(
            Candidate(
                occasion=one,
                arm=earlier.arms.get(one.customer_id) or split.arm_of(merchant_id, campaign.name, one.customer_id),
                refusal=None if refusal is None else str(refusal),
                forecast_amount=_within(campaign.window_days, row),
                currency_code=row.get("currency_code"),
                consent_at=contact.consent_at if contact is not None else None,
                consent_evidence=contact.consent_evidence if contact is not None else None,
                model_run_id=row.get("model_run_id"),
            )
        )
    return Enrolment(campaign.name, as_of_date, candidates=made)


def _latest_dates(connection: sa.Connection, merchant_id: str, campaign: Campaign) -> tuple[date | None, date | None]:
    """The last day that the campaign was worked out for, and the last with whom it asks for now."""
    versions = campaign_versions
    found = connection.execute(
        sa.select(versions.c.declaration, versions.c.last_as_of_date).where(
            versions.c.merchant_id == merchant_id, versions.c.campaign == campaign.name
        )
    ).all()
    asked = {name: campaign.declaration[name] for name in ("trigger", "only")}
    alike = [row.last_as_of_date for row in found if {name: row.declaration.get(name) for name in asked} == asked]
    return max((row.last_as_of_date for row in found), default=None), max(alike, default=None)


@dataclass(frozen=True)
class _Earlier:
    """What is written down already, under the ids that people have now.

    Attributes:
        known: Customers with what the trigger was about.
        cooling_down: Who took part lately, in either arm.
        arms: Which arm customers were in; held out, where two were merged of whom one was.
    """

    known: set[tuple[str, str]] = field(default_factory=set)
    cooling_down: set[str] = field(default_factory=set)
    arms: dict[str, str] = field(default_factory=dict)


def _earlier(connection: sa.Connection, merchant_id: str, campaign: Campaign, as_of_date: date) -> _Earlier:
    """Who stands in an arm stays in it: another share is for those who come. Another salt deals everybody anew."""
    table, versions = campaign_enrolments, campaign_versions
    earliest = as_of_date - timedelta(days=campaign.cooldown_days)
    names = ("customer_id", "period", "as_of_date", "refusal", "arm")
    found = connection.execute(
        sa.select(*(table.c[name] for name in names), versions.c.declaration["salt"].astext.label("salt"))
        .join_from(
            table,
            versions,
            sa.and_(*(table.c[n] == versions.c[n] for n in ("merchant_id", "campaign", "campaign_version"))),
            isouter=True,
        )
        .where(table.c.merchant_id == merchant_id, table.c.campaign == campaign.name)
    ).all()
    now = current_ids(connection, merchant_id, sorted({row.customer_id for row in found}))
    earlier = _Earlier()
    for row in found:
        for customer_id in {row.customer_id, now.get(row.customer_id, row.customer_id)}:
            earlier.known.add((customer_id, row.period))
            if row.refusal is None and row.as_of_date > earliest:
                earlier.cooling_down.add(customer_id)
            if row.refusal is None and row.salt == campaign.salt and earlier.arms.get(customer_id) != HOLDOUT:
                earlier.arms[customer_id] = row.arm
    return earlier


def _values(connection: sa.Connection, merchant_id: str, customer_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    table = customer_360
    names = ("customer_id", "expected_spend_amount", "clv_horizon_days", "currency_code", "model_run_id")
    found = connection.execute(
        sa.select(*(table.c[name] for name in names)).where(
            table.c.merchant_id == merchant_id, among(table.c.customer_id, customer_ids)
        )
    ).mappings()
    return {row["customer_id"]: dict(row) for row in found}


def _within(window_days: int, row: Mapping[str, Any]) -> Decimal | None:
    """The forecast's part that falls into the window, as if spend came evenly: it ranks, and need not sum up."""
    spend, horizon = row.get("expected_spend_amount"), row.get("clv_horizon_days")
    if spend is None or not horizon or not spend.is_finite():
        return None
    amount: Decimal = spend * min(window_days, horizon) / horizon
    return amount.quantize(Decimal("0.0001"))
