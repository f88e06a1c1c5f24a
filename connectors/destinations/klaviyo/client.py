"""Requests to Klaviyo: within its limits, again where that may help, and given up in words.

Every request that is made here may be made twice: imports, memberships and suppressions are states, and an event is
told from its repeat by its `unique_id`. Must not know what is sent.
"""

import asyncio
import io
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec

from connectors.destinations.exchanges import bounded_body
from connectors.destinations.klaviyo.answers import RefusedError, TryLaterError, errors_of
from connectors.destinations.klaviyo.settings import KlaviyoSettings

_MEDIA_TYPE = "application/vnd.api+json"
_ATTEMPTS = 3
_FIRST_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 60.0
_LARGEST_ANSWER_BYTES = 16 << 20
_LARGEST_PIECE_BYTES = 1 << 18
_PASSING = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Pacing:
    """How the client waits.

    Attributes:
        sleep: Waits for so many seconds.
        seconds: A time that only goes forward.
        chance: Jitter, so that what failed together does not come back together.
    """

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    seconds: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)


@dataclass
class Allowance:
    """What Klaviyo said is left of one endpoint's minute."""

    left: int | None = None
    ends_at: float = 0.0

    def wait(self, now: float) -> float:
        """How many seconds the next request has to wait."""
        if self.left is None or now >= self.ends_at or self.left > 0:
            return 0.0
        return self.ends_at - now

    def take(self) -> None:
        """Count a request that is about to be made."""
        if self.left is not None:
            self.left -= 1

    def note(self, headers: Any, now: float) -> None:  # noqa: ANN401 - a mapping that knows no case
        """Read an answer's headers. An answer that was overtaken does not give back what others took since."""
        left = headers.get("RateLimit-Remaining", "").partition(",")[0].strip()
        seconds = headers.get("RateLimit-Reset", "").partition(",")[0].strip()
        if not left.isdigit() or not seconds.isdigit():
            return
        is_same_window = self.left is not None and now < self.ends_at
        self.left = min(int(left), self.left) if is_same_window and self.left is not None else int(left)
        self.ends_at = now + int(seconds)


class KlaviyoClient:
    """One batch's client; use as an asynchronous context manager.

    Args:
        settings: The destination's.
        pacing: Waiting and chance.
        allowances: What is left of each endpoint's minute, kept from batch to batch.
    """

    def __init__(self, settings: KlaviyoSettings, pacing: Pacing, allowances: dict[str, Allowance]) -> None:
        self._settings = settings
        self._pacing = pacing
        self._allowances = allowances
        self._ends_at = pacing.seconds() + settings.patience_seconds
        self._session: aiohttp.ClientSession | None = None
        self._begun_at = pacing.seconds()

    async def __aenter__(self) -> Self:
        # No cookies, and no proxy that the environment names.
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_seconds),
            headers={
                "Authorization": f"Klaviyo-API-Key {self._settings.private_key.get_secret_value()}",
                "Accept": _MEDIA_TYPE,
                "Content-Type": _MEDIA_TYPE,
                "User-Agent": "Perennial",
                "revision": self._settings.revision,
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def elapsed_seconds(self) -> float:
        """How long the batch has been under way."""
        return self._pacing.seconds() - self._begun_at

    async def call(self, method: str, path: str, *names: str, params: Params = (), body: bytes | None = None) -> bytes:
        """Make a request, again and again where that may help.

        Args:
            method: Its method.
            path: Its path, with `{}` where names go; one allowance is for all names.
            names: Ids.
            params: Its query.
            body: A document.

        Returns:
            The body of a success.

        Raises:
            RefusedError: An answer that will be the same next time.
            TryLaterError: No answer that decides anything, in the attempts and the time that there are.
        """
        allowance = self._allowances.setdefault(f"{method} {path}", Allowance())
        failed = slowed = 0
        while True:
            await self.pause(allowance.wait(self._pacing.seconds()), "Klaviyo's allowance for this minute is used up")
            allowance.take()
            asked: float | None = None
            try:
                status, headers, content = await self._attempt(method, path.format(*names), params, body)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = self._in_words(error)
            else:
                allowance.note(headers, self._pacing.seconds())
                if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                    return content
                if status == HTTPStatus.TOO_MANY_REQUESTS:
                    slowed += 1
                    wait = _retry_after(headers.get("Retry-After")) or self._backoff(slowed)
                    await self.pause(wait + self._pacing.chance.random(), "Klaviyo asks to slow down (429)", wait)
                    continue
                if status not in _PASSING:
                    raise RefusedError(status, errors_of(content), is_repeat=failed > 0)
                reason, asked = f"Klaviyo failed ({status})", _retry_after(headers.get("Retry-After"))
            failed += 1
            if failed >= _ATTEMPTS:
                raise TryLaterError(reason, asked)
            await self.pause(asked or self._backoff(failed), reason, asked)

    async def pause(self, seconds: float, reason: str, asked: float | None = None) -> None:
        """Wait, if the batch may take that long.

        Raises:
            TryLaterError: It may not.
        """
        if seconds <= 0:
            return
        if self._pacing.seconds() + seconds > self._ends_at:
            raise TryLaterError(reason, asked)
        await self._pacing.sleep(seconds)

    async def pages(self, path: str, *names: str, params: Params = ()) -> list[dict[str, Any]]:
        """Every resource of a list.

        Raises:
            RefusedError: As `call`.
            TryLaterError: As `call`, or the pages lead back to where they were before.
        """
        found: list[dict[str, Any]] = []
        seen: set[Params] = set()
        query: Params | None = tuple(params)
        while query is not None:
            if query in seen:
                raise TryLaterError("Klaviyo's pages lead in a circle")
            seen.add(query)
            content = document_of(await self.call("GET", path, *names, params=query))
            found += [one for one in content.get("data", []) if isinstance(one, dict)]
            following = (content.get("links") or {}).get("next")
            # Only the query is taken from the answer: the key goes to no other address than the declared one.
            query = tuple(parse_qsl(urlsplit(following).query, keep_blank_values=True)) if following else None
        return found

    async def _attempt(self, method: str, path: str, params: Params, body: bytes | None) -> tuple[int, Any, bytes]:
        if self._session is None:
            raise RuntimeError("the client is used inside `async with` only")
        # A body of 5 MB in one piece would keep all other requests waiting.
        data = io.BytesIO(body) if body is not None and len(body) > _LARGEST_PIECE_BYTES else body
        async with self._session.request(
            method, f"{self._settings.url}{path}", params=list(params), data=data, allow_redirects=False
        ) as answer:
            received = await bounded_body(answer, _LARGEST_ANSWER_BYTES)
            if received is None:
                raise aiohttp.ClientPayloadError("the answer is too large")
            return answer.status, answer.headers, received

    def _backoff(self, attempt: int) -> float:
        longest: float = min(_FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), _LONGEST_BACKOFF_SECONDS)
        return longest * (0.5 + self._pacing.chance.random() / 2)

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"Klaviyo gave no answer within {self._settings.timeout_seconds:g} seconds"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"Klaviyo could not be reached ({type(error).__name__})"
        return f"Klaviyo gave no answer ({type(error).__name__})"


def document_of(content: bytes) -> dict[str, Any]:
    """A success as a document.

    Raises:
        TryLaterError: It is none, such as half of one or a page of a proxy.
    """
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise TryLaterError("Klaviyo's answer is no document")
    return found


def chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items in pieces of at most so many."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _retry_after(written: str | None) -> float | None:
    """The seconds that the header asks for; None where it does not, or not in seconds."""
    try:
        seconds = float(written or "")
    except ValueError:
        return None
    return min(seconds, 86_400.0) if seconds > 0 else None
