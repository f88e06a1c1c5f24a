"""Redemptions: points held for a reward, and the code that the shop is asked for, once.

Points are held before a code is asked for, in one transaction with the code's being written down. Whoever is about to
ask the shop locks the redemption in the transaction that claims the attempt, so that points cannot go back meanwhile.
Must not talk to a shop itself; what becomes of a redemption is `endings`' to say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from activation.actions import Action, Occasion, Target
from activation.gates.gate import ALLOWED, Answer, Refused
from activation.loyalty.adjusting import require_posted
from activation.loyalty.grants import REDEMPTIONS, redemption_movements
from activation.loyalty.ledger import Ledger, balance_of, post_expiry, post_sources
from activation.loyalty.movements import Kind
from activation.loyalty.programme import Reward
from activation.occurrences.planning import Occurrence
from connectors.outgoing import DiscountCode
from models.errors import StopError
from models.identity import current_ids
from models.loyalty import redemptions

PROGRAMMES = "loyalty:"
"""What the names begin with by which the ledger of deliveries knows programmes; no campaign's does."""

_STEP = "code"
_ARM = "reward"
_KINDS = [Kind.REDEMPTION, Kind.REDEMPTION_END]


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
    return f"{PROGRAMMES}{ledger.programme.name}"


def target_of(ledger: Ledger, destination: str, *, is_idempotent: bool) -> Target:
    """The codes of a programme at the shop that issues them."""
    return Target(ledger.merchant_id, destination, None, is_idempotent, campaign=campaign_of(ledger))


def request(
    connection: sa.Connection,
    ledger: Ledger,
    reward: Reward,
    *,
    customer_id: str,
    redemption_id: str,
    code: str,
    is_another: bool = True,
) -> Redemption:
    """Hold a reward's points and write its code down; nothing is issued yet.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        reward: What is asked for.
        customer_id: The customer, by their id of now.
        redemption_id: Its own name; the same one given twice is one.
        code: What the customer will type; nobody can guess it.
        is_another: Whether it is one beside those that the customer has. Otherwise it is the one that they have of the
            same reward and did not use yet, whatever it is called: who repeats what died holds points once.

    Raises:
        StopError: The name is another redemption's, the customer has not enough points, or the programme was never
            posted.
    """
    ledger.lock(connection)
    require_posted(connection, ledger)
    known = connection.execute(sa.select(redemptions).where(*redemption_of(ledger, redemption_id))).one_or_none()
    if known is not None:
        whose = current_ids(connection, ledger.merchant_id, [known.customer_id]).get(
            known.customer_id, known.customer_id
        )
        if whose != customer_id or known.reward != reward.name:
            raise StopError(
                f"{redemption_id!r} is the reference of another redemption already: {known.reward}, by customer "
                f"{whose}, {known.state}; nothing was held for customer {customer_id}"
            )
    elif not is_another:
        known = _unused_of(connection, ledger, reward, customer_id)
    if known is not None:
        return Redemption(known.redemption_id, customer_id, known.state, known.code)
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
    post_redemptions(connection, ledger, [redemption_id])
    return Redemption(redemption_id, customer_id, "held", code, is_new=True)


def _unused_of(connection: sa.Connection, ledger: Ledger, reward: Reward, customer_id: str) -> sa.Row[Any] | None:
    """The latest redemption of a reward that a customer has, by any of their ids, and is not known to have used."""
    table = redemptions
    found = connection.execute(
        sa.select(table)
        .where(
            *programme_of(ledger),
            table.c.reward == reward.name,
            table.c.state.in_(("held", "issued")),
            table.c.ends_at > ledger.recorded_at,
        )
        .order_by(table.c.requested_at.desc(), table.c.redemption_id)
    ).all()
    now = current_ids(connection, ledger.merchant_id, sorted({row.customer_id for row in found}))
    return next((row for row in found if now.get(row.customer_id, row.customer_id) == customer_id), None)


def wanted_codes(connection: sa.Connection, ledger: Ledger) -> list[Occurrence]:
    """Every code that points are held for, each to be issued once."""
    table = redemptions
    rows = connection.execute(
        sa.select(table.c.redemption_id, table.c.customer_id, table.c.requested_at)
        .where(*programme_of(ledger), table.c.state == "held")
        .order_by(table.c.requested_at, table.c.redemption_id)
    )
    return [Occurrence(row.customer_id, occasion_of(row.redemption_id), row.requested_at) for row in rows]


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
            .where(*programme_of(self._ledger), table.c.redemption_id.in_(sorted(names.values())))
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
            sa.select(table).where(*programme_of(self._ledger), table.c.redemption_id.in_(sorted(names.values())))
        )
        codes = {row.redemption_id: _code_of(row).payload() for row in rows}
        return {key: codes.get(name, Refused("there is no such redemption")) for key, name in names.items()}


def post_redemptions(connection: sa.Connection, ledger: Ledger, names: Collection[str]) -> None:
    """Post what some redemptions do with their points, as they stand now; the caller holds the ledger's lock."""
    if not names:
        return
    table = redemptions
    rows = (
        connection.execute(
            sa.select(*(table.c[name] for name in REDEMPTIONS)).where(
                *programme_of(ledger), table.c.redemption_id.in_(sorted(names))
            )
        )
        .mappings()
        .all()
    )
    known = current_ids(connection, ledger.merchant_id, sorted({row["customer_id"] for row in rows}))
    back = set()
    for row in rows:
        values = dict(row) | {"customer_id": known.get(row["customer_id"], row["customer_id"])}
        wanted = redemption_movements(pl.DataFrame([values], schema=REDEMPTIONS))
        post_sources(connection, ledger, wanted, kinds=list(_KINDS), source_id=row["redemption_id"])
        if row["state"] in ("cancelled", "refused") or (row["state"] == "expired" and row["returns_points"]):
            back.add(str(values["customer_id"]))
    # What comes back may have run out meanwhile, and nobody may spend it until the night.
    post_expiry(connection, ledger, back)


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


def occasion_of(redemption_id: str) -> Occasion:
    """What makes a redemption's code that one, in the ledger of deliveries."""
    return Occasion(arm=_ARM, step=_STEP, period=redemption_id)


def programme_of(ledger: Ledger) -> tuple[sa.ColumnElement[bool], ...]:
    """The redemptions of a programme."""
    return redemptions.c.merchant_id == ledger.merchant_id, redemptions.c.programme == ledger.programme.name


def redemption_of(ledger: Ledger, redemption_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    """One redemption of a programme."""
    return (*programme_of(ledger), redemptions.c.redemption_id == redemption_id)
