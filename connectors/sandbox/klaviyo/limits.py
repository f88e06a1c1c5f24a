"""What an account may ask for in a second and in a minute, endpoint by endpoint, in windows of fixed length."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

SIZES = {"M": (10, 150), "L": (75, 750), "XL": (350, 3500)}
"""Requests a second and a minute, under Klaviyo's names of the sizes."""

_SECOND, _MINUTE = 1.0, 60.0


@dataclass
class _Window:
    length: float
    allowed: int
    number: int = -1
    used: int = 0

    def at(self, seconds: float) -> float:
        """Begin a new window where the old one is over; returns the seconds that this one still lasts."""
        number = math.floor(seconds / self.length)
        if number != self.number:
            self.number, self.used = number, 0
        return (number + 1) * self.length - seconds


@dataclass
class Limits:
    """The windows of one account.

    Attributes:
        refused: How many requests were one too many, of a `second` or of a `minute`.
    """

    refused: Counter[str] = field(default_factory=Counter)
    _windows: dict[str, tuple[_Window, _Window]] = field(default_factory=dict)

    def take(self, endpoint: str, size: str, at: datetime) -> tuple[dict[str, str], int | None]:
        """Count a request.

        Returns:
            The headers of its answer, and the seconds to wait where it is one too many. Like the real one, an answer
            that says so tells nothing else about the allowance.
        """
        if endpoint not in self._windows:
            burst, steady = SIZES[size]
            self._windows[endpoint] = _Window(_SECOND, burst), _Window(_MINUTE, steady)
        seconds = at.timestamp()
        burst_window, steady_window = self._windows[endpoint]
        lasts = {id(window): window.at(seconds) for window in (burst_window, steady_window)}
        spent = [window for window in (burst_window, steady_window) if window.used >= window.allowed]
        if spent:
            self.refused["minute" if steady_window in spent else "second"] += 1
            return {}, max(1, math.ceil(max(lasts[id(window)] for window in spent)))
        burst_window.used += 1
        steady_window.used += 1
        return {
            "RateLimit-Limit": str(steady_window.allowed),
            "RateLimit-Remaining": str(steady_window.allowed - steady_window.used),
            "RateLimit-Reset": str(math.ceil(lasts[id(steady_window)])),
        }, None
