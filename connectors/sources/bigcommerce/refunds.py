"""Refunds compared with what is known of them: one that does not show on its order brings the order back.

BigCommerce lists all refunds, and filters them by when they were made, not by when they changed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.bigcommerce.client import Params, time_param
from connectors.sources.bigcommerce.intake import identity
from connectors.sources.bigcommerce.order_answers import Refund
from connectors.sources.bigcommerce.order_parts import REFUNDS_PATH
from connectors.sources.bigcommerce.orders import reread
from connectors.sources.bigcommerce.underway import Position, Underway, Unit
from connectors.sources.bigcommerce.values import moment
from models.errors import RejectedRecordError

_IDS_PER_LOOK = 50

# A refund as far as it is compared: its order, its amount and tax, and what became of its payments.
Gist = tuple[str, Decimal, Decimal | None, frozenset[tuple[str, Decimal, bool, bool]]]


def refunds(u: Underway, position: Position) -> Iterator[Unit]:
    """Read the orders again whose refunds are not as the warehouse has them.

    Recent refunds are compared at every sync, all of them when ids are compared.
    """
    oldest = None if u.chain["reconciles"] else u.until - timedelta(days=u.settings.refund_lookback_days)
    known = _known(u, oldest)
    if known is None:
        return
    changed: list[str] = []
    since: Params = [] if oldest is None else [("created:min", time_param(oldest))]
    for rows in u.client.all_rows(REFUNDS_PATH, since, stream="refunds"):
        for raw in rows:
            refund, order_id = _decoded(u, raw), identity(raw).order_id
            if refund is not None and oldest is not None and (moment(refund.created) or oldest) <= _edge(oldest):
                continue
            before = known.pop(str(refund.id), None) if refund is not None else None
            # With a refund that cannot be read, its order is read again and set aside.
            if order_id is not None and (refund is None or before != _gist(refund)):
                changed.append(str(order_id))
    changed += _vanished(u, known)
    yield from reread(u, changed, position)


def _decoded(u: Underway, raw: msgspec.Raw) -> Refund | None:
    try:
        refund = u.intake.decoded(Refund, raw, "refunds")
        moment(refund.created)
    except (RejectedRecordError, ValueError):
        return None
    return refund


def _vanished(u: Underway, known: dict[str, Gist]) -> list[str]:
    """The orders of refunds that are known, were not listed, and are not there when looked at by their ids."""
    ids = sorted(known)
    orders: list[str] = []
    for start in range(0, len(ids), _IDS_PER_LOOK):
        some = ids[start : start + _IDS_PER_LOOK]
        there = {
            str(identity(raw).id)
            for rows in u.client.all_rows(REFUNDS_PATH, [("id:in", ",".join(some))], stream="refunds")
            for raw in rows
        }
        orders += [known[one][0] for one in some if one not in there]
    return orders


def _known(u: Underway, oldest: datetime | None) -> dict[str, Gist] | None:
    """What the warehouse has of the refunds that will be listed; None where there is no warehouse."""
    table = u.known("refunds", "refund_id", "order_id", "total_amount", "total_tax", "created")
    payments = u.known("refund_payments", "refund_id", "refund_payment_id", "amount", "offline", "is_declined")
    if table is None or payments is None:
        return None
    if oldest is not None:
        table = table.filter(pc.greater(table["created"], pa.scalar(_edge(oldest), pa.timestamp("us", tz="UTC"))))
    paid: dict[str, set[tuple[str, Decimal, bool, bool]]] = {}
    for row in payments.to_pylist():
        paid.setdefault(row["refund_id"], set()).add(_payment(row["refund_payment_id"], row))
    return {
        row["refund_id"]: (
            row["order_id"],
            row["total_amount"],
            row["total_tax"],
            frozenset(paid.get(row["refund_id"], ())),
        )
        for row in table.to_pylist()
    }


def _gist(refund: Refund) -> Gist:
    payments = [msgspec.to_builtins(payment, builtin_types=(Decimal,)) for payment in refund.payments]
    return (
        str(refund.order_id),
        _rounded(refund.total_amount),
        None if refund.total_tax is None else _rounded(refund.total_tax),
        frozenset(_payment(str(row["id"]), row) for row in payments),
    )


def _payment(payment_id: str, row: dict[str, Any]) -> tuple[str, Decimal, bool, bool]:
    return payment_id, _rounded(row["amount"]), bool(row["offline"]), bool(row["is_declined"])


def _rounded(amount: Decimal) -> Decimal:
    """As the warehouse holds it."""
    return amount.quantize(Decimal("0.0001"))


def _edge(oldest: datetime) -> datetime:
    """A refund up to here may be listed or not: which end of its second a filter takes is not documented."""
    return oldest + timedelta(seconds=1)
