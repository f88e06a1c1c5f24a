"""Shopify's allowance: points that refill by the second, told by every answer and never assumed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from connectors.messages import HttpRequest, HttpResponse
from connectors.source import BudgetUse, ReadReport
from connectors.sources.shopify.answers import Cost, Frame, frame_decoder

BUDGET = "admin_api_points"
_SHORTEST_WAIT_SECONDS = 0.5
# Until an answer tells the rate: the slowest that Shopify gives.
_UNKNOWN_WAIT_SECONDS = 2.0


class CostThrottle:
    """Waits until the bucket holds what a query needs.

    Args:
        report: Where use is booked.
        clock: The time now.
        jitter: A number between 0 and 1, so that stores that wait do not come back together.
    """

    def __init__(self, report: ReadReport, clock: Callable[[], datetime], jitter: Callable[[], float]) -> None:
        self._use = report.budgets.setdefault(BUDGET, BudgetUse(BUDGET))
        self._clock = clock
        self._jitter = jitter
        self._costs: dict[str, float] = {}
        self._available: float | None = None
        self._restore_rate = 0.0
        self._as_of = clock()
        self._last: tuple[HttpResponse, Frame] | None = None

    def frame(self, response: HttpResponse) -> Frame:
        """An answer's frame; read once, though both throttle and client look at it.

        Raises:
            msgspec.DecodeError: It is none.
        """
        if self._last is None or self._last[0] is not response:
            self._last = response, frame_decoder.decode(response.content)
        return self._last[1]

    def before(self, request: HttpRequest) -> float:
        """The seconds until the bucket holds what the query cost last time."""
        name = _operation(request)
        if name is None or self._available is None or not self._restore_rate:
            return 0.0
        return self._wait_for(min(self._costs.get(name, 0.0), self._use.limit or 0.0))

    def after(self, request: HttpRequest, response: HttpResponse) -> float | None:
        """Take note of the cost; the seconds to wait where the answer says THROTTLED, with status 200."""
        name = _operation(request)
        if name is None or response.status != 200:
            return None
        try:
            frame = self.frame(response)
        except msgspec.DecodeError:
            return None
        self._note(name, frame)
        if not any(error.code == "THROTTLED" for error in frame.error_list):
            return None
        wait = self._wait_for(self._costs.get(name, 0.0)) if self._restore_rate else _UNKNOWN_WAIT_SECONDS
        return max(wait, _SHORTEST_WAIT_SECONDS) * (1 + self._jitter() / 4)

    def _wait_for(self, cost: float) -> float:
        restored = (self._clock() - self._as_of).total_seconds() * self._restore_rate
        missing = cost - (self._available or 0.0) - restored
        return max(0.0, missing / self._restore_rate)

    def _note(self, name: str, frame: Frame) -> None:
        cost: Cost | None = frame.cost
        if cost is None:
            return
        if cost.requested_query_cost is not None:
            self._costs[name] = cost.requested_query_cost
        self._use.used_total += cost.actual_query_cost or 0.0
        status = cost.throttle_status
        if status is None:
            return
        self._available, self._restore_rate = status.currently_available, status.restore_rate
        self._as_of = self._clock()
        self._use.limit = status.maximum_available
        if status.maximum_available > 0:
            in_use = 1 - status.currently_available / status.maximum_available
            self._use.peak_rate = max(self._use.peak_rate, in_use)


def _operation(request: HttpRequest) -> str | None:
    """The query's name; None for what is no query, such as the download of a bulk file."""
    body: Any = request.json
    return body.get("operationName") if isinstance(body, dict) else None
