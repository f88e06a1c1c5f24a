"""BigCommerce's spellings of values: times in two formats, numbers as strings, and four ways of saying nothing.

`""`, `{}` and `[]` stand for null; V2's empty objects are empty lists.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

import pyarrow as pa

NOTHING: tuple[Any, ...] = (None, "", {}, [])
"""What stands for null."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_RFC_2822_LENGTH = len("Wed, 05 Dec 2018 20:16:55 +0000")


def moment(value: Any) -> datetime | None:  # noqa: ANN401 - whatever the platform sent
    """A point in time, in UTC.

    Args:
        value: RFC 2822 (`Wed, 05 Dec 2018 20:16:55 +0000`), ISO 8601 (V3; without an offset it is UTC), or seconds
            since 1970.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, str) and value:
        if len(value) == _RFC_2822_LENGTH and value[3] == "," and value[26:] == "+0000":
            return datetime(
                int(value[12:16]), _month(value), int(value[5:7]),
                int(value[17:19]), int(value[20:22]), int(value[23:25]), tzinfo=UTC,
            )  # fmt: skip
        return _written(value)
    if value in NOTHING:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        try:
            return _EPOCH + timedelta(seconds=int(value))
        except (OverflowError, ValueError) as error:
            raise ValueError(f"{value} is no time") from error
    raise ValueError(f"{value!r} is no time")


def _month(value: str) -> int:
    try:
        return _MONTHS[value[8:11]]
    except KeyError as error:
        raise ValueError(f"{value!r} names no month") from error


def _written(value: str) -> datetime:
    if value.isdigit():
        return _EPOCH + timedelta(seconds=int(value))
    try:
        at = parsedate_to_datetime(value) if value[:3].isalpha() else datetime.fromisoformat(value)
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"{value!r} is no time") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def text(value: Any) -> str | None:  # noqa: ANN401 - whatever the platform sent
    """Text, or an id as text.

    Raises:
        ValueError: It is a list or an object with something in it.
    """
    if isinstance(value, str):
        # No text column can hold a NUL, and nobody means one.
        return (value.replace("\0", "") if "\0" in value else value) or None
    if value in NOTHING:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    raise ValueError("a list or an object stands where a text belongs")


def column(kind: pa.DataType, values: list[Any]) -> "pa.Array[Any]":
    """One column of a batch.

    Amounts with more places than the column has are rounded to it: V3 sends binary fractions, and prices that are the
    result of a division.

    Args:
        kind: The column's type.
        values: As they were decoded.

    Raises:
        ValueError: One of them is not of that kind.
    """
    convert = _CONVERSIONS.get(kind)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    try:
        return pa.array(values, kind)
    except pa.ArrowInvalid:
        if not pa.types.is_decimal(kind):
            raise
        place = Decimal(1).scaleb(-kind.scale)
        try:
            return pa.array([None if value is None else value.quantize(place) for value in values], kind)
        except InvalidOperation as error:
            raise ValueError("an amount is too large") from error


# Amounts, whole numbers and truths were decoded as such.
_CONVERSIONS: dict[pa.DataType, Callable[[Any], Any]] = {pa.string(): text, pa.timestamp("us", tz="UTC"): moment}
