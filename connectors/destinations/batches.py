"""What destinations have in common that send a batch over connections of its own. Must not know any provider."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

import aiohttp

from connectors.destination import Delivery, DeliveryResult, require_batch
from connectors.destinations.exchanges import over_connections

R = TypeVar("R")


class BatchSettings(Protocol):
    """What such a destination's settings say."""

    @property
    def name(self) -> str:
        """What syncs and campaigns call it."""

    @property
    def batch_size(self) -> int:
        """The most records of one batch."""

    @property
    def timeout_seconds(self) -> float:
        """For one request."""


class BatchDestination(ABC):
    """Sends a batch over connections that live as long as it.

    Attributes:
        keeps_connections: Whether a request of a batch may go over the connection of the one before it.
    """

    keeps_connections: ClassVar[bool] = True

    def __init__(self, settings: BatchSettings) -> None:
        self.name = settings.name
        self.batch_size = settings.batch_size
        self._timeout_seconds = settings.timeout_seconds

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Send a batch, and say of each record what became of it.

        Raises:
            ValueError: It is more than a batch.
        """
        require_batch(self.name, self.batch_size, deliveries)
        return self._over(lambda session: self._send(session, deliveries, sent_at)) if deliveries else []

    @abstractmethod
    async def _send(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        """Send a batch that holds something."""

    def _over(self, work: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, R]]) -> R:
        return over_connections(self._timeout_seconds, work, keeps_connections=self.keeps_connections)
