"""Numbers as files write them: exact decimals and whole numbers, a column at a time.

A column goes through one regular expression and one cast; only values that do not fit are looked at one by one, to
understand them after all or to say what is wrong. Nothing passes through a binary fraction.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import polars as pl

from models.errors import RejectedRecordError

AMOUNT = pl.Decimal(18, 4)
_SPACES = "[\u00a0\u202f\u2009 ]"
_LARGEST_QUANTITY = 10**12

Reasons = dict[int, str]
"""What is wrong, by the position of the row."""


def shown(text: str) -> str:
    """A value as messages show it."""
    return repr(text if len(text) <= 60 else f"{text[:57]}…")


def read_slowly(texts: pl.Series, parsed: pl.Series, read_one: Callable[[str], object]) -> tuple[pl.Series, Reasons]:
    """Read again, one by one, the texts of which nothing was made."""
    reasons: Reasons = {}
    positions = (texts.is_not_null() & parsed.is_null()).arg_true().to_list()
    if not positions:
        return parsed, reasons
    places, values = [], []
    for position in positions:
        try:
            values.append(read_one(texts[position]))
            places.append(position)
        except RejectedRecordError as error:
            reasons[position] = error.reason
    if places:
        parsed = parsed.scatter(places, pl.Series(values, dtype=parsed.dtype))
    return parsed, reasons


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Attributes:
        decimal_separator: What parts whole from fraction.
        thousands_separator: What groups digits, where something does.
    """

    decimal_separator: str = "."
    thousands_separator: str | None = None
    _amount: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        decimal = re.escape(self.decimal_separator)
        whole = r"[0-9]{1,14}"
        if self.thousands_separator:
            group = _SPACES if self.thousands_separator == " " else re.escape(self.thousands_separator)
            whole = rf"(?:{whole}|[0-9]{{1,3}}(?:{group}[0-9]{{3}}){{1,4}})"
        object.__setattr__(self, "_amount", rf"^-?{whole}(?:{decimal}[0-9]{{1,4}})?$")

    def amounts(self, texts: pl.Series) -> tuple[pl.Series, Reasons]:
        """Amounts with up to four decimal places, and what is wrong with the others."""
        fits = texts.str.contains(self._amount).fill_null(False)
        plain = texts if fits.all() else texts.zip_with(fits, pl.Series([None], dtype=pl.String))
        return read_slowly(texts, self._plain_column(plain).cast(AMOUNT), self._amount_of)

    def quantities(self, texts: pl.Series) -> tuple[pl.Series, Reasons]:
        """Whole numbers, and what is wrong with the others."""
        fits = texts.str.contains(r"^-?[0-9]{1,12}$").fill_null(False)
        plain = texts if fits.all() else texts.zip_with(fits, pl.Series([None], dtype=pl.String))
        return read_slowly(texts, plain.cast(pl.Int64), self._quantity_of)

    def _plain_column(self, texts: pl.Series) -> pl.Series:
        if self.thousands_separator == " ":
            texts = texts.str.replace_all(_SPACES, "")
        elif self.thousands_separator:
            texts = texts.str.replace_all(self.thousands_separator, "", literal=True)
        return texts if self.decimal_separator == "." else texts.str.replace(self.decimal_separator, ".", literal=True)

    def _number_of(self, text: str) -> Decimal:
        sign = "-" if text[:1] in {"-", "\u2212"} else ""
        digits = text[1:].lstrip() if text[:1] in {"-", "\u2212", "+"} else text
        group = _SPACES if self.thousands_separator == " " else re.escape(self.thousands_separator or "")
        whole = rf"(?:[0-9]*|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)" if self.thousands_separator else "[0-9]*"
        if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+", digits):
            raise RejectedRecordError(
                "", f"{shown(text)} is in exponent notation; export the number with all its digits"
            )
        if not re.fullmatch(rf"{whole}(?:{re.escape(self.decimal_separator)}[0-9]*)?", digits) or not re.search(
            "[0-9]", digits
        ):
            raise RejectedRecordError("", f"{shown(text)} is not a number {self._expectation()}")
        plain = re.sub(group, "", digits) if self.thousands_separator else digits
        try:
            return Decimal(sign + plain.replace(self.decimal_separator, "."))
        except InvalidOperation:
            raise RejectedRecordError("", f"{shown(text)} is not a number {self._expectation()}") from None

    def _expectation(self) -> str:
        thousands = self.thousands_separator or ""
        return f"as the settings describe it, such as 1{thousands}234{self.decimal_separator}50"

    def _amount_of(self, text: str) -> Decimal:
        number = self._number_of(text)
        if number.adjusted() >= 14:
            raise RejectedRecordError(
                "", f"{shown(text)} is too large; an amount has at most 14 digits before its decimals"
            )
        exact = number.quantize(Decimal("0.0001")) if number.adjusted() < 14 else number
        if exact != number:
            raise RejectedRecordError("", f"{shown(text)} has more than four decimal places; round it where it is made")
        return exact

    def _quantity_of(self, text: str) -> int:
        number = self._number_of(text)
        if number != number.to_integral_value():
            raise RejectedRecordError("", f"{shown(text)} is not a whole number")
        if abs(number) >= _LARGEST_QUANTITY:
            raise RejectedRecordError("", f"{shown(text)} is too large for a quantity")
        return int(number)
