"""What a delivery that shall happen once holds: an email, an event at a marketing tool, or a discount code.

Shapes only, and their form as a delivery's payload. Must not decide who receives one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self


@dataclass(frozen=True)
class _Plain:
    """What holds nothing but what JSON knows, and is its own payload."""

    def payload(self) -> dict[str, Any]:
        """What there is to send, as a delivery's payload."""
        return asdict(self)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """What a delivery's payload holds.

        Raises:
            KeyError: A part of it is missing.
        """
        return cls(**_parts(cls, payload))


@dataclass(frozen=True)
class Email(_Plain):
    """A message to one person, whole: the mail provider adds nothing to it.

    Attributes:
        to_address: Whom it is for.
        from_address: Who it is from; the provider must know the domain.
        subject: One line.
        html: The page.
        text: The same for those who read no HTML.
        to_name: Their name, if it is known.
        from_name: The shop's name.
        reply_to: Where answers go; the sender when it is None.
        headers: Further headers, such as `List-Unsubscribe` and `List-Unsubscribe-Post`.
        tags: What the provider's own statistics call it, such as the campaign; never anything personal.
    """

    to_address: str = field(repr=False)
    from_address: str
    subject: str = field(repr=False)
    html: str = field(repr=False)
    text: str = field(repr=False)
    to_name: str | None = field(default=None, repr=False)
    from_name: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Event(_Plain):
    """Something that happened to a customer, told to a marketing tool that writes to them itself.

    Attributes:
        name: What the tool calls it, such as `Perennial win-back`.
        email: By which the tool knows the customer.
        occurred_at: When, in UTC, as ISO 8601.
        properties: What its messages may show, JSON-ready.
        value: An amount of money as text, such as a predicted order; None for none.
        currency_code: Of the value.
    """

    name: str
    email: str = field(repr=False)
    occurred_at: str
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    value: str | None = None
    currency_code: str | None = None


@dataclass(frozen=True)
class DiscountCode:
    """A code that a shop takes at its checkout.

    Attributes:
        code: What the customer types; the same code asked for twice is one code.
        title: What the merchant's staff see.
        kind: Whether `amount` is money off the order or a share of it.
        amount: Money in `currency_code`, or a share between 0 and 1.
        starts_at: From when it is taken, in UTC.
        ends_at: Until when; None for no end.
        currency_code: Of a fixed amount.
        minimum_amount: The least order that it is taken for; None for any.
        usage_limit: How often it is taken in all.
        customer_reference: The shop's own id of the only customer who may use it; None for anybody.
    """

    code: str = field(repr=False)
    title: str
    kind: Literal["fixed", "percentage"]
    amount: Decimal
    starts_at: datetime
    ends_at: datetime | None = None
    currency_code: str | None = None
    minimum_amount: Decimal | None = None
    usage_limit: int = 1
    customer_reference: str | None = None

    def payload(self) -> dict[str, Any]:
        """The code as a delivery's payload: money as text, times as ISO 8601."""
        return {name: _written(value) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """The code that a delivery's payload holds.

        Raises:
            KeyError: A part of it is missing.
            ValueError: A time is none.
            ArithmeticError: An amount is none.
        """
        parts = _parts(cls, payload)
        for name in ("amount", "minimum_amount"):
            parts[name] = None if parts[name] is None else Decimal(parts[name])
        for name in ("starts_at", "ends_at"):
            parts[name] = None if parts[name] is None else datetime.fromisoformat(parts[name])
        return cls(**parts)


def _parts(kind: type[Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    return {part.name: payload[part.name] for part in fields(kind)}


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime) else value
