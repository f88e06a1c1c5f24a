"""Jobs that Klaviyo works on after it has answered: followed until they end, as long as there is patience.

What an earlier process began and never saw the end of may still be at work, and would bring old values over new ones:
nothing is sent before it has ended. Must not know what a job holds.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.destinations.klaviyo.answers import TryLaterError
from connectors.destinations.klaviyo.client import KlaviyoClient, document_of

_OVER = frozenset({"complete", "cancelled"})
_FIRST_LOOK_SECONDS = 1.0
_LONGEST_LOOK_SECONDS = 15.0
_WAITED_FOR = timedelta(days=1)  # a job that has not ended by then never will
_STILL = "an earlier job of this account is still at work at Klaviyo"


@dataclass
class Memory:
    """What is known between batches.

    Attributes:
        is_clear: Whether no job of an earlier process or batch can still be at work.
    """

    is_clear: bool = False


@dataclass(frozen=True)
class EndedJob:
    """How a job ended.

    Attributes:
        job_id: Klaviyo's id of it.
        status: complete or cancelled.
        failed_count: Of an import, how many records failed; None where it does not say.
        skipped_count: Of another, how many were left out; None where it does not say.
    """

    job_id: str
    status: str
    failed_count: int | None = None
    skipped_count: int | None = None


@dataclass
class Jobs:
    """The jobs of one batch.

    Attributes:
        client: Makes the requests.
        memory: What is known between batches.
    """

    client: KlaviyoClient
    memory: Memory
    _unknown_count: int = field(default=0)

    async def run(self, kind: str, body: bytes) -> EndedJob:
        """Begin a job and wait for its end.

        Raises:
            TryLaterError: It was not begun, or nobody saw it end in time.
            RefusedError: It was not begun, or Klaviyo does not say what became of it.
        """
        # Counted down at its end only: whatever happens on the way, it may be at work.
        self.memory.is_clear = False
        self._unknown_count += 1
        content = document_of(await self.client.call("POST", f"/api/{kind}s", body=body))
        job_id = str((content.get("data") or {}).get("id") or "")
        if not job_id:
            raise TryLaterError("Klaviyo's answer names no job")
        ended = await self._follow(kind, job_id)
        self._unknown_count -= 1
        self.memory.is_clear = self._unknown_count == 0
        return ended

    async def _follow(self, kind: str, job_id: str) -> EndedJob:
        look = _FIRST_LOOK_SECONDS
        while True:
            await self.client.pause(look, "the job was still at work at Klaviyo when patience ran out")
            look = min(look * 2, _LONGEST_LOOK_SECONDS)
            content = document_of(await self.client.call("GET", f"/api/{kind}s/{{}}", job_id))
            attributes = (content.get("data") or {}).get("attributes") or {}
            if attributes.get("status") in _OVER:
                return EndedJob(
                    job_id,
                    attributes["status"],
                    _count(attributes.get("failed_count")),
                    _count(attributes.get("skipped_count")),
                )

    async def wait_for_earlier(self, kinds: tuple[str, ...], now: datetime) -> None:
        """Wait until no job is at work whose end was not seen.

        Raises:
            TryLaterError: One still was when patience ran out.
            RefusedError: Klaviyo does not say.
        """
        if self.memory.is_clear:
            return
        look = _FIRST_LOOK_SECONDS
        while await self._is_at_work(kinds, now):
            await self.client.pause(look, _STILL, _LONGEST_LOOK_SECONDS)
            look = min(look * 2, _LONGEST_LOOK_SECONDS)
        self.memory.is_clear = True

    async def _is_at_work(self, kinds: tuple[str, ...], now: datetime) -> bool:
        for kind in kinds:
            for status in ("queued", "processing"):
                params = (("filter", f'equals(status,"{status}")'), (f"fields[{kind}]", "status,created_at"))
                for job in await self.client.pages(f"/api/{kind}s", params=params):
                    created_at = _moment((job.get("attributes") or {}).get("created_at"))
                    if created_at is None or created_at > now - _WAITED_FOR:
                        return True
        return False


def _count(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _moment(written: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
