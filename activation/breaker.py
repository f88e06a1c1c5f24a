"""A circuit breaker per destination, kept across a run: one that takes nothing is left alone for a while.

Must not know what is sent, and reads no clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Breaker:
    """Counts, by destination, the batches in a row of which nothing was decided.

    Attributes:
        give_up_after: So many, and the destination is left alone.
        cool_down_seconds: For so long; then one batch tries it again, and closes the circuit or begins another wait.
    """

    give_up_after: int = 3
    cool_down_seconds: float = 300.0
    _failed: dict[str, int] = field(default_factory=dict)
    _failed_at: dict[str, datetime] = field(default_factory=dict)

    def allows(self, destination: str, now: datetime) -> bool:
        """Whether a batch may be sent to the destination."""
        if self._failed.get(destination, 0) < self.give_up_after:
            return True
        return now >= self._failed_at[destination] + timedelta(seconds=self.cool_down_seconds)

    def note(self, destination: str, *, was_heard: bool, now: datetime) -> None:
        """Take note of whether the destination decided about anything of a batch."""
        if was_heard:
            self._failed.pop(destination, None)
        else:
            self._failed[destination] = self._failed.get(destination, 0) + 1
            self._failed_at[destination] = now
