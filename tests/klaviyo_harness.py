"""A Klaviyo account on this machine for tests: a time that only moves when something waits, and what the account took.

To walk a delivery through faults: `running_account` is the other end, `Remembering` the destination, `effects` what
happened by the account's own journal.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.destination import Delivery, DeliveryResult, Operation
from connectors.destinations.klaviyo import KlaviyoDestination, KlaviyoSettings, Pacing
from connectors.sandbox.klaviyo import SCOPES, RunningKlaviyo, running_klaviyo

KEY = "pk_a_key_of_the_tests"
LIST_ID = "LiSt01"


@dataclass
class Time:
    """What both ends take for the time."""

    now: datetime
    began: datetime = field(init=False)
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.now

    def __call__(self) -> datetime:
        return self.now

    def elapsed(self) -> float:
        return (self.now - self.began).total_seconds()

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Who waits at the same time waits together."""
        self.waits.append(seconds)
        until = self.now + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.now = max(self.now, until)

    @property
    def pacing(self) -> Pacing:
        return Pacing(self.sleep, self.elapsed, random.Random(7))


def klaviyo_settings(url: str, **settings: Any) -> KlaviyoSettings:
    values = {"type": "klaviyo", "name": "klaviyo", "private_key": KEY, "url": url, **settings}
    return KlaviyoSettings.model_validate(values)


@contextmanager
def running_account(journal: Path, time: Time, **settings: Any) -> Iterator[RunningKlaviyo]:
    with running_klaviyo(journal, time, keys={KEY: SCOPES}, lists=(LIST_ID,), **settings) as running:
        yield running


class Remembering(KlaviyoDestination):
    """The destination, which remembers under which key and for which audience a customer was sent.

    A profile at Klaviyo holds neither; what it holds comes from the account's journal.
    """

    def __init__(self, settings: KlaviyoSettings, pacing: Pacing) -> None:
        super().__init__(settings, pacing)
        self._object = settings.object
        self.sent: dict[tuple[str, bool], Delivery] = {}

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        for delivery in deliveries:
            customer = f"{delivery.merchant_id}:{delivery.customer_id}"
            self.sent[customer, delivery.operation is Operation.REMOVE] = delivery
        return super().send(deliveries, sent_at=sent_at)

    def effects(self, running: RunningKlaviyo) -> list[dict[str, Any]]:
        """What the account took, in order, in the words of deliveries."""
        if self._object == "events":
            return [_event(entry, running) for entry in running.journal.noted("event")]
        found: list[tuple[dict[str, Any], bool]] = []
        for entry in running.journal.noted("profile", "list_left"):
            if entry["kind"] == "profile":
                found.append((entry["attributes"], False))
            else:
                found += [(running.account.profile(one) or {}, True) for one in entry["profile_ids"]]
        return [self._effect(attributes, is_removal=is_removal) for attributes, is_removal in found]

    def _effect(self, attributes: dict[str, Any], *, is_removal: bool) -> dict[str, Any]:
        merchant_id, _, customer_id = attributes["external_id"].partition(":")
        delivery = self.sent[attributes["external_id"], is_removal]
        own = {name: value for name, value in attributes.items() if name not in {"external_id", "properties"}}
        payload = {name: _text(value) for name, value in {**own, **attributes["properties"]}.items()}
        return {
            "action_key": delivery.action_key,
            "merchant_id": merchant_id,
            "audience": delivery.audience,
            "customer_id": customer_id,
            "operation": "remove" if is_removal else "upsert",
            "payload": {"customer_id": customer_id} if is_removal else payload,
        }


def _event(entry: dict[str, Any], running: RunningKlaviyo) -> dict[str, Any]:
    profile = running.account.profile(entry["profile_id"]) or {}
    return {
        "action_key": entry["unique_id"],
        "customer_id": profile["email"].partition("@")[0],
        "operation": "send",
        "payload": {
            "name": entry["metric"],
            "email": profile["email"],
            "occurred_at": entry["time"],
            "properties": entry["properties"],
            "value": _text(entry["value"]),
            "currency_code": entry["value_currency"],
        },
    }


def _text(value: object) -> object:
    """Amounts as payloads hold them."""
    return str(value) if not isinstance(value, str | int | bool | None) else value
