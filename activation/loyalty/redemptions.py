"""Redemptions: points held for a reward, a code at the shop, and its use, its end, or the points back; never two of them.

Points are held before a code is asked for, and go back only when the shop certainly has no code: whoever gives them back
locks the redemption, and so does whoever is about to ask the shop, in the transaction that claims the attempt. What is
known of the asking stands in the ledger of deliveries and is read from there. Must not talk to a shop itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from activation.actions import Action, LedgerOutcome, Occasion, Target
from activation.gates.gate import ALLOWED, Answer, Refused
from activation.loyalty.adjusting import require_posted
from activation.loyalty.grants import REDEMPTIONS, redemption_movements
from activation.loyalty.ledger import Ledger, balance_of, post_sources
from activation.loyalty.movements import Kind, start_of
from activation.loyalty.programme import Reward
from activation.occurrences.planning import Occurrence, occurrence_key
from connectors.outgoing import DiscountCode
from models.activation import deliveries
from models.errors import StopError
from models.identity import current_ids
from models.loyalty import redemptions

_STEP = "code"
_ARM = "reward"
_KINDS = [Kind.REDEMPTION, Kind.REDEMPTION_END]

# Orders of the last hours of a code's life may be read days later.
SETTLING_DAYS = 3

# dbt's, which is why they are declared here to be read.
_fct_discounts = sa.table(
    "fct_discounts",
    *(sa.column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id", "code")),
    schema="marts",
)
_fct_orders = sa.table(
    "fct_orders",
    *(sa.column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id")),
    sa.column("ordered_at", sa.DateTime(timezone=True)),
    schema="marts",
)


@dataclass(frozen=True)
class Redemption:
    """A reward that was asked for.

    Attributes:
        redemption_id: Its own name.
        customer_id: Who asked for it, by their id of then.
        state: Where it stands.
        code: What the customer types.
        is_new: Whether it was asked for just now.
    """

    redemption_id: str
    customer_id: str
    state: str
    code: str
    is_new: bool = False


def campaign_of(ledger: Ledger) -> str:
    """What the ledger of deliveries calls a programme's codes."""
    return f"loyalty:{ledger.programme.name}"


def target_of(ledger: Ledger, destination: str, *, is_idempotent: bool) -> Target:
    """The codes of a programme at the shop that issues them."""
    return Target(ledger.merchant_id, destination, None, is_idempotent, campaign=campaign_of(ledger))


def request(
    connection: sa.Connection, ledger: Ledger, reward: Reward, *, customer_id: str, redemption_id: str, code: str
) -> Redemption:
    """Hold a reward's points and write its code down; nothing is issued yet.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        reward: What is asked for.
        customer_id: The customer, by their id of now.
        redemption_id: Its own name; the same one given twice is one.
        code: What the customer will type; nobody can guess it.

    Raises:
        StopError: The customer has not enough points, or the programme was never posted.
    """
    ledger.lock(connection)
    require_posted(connection, ledger)
    known = connection.execute(sa.select(redemptions).where(*_its(ledger, redemption_id))).one_or_none()
    if known is not None:
        if (known.customer_id, known.reward) != (customer_id, reward.name):
            raise StopError(f"another redemption is called {redemption_id!r} already")
        return Redemption(redemption_id, customer_id, known.state, known.code)
    available = balance_of(connection, ledger, customer_id, locked=True)["available"]
    if available < reward.points:
        raise StopError(f"{reward.name} costs {reward.points:,} points; customer {customer_id} can spend {available:,}")
    connection.execute(
        sa.insert(redemptions).values(
            merchant_id=ledger.merchant_id,
            programme=ledger.programme.name,
            redemption_id=redemption_id,
            customer_id=customer_id,
            reward=reward.name,
            points=reward.points,
            state="held",
            code=code,
            offer=_offer(ledger, reward),
            requested_at=ledger.recorded_at,
            ends_at=ledger.recorded_at + timedelta(days=reward.valid_days),
            returns_points=reward.returns_points,
        )
    )
    _post(connection, ledger, [redemption_id])
    return Redemption(redemption_id, customer_id, "held", code, is_new=True)


def wanted_codes(connection: sa.Connection, ledger: Ledger) -> list[Occurrence]:
    """Every code that points are held for, each to be issued once."""
    table = redemptions
    rows = connection.execute(
        sa.select(table.c.redemption_id, table.c.customer_id, table.c.requested_at)
        .where(*_of(ledger), table.c.state == "held")
        .order_by(table.c.requested_at, table.c.redemption_id)
    )
    return [Occurrence(row.customer_id, _occasion(row.redemption_id), row.requested_at) for row in rows]


class PointsAreHeld:
    """The gate of a code: refuses it unless its points are held, and keeps them so until the attempt is claimed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def answers(
        self,
        connection: sa.Connection,
        target: Target,  # noqa: ARG002 - a redemption is the programme's, wherever its code goes
        actions: Sequence[Action],
        *,
        asked_at: datetime,
    ) -> Mapping[str, Answer]:
        """Refusals of codes whose points went back, or which are over."""
        table = redemptions
        names = {action.action_key: action.occasion.period for action in actions if action.occasion is not None}
        rows = connection.execute(
            sa.select(table.c.redemption_id, table.c.state, table.c.ends_at)
            .where(*_of(self._ledger), table.c.redemption_id.in_(sorted(names.values())))
            .order_by(table.c.redemption_id)
            .with_for_update(read=True)
        )
        found = {row.redemption_id: row for row in rows}
        answers: dict[str, Answer] = {}
        for key, name in names.items():
            row = found.get(name)
            if row is None or row.state != "held":
                answers[key] = Refused("its points are not held" if row is None else f"the redemption is {row.state}")
            else:
                answers[key] = ALLOWED if row.ends_at > asked_at else Refused("the reward is over")
        return answers


class RenderCode:
    """What a shop is asked for, from the redemption as it was written down."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __call__(
        self,
        connection: sa.Connection,
        actions: Sequence[Action],
        *,
        rendered_at: datetime,  # noqa: ARG002 - a code is what it was when it was asked for
    ) -> Mapping[str, dict[str, Any] | Refused]:
        """The payload of each code."""
        table = redemptions
        names = {action.action_key: action.occasion.period for action in actions if action.occasion is not None}
        rows = connection.execute(
            sa.select(table).where(*_of(self._ledger), table.c.redemption_id.in_(sorted(names.values())))
        )
        codes = {row.redemption_id: _code_of(row).payload() for row in rows}
        return {key: codes.get(name, Refused("there is no such redemption")) for key, name in names.items()}


def reconcile(connection: sa.Connection, ledger: Ledger, *, as_of_date: date, is_idempotent: bool) -> dict[str, int]:
    """Bring redemptions up to what is known: issued, refused, used on an order, or run out; and post it.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        as_of_date: The last day whose orders the marts hold.
        is_idempotent: Of the shop, to which an attempt without an answer is repeated.

    Returns:
        How many came into which state.
    """
    ledger.lock(connection)
    rows = connection.execute(
        sa.select(redemptions).where(*_of(ledger), redemptions.c.state != "used").with_for_update()
    ).all()
    if not rows:
        return {}
    asked = _asked(connection, ledger, {row.redemption_id: row.customer_id for row in rows})
    uses = _uses(connection, ledger)
    over = start_of(as_of_date + timedelta(days=1 - SETTLING_DAYS), ledger.zone)
    moved: dict[str, list[str]] = {}
    for row in rows:
        values = _news(row, asked.get(row.redemption_id), uses.get(row.code.lower()), over, ledger, is_idempotent)
        if values is not None:
            connection.execute(sa.update(redemptions).where(*_its(ledger, row.redemption_id)).values(values))
            moved.setdefault(str(values["state"]), []).append(row.redemption_id)
    _post(connection, ledger, [name for names in moved.values() for name in names])
    return {state: len(names) for state, names in moved.items()}


def cancel(
    connection: sa.Connection,
    ledger: Ledger,
    redemption_id: str,
    *,
    reason: str,
    is_idempotent: bool,
    is_deactivated: bool = False,
) -> None:
    """Give the points of a redemption back.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        redemption_id: Which one.
        reason: Why, and who says so.
        is_idempotent: Of the shop.
        is_deactivated: Whether somebody has taken the code out of the shop, and it was not used.

    Raises:
        StopError: There is none of that name, it is over, or the shop has or may have the code.
    """
    ledger.lock(connection)
    row = connection.execute(sa.select(redemptions).where(*_its(ledger, redemption_id)).with_for_update()).one_or_none()
    if row is None:
        raise StopError(f"merchant '{ledger.merchant_id}' has no redemption {redemption_id!r}")
    if row.state not in ("held", "issued"):
        raise StopError(f"redemption {redemption_id} is {row.state}; nothing of it is left to give back")
    asked = _asked(connection, ledger, {redemption_id: row.customer_id}).get(redemption_id)
    if not is_deactivated and (row.state == "issued" or not _is_surely_absent(asked, is_idempotent)):
        raise StopError(
            f"the shop has or may have the code of redemption {redemption_id}; it runs out on {row.ends_at:%Y-%m-%d}. "
            "Deactivate it there, see that it was not used, and say so: --deactivated"
        )
    values = {"state": "cancelled", "closed_at": ledger.recorded_at, "reason": reason}
    connection.execute(sa.update(redemptions).where(*_its(ledger, redemption_id)).values(values))
    _post(connection, ledger, [redemption_id])


@dataclass(frozen=True)
class _Asked:
    """What the ledger of deliveries knows about a code."""

    outcome: LedgerOutcome
    attempt_count: int
    attempted_at: datetime | None
    reason: str | None


def _is_surely_absent(asked: _Asked | None, is_idempotent: bool) -> bool:
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
    asked: _Asked | None,
    use: tuple[str, datetime] | None,
    over: datetime,
    ledger: Ledger,
    is_idempotent: bool,
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
        if is_final and _is_surely_absent(asked, is_idempotent):
            return {"state": "refused", "closed_at": now, "reason": asked.reason or "the shop refused it"}
    if row.ends_at <= over:
        if row.state == "issued":
            return {"state": "expired", "closed_at": row.ends_at}
        if row.state == "held":  # whether or not the shop has it: it takes it no more
            return {"state": "refused", "closed_at": row.ends_at, "reason": "it was not known to be issued in time"}
    return None


def _asked(connection: sa.Connection, ledger: Ledger, customers: Mapping[str, str]) -> dict[str, _Asked]:
    """What is known of the asking for each redemption, by its name."""
    target = target_of(ledger, "", is_idempotent=False)
    keys = {occurrence_key(target, customer, _occasion(name)): name for name, customer in customers.items()}
    table = deliveries
    rows = connection.execute(
        sa.select(
            table.c.action_key, table.c.outcome, table.c.attempt_count, table.c.attempted_at, table.c.reason
        ).where(table.c.merchant_id == ledger.merchant_id, table.c.action_key.in_(sorted(keys)))
    )
    return {
        keys[row.action_key]: _Asked(LedgerOutcome(row.outcome), row.attempt_count, row.attempted_at, row.reason)
        for row in rows
    }


def _uses(connection: sa.Connection, ledger: Ledger) -> dict[str, tuple[str, datetime]]:
    """The first order that used each of the programme's codes, by code in small letters."""
    seen, orders, table = _fct_discounts, _fct_orders, redemptions
    is_code = sa.func.lower(seen.c.code) == sa.func.lower(table.c.code)
    is_its = sa.and_(*(orders.c[name] == seen.c[name] for name in ("merchant_id", "store_id", "order_id")))
    rows = connection.execute(
        sa.select(table.c.code, (seen.c.store_id + "/" + seen.c.order_id).label("order_id"), orders.c.ordered_at)
        .select_from(table.join(seen, sa.and_(seen.c.merchant_id == table.c.merchant_id, is_code)).join(orders, is_its))
        .where(*_of(ledger), table.c.state != "used")
        .order_by(orders.c.ordered_at.desc())
    )
    return {row.code.lower(): (row.order_id, row.ordered_at) for row in rows}


def _post(connection: sa.Connection, ledger: Ledger, names: Collection[str]) -> None:
    if not names:
        return
    table = redemptions
    rows = connection.execute(
        sa.select(*(table.c[name] for name in REDEMPTIONS)).where(
            *_of(ledger), table.c.redemption_id.in_(sorted(names))
        )
    ).all()
    known = current_ids(connection, ledger.merchant_id, sorted({row.customer_id for row in rows}))
    for row in rows:
        values = dict(row._mapping) | {"customer_id": known.get(row.customer_id, row.customer_id)}
        wanted = redemption_movements(pl.DataFrame([values], schema=REDEMPTIONS))
        post_sources(connection, ledger, wanted, kinds=list(_KINDS), source_id=row.redemption_id)


def _offer(ledger: Ledger, reward: Reward) -> dict[str, str | None]:
    is_fixed = reward.kind == "fixed"
    return {
        "title": reward.title,
        "kind": reward.kind,
        "amount": format(reward.amount, "f"),
        "currency_code": ledger.currency_code if is_fixed or reward.minimum_amount is not None else None,
        "minimum_amount": None if reward.minimum_amount is None else format(reward.minimum_amount, "f"),
    }


def _code_of(row: Any) -> DiscountCode:  # noqa: ANN401 - a row
    least = row.offer["minimum_amount"]
    return DiscountCode(
        code=row.code,
        title=row.offer["title"],
        kind=row.offer["kind"],
        amount=Decimal(row.offer["amount"]),
        starts_at=row.requested_at,
        ends_at=row.ends_at,
        currency_code=row.offer["currency_code"],
        minimum_amount=None if least is None else Decimal(least),
        usage_limit=1,
    )


def _occasion(redemption_id: str) -> Occasion:
    return Occasion(arm=_ARM, step=_STEP, period=redemption_id)


def _of(ledger: Ledger) -> tuple[sa.ColumnElement[bool], ...]:
    return redemptions.c.merchant_id == ledger.merchant_id, redemptions.c.programme == ledger.programme.name


def _its(ledger: Ledger, redemption_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (*_of(ledger), redemptions.c.redemption_id == redemption_id)
