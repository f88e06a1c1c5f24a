"""Bulk imports of profiles: in pieces that Klaviyo takes, followed until they end, and read record by record.

An import whose end is not known is sent again: it says what profiles are, not what happens to them. Must not decide who
is imported.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from connectors.destination import DeliveryResult
from connectors.destinations.klaviyo.answers import (
    ApiError,
    RefusedError,
    TryLaterError,
    accepted,
    at,
    postponed,
    rejected,
)
from connectors.destinations.klaviyo.client import KlaviyoClient
from connectors.destinations.klaviyo.jobs import EndedJob, Jobs
from connectors.destinations.klaviyo.profiles import Record

IMPORT = "profile-bulk-import-job"
LARGEST_COUNT = 10_000
LARGEST_BYTES = 5 * 1000 * 1000

_HEAD = b'{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":['
_TAIL = b"]}}%s}}"
_LISTS = b',"relationships":{"lists":{"data":[{"type":"list","id":"%s"}]}}'
_ROOM = len(_HEAD) + 200  # for the end of the document, with a list
_PAGE = "100"


class Imports:
    """The imports of one batch.

    Args:
        client: Makes the requests.
        jobs: Follows jobs.
        list_id: The list that profiles join, if any.
        at_once: How many jobs may be under way at a time.
        sent_at: When the batch was sent.
    """

    def __init__(self, client: KlaviyoClient, jobs: Jobs, list_id: str | None, at_once: int, sent_at: datetime) -> None:
        self._client = client
        self._jobs = jobs
        self._tail = _TAIL % (_LISTS % list_id.encode() if list_id else b"")
        self._room = asyncio.Semaphore(at_once)
        self._sent_at = sent_at

    async def send(self, records: Sequence[Record]) -> list[DeliveryResult]:
        """Import profiles; one result for each."""
        pieces = [self._piece(piece) for piece in pieces_of(records)]
        return [result for results in await asyncio.gather(*pieces) for result in results]

    async def _piece(self, records: Sequence[Record]) -> list[DeliveryResult]:
        async with self._room:
            return await self._import(records)

    async def _import(self, records: Sequence[Record]) -> list[DeliveryResult]:
        body = _HEAD + b",".join(record.content for record in records) + self._tail
        deliveries = [record.delivery for record in records]
        try:
            ended = await self._jobs.run(IMPORT, body)
            if ended.status == "cancelled":
                return postponed(deliveries, "the import was cancelled at Klaviyo")
            if ended.failed_count == 0:
                return accepted(deliveries, ended.job_id)
            return self._told(records, await self._errors(ended.job_id), ended)
        except RefusedError as refusal:
            return await self._refused(records, refusal)
        except TryLaterError as error:
            moment = self._sent_at + timedelta(seconds=self._client.elapsed_seconds)
            return postponed(deliveries, error.reason, at(moment, error.seconds))

    async def _errors(self, job_id: str) -> list[ApiError]:
        path = f"/api/{IMPORT}s/{{}}/import-errors"
        pages = await self._client.pages(path, job_id, params=(("page[size]", _PAGE),))
        return [ApiError.of(one.get("attributes")) for one in pages]

    def _told(self, records: Sequence[Record], errors: Sequence[ApiError], ended: EndedJob) -> list[DeliveryResult]:
        """What an import's errors say about its records."""
        reasons: dict[int, ApiError] = {}
        places: dict[str, int] = {}
        for number, record in enumerate(records):
            places.update({known: number for known in (record.email.casefold(), record.external_id) if known})
        for error in errors:
            place = _place(error, places, len(records))
            if place is not None:
                reasons.setdefault(place, error)
        # As long as not every failure has a name, each of the others may be the one that failed.
        is_whole = len(reasons) == len(errors) and len(reasons) >= (ended.failed_count or 0)
        results: list[DeliveryResult] = []
        for place, record in enumerate(records):
            if place in reasons:
                error = reasons[place]
                decided = postponed if error.is_passing else rejected
                results += decided([record.delivery], error.reason)
            elif is_whole:
                results += accepted([record.delivery], ended.job_id)
            else:
                results += postponed([record.delivery], "the import has failures of which Klaviyo names no record")
        return results

    async def _refused(self, records: Sequence[Record], refusal: RefusedError) -> list[DeliveryResult]:
        """What a refusal of the whole says: nothing about most of it, where only a part may be at fault."""
        deliveries = [record.delivery for record in records]
        if not refusal.is_of_a_part:
            return postponed(deliveries, refusal.reason)
        named = {error.place: error for error in refusal.errors if error.place is not None}
        named = {place: error for place, error in named.items() if place < len(records)}
        if named:
            results = [r for place, error in named.items() for r in rejected([deliveries[place]], error.reason)]
            rest = [record for place, record in enumerate(records) if place not in named]
            return results + (await self._import(rest) if rest else [])
        if len(records) == 1:
            return rejected(deliveries, refusal.reason)
        middle = len(records) // 2
        return await self._import(records[:middle]) + await self._import(records[middle:])


def pieces_of(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Records in pieces that one job takes: by number and by size."""
    start, size = 0, _ROOM
    for place, record in enumerate(records):
        if place - start == LARGEST_COUNT or size + len(record.content) + 1 > LARGEST_BYTES:
            yield records[start:place]
            start, size = place, _ROOM
        size += len(record.content) + 1
    if start < len(records):
        yield records[start:]


def _place(error: ApiError, places: dict[str, int], count: int) -> int | None:
    """The number of the record that an error is about: by where it points, or else by what was sent."""
    if error.place is not None:
        return error.place if error.place < count else None
    payload = error.payload or {}
    inner = payload.get("attributes")
    attributes = inner if isinstance(inner, dict) else payload
    for known in (str(attributes.get("external_id") or ""), str(attributes.get("email") or "").casefold()):
        if known in places:
            return places[known]
    return None
