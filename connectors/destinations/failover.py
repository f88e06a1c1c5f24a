"""The failover destination: the next provider takes what the one before it certainly did not.

What a provider may have taken is never given to another one: two providers do not know of each other's repeats. Must
not decide who receives what, and knows no vendor.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.destination import Delivery, DeliveryResult, Destination, Operation, Outcome, ReadsBack, require_batch

_GIVE_UP_AFTER = 3
_COOL_DOWN = timedelta(minutes=5)
_DECIDED = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.MAYBE_SENT)


class FailoverSettings(BaseModel):
    """Several destinations in `perennial.yml` that stand in for each other.

    Attributes:
        type: `failover`.
        name: What syncs and campaigns call it.
        destinations: The destinations' names, the one to be asked first first. None may be one that takes repeats by
            their key: what such a one did not answer is sent to it again, and never to another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["failover"]
    name: str = Field(min_length=1, max_length=100)
    destinations: tuple[str, ...] = Field(min_length=2)


class FailoverDestination:
    """Asks its providers in turn; one that takes nothing is left out for a while.

    Args:
        name: What syncs and campaigns call it.
        providers: In the order in which they are asked.
    """

    kind: ClassVar[str] = "failover"

    def __init__(self, name: str, providers: Sequence[Destination]) -> None:
        for provider in providers:
            if provider.is_idempotent:
                raise ValueError(
                    f"'{provider.name}' takes repeats by their key, and what it did not answer is sent to it again and "
                    "never to another; it can be no part of a failover"
                )
        self.name = name
        self.batch_size = min(provider.batch_size for provider in providers)
        self.operations: frozenset[Operation] = frozenset.intersection(*(p.operations for p in providers))
        self.is_idempotent = False  # a repeat may meet another provider
        self._providers = tuple(providers)
        self._failed = dict.fromkeys((provider.name for provider in providers), 0)
        self._left_out_until: dict[str, datetime] = {}

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Deliver a batch by the first provider that takes each record."""
        require_batch(self.name, self.batch_size, deliveries)
        results: dict[str, DeliveryResult] = {}
        pending = list(deliveries)
        for provider in self._in_order(sent_at):
            if not pending:
                break
            told = self._ask(provider, pending, sent_at)
            results |= told
            pending = [delivery for delivery in pending if told[delivery.action_key].outcome is Outcome.RETRY]
        return [results[delivery.action_key] for delivery in deliveries]

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        """Ask every provider that can tell: one that took it settles it; that none did, only all of them can say."""
        answers: dict[str, list[DeliveryResult]] = {delivery.action_key: [] for delivery in deliveries}
        for provider in self._providers:
            if not isinstance(provider, ReadsBack):
                continue
            for result in provider.read_back(deliveries, asked_at=asked_at):
                if result.action_key in answers:
                    answers[result.action_key].append(replace(result, provider=provider.name))
        return [self._settled(key, given) for key, given in answers.items()]

    def _settled(self, action_key: str, given: Sequence[DeliveryResult]) -> DeliveryResult:
        taken = [result for result in given if result.outcome is Outcome.ACCEPTED]
        if taken:
            return taken[0]
        denied = [result for result in given if result.outcome is Outcome.RETRY]
        if len({result.provider for result in denied}) == len(given) == len(self._providers):
            return replace(denied[0], provider=None)
        return DeliveryResult(action_key, Outcome.MAYBE_SENT, "not every provider can tell")

    def _in_order(self, now: datetime) -> Sequence[Destination]:
        """The providers to ask; all of them where each has been failing."""
        well = [p for p in self._providers if p.name not in self._left_out_until or self._left_out_until[p.name] <= now]
        return well or self._providers

    def _ask(
        self, provider: Destination, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> dict[str, DeliveryResult]:
        given: dict[str, list[DeliveryResult]] = {}
        try:
            for result in provider.send(deliveries, sent_at=sent_at):
                given.setdefault(result.action_key, []).append(result)
            lost = "the provider gave no answer about it"
        # A provider must not raise; what it did before it raised all the same, nobody knows.
        except Exception as error:  # noqa: BLE001 - see above
            lost = f"the provider failed with {type(error).__name__}"
        results = {}
        for delivery in deliveries:
            answers = given.get(delivery.action_key, [])
            is_clear = len({answer.outcome for answer in answers}) == 1
            result = answers[0] if is_clear else DeliveryResult(delivery.action_key, Outcome.MAYBE_SENT, lost)
            results[delivery.action_key] = replace(result, provider=provider.name)
        self._note(provider.name, any(result.outcome in _DECIDED for result in results.values()), sent_at)
        return results

    def _note(self, name: str, was_heard: bool, now: datetime) -> None:
        self._failed[name] = 0 if was_heard else self._failed[name] + 1
        if was_heard:
            self._left_out_until.pop(name, None)
        elif self._failed[name] >= _GIVE_UP_AFTER:
            self._left_out_until[name] = now + _COOL_DOWN
