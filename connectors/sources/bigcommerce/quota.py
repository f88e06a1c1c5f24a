"""The store's request quota, which all of its apps draw on, read from every reply.

A burst is free while half of the quota is left. After that, what may still be used until the quota is refreshed is
spread over the time until then, and a reserve is never touched: an app at the checkout must not run dry because of us.
"""

from datetime import datetime, timedelta
from random import Random

from connectors.messages import HttpRequest, HttpResponse
from connectors.source import BudgetUse, ReadReport, SourceRuntime

BUDGET_NAME = "store_quota"

_LEFT = "X-Rate-Limit-Requests-Left"
_QUOTA = "X-Rate-Limit-Requests-Quota"
_RESET = "X-Rate-Limit-Time-Reset-Ms"
_WINDOW = "X-Rate-Limit-Time-Window-Ms"
_RETRY_AFTER = "X-Retry-After"

# Two replies of one window name the same end to within this.
_SAME_WINDOW = timedelta(seconds=2)
# The Date header counts whole seconds: so much of a reply's age may be its rounding.
_ROUNDING = timedelta(seconds=1)
_LONGEST_JITTER_SECONDS = 0.5
# A store that says "too much" this often in a row is not short of quota: the client's own patience counts from there.
_REFUSALS_IN_A_ROW = 20


class StoreQuota:
    """The `connectors.messages.Throttle` of one store.

    Args:
        runtime: Clock and chance.
        report: Where the use is kept, as the budget `store_quota`.
        reserve_rate: The share of the quota that is left to others.
    """

    def __init__(self, runtime: SourceRuntime, report: ReadReport, *, reserve_rate: float) -> None:
        self._clock = runtime.clock
        self._random: Random = runtime.random
        self._reserve_rate = reserve_rate
        self._use = report.budgets.setdefault(BUDGET_NAME, BudgetUse(BUDGET_NAME))
        self._quota: int | None = None
        self._left = 0
        self._resets_at: datetime | None = None
        self._window = timedelta(0)
        self._clock_offset: timedelta | None = None
        self._refusals = 0

    def before(self, _request: HttpRequest) -> float:
        """How long to wait so that the request fits into the store's quota beside those of other apps."""
        if self._quota is None or self._resets_at is None:
            return 0.0
        now = self._clock()
        wait = 0.0
        if now >= self._resets_at:
            self._refresh(now)
        elif self._usable() < 1:
            wait = (self._resets_at - now).total_seconds() + self._jitter()
            self._refresh(self._resets_at)
        elif self._left * 2 < self._quota:
            rest = (self._resets_at - now).total_seconds()
            # Between half a slot and one and a half: on average the quota lasts just as long as its window.
            wait = min(rest, rest / self._usable() * (0.5 + self._random.random()))
        self._left -= 1
        return wait

    def after(self, _request: HttpRequest, response: HttpResponse) -> float | None:
        """Take the quota from a reply; after "too many requests", how long until it is refreshed."""
        self._use.used_total += 1
        now = self._clock()
        milliseconds = _number(response, _RESET)
        seconds = milliseconds / 1000 if milliseconds is not None else _number(response, _RETRY_AFTER)
        resets_at = None if seconds is None else now + timedelta(seconds=seconds) - self._age(response, now)
        if resets_at is not None:
            self._take(response, resets_at)
        if response.status != 429:
            self._refusals = 0
            return None
        self._refusals += 1
        if self._refusals > _REFUSALS_IN_A_ROW or resets_at is None:
            return None  # the platform is overloaded, rather than the quota used up
        # Of several refusals of one window that were under way together, the first is waited for.
        return max(0.0, (resets_at - now).total_seconds()) + self._jitter()

    def _age(self, response: HttpResponse, now: datetime) -> timedelta:
        """How long ago a reply was sent: with several under way, it may have lain here while another was waited for."""
        if response.date is None:
            return timedelta(0)
        offset = now - response.date
        self._clock_offset = offset if self._clock_offset is None else min(offset, self._clock_offset)
        return max(timedelta(0), offset - self._clock_offset - _ROUNDING)

    def _take(self, response: HttpResponse, resets_at: datetime) -> None:
        quota, left, window = (_number(response, name) for name in (_QUOTA, _LEFT, _WINDOW))
        if not quota or left is None:
            return
        if self._resets_at is not None and abs(resets_at - self._resets_at) <= _SAME_WINDOW:
            # Requests under way are counted here already, and not yet in the reply.
            left = min(left, self._left)
            self._resets_at = max(resets_at, self._resets_at)
        elif self._resets_at is not None and resets_at < self._resets_at:
            return  # a reply from the window before
        else:
            self._resets_at = resets_at
        self._quota, self._left = quota, 0 if response.status == 429 else left
        self._window = timedelta(milliseconds=window) if window else self._window
        self._use.limit = float(quota)
        self._use.peak_rate = max(self._use.peak_rate, min(1.0, (quota - left) / quota))

    def _refresh(self, at: datetime) -> None:
        self._left = self._quota or 0
        self._resets_at = at + self._window

    def _usable(self) -> float:
        return self._left - self._reserve_rate * (self._quota or 0)

    def _jitter(self) -> float:
        return self._random.random() * _LONGEST_JITTER_SECONDS


def _number(response: HttpResponse, header: str) -> int | None:
    written = response.headers.get(header, "")
    return int(written) if written.isdigit() else None
