"""Events: each posted by itself, under the delivery's key as its `unique_id`, so that a repeat is recorded once.

Klaviyo's bulk call would refuse a thousand events for the sake of one that it has already; after a lost answer that is
every time. Must not decide what happened to whom.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.destination import Delivery, DeliveryResult
from connectors.destinations.klaviyo.answers import (
    RefusedError,
    TryLaterError,
    accepted,
    at,
    postponed,
    rejected,
)
from connectors.destinations.klaviyo.client import KlaviyoClient
from connectors.destinations.klaviyo.profiles import number
from connectors.outgoing import Event

_AT_ONCE = 16
_encoded = msgspec.json.Encoder(decimal_format="number").encode


async def send_events(
    client: KlaviyoClient, deliveries: Sequence[Delivery], *, flow_hours: float, sent_at: datetime
) -> list[DeliveryResult]:
    """Post events; one result for each.

    Args:
        client: Makes the requests.
        deliveries: The events.
        flow_hours: What happened longer before `sent_at` starts no flows.
        sent_at: When the batch is sent.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    stop: list[TryLaterError] = []

    async def post(delivery: Delivery) -> list[DeliveryResult]:
        try:
            body = _body(delivery, flow_hours, sent_at)
        except (KeyError, TypeError, ValueError):
            return rejected([delivery], "the payload is no event that Klaviyo could record")
        async with room:
            # What stopped one of them stops all that have not gone yet: nobody waits for each by itself.
            try:
                if stop:
                    raise stop[0]
                await client.call("POST", "/api/events", body=body)
            except RefusedError as refusal:
                # Any other answer, or one to a repeat, does not say that the event was not taken; to repeat it is safe.
                is_certain = refusal.is_of_a_part and not refusal.is_repeat
                return (rejected if is_certain else postponed)([delivery], refusal.reason)
            except TryLaterError as error:
                stop.append(error)
                moment = sent_at + timedelta(seconds=client.elapsed_seconds)
                return postponed([delivery], error.reason, at(moment, error.seconds))
        return accepted([delivery])

    results = await asyncio.gather(*(post(delivery) for delivery in deliveries))
    return [result for posted in results for result in posted]


def _body(delivery: Delivery, flow_hours: float, sent_at: datetime) -> bytes:
    event = Event.of(delivery.payload)
    occurred_at = datetime.fromisoformat(event.occurred_at)
    if occurred_at.tzinfo is None:
        occurred_at = occurred_at.replace(tzinfo=UTC)
    if not event.email or not event.name:
        raise ValueError("an event needs a name and an address")
    attributes: dict[str, Any] = {
        "metric": {"data": {"type": "metric", "attributes": {"name": event.name}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": event.email}}},
        "properties": dict(event.properties),
        "time": occurred_at.astimezone(UTC).isoformat(),
        "unique_id": delivery.action_key,
        "backfill": sent_at - occurred_at >= timedelta(hours=flow_hours),
    }
    if event.value is not None:
        attributes["value"] = number(event.value)
        attributes["value_currency"] = event.currency_code
    return _encoded({"data": {"type": "event", "attributes": attributes}})
