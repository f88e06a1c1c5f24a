"""The webhook destination: signed batches of deliveries, posted as JSON to an endpoint of the merchant's own.

The body is `{"deliveries": [...], "sent_at": ...}`; what an endpoint may answer stands in `webhook_answers`. Must not
decide who receives what, and remembers nothing between batches.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.addresses import address_parts, require_secrecy
from connectors.destination import Delivery, DeliveryResult, Operation
from connectors.destinations.batches import BatchDestination
from connectors.destinations.exchanges import Answer, Call, exchange
from connectors.destinations.webhook_answers import refuses_for_a_part, results_of

SIGNATURE_HEADER = "Perennial-Signature"
IDEMPOTENCY_HEADER = "Idempotency-Key"


class WebhookSettings(BaseModel):
    """A webhook in `perennial.yml`.

    Attributes:
        type: `webhook`.
        name: What syncs call it.
        url: Where to post; https, unless the address is this machine's own.
        secret: What batches are signed with.
        batch_size: The most records in one request.
        idempotency: How the endpoint tells a repeat: by each delivery's `action_key`, by the `Idempotency-Key` header
            (one record per request), or not at all. Only say what it does: what may have been taken is sent again.
        timeout_seconds: For a whole request.
        concurrency: How many batches are sent at once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["webhook"]
    name: str = Field(min_length=1, max_length=100)
    url: str
    secret: SecretStr = Field(min_length=16)
    batch_size: int = Field(default=100, ge=1, le=10_000)
    idempotency: Literal["action_key", "header", "none"] = "none"
    timeout_seconds: float = Field(default=5.0, gt=0, le=300)
    concurrency: int = Field(default=1, ge=1, le=32)

    @field_validator("url")
    @classmethod
    def _can_be_posted_to(cls, url: str) -> str:
        parts = address_parts(url, example="https://crm.example.com/perennial")
        if parts.username or parts.password:
            raise ValueError("holds credentials, which end up in logs; batches are signed with the secret instead")
        require_secrecy(parts)
        return url

    @model_validator(mode="after")
    def _repeats_can_be_told(self) -> Self:
        if self.idempotency == "header" and self.batch_size > 1:
            if "batch_size" in self.model_fields_set:
                raise ValueError(
                    "idempotency: header needs batch_size: 1, because a retried batch may hold other records"
                )
            return self.model_copy(update={"batch_size": 1})
        return self


class WebhookDestination(BatchDestination):
    """Posts batches to a webhook, in halves where the endpoint refuses the whole, and reads answers record by record.

    A connection per request: one kept alive can be closed by the endpoint just as the next half is written to it, and
    nobody could say whether that half was taken.
    """

    kind: ClassVar[str] = "webhook"
    keeps_connections: ClassVar[bool] = False

    def __init__(self, settings: WebhookSettings) -> None:
        super().__init__(settings)
        self.operations = frozenset(Operation)
        self.is_idempotent = settings.idempotency != "none"
        self.concurrency = settings.concurrency
        self._settings = settings

    async def _send(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        answer = await self._post(session, deliveries, sent_at)
        if len(deliveries) > 1 and refuses_for_a_part(answer):
            middle = len(deliveries) // 2
            first = await self._send(session, deliveries[:middle], sent_at)
            return first + await self._send(session, deliveries[middle:], sent_at)
        return results_of(answer, deliveries, is_idempotent=self.is_idempotent, sent_at=sent_at)

    async def _post(self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime) -> Answer:
        content: dict[str, Any] = {"deliveries": [_record(delivery) for delivery in deliveries]}
        if self._settings.idempotency != "header":
            # Endpoints that know the header compare bodies too: the same key must come with the same bytes.
            content["sent_at"] = sent_at.isoformat()
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            SIGNATURE_HEADER: signature(self._settings.secret.get_secret_value(), int(sent_at.timestamp()), body),
            IDEMPOTENCY_HEADER: batch_key(deliveries),
        }
        return await exchange(session, Call("POST", self._settings.url, body, headers))


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The signature header's value: the time, and HMAC-SHA256 over `<time>.<raw body>` in hexadecimal."""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


def batch_key(deliveries: Sequence[Delivery]) -> str:
    """The name of a batch: a digest of its action keys, whatever their order."""
    keys = "\n".join(sorted(delivery.action_key for delivery in deliveries))
    return hashlib.sha256(keys.encode()).hexdigest()


def _record(delivery: Delivery) -> dict[str, Any]:
    return {
        "action_key": delivery.action_key,
        "merchant_id": delivery.merchant_id,
        "audience": delivery.audience,
        "customer_id": delivery.customer_id,
        "operation": delivery.operation.value,
        "payload": delivery.payload,
    }
