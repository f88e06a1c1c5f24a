"""How a message writes money, days and numbers, in the reader's language.

A value that is missing is written as nothing: a template asks for it with `{% if %}`, or does without.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

DEFAULT_LOCALE = "en_US"


def known_locale(name: str) -> str:
    """The locale's name, if it is one.

    Raises:
        ValueError: It is not; says how one is written.
    """
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(f"{name!r} is not a locale; write one such as en_US or de_DE") from None


def filters(locale: str) -> Mapping[str, Callable[..., str]]:
    """The formats that a template may use: `money`, `day`, `number` and `percent`."""

    def money(amount: object, currency_code: object) -> str:
        value = _number(amount)
        return "" if value is None or not currency_code else format_currency(value, str(currency_code), locale=locale)

    def day(value: object, form: str = "long") -> str:
        if isinstance(value, str) and value:
            value = date.fromisoformat(value)
        return format_date(value, format=form, locale=locale) if isinstance(value, date) else ""

    def number(value: object) -> str:
        found = _number(value)
        return "" if found is None else format_decimal(found, locale=locale)

    def percent(value: object) -> str:
        found = _number(value)
        return "" if found is None else format_percent(found, locale=locale)

    return {"money": money, "day": day, "number": number, "percent": percent}


def _number(value: Any) -> Decimal | None:  # noqa: ANN401 - what a template hands over
    if value is None or value == "" or isinstance(value, bool):
        return None
    return Decimal(str(value))
