"""Amounts, references and addresses as they occur in every record of Shopify.

Amounts and times stay text: Arrow converts whole columns of them, exactly, and refuses what is none.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec


class Money(msgspec.Struct, rename="camel", gc=False):
    """An amount in one currency."""

    amount: str
    currency_code: str | None = None


class Bag(msgspec.Struct, rename="camel", gc=False):
    """An amount in the shop's currency and in the buyer's."""

    shop_money: Money
    presentment_money: Money


_NO_AMOUNT = (None, None)
_ZERO = ("0", "0")


def amounts(bag: Bag) -> tuple[str, str]:
    """Both amounts of a bag."""
    return bag.shop_money.amount, bag.presentment_money.amount


def amounts_or_none(bag: Bag | None) -> tuple[str | None, str | None]:
    """Both amounts of a bag that may be absent."""
    return _NO_AMOUNT if bag is None else (bag.shop_money.amount, bag.presentment_money.amount)


def currencies(bag: Bag) -> tuple[str | None, str | None]:
    """Both currencies of a bag."""
    return bag.shop_money.currency_code, bag.presentment_money.currency_code


def summed(bags: Sequence[Bag]) -> tuple[str, str]:
    """The sums of bags, such as the taxes of a line."""
    if not bags:
        return _ZERO
    if len(bags) == 1:
        return amounts(bags[0])
    return (
        str(sum(Decimal(bag.shop_money.amount) for bag in bags)),
        str(sum(Decimal(bag.presentment_money.amount) for bag in bags)),
    )


class Priced(msgspec.Struct, rename="camel", gc=False):
    """A tax line: only its amount."""

    price_set: Bag


class Duty(msgspec.Struct, gc=False):
    """A duty: only its amount."""

    price: Bag


class Allocation(msgspec.Struct, rename="camel", gc=False):
    """What a discount takes off a line."""

    allocated_amount_set: Bag


class Named(msgspec.Struct, gc=False):
    """Something with a name."""

    name: str | None = None


class Address(msgspec.Struct, rename="camel", gc=False):
    """As much of an address as is kept."""

    province_code: str | None = None
    country_code_v2: str | None = None
    city: str | None = None
    zip: str | None = None


NO_ADDRESS = Address()
