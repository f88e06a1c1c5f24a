"""What Klaviyo's answers mean for the records they are about, in words without anybody's data.

Klaviyo's own words quote what was sent, so that only the code of an error and the name of a field are repeated.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import msgspec

from connectors.destination import Delivery, DeliveryResult, Outcome

_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,60}")
_RECORD = re.compile(r"/data/attributes/[a-z-]+/data/(\d+)(?:/|$)")
_FIELDS = (
    "email", "phone_number", "external_id", "first_name", "last_name", "properties", "metric", "time", "value",
    "profile",
)  # fmt: skip
_DUPLICATE = "duplicate_profile"
_PASSING = frozenset({"internal_error", "server_error", "internal_server_error", "throttled", "timeout", "error"})

_CONFIGURATION = {
    HTTPStatus.UNAUTHORIZED: "Klaviyo refused the private key (401); check the destination's private_key",
    HTTPStatus.FORBIDDEN: "the private key may not do this (403); docs/destinations/klaviyo.md names the scopes",
    HTTPStatus.NOT_FOUND: "Klaviyo has nothing at the address (404); check the destination's list_id and url",
    HTTPStatus.METHOD_NOT_ALLOWED: "Klaviyo does not take this request (405); check the destination's revision",
    HTTPStatus.GONE: "Klaviyo has taken the endpoint away (410); check the destination's revision",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Klaviyo does not take this request (415); check the destination's revision",
}
# Answers that one bad record can have for all the others in its request.
_OF_A_PART = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}


@dataclass(frozen=True)
class ApiError:
    """One error of an answer or of a job.

    Attributes:
        code: What kind of error it is.
        pointer: Where in the body it is; empty where that is not said.
        payload: What was sent, of a job's errors.
    """

    code: str
    pointer: str = ""
    payload: dict[str, Any] | None = None

    @classmethod
    def of(cls, content: object) -> "ApiError":
        """An error as it is written, in an answer or as a resource's attributes."""
        error = content if isinstance(content, dict) else {}
        source = error.get("source")
        pointer = source.get("pointer") if isinstance(source, dict) else None
        payload = error.get("original_payload")
        return cls(str(error.get("code") or ""), str(pointer or ""), payload if isinstance(payload, dict) else None)

    @property
    def place(self) -> int | None:
        """The number of the record that it is about, where that is said."""
        found = _RECORD.match(self.pointer)
        return int(found[1]) if found else None

    @property
    def is_passing(self) -> bool:
        """Whether it is Klaviyo's own fault, which may be gone the next time."""
        return self.code in _PASSING

    @property
    def reason(self) -> str:
        """In words."""
        if self.code == _DUPLICATE:
            return "Klaviyo knows the address and our id as two profiles (duplicate_profile); merge them there"
        code = self.code if _CODE.fullmatch(self.code) else "no code"
        name = self.pointer.rpartition("/")[2]
        return f"Klaviyo refused the {name} ({code})" if name in _FIELDS else f"Klaviyo refused the record ({code})"


class RefusedError(Exception):
    """An answer that will be the same next time.

    Args:
        status: Its status.
        errors: What it says.
        is_repeat: Whether an attempt before it went without an answer, and may have been taken.
    """

    def __init__(self, status: int, errors: Sequence[ApiError], *, is_repeat: bool = False) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.is_repeat = is_repeat
        self.errors = tuple(errors)

    @property
    def is_of_a_part(self) -> bool:
        """Whether some of the records may be at fault, and not the request itself."""
        return self.status in _OF_A_PART

    @property
    def configuration(self) -> str | None:
        """What is wrong with the destination rather than with the records; None where that is not it."""
        return _CONFIGURATION.get(HTTPStatus(self.status)) if self.status in list(HTTPStatus) else None

    @property
    def reason(self) -> str:
        """In words."""
        if self.configuration:
            return self.configuration
        return self.errors[0].reason if self.errors else f"Klaviyo refused the request ({self.status})"


class TryLaterError(Exception):
    """Nothing was decided; the same request may go well another time.

    Args:
        reason: Why, without anybody's data.
        seconds: How long to wait, where Klaviyo said so.
    """

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


def errors_of(body: bytes) -> list[ApiError]:
    """The errors that an answer lists; none where it is no document of errors."""
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return []
    errors = content.get("errors") if isinstance(content, dict) else None
    return [ApiError.of(error) for error in errors] if isinstance(errors, list) else []


def accepted(deliveries: Sequence[Delivery], reference: str | None = None) -> list[DeliveryResult]:
    """Klaviyo has them."""
    return [DeliveryResult(d.action_key, Outcome.ACCEPTED, provider_reference=reference) for d in deliveries]


def rejected(deliveries: Sequence[Delivery], reason: str) -> list[DeliveryResult]:
    """Klaviyo will never take them as they are."""
    return [DeliveryResult(delivery.action_key, Outcome.REJECTED, reason) for delivery in deliveries]


def postponed(deliveries: Sequence[Delivery], reason: str, retry_at: datetime | None = None) -> list[DeliveryResult]:
    """Nobody knows that Klaviyo has them, and sending them again is safe."""
    return [DeliveryResult(d.action_key, Outcome.RETRY, reason, retry_at=retry_at) for d in deliveries]


def at(moment: datetime, seconds: float | None) -> datetime | None:
    """So many seconds after a moment; None for none."""
    return None if seconds is None else moment + timedelta(seconds=seconds)
