"""Money as the shop's books hold it: whole minor units of the shop's currency.

A number that is no whole number of them is a mistake of the caller. What buyers see in their own currency is converted
from it when it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from connectors.currencies import MINOR_DIGITS


def minor_units(amount: Decimal | int | str, currency: str) -> int:
    """An amount in the smallest units of its currency.

    Raises:
        ValueError: It has more places than the currency.
    """
    scaled = Decimal(amount).scaleb(MINOR_DIGITS[currency])
    if scaled != scaled.to_integral_value():
        message = f"{amount} has more places than {currency} has"
        raise ValueError(message)
    return int(scaled)


def decimal_amount(minor: int, currency: str) -> Decimal:
    """Minor units as an amount with all of its currency's places."""
    return Decimal(minor).scaleb(-MINOR_DIGITS[currency])


def rounded(value: Decimal) -> int:
    """The nearest whole number; halves go away from zero, as Shopify rounds."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """A total divided in proportion, in whole units that add up to it; by equal parts if nothing has weight."""
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts: list[int] = []
    given = weighed = 0
    for weight in weights:
        weighed += weight
        upto = (2 * total * weighed + whole) // (2 * whole)
        parts.append(upto - given)
        given = upto
    return parts


def amount_text(minor: int, digits: int) -> str:
    """An amount as the API's `Decimal` scalar writes it: "15.0", "10.5", "-3.99"."""
    if not digits:
        return f"{minor}.0"
    sign, units = ("-", -minor) if minor < 0 else ("", minor)
    whole, part = divmod(units, 10**digits)
    return f"{sign}{whole}.{f'{part:0{digits}}'.rstrip('0') or '0'}"


def price_text(minor: int, currency: str) -> str:
    """An amount as the API's older `Money` scalar writes it: always two places, more where the currency has them."""
    digits = MINOR_DIGITS[currency]
    return f"{Decimal(minor).scaleb(-digits):.{max(digits, 2)}f}"


@dataclass(eq=False)
class MoneyContext:
    """The two currencies of a record: the shop's and the buyer's.

    Attributes:
        currency: The shop's.
        presentment: The buyer's.
        rate: What one unit of the shop's currency is worth in the buyer's.
    """

    currency: str
    presentment: str
    rate: Decimal = Decimal(1)
    _texts: dict[int, tuple[str, str]] = field(default_factory=dict)

    def texts(self, minor: int) -> tuple[str, str]:
        """An amount in the shop's and in the buyer's currency, as the API writes them."""
        texts = self._texts.get(minor)
        if texts is None:
            if len(self._texts) > 200_000:
                self._texts.clear()
            digits = MINOR_DIGITS[self.presentment]
            shown = rounded(Decimal(minor).scaleb(digits - MINOR_DIGITS[self.currency]) * self.rate)
            texts = (amount_text(minor, MINOR_DIGITS[self.currency]), amount_text(shown, digits))
            self._texts[minor] = texts
        return texts
