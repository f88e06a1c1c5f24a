"""Triggers: which customers an occasion has come for, and what it is about, as the merchant's tables say.

Reads only. What was found before, who is held out and who may not be written to is not asked here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from activation.campaigns.declarations import Campaign
from activation.customers import customer_360, segment_memberships
from activation.rules import compiled
from models.errors import StopError

ONCE = "once"


@dataclass(frozen=True)
class Occasion:
    """One customer for whom the occasion has come.

    Attributes:
        customer_id: The customer.
        period: What it is about; the same occasion is found every night, and has the same period.
        happened_on: The day of it.
        is_present: Whether it may have come before the campaign began: who meets a trigger on its first night.
    """

    customer_id: str
    period: str
    happened_on: date
    is_present: bool


def occasions(
    connection: sa.Connection, merchant_id: str, campaign: Campaign, *, as_of_date: date, is_first_night: bool
) -> list[Occasion]:
    """The customers for whom the campaign's occasion has come by a day, each once.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        campaign: The campaign.
        as_of_date: The day that the merchant's tables describe.
        is_first_night: Whether the campaign was never worked out before.
    """
    table = customer_360
    if campaign.trigger.segment_entered or campaign.trigger.segment_left:
        return _moves(connection, merchant_id, campaign, as_of_date)
    trigger = campaign.trigger
    period: sa.ColumnElement[str] = sa.cast(table.c.last_order_date, sa.Text)
    if trigger.churn_probability is not None:
        meets = sa.func.nullif(table.c.churn_probability, float("nan")) >= trigger.churn_probability
    elif trigger.next_order_within_days is not None:
        until = as_of_date + timedelta(days=trigger.next_order_within_days)
        meets = table.c.next_purchase_date.between(as_of_date, until)
    elif trigger.meets is not None:
        meets, period = compiled(trigger.meets), sa.literal(ONCE)
    else:
        raise ValueError(f"campaign '{campaign.name}' has a trigger that nobody can meet")
    found = connection.execute(
        sa.select(table.c.customer_id, period)
        .where(table.c.merchant_id == merchant_id, meets, _only(campaign), period.is_not(None))
        .order_by(table.c.customer_id)
    )
    return [Occasion(customer_id, about, as_of_date, is_first_night) for customer_id, about in found]


def _moves(connection: sa.Connection, merchant_id: str, campaign: Campaign, as_of_date: date) -> list[Occasion]:
    """Who entered or left a segment in the days for which a trigger is good."""
    table, name = segment_memberships, str(campaign.trigger.segment_entered or campaign.trigger.segment_left)
    is_entry = campaign.trigger.segment_entered is not None
    day = table.c.entered_date if is_entry else table.c.left_date
    scope = sa.and_(table.c.merchant_id == merchant_id, table.c.segment_name == name)
    first = connection.execute(sa.select(sa.func.min(table.c.entered_date)).where(scope)).scalar_one()
    if first is None:
        return []
    oldest = max(campaign.active_from, as_of_date - timedelta(days=campaign.valid_days - 1))
    # Who comes back before the message is sent has not left.
    stays = table.alias("stays")
    is_back = sa.exists().where(
        stays.c.merchant_id == table.c.merchant_id,
        stays.c.segment_name == table.c.segment_name,
        stays.c.customer_id == table.c.customer_id,
        stays.c.is_current,
    )
    found = connection.execute(
        sa.select(table.c.customer_id, sa.func.max(day))
        .join(
            customer_360,
            sa.and_(
                customer_360.c.merchant_id == table.c.merchant_id, customer_360.c.customer_id == table.c.customer_id
            ),
        )
        .where(
            scope,
            day.between(oldest, as_of_date),
            table.c.is_current if is_entry else sa.not_(is_back),
            _only(campaign),
        )
        .group_by(table.c.customer_id)
        .order_by(table.c.customer_id)
    )
    # A segment's first night lets everybody in who was there already: they have not entered on that day.
    return [
        Occasion(customer_id, moved.isoformat(), moved, is_entry and moved == first) for customer_id, moved in found
    ]


def _only(campaign: Campaign) -> sa.ColumnElement[bool]:
    return sa.true() if campaign.only is None else compiled(campaign.only)


def require_segment(merchant_id: str, campaign: Campaign, known: set[str]) -> None:
    """Refuse a trigger whose segment nobody has declared or defined: it would wait for ever.

    Raises:
        StopError: Names the segment, and those that there are.
    """
    name = campaign.trigger.segment_entered or campaign.trigger.segment_left
    if name is not None and name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise StopError(
            f"campaign '{campaign.name}': merchant '{merchant_id}' has no segment '{name}'; there are: {there}"
        )
