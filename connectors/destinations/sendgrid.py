"""SendGrid: one request per message to `POST /v3/mail/send`, and its lists of addresses that take no mail.

SendGrid knows no repeats: whatever may have been taken is `maybe_sent`, and nobody can ask it later, so that a person
decides. The action key travels as a custom argument, by which the event webhook's records can be told apart. Must not
decide who receives what.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.addresses import require_endpoint
from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.destinations.batches import BatchDestination
from connectors.destinations.exchanges import Answer, Call, exchange, judged, side_by_side
from connectors.outgoing import Email
from connectors.suppressing import Suppression, SuppressionKind
from models.errors import MisconfiguredError, RetryLaterError

_ACCEPTED = 202
_NO_ACCESS = {401, 403}
_PAGE = 500
_LARGEST_PAGE_BYTES = 8 << 20
_MOST_CATEGORIES = 10
_LONGEST_CATEGORY = 255
_LISTS = {
    "bounces": SuppressionKind.BOUNCE,
    "spam_reports": SuppressionKind.COMPLAINT,
    "unsubscribes": SuppressionKind.UNSUBSCRIBE,
    "invalid_emails": SuppressionKind.INVALID,
}


class SendGridSettings(BaseModel):
    """A SendGrid account in `perennial.yml`.

    Attributes:
        type: `sendgrid`.
        name: What campaigns call it.
        api_key: A key that may send mail; to read suppressions, also that.
        url: The interface; https://api.eu.sendgrid.com for an account in the European Union.
        batch_size: The most messages that are under way before their outcomes are recorded.
        concurrency: How many requests are made side by side.
        timeout_seconds: For one message.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["sendgrid"]
    name: str = Field(min_length=1, max_length=100)
    api_key: SecretStr = Field(min_length=8)
    url: str = "https://api.sendgrid.com"
    batch_size: int = Field(default=100, ge=1, le=1_000)
    concurrency: int = Field(default=8, ge=1, le=64)
    timeout_seconds: float = Field(default=15.0, gt=0, le=300)

    @field_validator("url")
    @classmethod
    def _can_be_spoken_to(cls, url: str) -> str:
        return require_endpoint(url, example="https://api.sendgrid.com")


class SendGridDestination(BatchDestination):
    """Sends emails through SendGrid, one request each."""

    kind: ClassVar[str] = "sendgrid"

    def __init__(self, settings: SendGridSettings) -> None:
        super().__init__(settings)
        self.operations = frozenset({Operation.SEND})
        self.is_idempotent = False
        self._settings = settings

    async def _send(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        async def one(delivery: Delivery) -> DeliveryResult:
            return await self._send_one(session, delivery, sent_at)

        return await side_by_side(deliveries, one, at_once=self._settings.concurrency)

    async def _send_one(self, session: aiohttp.ClientSession, delivery: Delivery, sent_at: datetime) -> DeliveryResult:
        try:
            body = message_of(delivery)
        except (KeyError, TypeError, ValueError):
            return DeliveryResult(delivery.action_key, Outcome.REJECTED, "the payload is no email")
        encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        headers = {**self._authorization(), "Content-Type": "application/json"}
        answer = await exchange(session, Call("POST", f"{self._settings.url}/v3/mail/send", encoded, headers))
        if answer.status == _ACCEPTED:
            reference = answer.headers.get("X-Message-Id")
            return DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=reference)
        said = _complaints(answer)
        return judged(
            delivery, answer, provider="SendGrid", sent_at=sent_at, words=said, is_own_answer=said is not None
        )

    def suppressions(self, since: datetime, *, asked_at: datetime) -> Iterator[Suppression]:
        """Every bounce, spam report, global unsubscribe and invalid address since a time, list by list."""
        for path, kind in _LISTS.items():
            offset = 0
            while True:
                page = self._page(path, since, asked_at, offset)
                for row in page:
                    since_when = datetime.fromtimestamp(int(row["created"]), UTC)
                    yield Suppression(str(row["email"]), kind, since_when)
                if len(page) < _PAGE:
                    break
                offset += _PAGE

    def _page(self, path: str, since: datetime, until: datetime, offset: int) -> list[dict[str, Any]]:
        # What comes while pages are read would shift them; the next read has it.
        times = {"start_time": int(since.timestamp()), "end_time": int(until.timestamp())}
        query = urlencode({**times, "limit": _PAGE, "offset": offset})
        url = f"{self._settings.url}/v3/suppression/{path}"
        call = Call("GET", f"{url}?{query}", headers={**self._authorization(), "Accept": "application/json"})
        answer = self._over(lambda session: exchange(session, call, largest=_LARGEST_PAGE_BYTES))
        rows = answer.json()
        if answer.is_success and isinstance(rows, list):
            return rows
        if answer.status in _NO_ACCESS:
            raise MisconfiguredError(
                f"destinations.{self.name}.api_key", f"may not read SendGrid's suppressions ({answer.status} at {url})"
            )
        what = answer.error if answer.status is None else f"HTTP {answer.status}"
        raise RetryLaterError(f"SendGrid's list of {path} could not be read ({what})")

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._settings.api_key.get_secret_value()}"}


def message_of(delivery: Delivery) -> dict[str, Any]:
    """The request's body for one email.

    Raises:
        KeyError: A part of the email is missing.
        ValueError: The delivery is no message.
    """
    if delivery.operation is not Operation.SEND:
        raise ValueError(delivery.operation)
    email = Email.of(delivery.payload)
    tags = {str(name): str(value) for name, value in email.tags.items()}
    categories = [f"{name}:{value}"[:_LONGEST_CATEGORY] for name, value in tags.items()]
    body: dict[str, Any] = {
        "personalizations": [
            {
                "to": [_person(email.to_address, email.to_name)],
                "custom_args": {**tags, "action_key": delivery.action_key},
            }
        ],
        "from": _person(email.from_address, email.from_name),
        "subject": email.subject,
        # In this order: the plainest form first, as mail programs expect.
        "content": [{"type": "text/plain", "value": email.text}, {"type": "text/html", "value": email.html}],
        # The message has its own link to unsubscribe.
        "tracking_settings": {"subscription_tracking": {"enable": False}},
    }
    if email.reply_to is not None:
        body["reply_to"] = {"email": email.reply_to}
    if email.headers:
        body["headers"] = {str(name): str(value) for name, value in email.headers.items()}
    if categories:
        body["categories"] = categories[:_MOST_CATEGORIES]
    return body


def _person(address: str, name: str | None) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _complaints(answer: Answer) -> str | None:
    """What SendGrid has against a message, field by field."""
    content = answer.json()
    errors = content.get("errors") if isinstance(content, dict) else None
    if not isinstance(errors, list):
        return None
    said = [error for error in errors if isinstance(error, dict)]
    words = [": ".join(str(e[part]) for part in ("field", "message") if e.get(part)) for e in said]
    return "; ".join(word for word in words if word) or None
