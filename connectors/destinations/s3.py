"""An S3 bucket, or whatever speaks its language: each batch becomes an object of its own, whole or not there at all.

`<prefix>/<merchant_id>/<audience>/<digest of the batch>.jsonl` or `.csv`, written only where it is not there yet, so
that the same batch has one object however often it is sent. What was not answered is looked up in the bucket. Objects
hold what the sync declares, personal fields included. Must not decide who receives what.
"""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from itertools import groupby
from typing import ClassVar, Literal, Self

import aiohttp
from pydantic import Field, model_validator

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.destinations.aws_settings import AwsSettings
from connectors.destinations.aws_signatures import signed
from connectors.destinations.batches import BatchDestination
from connectors.destinations.exchanges import Answer, Call, exchange, verdict
from connectors.destinations.exported import FileFormat, file_name, keys_in, written

_IS_THERE = 412
_PASSING = {408, 429, 500, 502, 503, 504}
_READ_ATTEMPTS = 3
_LARGEST_OBJECT_BYTES = 1 << 30
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_KEY = re.compile(r"<Key>([^<]*)</Key>")
_NEXT = re.compile(r"<NextContinuationToken>([^<]*)</NextContinuationToken>")
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_NOT_THERE = "no object in the bucket holds it"


class S3Settings(AwsSettings):
    """A bucket in `perennial.yml`.

    Attributes:
        type: `s3`.
        name: What syncs call it.
        region: Such as eu-central-1; what another store than AWS's calls it, or us-east-1.
        access_key_id: Of whoever may put, get and list the bucket's objects.
        url: Another store's address, such as https://minio.example.com; buckets are then named in the path.
        bucket: The bucket; it must exist.
        prefix: What every object's key begins with.
        format: One JSON object per line, or comma-separated values with a header.
        batch_size: The most records in one object.
        timeout_seconds: For one object.
    """

    example: ClassVar[str] = "https://minio.example.com"

    type: Literal["s3"]
    region: str = Field(min_length=2, pattern=r"^[a-z0-9-]+$")
    access_key_id: str = Field(min_length=3)
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")
    prefix: str = Field(default="perennial", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    format: FileFormat = "jsonl"
    batch_size: int = Field(default=10_000, ge=1, le=1_000_000)
    timeout_seconds: float = Field(default=60.0, gt=0, le=3_600)

    @model_validator(mode="after")
    def _names_the_bucket(self) -> Self:
        place = f"{self.url}/{self.bucket}" if self.url else f"https://{self.bucket}.s3.{self.region}.amazonaws.com"
        return self if self.url.endswith(place) else self.model_copy(update={"url": place})


class S3Destination(BatchDestination):
    """Writes batches into a bucket, one object per merchant and audience in a batch."""

    kind: ClassVar[str] = "s3"

    def __init__(self, settings: S3Settings) -> None:
        super().__init__(settings)
        self.operations = frozenset(Operation)
        # The same batch has one object; a batch that holds other records beside them is another one.
        self.is_idempotent = False
        self._settings = settings
        self._access = settings.access("s3")

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        """Which of the records some object of the bucket holds."""
        return self._over(lambda session: self._read_back(session, deliveries, asked_at)) if deliveries else []

    async def _send(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        results: dict[str, DeliveryResult] = {}
        for place, group in groupby(sorted(deliveries, key=_place), key=_place):
            records = list({record.action_key: record for record in group}.values())
            for result in await self._put(session, place, records, sent_at):
                results[result.action_key] = result
        return [results[delivery.action_key] for delivery in deliveries]

    async def _put(
        self, session: aiohttp.ClientSession, place: tuple[str, str], records: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        key = f"{self._folder(place)}{file_name(records, self._settings.format)}"
        body = written(records, sent_at, self._settings.format).encode()
        headers = {"Content-Type": _TYPES[self._settings.format], "If-None-Match": "*"}
        call = signed(self._access, sent_at, "PUT", f"{self._settings.url}/{key}", headers=headers, body=body)
        answer = await exchange(session, call)
        if answer.is_success or answer.status == _IS_THERE:
            return [DeliveryResult(r.action_key, Outcome.ACCEPTED, provider_reference=key) for r in records]
        outcome, reason, retry_at = _refused(answer, sent_at)
        return [DeliveryResult(r.action_key, outcome, reason, retry_at=retry_at) for r in records]

    async def _read_back(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], at: datetime
    ) -> list[DeliveryResult]:
        results: dict[str, DeliveryResult] = {}
        for place, group in groupby(sorted(deliveries, key=_place), key=_place):
            records = {record.action_key: record for record in group}
            held, trouble = await self._held(session, place, set(records), at)
            for key in records:
                if key in held:
                    results[key] = DeliveryResult(key, Outcome.ACCEPTED, provider_reference=held[key])
                else:
                    unknown = Outcome.RETRY if trouble is None else Outcome.MAYBE_SENT
                    results[key] = DeliveryResult(key, unknown, trouble or _NOT_THERE)
        return [results[delivery.action_key] for delivery in deliveries]

    async def _held(
        self, session: aiohttp.ClientSession, place: tuple[str, str], wanted: set[str], at: datetime
    ) -> tuple[dict[str, str], str | None]:
        """The object that holds each of the wanted keys, and what kept us from looking at all of them."""
        held: dict[str, str] = {}
        token = ""
        while True:
            query = [("list-type", "2"), ("prefix", self._folder(place))]
            query += [("continuation-token", token)] if token else []
            url = f"{self._settings.url}/"
            answer = await self._got(session, signed(self._access, at, "GET", url, query=query))
            if not answer.is_success:
                return held, _refused(answer, at)[1]
            text = answer.body.decode("utf-8", "replace")
            for name in map(unescape, _KEY.findall(text)):
                call = signed(self._access, at, "GET", f"{self._settings.url}/{name}")
                found = await self._got(session, call)
                if not found.is_success:
                    return held, _refused(found, at)[1]
                lines = io.StringIO(found.body.decode("utf-8", "replace"), newline="")
                try:
                    held |= dict.fromkeys(wanted.intersection(keys_in(lines, self._settings.format)), name)
                except (ValueError, KeyError, csv.Error):
                    return held, "an object under the prefix is none of ours; move it away"
            following = _NEXT.search(text)
            if following is None or held.keys() == wanted:
                return held, None
            token = unescape(following[1])

    @staticmethod
    async def _got(session: aiohttp.ClientSession, call: Call) -> Answer:
        """The answer to a read, which may be asked again at once where it failed in passing."""
        for _ in range(_READ_ATTEMPTS - 1):
            answer = await exchange(session, call, largest=_LARGEST_OBJECT_BYTES)
            if answer.status is not None and answer.status not in _PASSING:
                return answer
        return await exchange(session, call, largest=_LARGEST_OBJECT_BYTES)

    def _folder(self, place: tuple[str, str]) -> str:
        return "/".join([self._settings.prefix, *map(_safe, place), ""])


def _place(delivery: Delivery) -> tuple[str, str]:
    return delivery.merchant_id, delivery.audience


def _safe(name: str) -> str:
    """A part of a key that means the same encoded or not, whatever a merchant calls itself."""
    return _UNSAFE.sub(lambda found: "".join(f"~{byte:02x}" for byte in found[0].encode()), name)


def _refused(answer: Answer, at: datetime) -> tuple[Outcome, str, datetime | None]:
    """What an answer that is no success says; no refusal is about the records."""
    code = _CODE.search(answer.body)
    outcome, reason, retry_at = verdict(
        answer, provider="the store", sent_at=at, sent={}, is_own_answer=code is not None
    )
    named = f" ({code[1].decode()})" if code else ""
    return Outcome.RETRY if outcome is Outcome.REJECTED else outcome, f"{reason}{named}", retry_at
