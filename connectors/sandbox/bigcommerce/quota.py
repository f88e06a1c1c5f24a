"""A store's allowance of requests, which all its apps share: so many in a window, and a new window after that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Quota:
    """The allowance.

    Attributes:
        clock: The store's own time.
        limit: Requests in a window; 150 on Standard and Plus, 450 on Pro; None for the plan that has no limit.
        window_ms: How long a window is.
    """

    clock: Callable[[], datetime]
    limit: int | None = 150
    window_ms: int = 30_000
    _used: int = field(default=0, init=False)
    _began_at: datetime | None = field(default=None, init=False)

    def use(self, requests: int = 1) -> bool:
        """Use some of it up, as another app of the store does.

        Returns:
            Whether there was enough; what is refused is not used.
        """
        self._turn()
        if self.limit is None:
            return True
        if self._used + requests > self.limit:
            return False
        self._used += requests
        return True

    def exhaust(self) -> None:
        """Use up what the window has left."""
        self._turn()
        self._used = self.limit or 0

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says of it."""
        limit = 7_000_000 if self.limit is None else self.limit
        return {
            "X-Rate-Limit-Requests-Left": str(limit - self._used),
            "X-Rate-Limit-Requests-Quota": str(limit),
            "X-Rate-Limit-Time-Reset-Ms": str(self.reset_ms),
            "X-Rate-Limit-Time-Window-Ms": str(self.window_ms),
        }

    @property
    def reset_ms(self) -> int:
        """Milliseconds until the window ends."""
        if self._began_at is None:
            return self.window_ms
        gone = int((self.clock() - self._began_at).total_seconds() * 1000)
        return max(self.window_ms - gone, 0)

    def _turn(self) -> None:
        if self._began_at is None or self.reset_ms == 0:
            self._began_at, self._used = self.clock(), 0
