"""The Klaviyo destination: what a batch asks for, carried out by imports, list memberships, events and suppressions.

Whatever is sent here may be sent twice with the effect of once. Must not decide who receives what.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.destination import Delivery, DeliveryResult, Operation, require_batch
from connectors.destinations.klaviyo.answers import (
    RefusedError,
    TryLaterError,
    accepted,
    at,
    postponed,
    rejected,
)
from connectors.destinations.klaviyo.client import Allowance, KlaviyoClient, Pacing
from connectors.destinations.klaviyo.events import send_events
from connectors.destinations.klaviyo.imports import IMPORT, Imports
from connectors.destinations.klaviyo.jobs import Jobs, Memory
from connectors.destinations.klaviyo.members import Known, join, known_by, leave
from connectors.destinations.klaviyo.profiles import Record, external_id, records_of
from connectors.destinations.klaviyo.settings import KlaviyoSettings
from connectors.destinations.klaviyo.suppressions import SUPPRESS, UNSUPPRESS, Suppressions


class KlaviyoDestination:
    """Sends profiles, events or suppressions to a Klaviyo account, as its settings say.

    Args:
        settings: The account, and what is sent to it.
        pacing: Waiting and chance.
    """

    kind: ClassVar[str] = "klaviyo"

    def __init__(self, settings: KlaviyoSettings, pacing: Pacing | None = None) -> None:
        self.name = settings.name
        self.batch_size = settings.batch_size
        self.is_idempotent = True
        self.operations = _operations(settings)
        self._settings = settings
        self._pacing = pacing or Pacing()
        self._allowances: dict[str, Allowance] = {}
        self._memory = Memory()

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Send a batch, in as many requests and jobs as it takes, and wait for their ends."""
        require_batch(self.name, self.batch_size, deliveries)
        if not deliveries:
            return []
        results = asyncio.run(self._send(deliveries, sent_at))
        by_key = {result.action_key: result for result in results}
        return [by_key[delivery.action_key] for delivery in deliveries]

    async def _send(self, deliveries: Sequence[Delivery], sent_at: datetime) -> list[DeliveryResult]:
        offered = [delivery for delivery in deliveries if delivery.operation in self.operations]
        results = rejected(
            [delivery for delivery in deliveries if delivery.operation not in self.operations],
            f"destination {self.name} is not made for this operation",
        )
        async with KlaviyoClient(self._settings, self._pacing, self._allowances) as client:
            if self._settings.object == "events":
                hours = self._settings.flow_hours
                return results + await send_events(client, offered, flow_hours=hours, sent_at=sent_at)
            batch = _Batch(self._settings, client, Jobs(client, self._memory), sent_at)
            return results + await batch.carry(offered)


class _Batch:
    """One batch of states: who shall be a profile, in a list or suppressed, and who no longer."""

    def __init__(self, settings: KlaviyoSettings, client: KlaviyoClient, jobs: Jobs, sent_at: datetime) -> None:
        self._settings = settings
        self._client = client
        self._jobs = jobs
        self._sent_at = sent_at
        self._imports = Imports(client, jobs, settings.list_id, settings.jobs_at_once, sent_at)

    async def carry(self, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        kinds = (IMPORT,) if self._settings.object == "profiles" else (IMPORT, SUPPRESS, UNSUPPRESS)
        try:
            await self._jobs.wait_for_earlier(kinds, self._sent_at)
        except (RefusedError, TryLaterError) as error:
            return self._not_now(deliveries, error)
        chosen = {one: [d for d in deliveries if d.operation is one] for one in Operation}
        if self._settings.object == "suppressions":
            return await self._suppress(chosen[Operation.UPSERT]) + await self._unsuppress(chosen[Operation.REMOVE])
        results = await self._upsert(chosen[Operation.UPSERT])
        for operation in (Operation.INSERT, Operation.UPDATE):
            results += await self._by_what_is_known(operation, chosen[operation])
        return results + await self._remove(chosen[Operation.REMOVE])

    async def _upsert(self, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        records, refused = records_of(deliveries, self._settings.identified_by)
        return refused + await self._imports.send(records)

    async def _by_what_is_known(self, operation: Operation, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        """Import those whom Klaviyo does not know, or only those whom it knows."""
        records, refused = records_of(deliveries, self._settings.identified_by)
        if not records:
            return refused
        try:
            known = await self._known(records)
            held = [record for record in records if record.delivery.action_key in known]
            others = [record for record in records if record.delivery.action_key not in known]
            if operation is Operation.UPDATE:
                return refused + accepted([r.delivery for r in others]) + await self._imports.send(held)
            if self._settings.list_id and held:
                await join(
                    self._client, self._settings.list_id, [known[r.delivery.action_key].profile_id for r in held]
                )
        except (RefusedError, TryLaterError) as error:
            return refused + self._not_now([record.delivery for record in records], error)
        return refused + accepted([r.delivery for r in held]) + await self._imports.send(others)

    async def _known(self, records: Sequence[Record]) -> dict[str, Known]:
        """The profiles that records already are, by action key."""
        ids = [record.external_id for record in records if record.external_id]
        by_id = await known_by(self._client, "external_id", ids)
        emails = [record.email for record in records if record.external_id not in by_id and record.email]
        by_email = await known_by(self._client, "email", emails)
        found = {r.delivery.action_key: by_id.get(r.external_id) or by_email.get(r.email.casefold()) for r in records}
        return {key: known for key, known in found.items() if known is not None}

    async def _remove(self, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        """Take customers out of the list; whom Klaviyo does not know is in no list."""
        if not deliveries or self._settings.list_id is None:
            return []
        try:
            known = await known_by(self._client, "external_id", map(external_id, deliveries))
            await leave(self._client, self._settings.list_id, [one.profile_id for one in known.values()])
        except (RefusedError, TryLaterError) as error:
            return self._not_now(deliveries, error)
        return accepted(deliveries)

    async def _suppress(self, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        """Suppress addresses. Each is imported with our id first: a removal knows nothing else to find it by."""
        with_email = [delivery for delivery in deliveries if delivery.payload.get("email")]
        without = [delivery for delivery in deliveries if not delivery.payload.get("email")]
        results = rejected(without, "there is no email to suppress; add email to the fields")
        records, refused = records_of(with_email, self._settings.identified_by, identifiers_only=True)
        if self._settings.identified_by == "external_id" and records:
            await self._imports.send(records)
        suppressions = Suppressions(self._client, self._jobs, self._settings.jobs_at_once, self._sent_at)
        addresses = {record.email: record.delivery for record in records}
        return results + refused + await suppressions.send(SUPPRESS, addresses)

    async def _unsuppress(self, deliveries: Sequence[Delivery]) -> list[DeliveryResult]:
        if not deliveries:
            return []
        try:
            known = await known_by(self._client, "external_id", map(external_id, deliveries))
        except (RefusedError, TryLaterError) as error:
            return self._not_now(deliveries, error)
        addresses = {}
        results: list[DeliveryResult] = []
        for delivery in deliveries:
            profile = known.get(external_id(delivery))
            if profile is None or not profile.email:
                results += rejected([delivery], "Klaviyo knows no profile by our id; take the suppression back there")
            else:
                addresses[profile.email] = delivery
        suppressions = Suppressions(self._client, self._jobs, self._settings.jobs_at_once, self._sent_at)
        return results + await suppressions.send(UNSUPPRESS, addresses)

    def _not_now(self, deliveries: Sequence[Delivery], error: RefusedError | TryLaterError) -> list[DeliveryResult]:
        seconds = error.seconds if isinstance(error, TryLaterError) else None
        moment = self._sent_at + timedelta(seconds=self._client.elapsed_seconds)
        return postponed(deliveries, error.reason, at(moment, seconds))


def _operations(settings: KlaviyoSettings) -> frozenset[Operation]:
    if settings.object == "events":
        return frozenset({Operation.SEND})
    can_find = settings.identified_by == "external_id"
    removal = {Operation.REMOVE} if can_find and (settings.list_id or settings.object == "suppressions") else set()
    if settings.object == "suppressions":
        return frozenset({Operation.UPSERT} | removal)
    return frozenset({Operation.UPSERT, Operation.INSERT, Operation.UPDATE} | removal)
