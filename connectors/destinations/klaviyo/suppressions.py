"""Suppressions: addresses to which Klaviyo sends nothing any more, and their reversal.

What is taken back is what was suppressed on request: who unsubscribed, complained or bounced stays suppressed. Must not
decide who is suppressed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
from connectors.destinations.klaviyo.client import KlaviyoClient, chunks
from connectors.destinations.klaviyo.jobs import Jobs
from connectors.destinations.klaviyo.members import known_by

SUPPRESS = "profile-suppression-bulk-create-job"
UNSUPPRESS = "profile-suppression-bulk-delete-job"

_ADDRESSES_A_JOB = 100


class Suppressions:
    """The suppressions of one batch.

    Args:
        client: Makes the requests.
        jobs: Follows jobs.
        at_once: How many jobs may be under way at a time.
        sent_at: When the batch was sent.
    """

    def __init__(self, client: KlaviyoClient, jobs: Jobs, at_once: int, sent_at: datetime) -> None:
        self._client = client
        self._jobs = jobs
        self._room = asyncio.Semaphore(at_once)
        self._sent_at = sent_at

    async def send(self, kind: str, addresses: Mapping[str, Delivery]) -> list[DeliveryResult]:
        """Suppress addresses, or take that back; one result for each.

        Args:
            kind: Which of the two.
            addresses: Each with its delivery.
        """
        pieces = [self._piece(kind, dict(piece)) for piece in chunks(list(addresses.items()), _ADDRESSES_A_JOB)]
        return [result for results in await asyncio.gather(*pieces) for result in results]

    async def _piece(self, kind: str, addresses: Mapping[str, Delivery]) -> list[DeliveryResult]:
        async with self._room:
            return await self._job(kind, addresses)

    async def _job(self, kind: str, addresses: Mapping[str, Delivery]) -> list[DeliveryResult]:
        deliveries = list(addresses.values())
        try:
            ended = await self._jobs.run(kind, _body(kind, list(addresses)))
            if ended.status == "cancelled":
                return postponed(deliveries, "the job was cancelled at Klaviyo")
            if kind == UNSUPPRESS or ended.skipped_count == 0:
                return accepted(deliveries, ended.job_id)
            # Which of them were left out is not said anywhere but at the profiles.
            known = await known_by(self._client, "email", addresses, with_suppressions=True)
        except RefusedError as refusal:
            return await self._refused(kind, addresses, refusal)
        except TryLaterError as error:
            moment = self._sent_at + timedelta(seconds=self._client.elapsed_seconds)
            return postponed(deliveries, error.reason, at(moment, error.seconds))
        results: list[DeliveryResult] = []
        for address, delivery in addresses.items():
            profile = known.get(address.casefold())
            if profile is not None and profile.suppressions:
                results += accepted([delivery], ended.job_id)
            else:
                results += rejected([delivery], "Klaviyo left the address out of the suppression")
        return results

    async def _refused(
        self, kind: str, addresses: Mapping[str, Delivery], refusal: RefusedError
    ) -> list[DeliveryResult]:
        if not refusal.is_of_a_part:
            return postponed(list(addresses.values()), refusal.reason)
        if len(addresses) == 1:
            return rejected(list(addresses.values()), refusal.reason)
        items = list(addresses.items())
        middle = len(items) // 2
        return await self._job(kind, dict(items[:middle])) + await self._job(kind, dict(items[middle:]))


def _body(kind: str, addresses: Sequence[str]) -> bytes:
    profiles: list[dict[str, Any]] = [{"type": "profile", "attributes": {"email": one}} for one in addresses]
    return msgspec.json.encode({"data": {"type": kind, "attributes": {"profiles": {"data": profiles}}}})
