"""`perennial campaign`: what is declared, whom it would find, and what it would write; nothing here sends."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import typer

from activation.campaigns.declarations import Campaign
from activation.campaigns.launch import Launch, launch_of
from activation.campaigns.messages import NOBODY
from activation.campaigns.sending import frequency_cap_of, quiet_hours_of
from activation.consent import Contact, read_contacts
from activation.customers import customer_360
from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.mail.templates import BadTemplateError
from activation.publishing import publishable_date
from models.activation import deliveries
from models.campaigns import campaign_enrolments
from models.errors import MisconfiguredError, StopError
from orchestration.campaign_stage import messages_of
from orchestration.configuration import Merchant
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named


def campaign_named(merchant: Merchant, name: str) -> Campaign:
    """The merchant's campaign of that name.

    Raises:
        MisconfiguredError: There is none.
    """
    for campaign in merchant.campaigns:
        if campaign.name == name:
            return campaign
    names = ", ".join(campaign.name for campaign in merchant.campaigns) or "none"
    raise MisconfiguredError("NAME", f"no campaign {name!r} of merchant {merchant.merchant_id}; there are: {names}")


def print_campaigns(settings: Settings, merchant: str | None) -> None:
    """Print a merchant's campaigns."""
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        with deployment.transformer.connect() as connection:
            enrolled = _counts(connection, found.merchant_id, campaign_enrolments, "arm")
            refused = _counts(connection, found.merchant_id, campaign_enrolments, None)
            sent = _counts(connection, found.merchant_id, deliveries, "outcome")
    if not found.campaigns:
        typer.echo(f"merchant {found.merchant_id} has no campaigns; docs/campaigns.md says how to declare one")
    for campaign in found.campaigns:
        state = "paused" if campaign.is_paused else f"from {campaign.active_from}"
        until = f" until {campaign.active_until}" if campaign.active_until else ""
        typer.echo(f"{campaign.name} ({state}{until}), {trigger_in_words(campaign)}, to {campaign.destination}")
        arms = enrolled[campaign.name]
        typer.echo(
            f"  take part: {arms[MESSAGE]:,} in the message's arm, {arms[HOLDOUT]:,} held out; "
            f"{sum(refused[campaign.name].values()):,} take no part"
        )
        if sent[campaign.name]:
            typer.echo("  messages: " + ", ".join(f"{count:,} {name}" for name, count in sent[campaign.name].items()))


def _counts(connection: sa.Connection, merchant_id: str, table: sa.Table, of: str | None) -> dict[str, Counter[str]]:
    """Rows by campaign and a column; of enrolments without one, those who take no part."""
    what = sa.literal("refused") if of is None else table.c[of]
    asked = (
        sa.select(table.c.campaign, what.label("of"), sa.func.count().label("rows"))
        .where(table.c.merchant_id == merchant_id, table.c.campaign.is_not(None))
        .group_by(table.c.campaign, what)
        .order_by(table.c.campaign, what)
    )
    if "refusal" in table.c:
        asked = asked.where(table.c.refusal.is_not(None) if of is None else table.c.refusal.is_(None))
    found: dict[str, Counter[str]] = _Counters()
    for row in connection.execute(asked):
        found[row.campaign][row.of] += row.rows
    return found


class _Counters(dict[str, Counter[str]]):
    def __missing__(self, key: str) -> Counter[str]:
        return self.setdefault(key, Counter())


def trigger_in_words(campaign: Campaign) -> str:
    """What the campaign's trigger says, for people."""
    trigger = campaign.trigger
    if trigger.segment_entered:
        return f"on entering segment {trigger.segment_entered}"
    if trigger.segment_left:
        return f"on leaving segment {trigger.segment_left}"
    if trigger.churn_probability is not None:
        return f"when the churn probability reaches {trigger.churn_probability:.0%}"
    if trigger.next_order_within_days is not None:
        return f"when the next order is expected within {trigger.next_order_within_days} days"
    return "on coming to meet a rule"


def print_plan(settings: Settings, name: str, merchant: str | None, *, sample: int) -> None:
    """Print what would follow if a campaign began today.

    Raises:
        StopError: Nothing is published of the merchant.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        campaign = campaign_named(found, name)
        with deployment.transformer.connect() as connection:
            as_of_date = publishable_date(connection, found.merchant_id)
            if as_of_date is None:
                raise StopError(f"nothing of merchant {found.merchant_id} says which day it describes")
            launch = launch_of(connection, found.merchant_id, campaign, as_of_date=as_of_date)
    for line in plan_lines(found, launch, sample=sample):
        typer.echo(line)


def plan_lines(merchant: Merchant, launch: Launch, *, sample: int) -> list[str]:
    """A launch in words."""
    campaign, arms = launch.campaign, launch.arms
    lines = [
        f"campaign {campaign.name} of merchant {merchant.merchant_id}, as of {launch.as_of_date}",
        f"  {trigger_in_words(campaign)}; version {campaign.version[:12]}",
        f"  meet the trigger now: {len(launch.found):,}, of whom {len(launch.eligible):,} may be written to",
    ]
    if not campaign.includes_present:
        lines.append("  its first night lets them be; who comes to meet it after that is enrolled")
    lines += [
        f"  would get the message: {arms.get(MESSAGE, 0):,}",
        f"  would be held out: {arms.get(HOLDOUT, 0):,} ({campaign.holdout_share:.0%} declared)",
    ]
    lines += [f"  take no part: {count:,}, {reason}" for reason, count in Counter(launch.refusals).most_common()]
    for arm in (MESSAGE, HOLDOUT):
        ids = [one.occasion.customer_id for one in launch.eligible if one.arm == arm][:sample]
        if ids:
            lines.append(f"  some of the {arm} arm: {', '.join(ids)}")
    if hours := quiet_hours_of(campaign, merchant.mail):
        lines.append(f"  not between {hours.from_time:%H:%M} and {hours.until:%H:%M} where they live")
    if cap := frequency_cap_of(campaign, merchant.mail):
        lines.append(f"  not more than {cap.messages} messages in {cap.days} days, over all campaigns")
    return lines + effect_lines(launch)


def effect_lines(launch: Launch) -> list[str]:
    """What effect a campaign could find, in words."""
    spread, effect, currency = launch.spread, launch.effect, launch.currency_code or ""
    if spread is None or effect is None:
        return ["  what effect could be found: none, for an arm would be empty; let it run until more have come"]
    days = launch.campaign.window_days
    return [
        (
            f"  without a message they are expected to spend {spread.mean:,.2f} {currency} each in {days} days, and "
            f"{spread.base_rate:.1%} of them to order"
        ),
        (
            f"  the least effect that is found four times in five: {effect.adjusted_revenue:,.2f} {currency} each "
            f"({_share(effect.adjusted_revenue, spread.mean)}), or {100 * effect.conversion:.1f} points of who orders"
        ),
        (
            f"  without the forecast as a covariate: {effect.revenue:,.2f} {currency} each "
            f"({_share(effect.revenue, spread.mean)})"
        ),
    ]


def _share(part: float, whole: float) -> str:
    return f"{part / whole:+.0%}" if whole > 0 else "of nothing"


def write_preview(settings: Settings, name: str, output: Path, customer: str | None, merchant: str | None) -> None:
    """Write a campaign's message as a page, with its plain text beside it.

    Raises:
        MisconfiguredError: The campaign sends no emails, or there is no such customer.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        campaign = campaign_named(found, name)
        messages = messages_of(deployment, found, campaign)
        if campaign.message is None:
            raise MisconfiguredError("NAME", f"campaign {name!r} sends an event, which has no page")
        if customer is None:
            contact, row = _invented(found)
        else:
            with deployment.transformer.connect() as connection:
                contact, row = _customer(connection, found.merchant_id, customer)
        try:
            email = messages.email(contact, row)
        except BadTemplateError as error:
            raise MisconfiguredError(f"campaign '{name}'", str(error)) from None
    text = output.with_suffix(".txt")
    output.write_text(email.html, encoding="utf-8")
    text.write_text(f"Subject: {email.subject}\n\n{email.text}", encoding="utf-8")
    typer.echo(f"subject: {email.subject}\npage: {output}\ntext: {text}")


def _customer(connection: sa.Connection, merchant_id: str, customer_id: str) -> tuple[Contact, dict[str, Any]]:
    contact = read_contacts(connection, merchant_id, [customer_id]).get(customer_id)
    row = (
        connection.execute(
            sa.select(customer_360).where(
                customer_360.c.merchant_id == merchant_id, customer_360.c.customer_id == customer_id
            )
        )
        .mappings()
        .one_or_none()
    )
    if contact is None or row is None:
        raise MisconfiguredError("--customer", f"{customer_id!r}: {NOBODY}, or nothing of them is published")
    return contact, dict(row)


def _invented(merchant: Merchant) -> tuple[Contact, dict[str, Any]]:
    """Somebody who has everything that a template can show."""
    today = merchant.as_of_date or date(2026, 6, 30)
    row = {
        "customer_id": "preview",
        "order_count": 4,
        "first_order_date": today - timedelta(days=400),
        "last_order_date": today - timedelta(days=90),
        "next_purchase_date": today + timedelta(days=5),
        "clv_amount": Decimal("240.00"),
        "aov_amount": Decimal("60.00"),
        "currency_code": merchant.currency_code,
    }
    return Contact("preview@example.com", "Alex", "Example", has_email_consent=True), row
