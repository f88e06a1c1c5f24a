"""A shop's own time, in whole seconds since 1970, and what it earned on which day. Must not know any platform."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Self


class ShopTime:
    """A clock and a time zone."""

    clock: Callable[[], datetime]
    zone: tzinfo

    def now(self) -> int:
        """The shop's time in whole seconds."""
        return int(self.clock().timestamp())

    def seconds(self, moment: datetime | None) -> int:
        """A moment in whole seconds; now if there is none."""
        return self.now() if moment is None else int(moment.timestamp())

    def local(self, seconds: int) -> datetime:
        """A moment on the shop's clock."""
        return datetime.fromtimestamp(seconds, self.zone)


@dataclass(frozen=True)
class NetRevenue:
    """What orders came to less what was given back, in one currency.

    Attributes:
        total: In all.
        by_day: By the shop's own day: an order's day is when it was placed, a refund's when it was given.
    """

    total: Decimal
    by_day: dict[date, Decimal]

    @classmethod
    def of(cls, time: ShopTime, movements: Iterable[tuple[int, Decimal]]) -> Self:
        """What movements of money come to.

        Args:
            time: Decides the days.
            movements: Their times in seconds, and what came in or, below zero, went out.
        """
        by_day: dict[date, Decimal] = {}
        for seconds, amount in movements:
            day = time.local(seconds).date()
            by_day[day] = by_day.get(day, Decimal(0)) + amount
        return cls(sum(by_day.values(), Decimal(0)), by_day)
