"""What people tell the ledger: adjustments with their reason, and birthdays.

Facts first: each is kept as one, and posted from it in the same transaction, so that balances can be made again.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.arrays import rows
from activation.loyalty.grants import ADJUSTMENTS, adjustment_movements
from activation.loyalty.ledger import Ledger, post_sources
from activation.loyalty.movements import Kind
from models.errors import StopError
from models.identity import current_ids
from models.loyalty import adjustments, birthdays, postings, programmes

Birthday = tuple[int, int]


def adjust(
    connection: sa.Connection, ledger: Ledger, *, customer_id: str, points: int, reason: str, actor: str, reference: str
) -> bool:
    """Give a customer points, or take some, at once.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        customer_id: The customer, by their id of now.
        points: How many; below zero takes, and may leave less than nothing.
        reason: Why.
        actor: Who says so.
        reference: The adjustment's own name.

    Returns:
        Whether points were moved; not, when the same adjustment was made before.

    Raises:
        StopError: The programme was never posted, or another adjustment has that name.
    """
    ledger.lock(connection)
    require_posted(connection, ledger)
    row = {
        "reference": reference,
        "customer_id": customer_id,
        "points": points,
        "reason": reason,
        "actor": actor,
        "adjusted_at": ledger.recorded_at,
    }
    key = {"merchant_id": ledger.merchant_id, "programme": ledger.programme.name}
    # Not the count of rows, which an insert does not tell.
    adding = insert(adjustments).values(**key, **row).on_conflict_do_nothing().returning(adjustments.c.reference)
    if connection.scalar(adding) is None:
        _refuse_another(connection, ledger, row)
        return False
    wanted = adjustment_movements(pl.DataFrame([row], schema=ADJUSTMENTS))
    post_sources(connection, ledger, wanted, kinds=[Kind.ADJUSTMENT], source_id=reference)
    return True


def note_birthdays(
    connection: sa.Connection, merchant_id: str, known: Mapping[str, Birthday], *, recorded_date: date
) -> tuple[int, list[str]]:
    """Keep birthdays, as month and day by customer; one that is known already keeps the day on which it was told.

    Returns:
        How many are new or were changed, and the ids of nobody, which were left out.
    """
    ids = current_ids(connection, merchant_id, sorted(known))
    unknown = sorted(known.keys() - ids.keys())
    if not ids:
        return 0, unknown
    told = sorted(ids.keys() & known.keys())
    new = rows(
        "new",
        customer_id=(sa.Text(), told),
        month=(sa.Integer(), [known[customer][0] for customer in told]),
        day=(sa.Integer(), [known[customer][1] for customer in told]),
    )
    constants = (sa.literal(merchant_id), sa.literal(recorded_date, sa.Date()))
    adding = insert(birthdays).from_select(
        ["merchant_id", "recorded_date", *new.c.keys()], sa.select(*constants, *new.c)
    )
    is_other = (birthdays.c.month != adding.excluded.month) | (birthdays.c.day != adding.excluded.day)
    values = {name: adding.excluded[name] for name in ("month", "day")}  # what was given before stays
    key = ["merchant_id", "customer_id"]
    changed = adding.on_conflict_do_update(index_elements=key, set_=values, where=is_other)
    return len(connection.execute(changed.returning(birthdays.c.customer_id)).all()), unknown


def history_of(
    connection: sa.Connection, ledger: Ledger, customer_id: str, *, limit: int
) -> list[sa.Row[tuple[object, ...]]]:
    """A customer's latest postings, the last first."""
    table = postings
    columns = ("recorded_at", "effective_at", "source_kind", "source_id", "debit_account", "credit_account", "points")
    return list(
        connection.execute(
            sa.select(*(table.c[name] for name in (*columns, "reason", "actor")))
            .where(
                table.c.merchant_id == ledger.merchant_id,
                table.c.programme == ledger.programme.name,
                table.c.customer_id == customer_id,
            )
            .order_by(table.c.posting_id.desc())
            .limit(limit)
        )
    )


def require_posted(connection: sa.Connection, ledger: Ledger) -> None:
    """Refuse to work with a programme that no night has posted.

    Raises:
        StopError: It was never posted.
    """
    known = sa.exists().where(
        programmes.c.merchant_id == ledger.merchant_id,
        programmes.c.programme == ledger.programme.name,
        programmes.c.posted_as_of_date.is_not(None),
    )
    if not connection.scalar(sa.select(known)):
        raise StopError(
            f"no night has posted the programme '{ledger.programme.name}' of merchant '{ledger.merchant_id}' yet: "
            "perennial run"
        )


def _refuse_another(connection: sa.Connection, ledger: Ledger, row: Mapping[str, object]) -> None:
    found = connection.execute(
        sa.select(adjustments.c.customer_id, adjustments.c.points, adjustments.c.reason).where(
            adjustments.c.merchant_id == ledger.merchant_id,
            adjustments.c.programme == ledger.programme.name,
            adjustments.c.reference == row["reference"],
        )
    ).one()
    whose = current_ids(connection, ledger.merchant_id, [found.customer_id]).get(found.customer_id, found.customer_id)
    if (whose, found.points, found.reason) != (row["customer_id"], row["points"], row["reason"]):
        raise StopError(
            f"another adjustment is called {row['reference']!r} already: {found.points} to customer {whose} for "
            f"{found.reason}"
        )
