"""Payloads: which of a customer's fields a sync sends to a destination, and how their values are written.

Values are written so that what means the same reads the same: a payload's digest decides whether anything is sent. Must
not know who is in an audience, or what was sent before.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from activation.customers import CUSTOMER_COLUMNS, PERSONAL_FIELDS, ColumnKind
from activation.modes import Mode
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
    """One audience, or one segment, kept in step with one destination.

    Attributes:
        audience: The audience's name; or else `segment`.
        segment: The segment's name; or else `audience`.
        destination: The destination's name.
        fields: Columns of `marts.customer_360` and, with consent, personal fields: a list, or a map from each to what
            the destination calls it.
        consent: The consent that a customer must have given; required as soon as a field is personal.
        mode: `mirror` adds, changes and takes back what was sent of those who leave; `upsert` takes nothing back;
            `insert` only adds; `update` only changes what the destination holds.
        largest_removal_share: A run that would take back more than this share of what the destination holds is refused,
            until a person applies its plan.
        removals_always_allowed: So many are taken back whatever share they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audience: str | None = None
    segment: str | None = None
    destination: str
    fields: tuple[str, ...] | dict[str, str] = Field(min_length=1)
    consent: Literal["email"] | None = Field(default=None, validate_default=True)
    mode: Mode = Mode.MIRROR
    largest_removal_share: float = Field(default=0.2, ge=0, le=1)
    removals_always_allowed: int = Field(default=20, ge=0)

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        if (self.audience is None) is (self.segment is None):
            raise ValueError("a sync is of one audience or of one segment; declare audience: or segment:")
        return self

    @field_validator("fields")
    @classmethod
    def _are_sendable(cls, fields: tuple[str, ...] | dict[str, str]) -> tuple[str, ...] | dict[str, str]:
        cls._refuse_unsendable(tuple(fields))
        if isinstance(fields, dict):
            sent = list(fields.values())
            repeated = sorted({name for name in sent if sent.count(name) > 1})
            if repeated or not all(sent):
                raise ValueError(f"two fields cannot both be called {repeated[0]}" if repeated else "a name is empty")
        return fields

    @staticmethod
    def _refuse_unsendable(fields: tuple[str, ...]) -> None:
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

    @field_validator("consent")
    @classmethod
    def _covers_the_fields(cls, consent: str | None, info: ValidationInfo) -> str | None:
        personal = [name for name in info.data.get("fields", ()) if name in PERSONAL_FIELDS]
        if personal and consent is None:
            raise ValueError(_no_consent(personal))
        return consent

    @property
    def name(self) -> str:
        """The audience's or the segment's name, by which the ledger knows it."""
        return str(self.segment if self.audience is None else self.audience)

    @property
    def names(self) -> dict[str, str]:
        """What the destination calls each field, by field."""
        return self.fields if isinstance(self.fields, dict) else {name: name for name in self.fields}

    @property
    def personal_fields(self) -> tuple[str, ...]:
        """The fields that can identify a person; they stand in payloads and nowhere else."""
        return tuple(name for name in self.fields if name in PERSONAL_FIELDS)

    @property
    def personal_names(self) -> tuple[str, ...]:
        """What the destination calls the fields that can identify a person."""
        return tuple(self.names[name] for name in self.personal_fields)


def require_consent(sync: Sync, key: str) -> None:
    """Refuse a sync that would send personal data without asking for consent, however its settings were made.

    Raises:
        MisconfiguredError: It would; the error names the sync's `consent` key.
    """
    if sync.personal_fields and sync.consent is None:
        raise MisconfiguredError(f"{key}.{CONSENT_KEY}", _no_consent(sync.personal_fields))


def _no_consent(personal: tuple[str, ...] | list[str]) -> str:
    return f"fields send personal data ({', '.join(personal)}); declare consent: email, or leave those fields out"


def payload_of(fields: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
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
