"""`perennial campaign report`: what a campaign brought, from the stored tables to the terminal and a page."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import sqlalchemy as sa
import typer

from activation.campaigns.declarations import Campaign
from activation.campaigns.launch import Launch, launch_of
from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.experiments.lift import ArmOutcomes, Lift, TooFewError, lift, outcomes_of
from activation.publishing import publishable_date
from models.activation import deliveries
from models.campaigns import campaign_enrolments
from orchestration.campaign_commands import campaign_named
from orchestration.campaign_page import campaign_page
from orchestration.configuration import Merchant
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

# dbt's, which is why it is declared here to be read.
_text = ("merchant_id", "campaign_name", "customer_id", "arm")
_amounts = ("revenue_amount", "forecast_amount")
campaign_outcomes = sa.table(
    "campaign_outcomes",
    *(sa.column(name, sa.Text) for name in _text),
    *(sa.column(name, sa.Numeric) for name in _amounts),
    sa.column("order_count", sa.BigInteger),
    sa.column("is_complete", sa.Boolean),
    sa.column("window_end_date", sa.Date),
    schema="marts",
)


@dataclass(frozen=True)
class CampaignData:
    """What a campaign's page is made of.

    Attributes:
        merchant_name: Whose campaign it is.
        currency_code: Of amounts.
        campaign: The campaign.
        as_of_date: The day that the tables describe.
        arms: Outcomes of the customers whose windows are over, by arm.
        waiting_count: Customers whose windows are not.
        first_end_date: When the first of those is over.
        lift: What it brought; None where too few can tell.
        too_few: Why nothing can be said.
        refusals: Customers who took no part, by reason.
        outcomes: Messages by what became of them.
        reasons: Messages that were not sent, by reason.
        launch: What it would find today.
    """

    merchant_name: str
    currency_code: str
    campaign: Campaign
    as_of_date: date
    arms: Mapping[str, ArmOutcomes]
    waiting_count: int
    first_end_date: date | None
    lift: Lift | None
    too_few: str | None
    refusals: Mapping[str, int]
    outcomes: Mapping[str, int]
    reasons: Mapping[str, int]
    launch: Launch | None = None


def write_report(settings: Settings, name: str, merchant: str | None, output: Path | None) -> None:
    """Print what a campaign brought, and write its page.

    Raises:
        MisconfiguredError: There is no such campaign.
        StopError: Nothing is published of the merchant.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        campaign = campaign_named(found, name)
        with deployment.transformer.connect() as connection:
            data = campaign_data(connection, found, campaign)
    for line in report_lines(data):
        typer.echo(line)
    path = output or settings.home / "reports" / f"{found.merchant_id}-{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(campaign_page(data), encoding="utf-8")
    typer.echo(f"page: {path}")


def campaign_data(connection: sa.Connection, merchant: Merchant, campaign: Campaign) -> CampaignData:
    """What the tables say of a campaign.

    Raises:
        StopError: Nothing is published of the merchant.
    """
    as_of_date = publishable_date(connection, merchant.merchant_id) or campaign.active_from
    table = campaign_outcomes
    scope = sa.and_(table.c.merchant_id == merchant.merchant_id, table.c.campaign_name == campaign.name)
    waiting, first_end = connection.execute(
        sa.select(sa.func.count(), sa.func.min(table.c.window_end_date)).where(scope, sa.not_(table.c.is_complete))
    ).one()
    arms = arms_of(connection, merchant.merchant_id, campaign.name)
    try:
        found, too_few = lift(arms[MESSAGE], arms[HOLDOUT]), None
    except TooFewError as error:
        found, too_few = None, str(error)
    enrolments = campaign_enrolments
    refusals = connection.execute(
        sa.select(enrolments.c.refusal, sa.func.count())
        .where(
            enrolments.c.merchant_id == merchant.merchant_id,
            enrolments.c.campaign == campaign.name,
            enrolments.c.refusal.is_not(None),
        )
        .group_by(enrolments.c.refusal)
    )
    sent = connection.execute(
        sa.select(deliveries.c.outcome, deliveries.c.reason, sa.func.count().label("messages"))
        .where(deliveries.c.merchant_id == merchant.merchant_id, deliveries.c.campaign == campaign.name)
        .group_by(deliveries.c.outcome, deliveries.c.reason)
    ).all()
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in sent:
        outcomes[row.outcome] += row.messages
        if row.reason and row.outcome != "accepted":
            reasons[row.reason] += row.messages
    return CampaignData(
        merchant_name=merchant.merchant_name,
        currency_code=merchant.currency_code,
        campaign=campaign,
        as_of_date=as_of_date,
        arms=arms,
        waiting_count=waiting,
        first_end_date=first_end,
        lift=found,
        too_few=too_few,
        refusals=Counter({str(reason): count for reason, count in refusals}),
        outcomes=outcomes,
        reasons=reasons,
        launch=launch_of(connection, merchant.merchant_id, campaign, as_of_date=as_of_date) if found is None else None,
    )


def arms_of(connection: sa.Connection, merchant_id: str, campaign_name: str) -> dict[str, ArmOutcomes]:
    """What the customers of each arm did whose windows are over."""
    table = campaign_outcomes
    # Who took part twice is one customer, who was in the same arm both times.
    rows = connection.execute(
        sa.select(
            table.c.arm,
            sa.func.sum(table.c.revenue_amount).label("revenue"),
            sa.func.sum(sa.func.coalesce(table.c.forecast_amount, 0)).label("forecast"),
            (sa.func.sum(table.c.order_count) > 0).label("is_buyer"),
        )
        .where(table.c.merchant_id == merchant_id, table.c.campaign_name == campaign_name, table.c.is_complete)
        .group_by(table.c.customer_id, table.c.arm)
    ).all()
    return {
        arm: outcomes_of(
            np.array([float(row.revenue) for row in rows if row.arm == arm]),
            np.array([float(row.forecast) for row in rows if row.arm == arm]),
            [row.is_buyer for row in rows if row.arm == arm],
        )
        for arm in (MESSAGE, HOLDOUT)
    }


def report_lines(data: CampaignData) -> list[str]:
    """The report in words."""
    currency, found = data.currency_code, data.lift
    sizes = ", ".join(f"{data.arms[arm].customer_count:,} {arm}" for arm in (MESSAGE, HOLDOUT))
    lines = [
        f"campaign {data.campaign.name} of {data.merchant_name}, as of {data.as_of_date}",
        f"  whose window of {data.campaign.window_days} days is over: {sizes}; not yet: {data.waiting_count:,}",
    ]
    if found is None:
        return [*lines, f"  nothing can be said yet: {data.too_few}"]
    each, total, orders = found.revenue, found.total_revenue, found.conversion
    return [
        *lines,
        f"  it brought {total.estimate:,.0f} {currency} ({total.low:,.0f} to {total.high:,.0f} at {found.level:.0%})",
        f"  per customer: {each.estimate:,.2f} {currency} ({each.low:,.2f} to {each.high:,.2f})",
        f"  of who orders: {100 * orders.estimate:+.1f} points ({100 * orders.low:+.1f} to {100 * orders.high:+.1f})",
        f"  the forecast takes away {found.variance_reduction:.0%} of the variance; p = {found.p_value:.3f}",
    ]
