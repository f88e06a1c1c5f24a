"""What the ledger of a programme shall say: every movement that follows from facts, as of the end of a day.

The same facts lead to the same movements, whenever and however often they are asked for; what is posted is the
difference to what stands. So a late order, an edited one, a refund that came before its order, and customers who turn
out to be one, all need no rule of their own. Pure.
"""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from activation.loyalty.earning import LINES, ORDERS, REFUND_PARTS, order_movements
from activation.loyalty.expiry import expiry_movements
from activation.loyalty.grants import (
    ADJUSTMENTS,
    BIRTHDAYS,
    MEMBERS,
    REDEMPTIONS,
    adjustment_movements,
    birthday_movements,
    redemption_movements,
    sign_up_movements,
)
from activation.loyalty.programme import Programme


@dataclass(frozen=True)
class Facts:
    """Everything that points follow from; each frame as the schema of its name."""

    orders: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ORDERS))
    lines: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LINES))
    refund_parts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUND_PARTS))
    members: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MEMBERS))
    birthdays: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BIRTHDAYS))
    adjustments: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ADJUSTMENTS))
    redemptions: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REDEMPTIONS))


def wanted_movements(facts: Facts, programme: Programme, *, as_of_date: date, zone: ZoneInfo) -> pl.DataFrame:
    """Every movement that the facts lead to by the end of a day, as `MOVEMENTS`."""
    moved = pl.concat(
        [
            order_movements(
                facts.orders,
                facts.lines,
                facts.refund_parts,
                rules=programme.rules,
                as_of_date=as_of_date,
                zone=zone,
            ),
            sign_up_movements(facts.members, programme, as_of_date=as_of_date, zone=zone),
            birthday_movements(facts.birthdays, programme, as_of_date=as_of_date, zone=zone),
            adjustment_movements(facts.adjustments),
            redemption_movements(facts.redemptions),
        ]
    )
    expired = expiry_movements(
        moved,
        facts.orders.select("order_id", "order_date"),
        facts.refund_parts.select("refund_id", "order_id").unique("refund_id"),
        programme,
        as_of_date=as_of_date,
        zone=zone,
    )
    return pl.concat([moved, expired])
