"""Documents sent to one shop: once each, at the pace that its points allow, and never taken for more than they did.

Whatever is asked of Shopify here may be asked again: a code exists once, tags are a set, a metafield is overwritten. So
an answer that was lost is a reason to try again. Must not know what is written.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from connectors.destination import Delivery, DeliveryResult, Outcome
from connectors.destinations.exchanges import Answer, Call, exchange, over_connections, verdict, without_values
from connectors.destinations.shopify.settings import ShopifyActivationSettings
from connectors.messages import HttpRequest, HttpResponse
from connectors.source import SourceRuntime
from connectors.sources.shopify.answers import Frame, GraphqlError, frame_decoder
from connectors.sources.shopify.auth import Tokens
from connectors.sources.shopify.client import API_VERSION
from models.errors import MisconfiguredError, RetryLaterError

Sleep = Callable[[float], Awaitable[None]]

_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})
_MUTATION_COST = 10.0
_LONGEST_WAIT_SECONDS = 20.0
_UNAUTHORIZED = 401


@dataclass(frozen=True)
class Told:
    """What came of one document.

    Attributes:
        data: What it gave; None where it gave nothing.
        outcome: What is known of the record it was for, where it gave nothing.
        reason: Why.
        retry_at: When Shopify asks to be spoken to again.
    """

    data: Mapping[str, Any] | None = field(default=None, repr=False)
    outcome: Outcome = Outcome.ACCEPTED
    reason: str | None = None
    retry_at: datetime | None = None

    def result(self, delivery: Delivery) -> DeliveryResult:
        """The result of the delivery that it was for."""
        return DeliveryResult(delivery.action_key, self.outcome, self.reason, retry_at=self.retry_at)


class _NoSecrets:
    """Nothing is kept: tokens of 24 hours are asked for anew."""

    def get(self, _name: str) -> str | None:
        return None

    def set(self, _name: str, _value: str) -> None:
        raise NotImplementedError


class ShopCalls:
    """One shop's GraphQL endpoint.

    Args:
        settings: The shop, and what lets us in.
        sleep: Waits for points; the real one unless a test gives another.
    """

    def __init__(self, settings: ShopifyActivationSettings, sleep: Sleep = asyncio.sleep) -> None:
        self.name = settings.name
        self.at_once = settings.concurrency
        self._access = settings.access()
        self._url = f"{self._access.base_url}/admin/api/{API_VERSION}/graphql.json"
        self._sleep = sleep
        self._now: datetime | None = None
        self._is_refused = False
        self._available: float | None = None
        self._restore_rate = 0.0
        runtime = SourceRuntime(self._time, lambda _: None, Random(0), _NoSecrets())  # noqa: S311 - not drawn from
        self._tokens = Tokens(self._access, runtime, f"destinations.{settings.name}")

    def together(
        self,
        work: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, list[DeliveryResult]]],
        batch: Sequence[Delivery],
        at: datetime,
    ) -> list[DeliveryResult]:
        """The results of a batch's work, with a valid token; without one, every record is to be tried again."""
        reason = self._let_in(at)
        if reason is not None:
            return [DeliveryResult(delivery.action_key, Outcome.RETRY, reason) for delivery in batch]
        return over_connections(self._access.timeout_seconds, work)

    def once(self, name: str, variables: Mapping[str, Any], at: datetime) -> Told:
        """What came of one document, with connections of its own."""
        reason = self._let_in(at)
        if reason is not None:
            return Told(None, Outcome.RETRY, reason)
        return over_connections(self._access.timeout_seconds, lambda session: self.tell(session, name, variables, at))

    async def tell(self, session: aiohttp.ClientSession, name: str, variables: Mapping[str, Any], at: datetime) -> Told:
        """Send a document once.

        Args:
            session: Connections.
            name: Its file's name, without the ending.
            variables: What it takes; no value of them is in a reason.
            at: The time.
        """
        await self._wait_for_points()
        body = json.dumps({"query": document(name), "variables": dict(variables)}, allow_nan=False).encode()
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self._tokens.current}
        answer = await exchange(session, Call("POST", self._url, body, headers))
        if not answer.is_success:
            self._is_refused = self._is_refused or answer.status == _UNAUTHORIZED
            return _failed(answer, variables, at)
        try:
            frame = frame_decoder.decode(answer.body)
        except msgspec.DecodeError:
            return Told(None, Outcome.RETRY, "the answer is not GraphQL; is it the shop's address?")
        self._note(frame)
        if frame.error_list:
            return self._refused(frame.error_list, variables, at)
        data = answer.json()["data"]
        if not isinstance(data, dict):
            return Told(None, Outcome.RETRY, "Shopify's answer holds neither data nor an error")
        return Told(data)

    def _refused(self, errors: Sequence[GraphqlError], variables: Mapping[str, Any], at: datetime) -> Told:
        codes = {error.code for error in errors}
        words = without_values(errors[0].message, variables)
        if "THROTTLED" in codes:
            missing = _MUTATION_COST - (self._available or 0.0)
            seconds = max(1.0, missing / self._restore_rate) if self._restore_rate else 2.0
            return Told(None, Outcome.RETRY, "Shopify's points are used up", at + timedelta(seconds=seconds))
        if codes & _PASSING:
            return Told(None, Outcome.RETRY, "Shopify had an internal error")
        if "ACCESS_DENIED" in codes:
            return Told(None, Outcome.RETRY, f"the app may not do this: {words}")
        if "INVALID_VARIABLE" in codes:
            return Told(None, Outcome.REJECTED, f"Shopify does not take a value: {words}")
        return Told(None, Outcome.RETRY, f"Shopify does not take the document: {words}")

    async def _wait_for_points(self) -> None:
        """Wait until the bucket holds what a mutation costs; not longer than some seconds."""
        if self._available is None or not self._restore_rate:
            return
        missing = _MUTATION_COST - self._available
        if missing > 0:
            seconds = min(missing / self._restore_rate, _LONGEST_WAIT_SECONDS)
            self._available += seconds * self._restore_rate
            await self._sleep(seconds)
        self._available -= _MUTATION_COST

    def _note(self, frame: Frame) -> None:
        status = frame.cost.throttle_status if frame.cost else None
        if status is not None:
            self._available, self._restore_rate = status.currently_available, status.restore_rate

    def _let_in(self, at: datetime) -> str | None:
        """Have a token; why there is none, where there is none."""
        self._now = at
        try:
            if self._is_refused:
                self._tokens.replace_refused(self._exchanged)
                self._is_refused = False
            self._tokens.ensure(self._exchanged)
        except (MisconfiguredError, RetryLaterError) as error:
            return without_values(str(error), {})
        return None

    def _time(self) -> datetime:
        if self._now is None:
            raise RuntimeError("a token was asked for before any delivery")
        return self._now

    def _exchanged(self, request: HttpRequest) -> HttpResponse:
        body = urlencode(dict(request.form or {})).encode()
        headers = {**request.headers, "Content-Type": "application/x-www-form-urlencoded"}
        call = Call(request.method, request.url, body, headers)
        answer = over_connections(self._access.timeout_seconds, lambda session: exchange(session, call))
        if answer.status is None:
            raise RetryLaterError(f"Shopify could not be reached for a token: {answer.error}")
        return HttpResponse(answer.status, answer.headers, answer.body, request.url)


def payload_of(told: Told, field_name: str) -> Mapping[str, Any]:
    """What a mutation gave; empty where it gave null, which says nothing about what was done."""
    return (told.data or {}).get(field_name) or {}


def user_errors(told: Told, field_name: str) -> list[dict[str, Any]]:
    """The refusals inside a 200 that came for a mutation."""
    errors = payload_of(told, field_name).get("userErrors") or []
    return [error for error in errors if isinstance(error, dict)]


def in_words(errors: Sequence[Mapping[str, Any]], sent: Mapping[str, Any]) -> str:
    """What Shopify has against a record, field by field, without a value."""
    said = (
        f"{'.'.join(map(str, error.get('field') or ()))}: {without_values(str(error.get('message')), sent)}"
        for error in errors
    )
    return f"Shopify refused it: {'; '.join(said)}"


def global_id(kind: str, reference: str) -> str:
    """Shopify's global id for a number, or for what is one already."""
    return reference if reference.startswith("gid://shopify/") else f"gid://shopify/{kind}/{reference}"


def document_names() -> list[str]:
    """Every document that can be sent."""
    return sorted(file.name.removesuffix(".graphql") for file in _folder().iterdir() if file.name.endswith(".graphql"))


@cache
def document(name: str) -> str:
    """A document as it is sent, by its file's name without the ending."""
    return " ".join(_folder().joinpath(f"{name}.graphql").read_text(encoding="utf-8").split())


def _folder() -> Any:  # noqa: ANN401 - a resource
    return files("connectors.destinations.shopify").joinpath("queries")


def _failed(answer: Answer, variables: Mapping[str, Any], at: datetime) -> Told:
    return Told(None, *verdict(answer, provider="Shopify", sent_at=at, sent=variables, is_idempotent=True))
