"""Payloads: which of a customer's fields a sync sends to a destination, and how their values are written.

Values are written so that what means the same reads the same: a payload's digest decides whether anything is sent. Must
not know who is in an audience, or what was sent before.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from activation.customers import CUSTOMER_COLUMNS, PERSONAL_FIELDS, ColumnKind
from activation.rules import closest
from connectors.currencies import MINOR_DIGITS
from models.errors import MisconfiguredError, RejectedRecordError

SENDABLE_FIELDS = (*(name for name in CUSTOMER_COLUMNS if name != "customer_id"), *PERSONAL_FIELDS)
CONSENT_KEY = "consent"

# Fractions are sent to four decimal places. They are cut to twelve significant digits first: two fits of the same data
# differ in the fifteenth or so, and that difference must not tip a value that lies exactly between two fourth places.
_DECIMAL_PLACES = 4
_SIGNIFICANT_DIGITS = 12


class Sync(BaseModel):
    """One audience kept in step with one destination.

    Attributes:
        audience: The audience's name.
        destination: The destination's name.
        fields: Columns of `marts.customer_360` and, with consent, personal fields.
        consent: The consent that a customer must have given; required as soon as a field is personal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: str
    destination: str
    fields: tuple[str, ...] = Field(min_length=1)
    consent: Literal["email"] | None = Field(default=None, validate_default=True)

    @field_validator("fields")
    @classmethod
    def _are_sendable(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        for name in fields:
            if name not in SENDABLE_FIELDS:
                offered = closest(name, SENDABLE_FIELDS)
                raise ValueError(f"'{name}' cannot be sent{offered} Valid: {', '.join(SENDABLE_FIELDS)}")
        repeated = sorted({name for name in fields if fields.count(name) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} stands more than once")
        amounts = [name for name in fields if CUSTOMER_COLUMNS.get(name) is ColumnKind.AMOUNT]
        if amounts and "currency_code" not in fields:
            raise ValueError(f"{amounts[0]} says nothing without its currency; add currency_code")
        return fields

    @field_validator("consent")
    @classmethod
    def _covers_the_fields(cls, consent: str | None, info: ValidationInfo) -> str | None:
        personal = [name for name in info.data.get("fields", ()) if name in PERSONAL_FIELDS]
        if personal and consent is None:
            raise ValueError(_no_consent(personal))
        return consent

    @property
    def personal_fields(self) -> tuple[str, ...]:
        """The fields that can identify a person; they stand in payloads and nowhere else."""
        return tuple(name for name in self.fields if name in PERSONAL_FIELDS)


def require_consent(sync: Sync, key: str) -> None:
    """Refuse a sync that would send personal data without asking for consent, however its settings were made.

    Raises:
        MisconfiguredError: It would; the error names the sync's `consent` key.
    """
    if sync.personal_fields and sync.consent is None:
        raise MisconfiguredError(f"{key}.{CONSENT_KEY}", _no_consent(sync.personal_fields))


def _no_consent(personal: tuple[str, ...] | list[str]) -> str:
    return f"fields send personal data ({', '.join(personal)}); declare consent: email, or leave those fields out"


def payload_of(fields: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields' values as JSON: money as text with its currency's digits, dates as ISO 8601, fractions rounded.

    Args:
        fields: The fields to send, in order.
        values: The customer's values by field; `currency_code` decides the digits of money.

    Raises:
        RejectedRecordError: A value has no JSON form, such as a prediction that is not a finite number.
    """
    places = MINOR_DIGITS.get(str(values.get("currency_code")), 2)
    return {name: _json_value(name, values.get(name), places) for name in fields}


def _json_value(name: str, value: object, places: int) -> Any:  # noqa: ANN401 - JSON
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return format(value.quantize(Decimal(1).scaleb(-places)), "f")
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return rounded(name, value)
    raise RejectedRecordError(name, f"a value of type {type(value).__name__} cannot be sent as it is")


def rounded(name: str, value: float) -> float:
    """A fraction as it is sent: twelve significant digits, then four decimal places.

    Raises:
        RejectedRecordError: It is not a finite number.
    """
    exact = Decimal(f"{value:.{_SIGNIFICANT_DIGITS}g}")
    if not exact.is_finite():
        raise RejectedRecordError(name, "is not a finite number")
    places = round(exact, _DECIMAL_PLACES)
    return float(places) or 0.0  # minus zero is zero


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON: keys sorted, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
