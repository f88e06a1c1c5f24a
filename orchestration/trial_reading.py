"""`perennial check-config`: what the declared sources would bring, found out by reading them, with nothing kept.

Reads each store once, up to a number of records, and says what came: how many rows are good and bad, from when to
when, one of each. Must not touch the warehouse, so that it answers before there is one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from connectors.source import Reading, ReadMode, ReadRequest
from connectors.sources import build_source
from models.errors import MisconfiguredError
from models.records import Deletions, Page, RejectedRecord
from models.records.files import ORDERS
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, read_configuration
from orchestration.settings import Settings

# Enough to judge a mapping by, and seconds rather than minutes.
_MOST_RECORDS = 500_000


@dataclass
class _Found:
    """What a store's pages held."""

    good: Counter[str] = field(default_factory=Counter)
    bad_count: int = 0
    first_bad: RejectedRecord | None = None
    order: dict[str, Any] | None = None
    first_ordered_at: datetime | None = None
    last_ordered_at: datetime | None = None
    is_whole: bool = True

    @property
    def record_count(self) -> int:
        return self.good.total() + self.bad_count

    def add(self, page: Page) -> None:
        if page.records.num_rows:
            self.good[page.stream] += page.records.num_rows
        self.bad_count += len(page.rejected)
        if page.rejected and self.first_bad is None:
            self.first_bad = page.rejected[0]
        if page.stream == ORDERS.name and page.records.num_rows:
            times = page.records.column("ordered_at")
            first, last = pc.min(times).as_py(), pc.max(times).as_py()
            self.first_ordered_at = min(self.first_ordered_at or first, first)
            self.last_ordered_at = max(self.last_ordered_at or last, last)
            self.order = self.order or page.records.slice(0, 1).to_pylist()[0]


def check_configuration(settings: Settings) -> Iterator[str]:
    """Read `perennial.yml` and every source that it declares, without touching the warehouse.

    Yields:
        Per store, what it would read.

    Raises:
        MisconfiguredError: Names the key at fault, such as that of a store most of whose rows would be rejected.
    """
    configuration = read_configuration(settings)
    count = len(configuration.merchants)
    yield f"{settings.config_path.name}: {count} {'merchant' if count == 1 else 'merchants'}"
    refused: list[MisconfiguredError] = []
    for number, merchant in enumerate(configuration.merchants):
        for index, store in enumerate(merchant.stores):
            key = f"merchants[{number}].stores[{index}].source"
            source = build_source(
                store.source, base_folder=settings.config_path.parent, time_zone=merchant.time_zone, key=key
            )
            request = ReadRequest(
                merchant_id=merchant.merchant_id,
                store_id=store.store_id,
                cursor=None,
                requested_at=Deployment(settings, "").clock(),
            )
            found = _read(source.read(request))
            yield from _lines(merchant, store.store_id, found)
            if found.bad_count > merchant.max_rejected_rate * found.record_count:
                refused.append(_too_many_bad(merchant, key, found))
    if refused:
        raise refused[0]


def _read(reading: Reading) -> _Found:
    found = _Found()
    if reading.mode is not ReadMode.UNCHANGED:
        for page in reading.pages:
            if isinstance(page, Deletions):
                continue
            found.add(page)
            if found.record_count >= _MOST_RECORDS:
                found.is_whole = False
                break
    return found


def _lines(merchant: Merchant, store_id: str, found: _Found) -> Iterator[str]:
    good = ", ".join(f"{count:,} good {stream}" for stream, count in sorted(found.good.items())) or "0 good rows"
    part = "" if found.is_whole else f"of the first {found.record_count:,} rows: "
    rows = "row" if found.bad_count == 1 else "rows"
    yield f"{merchant.merchant_id}/{store_id}: {part}{good} and {found.bad_count:,} bad {rows}"
    if found.order and found.first_ordered_at and found.last_ordered_at:
        zone = ZoneInfo(merchant.time_zone)
        order, at = found.order, found.order["ordered_at"].astimezone(zone)
        yield (
            f"  orders from {found.first_ordered_at.astimezone(zone):%Y-%m-%d} "
            f"to {found.last_ordered_at.astimezone(zone):%Y-%m-%d}, {merchant.time_zone}; for example customer "
            f"{order['customer_id']}, {at:%Y-%m-%d %H:%M}, {order['amount']:,.2f} {order['currency_code']}"
        )
    if found.first_bad:
        bad = found.first_bad
        yield f"  a bad row: {bad.origin}, line {bad.line}, {bad.field}: {bad.reason}"


def _too_many_bad(merchant: Merchant, key: str, found: _Found) -> MisconfiguredError:
    return MisconfiguredError(
        key,
        f"{found.bad_count:,} of {found.record_count:,} rows are bad, more than max_rejected_rate allows "
        f"({merchant.max_rejected_rate:.1%}): a run would land nothing of them. Correct the mapping or the file",
    )
