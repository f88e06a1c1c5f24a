"""How redemptions end: a code that was used, one that ran out, and points that go back; never a code and points back.

Points go back only when the shop certainly has no code: it was never asked, it refused, or it took the code back
unused. What is known of the asking stands in the ledger of deliveries and is read from there, under the lock that
whoever is about to ask has to take as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from activation.actions import LedgerOutcome
from activation.loyalty.facts import fct_orders
from activation.loyalty.ledger import Ledger
from activation.loyalty.movements import start_of
from activation.loyalty.redemptions import occasion_of, post_redemptions, programme_of, redemption_of, target_of
from activation.occurrences.planning import occurrence_key
from connectors.codes import IssuesCodes
from connectors.destination import Destination
from models.activation import deliveries
from models.errors import StopError
from models.loyalty import redemptions

# Orders of the last hours of a code's life may be read days later.
SETTLING_DAYS = 3
NEVER_KNOWN = "it was not known to be issued in time"

# dbt's, which is why they are declared here to be read.
fct_discounts = sa.Table(
    "fct_discounts",
    sa.MetaData(),
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id", "code")),
    schema="marts",
)


@dataclass(frozen=True)
class Shop:
    """What has to be known of a shop to tell whether it has a code.

    Attributes:
        is_idempotent: Whether an attempt without an answer is repeated there.
        takes_back: Whether it can be told to take codes back.
    """

    is_idempotent: bool
    takes_back: bool

    @classmethod
    def of(cls, destination: Destination) -> "Shop":
        """The shop behind a destination."""
        return cls(destination.is_idempotent, isinstance(destination, IssuesCodes))


def reconcile(connection: sa.Connection, ledger: Ledger, *, as_of_date: date, shop: Shop) -> dict[str, int]:
    """Bring redemptions up to what is known: issued, refused, used on an order, or run out; and post it.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        as_of_date: The last day whose orders the marts hold.
        shop: Who is asked for codes.

    Returns:
        How many came into which state.
    """
    ledger.lock(connection)
    rows = connection.execute(
        sa.select(redemptions).where(*programme_of(ledger), redemptions.c.state != "used").with_for_update()
    ).all()
    if not rows:
        return {}
    asked = asked_of(connection, ledger, {row.redemption_id: row.customer_id for row in rows})
    uses = _uses(connection, ledger)
    over = settled_before(ledger, as_of_date)
    moved: dict[str, list[str]] = {}
    for row in rows:
        values = _news(row, asked.get(row.redemption_id), uses.get(row.code.lower()), over, ledger, shop)
        if values is not None:
            connection.execute(sa.update(redemptions).where(*redemption_of(ledger, row.redemption_id)).values(values))
            moved.setdefault(str(values["state"]), []).append(row.redemption_id)
    post_redemptions(connection, ledger, [name for names in moved.values() for name in names])
    return {state: len(names) for state, names in moved.items()}


def settled_before(ledger: Ledger, as_of_date: date) -> datetime:
    """The moment up to which codes that ended would have been seen on an order by now."""
    return start_of(as_of_date + timedelta(days=1 - SETTLING_DAYS), ledger.zone)


def cancel(connection: sa.Connection, ledger: Ledger, redemption_id: str, *, reason: str, shop: Shop) -> str:
    """Begin to give the points of a redemption back.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        redemption_id: Which one.
        reason: Why, and who says so.
        shop: Who has or may have the code.

    Returns:
        "cancelled" when the shop certainly never had the code and the points are back; "withdrawing" when the code has
        to be taken back first, which `withdrawals` does. From now on no shop is asked for it.

    Raises:
        StopError: There is none of that name, it is over, or the shop cannot take codes back.
    """
    ledger.lock(connection)
    row = connection.execute(
        sa.select(redemptions).where(*redemption_of(ledger, redemption_id)).with_for_update()
    ).one_or_none()
    if row is None:
        raise StopError(f"merchant '{ledger.merchant_id}' has no redemption {redemption_id!r}")
    if row.state == "withdrawing":
        return "withdrawing"
    if row.state not in ("held", "issued"):
        raise StopError(f"redemption {redemption_id} is {row.state}; nothing of it is left to give back")
    asked = asked_of(connection, ledger, {redemption_id: row.customer_id}).get(redemption_id)
    is_absent = row.state == "held" and is_surely_absent(asked, shop.is_idempotent)
    if not is_absent and not shop.takes_back:
        raise StopError(
            f"the shop has or may have the code of redemption {redemption_id}, and cannot be told to take it back; it "
            f"runs out on {row.ends_at:%Y-%m-%d}"
        )
    values: dict[str, Any] = {"state": "withdrawing", "reason": reason}
    if is_absent:
        values = {"state": "cancelled", "reason": reason, "closed_at": ledger.recorded_at}
    connection.execute(sa.update(redemptions).where(*redemption_of(ledger, redemption_id)).values(values))
    post_redemptions(connection, ledger, [redemption_id])
    return str(values["state"])


@dataclass(frozen=True)
class Asked:
    """What the ledger of deliveries knows about a code."""

    destination: str
    outcome: LedgerOutcome
    attempt_count: int
    attempted_at: datetime | None
    reason: str | None


def is_surely_absent(asked: Asked | None, is_idempotent: bool) -> bool:
    """Whether the shop certainly has no such code.

    A shop that takes the same key once is asked again after an answer was lost, so that there only a first attempt's
    refusal says that no earlier one was taken.
    """
    if asked is None or asked.attempt_count == 0:
        return True
    if asked.outcome is LedgerOutcome.REJECTED:
        return not is_idempotent or asked.attempt_count == 1
    return asked.outcome is LedgerOutcome.WITHHELD and not is_idempotent


def _news(
    row: Any,  # noqa: ANN401 - a row
    asked: Asked | None,
    use: tuple[str, datetime] | None,
    over: datetime,
    ledger: Ledger,
    shop: Shop,
) -> dict[str, Any] | None:
    """What changes about a redemption; None when nothing does."""
    now = ledger.recorded_at
    if use is not None:
        # Seen on an order, a code was issued and used, whatever was thought before.
        order_id, used_at = use
        return {"state": "used", "order_id": order_id, "used_at": used_at, "closed_at": used_at}
    if row.state == "held" and asked is not None:
        if asked.outcome is LedgerOutcome.ACCEPTED:
            return {"state": "issued", "issued_at": asked.attempted_at or now}
        is_final = asked.outcome in (LedgerOutcome.REJECTED, LedgerOutcome.WITHHELD)
        if is_final and is_surely_absent(asked, shop.is_idempotent):
            return {"state": "refused", "closed_at": now, "reason": asked.reason or "the shop refused it"}
    if row.ends_at <= over:
        # Whether points go back is the shop's to say, where it can be asked: `withdrawals` does.
        if row.state == "issued" and not (row.returns_points and shop.takes_back):
            return {"state": "expired", "closed_at": row.ends_at}
        is_absent = is_surely_absent(asked, shop.is_idempotent)
        if row.state == "held" and (is_absent or not shop.takes_back):  # whatever the shop has, it takes it no more
            return {"state": "refused", "closed_at": row.ends_at, "reason": NEVER_KNOWN}
    return None


def asked_of(connection: sa.Connection, ledger: Ledger, customers: Mapping[str, str]) -> dict[str, Asked]:
    """What is known of the asking for each redemption, by its name."""
    target = target_of(ledger, "", is_idempotent=False)
    keys = {occurrence_key(target, customer, occasion_of(name)): name for name, customer in customers.items()}
    table = deliveries
    rows = connection.execute(
        sa.select(
            table.c.action_key,
            table.c.destination,
            table.c.outcome,
            table.c.attempt_count,
            table.c.attempted_at,
            table.c.reason,
        ).where(table.c.merchant_id == ledger.merchant_id, table.c.action_key.in_(sorted(keys)))
    )
    return {
        keys[row.action_key]: Asked(
            row.destination, LedgerOutcome(row.outcome), row.attempt_count, row.attempted_at, row.reason
        )
        for row in rows
    }


def _uses(connection: sa.Connection, ledger: Ledger) -> dict[str, tuple[str, datetime]]:
    """The first order that used each of the programme's codes, by code in small letters."""
    seen, orders, table = fct_discounts, fct_orders, redemptions
    is_code = sa.func.lower(seen.c.code) == sa.func.lower(table.c.code)
    is_its = sa.and_(*(orders.c[name] == seen.c[name] for name in ("merchant_id", "store_id", "order_id")))
    rows = connection.execute(
        sa.select(table.c.code, (seen.c.store_id + "/" + seen.c.order_id).label("order_id"), orders.c.ordered_at)
        .select_from(table.join(seen, sa.and_(seen.c.merchant_id == table.c.merchant_id, is_code)).join(orders, is_its))
        .where(*programme_of(ledger), table.c.state != "used")
        .order_by(orders.c.ordered_at.desc())
    )
    return {row.code.lower(): (row.order_id, row.ordered_at) for row in rows}
