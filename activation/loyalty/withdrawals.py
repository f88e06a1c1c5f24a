"""Codes that are taken back at the shop, or that ran out: points go back once the shop says that nobody used them.

What the shop cannot say a person may, with a reason that stays. Must not decide whether a redemption shall end.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from activation.actions import LedgerOutcome
from activation.delivery import lock_parts
from activation.locks import exclusive
from activation.loyalty.endings import NEVER_KNOWN, Asked, asked_of, settled_before
from activation.loyalty.ledger import Ledger
from activation.loyalty.redemptions import post_redemptions, programme_of, redemption_of, target_of
from connectors.codes import CodeState, IssuesCodes
from models.errors import RetryLaterError, StopError
from models.loyalty import redemptions

_log = structlog.get_logger(__name__)

COUNTING_TIME = timedelta(hours=1)
_MOST_UNANSWERED = 3  # in a row; then the shop is not asked about the others either

_Row = Any
_Judge = Callable[[_Row, Asked], dict[str, Any] | None]


def finish_withdrawals(engine: sa.Engine, ledger: Ledger, issuer: IssuesCodes) -> dict[str, int]:
    """Take codes back at the shop, and give the points of those back that nobody used.

    A code that another destination issued stays as it is, as does one that the shop took and does not find: whether it
    was used is not known, and the log says so. Nobody sends to the shop meanwhile. Because shops count uses a little
    late, and an attempt that died may arrive late, points go back an hour after the code was closed at the earliest,
    when the shop is asked again.

    Returns:
        How many came into which state.

    Raises:
        RetryLaterError: The shop did not say, or another process is at work on it.
    """

    def judged(row: _Row, known: Asked) -> dict[str, Any] | None:
        found = issuer.withdraw_code(row.code, asked_at=ledger.recorded_at)
        return _known(row, known, found, ledger.recorded_at, is_counted=False)

    return _each(engine, ledger, issuer, redemptions.c.state == "withdrawing", judged)


def finish_run_out(engine: sa.Engine, ledger: Ledger, issuer: IssuesCodes, *, as_of_date: date) -> dict[str, int]:
    """Ask the shop whether codes were used that ran out, and give the points of those back that nobody used.

    Of rewards that return their points, and of codes of which it never was known whether the shop has them. An order
    that shows the use need not be read: the shop counts it all the same. A code whose end was put off at the shop is
    closed first, as a cancelled one is.

    Args:
        engine: The warehouse.
        ledger: The ledger.
        issuer: The shop.
        as_of_date: The last day whose orders the marts hold.

    Returns:
        How many came into which state.

    Raises:
        RetryLaterError: As `finish_withdrawals`.
    """
    table = redemptions
    is_owed = sa.or_(sa.and_(table.c.state == "issued", table.c.returns_points), table.c.state == "held")

    def judged(row: _Row, known: Asked) -> dict[str, Any] | None:
        found = issuer.code_state(row.code, asked_at=ledger.recorded_at)
        is_closed_here = row.withdrawn_at is not None
        if found is not None and found.is_open:
            found, is_closed_here = issuer.withdraw_code(row.code, asked_at=ledger.recorded_at), True
        return _known(row, known, found, ledger.recorded_at, is_counted=not is_closed_here)

    over = table.c.ends_at <= settled_before(ledger, as_of_date)
    return _each(engine, ledger, issuer, sa.and_(is_owed, over), judged)


def settle(
    engine: sa.Engine, ledger: Ledger, redemption_id: str, *, was_used: bool, reason: str, issuer: IssuesCodes | None
) -> str:
    """Say what became of a code that no shop can be asked about any more.

    Args:
        engine: The warehouse.
        ledger: The ledger.
        redemption_id: Which one: one whose code is being taken back, or ran out.
        was_used: Whether the code was used.
        reason: How that is known, and who says so.
        issuer: The shop that is declared now; None where there is none.

    Returns:
        The state that it ends in. If its code is seen on an order later, it is used, whatever was said.

    Raises:
        StopError: There is none of that name, it is over or may still be used, or the shop has the code and is asked.
        RetryLaterError: The shop that issued the code did not say whether it has it.
    """
    its = redemption_of(ledger, redemption_id)
    with engine.connect() as connection:
        row = connection.execute(sa.select(redemptions).where(*its)).one_or_none()
        if row is None:
            raise StopError(f"merchant '{ledger.merchant_id}' has no redemption {redemption_id!r}")
        known = asked_of(connection, ledger, {redemption_id: row.customer_id}).get(redemption_id)
    is_waiting = row.state in ("held", "issued") and row.ends_at <= ledger.recorded_at
    if row.state != "withdrawing" and not is_waiting:
        raise StopError(f"redemption {redemption_id} is {row.state}; only what is being taken back or ran out waits")
    asks = issuer if issuer is not None and known is not None and known.destination == issuer.name else None
    if asks is not None and asks.code_state(row.code, asked_at=ledger.recorded_at) is not None:
        raise StopError(f"the shop has the code of redemption {redemption_id}, and the next run asks it about its use")
    now = ledger.recorded_at
    values = {"state": "used", "used_at": now, "closed_at": now} if was_used else _unused(row, now)
    with engine.begin() as connection:
        ledger.lock(connection)
        still = (*its, redemptions.c.state == row.state)
        if not connection.execute(sa.update(redemptions).where(*still).values(values | {"reason": reason})).rowcount:
            raise StopError(f"redemption {redemption_id} is no longer {row.state}; nothing was changed")
        post_redemptions(connection, ledger, [redemption_id])
    return str(values["state"])


def _each(
    engine: sa.Engine, ledger: Ledger, issuer: IssuesCodes, which: sa.ColumnElement[bool], judged: _Judge
) -> dict[str, int]:
    """Ask the shop about some redemptions, and enter and post what it says; says how many came into which state."""
    table = redemptions
    waiting = sa.select(table).where(*programme_of(ledger), which).order_by(table.c.requested_at, table.c.redemption_id)
    with engine.connect() as connection:
        if connection.execute(waiting.limit(1)).one_or_none() is None:
            return {}
    moved: Counter[str] = Counter()
    with exclusive(engine, *lock_parts(target_of(ledger, issuer.name, is_idempotent=False))):
        with engine.connect() as connection:
            rows = connection.execute(waiting).all()
            asked = asked_of(connection, ledger, {row.redemption_id: row.customer_id for row in rows})
        failures: list[RetryLaterError] = []
        in_a_row = 0
        for row in rows:
            known = asked.get(row.redemption_id)
            is_its = known is not None and known.destination == issuer.name
            try:
                values = judged(row, known) if known is not None and is_its else None
                in_a_row = 0
            except RetryLaterError as error:
                # One code that the shop never says anything about is not in the way of the others for ever.
                failures.append(error)
                in_a_row += 1
                if in_a_row == _MOST_UNANSWERED:
                    break
                continue
            if values is None:
                _log.warning(
                    "code_not_taken_back",
                    merchant_id=ledger.merchant_id,
                    programme=ledger.programme.name,
                    redemption_id=row.redemption_id,
                    destination=issuer.name,
                    issued_by=None if known is None else known.destination,
                    what_to_do="perennial loyalty settle",
                )
                moved[row.state] += 1
                continue
            with engine.begin() as connection:
                ledger.lock(connection)
                still = (*redemption_of(ledger, row.redemption_id), table.c.state == row.state)
                if connection.execute(sa.update(table).where(*still).values(values)).rowcount:
                    post_redemptions(connection, ledger, [row.redemption_id])
            moved[str(values["state"])] += 1
        if failures:
            raise failures[0]
    return dict(moved)


def _known(
    row: _Row, known: Asked, found: CodeState | None, now: datetime, *, is_counted: bool
) -> dict[str, Any] | None:
    """What is known of a code once its shop was asked; None where the shop had it and does not find it.

    Args:
        row: The redemption.
        known: What the ledger of deliveries says.
        found: What the shop says.
        now: The time.
        is_counted: Whether the shop has had the time to count every use.
    """
    if found is None and known.outcome is LedgerOutcome.ACCEPTED:
        return None
    if found is not None and found.usage_count:
        return {"state": "used", "used_at": now, "closed_at": now}
    if found is not None and found.is_open:
        return {"state": row.state, "withdrawn_at": None}
    if is_counted or (row.withdrawn_at is not None and row.withdrawn_at + COUNTING_TIME <= now):
        return _unused(row, now)
    return {"state": row.state, "withdrawn_at": row.withdrawn_at or now}


def _unused(row: _Row, now: datetime) -> dict[str, Any]:
    """How a redemption ends whose code nobody used."""
    if row.state == "withdrawing":
        return {"state": "cancelled", "closed_at": now}
    if row.state == "issued":
        return {"state": "expired", "closed_at": row.ends_at}
    return {"state": "refused", "closed_at": row.ends_at, "reason": NEVER_KNOWN}
