"""Moments as WooCommerce's filters take them: UTC without saying so, which WordPress reads by the shop's clock.

With `dates_are_gmt` a moment is compared with the UTC column, but PHP has parsed it in the shop's zone before. For all
but one hour a year that gives the same digits. A moment in the hour that the shop's clocks jump over in spring becomes
the hour after it, and what was changed in between would never be found.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_STEP = timedelta(minutes=15)


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of that name; None where there is none, as for a shop that keeps a fixed offset."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def moment(value: datetime) -> str:
    """A moment as a filter takes it."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def moment_at_or_before(value: datetime, zone: ZoneInfo | None) -> str:
    """A moment that WordPress takes to be no later than this one."""
    naive = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if zone is not None and _is_skipped(naive, zone):
        while _is_skipped(naive, zone):
            naive -= _STEP
    return naive.isoformat(timespec="seconds")


def _is_skipped(naive: datetime, zone: ZoneInfo) -> bool:
    """Whether the shop's clocks never show this time of day."""
    there = naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != naive
