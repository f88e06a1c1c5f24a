"""Lists of values into Arrow columns of the declared types, and what is wrong with those that do not fit.

A column is converted as a whole; only when it does not go through is it looked at value by value. Amounts are exact to
four decimal places. WooCommerce computes with six where prices include tax, so longer amounts are rounded, half away
from zero as WooCommerce rounds, and counted; the archived text keeps all of their digits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from models.errors import RejectedRecordError
from models.records import TIMESTAMP

_FOUR_PLACES = Decimal("0.0001")
_LARGEST = Decimal(10) ** 14
_WIDE = pa.decimal128(38, 12)
_END_OF_COUNTS = 2**63
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)

Values = Sequence[Any]
Convert = Callable[[Values, "Conversion"], "pa.Array[Any]"]


@dataclass
class Conversion:
    """What is noted while columns are built.

    Attributes:
        rounded_count: Amounts that had more than four decimal places.
        problems: Per row, the field at fault and the reason.
    """

    rounded_count: int = 0
    problems: dict[int, RejectedRecordError] = field(default_factory=dict)

    def one_by_one(self, values: Values, read: Callable[[Any], Any], name: str, kind: pa.DataType) -> "pa.Array[Any]":
        """A column of which some value does not go through; that value's row gets a problem, and null."""
        converted: list[Any] = []
        for row, value in enumerate(values):
            try:
                converted.append(read(value))
            except ValueError as error:
                self.problems.setdefault(row, RejectedRecordError(name, str(error)))
                converted.append(None)
        return pa.array(converted, kind)


def texts(values: Values, _name: str, _conversion: Conversion) -> "pa.Array[Any]":
    """Texts as they are."""
    return pa.array(values, pa.string())


def ids(values: Values, name: str, conversion: Conversion) -> "pa.Array[Any]":
    """Whole numbers as texts."""
    return counts(values, name, conversion).cast(pa.string())


def counts(values: Values, name: str, conversion: Conversion) -> "pa.Array[Any]":
    """Whole numbers."""
    try:
        return pa.array(values, pa.int64())
    except OverflowError:
        return conversion.one_by_one(values, _count, name, pa.int64())


def flags(values: Values, _name: str, _conversion: Conversion) -> "pa.Array[Any]":
    """Yes or no."""
    return pa.array(values, pa.bool_())


def numbers(kind: pa.DataType) -> Callable[[Values, str, Conversion], "pa.Array[Any]"]:
    """Exact numbers that are no money."""

    def convert(values: Values, name: str, conversion: Conversion) -> "pa.Array[Any]":
        try:
            return pa.array(values, kind)
        except (pa.ArrowInvalid, InvalidOperation):
            return conversion.one_by_one(values, _number, name, kind)

    return convert


def amounts(kind: pa.DataType) -> Callable[[Values, str, Conversion], "pa.Array[Any]"]:
    """Amounts from their texts; an empty one is none."""

    def convert(values: Values, name: str, conversion: Conversion) -> "pa.Array[Any]":
        written = pa.array([value or None for value in values], pa.string())
        try:
            return written.cast(kind)
        except pa.ArrowInvalid:
            pass
        try:
            wide = written.cast(_WIDE)
            rounded = pc.round(wide, 4, "half_towards_infinity")
            exact = rounded.cast(kind)
        except pa.ArrowInvalid:
            exact = conversion.one_by_one(values, _amount, name, kind)
            conversion.rounded_count += sum(map(_has_more_places, values))
            return exact
        conversion.rounded_count += pc.not_equal(wide, rounded).to_pylist().count(True)
        return exact

    return convert


def moments(values: Values, name: str, conversion: Conversion) -> "pa.Array[Any]":
    """Moments in UTC, which WooCommerce writes without saying so."""
    try:
        return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(TIMESTAMP)
    except pa.ArrowInvalid:
        return conversion.one_by_one(values, moment_of, name, TIMESTAMP)


def moment_of(value: str | None) -> datetime | None:
    """A moment; None where there is none, or MySQL's zero.

    Raises:
        ValueError: It is none.
    """
    written = (value or "").strip()
    if not written or written.startswith(("-", "0000")):
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{written[:40]!r} is not a date and time such as 2026-01-31T18:30:00") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if moment >= _EARLIEST else None


def moment_or_none(value: str | None) -> datetime | None:
    """A moment; None also where it is none, which is told when its column is built."""
    try:
        return moment_of(value)
    except ValueError:
        return None


def _amount(value: str | None) -> Decimal | None:
    written = (value or "").strip()
    if not written:
        return None
    number = _decimal_or_none(written)
    if number is None:
        raise ValueError(f"{written[:40]!r} is not an amount")
    return _fitting(number)


def _count(value: int | None) -> int | None:
    if value is not None and not -_END_OF_COUNTS <= value < _END_OF_COUNTS:
        raise ValueError(f"{str(value)[:40]} is too large")
    return value


def _number(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if not value.is_finite():
        raise ValueError(f"{value} is not a number")
    return _fitting(value)


def _fitting(number: Decimal) -> Decimal:
    if abs(number) >= _LARGEST:
        raise ValueError(f"{number} is too large; an amount has at most 14 digits before its decimals")
    return number.quantize(_FOUR_PLACES, ROUND_HALF_UP)


def _has_more_places(value: str | None) -> bool:
    number = _decimal_or_none(value)
    return number is not None and abs(number) < _LARGEST and number != number.quantize(_FOUR_PLACES)


def _decimal_or_none(value: str | None) -> Decimal | None:
    try:
        number = Decimal((value or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
