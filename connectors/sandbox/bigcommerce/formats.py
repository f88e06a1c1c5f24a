"""How BigCommerce writes values.

V2 writes money as strings with four places and dates as RFC 2822 in UTC; consignments and V3 write numbers, V3 dates
as ISO 8601.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

Json = dict[str, Any]


def encoded(value: object) -> bytes:
    """JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def money(amount: Decimal) -> str:
    """An amount as V2 writes it."""
    return f"{amount:.4f}"


def number(amount: Decimal) -> float | int:
    """An amount as V3 writes it."""
    value = float(amount)
    return int(value) if value.is_integer() else value


def rfc_date(seconds: int | None) -> str:
    """A moment as V2 writes it; one that never came is an empty string."""
    return "" if seconds is None else format_datetime(datetime.fromtimestamp(seconds, UTC))


def iso_date(seconds: int) -> str:
    """A moment as V3 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def zulu_date(seconds: int) -> str:
    """A moment as V3's customers have it."""
    return iso_date(seconds).replace("+00:00", "Z")
