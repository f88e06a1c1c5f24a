"""What a query costs, and how much an app may ask for.

An object costs one point, scalars, enums and money nothing, a mutation and a top-level count ten. A connection costs
two, and its nodes grow with the logarithm of how many are asked for: `max(1, ⌊2 ln n⌋)` times what one of them costs.
The last rule is not documented; it gives the requested cost of every query recorded from a real shop that the sandbox
can answer. What is really charged depends on how many nodes there were, and is only close to what a real shop charges.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

MAXIMUM_COST = 1000
# Points restored in a second; the bucket holds twenty seconds of them.
RATES = {"standard": 100, "advanced": 200, "plus": 1000, "enterprise": 2000}
_BUCKET_SECONDS = 20
_CONNECTION = 2


def size_factor(nodes: int) -> int:
    """How many times a node's cost a connection of so many nodes costs."""
    return max(1, math.floor(2 * math.log(nodes))) if nodes > 0 else 0


@dataclass
class Cost:
    """The cost of a part of a query.

    Attributes:
        own: Of the object itself, or of one node.
        children: Of what is asked of it; of an abstract type, one branch for each type that it can be.
        size: For the nodes of a connection: how many are asked for.
        seen: How many there were.
        times: How often they were fetched.
    """

    own: int = 0
    children: list["Cost"] = field(default_factory=list)
    branches: list["Cost"] = field(default_factory=list)
    size: int | None = None
    seen: int = 0
    times: int = 0

    def add(self, own: int, size: int | None = None) -> "Cost":
        """A further part."""
        part = Cost(own, size=size)
        self.children.append(part)
        return part

    @property
    def requested(self) -> int:
        """What it costs before it is known how much there is."""
        each = self.own + sum(child.requested for child in self.children)
        each += max((branch.requested for branch in self.branches), default=0)
        return each if self.size is None else size_factor(self.size) * each

    @property
    def actual(self) -> int:
        """What it costs now that it is known."""
        inner = sum(child.actual for child in self.children)
        inner += max((branch.actual for branch in self.branches), default=0)
        if self.size is None:
            return self.own + inner
        if self.times == 0:
            return 0
        mean = min(round(self.seen / self.times), self.size)
        return size_factor(mean) * (self.own + inner) if mean else size_factor(self.size) * self.own


def connection_cost(into: Cost) -> Cost:
    """The cost of a connection, without its nodes."""
    return into.add(_CONNECTION)


class Bucket:
    """The points that an app has at a shop: they leak back at a steady rate on the shop's clock."""

    def __init__(self, plan: str, clock: Callable[[], datetime]) -> None:
        self.rate = RATES[plan]
        self.maximum = self.rate * _BUCKET_SECONDS
        self._clock = clock
        self._available = float(self.maximum)
        self._at = clock()

    @property
    def available(self) -> int:
        """Whole points that can be spent now."""
        now = self._clock()
        passed = max((now - self._at).total_seconds(), 0.0)
        self._available, self._at = min(self._available + passed * self.rate, float(self.maximum)), now
        return math.floor(self._available)

    def spend(self, points: int) -> None:
        """Take points; the bucket doesn't go below empty."""
        if self.available >= 0:
            self._available = max(self._available - points, 0.0)

    def status(self) -> dict[str, int]:
        """What each reply says about it."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": self.available,
            "restoreRate": self.rate,
        }
