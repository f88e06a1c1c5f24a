"""`perennial check-config`: what the declared sources would bring, found out by reading them, with nothing kept.

Reads each file once, up to a number of records, and of each platform its first pages; says what came: how many records
are good and bad, from when to when, one of each. Must not touch the warehouse, so that it answers before there is one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from connectors.source import Notice, Reading, ReadMode, ReadRequest
from models.errors import MisconfiguredError, PerennialError
from models.records import Deletions, Page, RejectedRecord
from orchestration.concurrency import at_the_same_time
from orchestration.declared_stores import DeclaredStore, declared_stores
from orchestration.deployment import Deployment, read_configuration
from orchestration.settings import Settings

# Enough to judge a mapping by, and seconds rather than minutes.
_MOST_RECORDS = 500_000
# Of a platform: enough to see that it answers, who it is and what an order looks like.
_TRIAL_ROWS = 100
_MOST_READINGS = 12
# Of an order as each source knows it: who bought, when, for how much, in which currency.
_ORDER_COLUMNS = {
    "files": ("customer_id", "ordered_at", "amount", "currency_code"),
    "shopify": ("customer_id", "processed_at", "total_price_shop_amount", "currency_code"),
    "bigcommerce": ("customer_id", "date_created", "total_inc_tax", "currency_code"),
    "woocommerce": ("customer_id", "date_created_gmt", "total", "currency"),
}


@dataclass
class _Found:
    """What a store's pages held."""

    declared: DeclaredStore
    good: Counter[str] = field(default_factory=Counter)
    bad_count: int = 0
    first_bad: RejectedRecord | None = None
    shop: dict[str, Any] | None = None
    order: tuple[Any, ...] | None = None
    first_ordered_at: datetime | None = None
    last_ordered_at: datetime | None = None
    rows_expected: int | None = None
    notices: dict[str, Notice] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def record_count(self) -> int:
        return self.good.total() + self.bad_count

    @property
    def is_enough(self) -> bool:
        """Whether no more has to be read to say what the store holds."""
        if self.declared.is_resumable:
            return self.order is not None and self.shop is not None
        return self.record_count >= _MOST_RECORDS

    def add(self, page: Page) -> None:
        if page.records.num_rows:
            self.good[page.stream] += page.records.num_rows
        self.bad_count += len(page.rejected)
        if page.rejected and self.first_bad is None:
            self.first_bad = page.rejected[0]
        if page.stream == "shop" and page.records.num_rows:
            self.shop = page.records.slice(0, 1).to_pylist()[0]
        if page.stream == "orders" and page.records.num_rows:
            columns = _ORDER_COLUMNS[self.declared.system]
            times = page.records.column(columns[1])
            first, last = pc.min(times).as_py(), pc.max(times).as_py()
            self.first_ordered_at = min(self.first_ordered_at or first, first)
            self.last_ordered_at = max(self.last_ordered_at or last, last)
            first_order = page.records.slice(0, 1).to_pylist()[0]
            self.order = self.order or tuple(first_order[name] for name in columns)


def check_configuration(settings: Settings) -> Iterator[str]:
    """Read `perennial.yml` and every source that it declares, without touching the warehouse.

    Yields:
        Per store, what it would read.

    Raises:
        MisconfiguredError: Names the key at fault, such as that of a store most of whose rows would be rejected.
        PerennialError: A store cannot be read; the others have been said by then.
    """
    configuration = read_configuration(settings)
    count = len(configuration.merchants)
    yield f"{settings.config_path.name}: {count} {'merchant' if count == 1 else 'merchants'}"
    deployment = Deployment(settings, "")

    def attempt(declared: DeclaredStore) -> _Found | PerennialError:
        try:
            return _read(deployment, declared)
        except PerennialError as error:
            return error

    stores = list(declared_stores(configuration, configuration.merchants))
    refused: list[PerennialError] = []
    labels: list[str] = []
    for declared, found in zip(
        stores, at_the_same_time(attempt, stores, at_once=settings.concurrent_stores), strict=True
    ):
        if isinstance(found, PerennialError):
            refused.append(found)
            labels.append(declared.label)
            continue
        yield from _lines(found)
        if found.bad_count > declared.merchant.max_rejected_rate * found.record_count:
            refused.append(_too_many_bad(found))
            labels.append(declared.label)
    for label, error in zip(labels[1:], refused[1:], strict=True):
        yield f"{label}: {error}"
    if refused:
        raise refused[0]


def _read(deployment: Deployment, declared: DeclaredStore) -> _Found:
    source, found, requested_at = declared.open(deployment), _Found(declared), deployment.clock()
    cursor: dict[str, Any] | None = None
    for _ in range(_MOST_READINGS):
        request = ReadRequest(declared.merchant.merchant_id, declared.store.store_id, cursor, requested_at)
        if declared.is_resumable:
            request = replace(request, page_rows=_TRIAL_ROWS, reading_rows=_TRIAL_ROWS)
        reading = source.read(request)
        _consume(reading, found)
        if found.is_enough or not reading.report.has_more:
            break
        cursor = reading.cursor
    return found


def _consume(reading: Reading, found: _Found) -> None:
    if reading.mode is not ReadMode.UNCHANGED:
        for page in reading.pages:
            if isinstance(page, Deletions):
                continue
            found.add(page)
            if found.is_enough:
                found.is_whole = False
                reading.pages.close()  # type: ignore[attr-defined] # a generator: no connection stays open
                break
    report = reading.report
    found.notices |= {notice.code: notice for notice in report.notices}
    found.rows_expected = report.rows_expected if report.rows_expected is not None else found.rows_expected
    found.is_whole = found.is_whole and not report.has_more


def _lines(found: _Found) -> Iterator[str]:
    good = ", ".join(f"{count:,} good {stream}" for stream, count in sorted(found.good.items())) or "0 good rows"
    rows = "row" if found.bad_count == 1 else "rows"
    shop = f"{found.shop['name']!r}, " if found.shop else ""
    part = "" if found.is_whole else f"of the first {found.record_count:,} rows: "
    expected = f"; about {found.rows_expected:,} records in all" if found.rows_expected and not found.is_whole else ""
    yield f"{found.declared.label}: {shop}{part}{good} and {found.bad_count:,} bad {rows}{expected}"
    if found.order and found.first_ordered_at and found.last_ordered_at:
        zone = ZoneInfo(found.declared.merchant.time_zone)
        customer_id, ordered_at, amount, currency_code = found.order
        span = (
            f"orders from {found.first_ordered_at.astimezone(zone):%Y-%m-%d} "
            f"to {found.last_ordered_at.astimezone(zone):%Y-%m-%d}, {zone.key}; "
        )
        yield (
            f"  {'' if found.declared.is_resumable else span}for example customer {customer_id or 'unknown'}, "
            f"{ordered_at.astimezone(zone):%Y-%m-%d %H:%M}, {amount:,.2f} {currency_code}"
        )
    if found.first_bad:
        bad = found.first_bad
        yield f"  a bad row: {bad.origin}, line {bad.line}, {bad.field}: {bad.reason}"
    for notice in found.notices.values():
        yield f"  note: {notice.message}"


def _too_many_bad(found: _Found) -> MisconfiguredError:
    declared = found.declared
    way_out = "Correct the records at the platform" if declared.is_resumable else "Correct the mapping or the file"
    return MisconfiguredError(
        declared.key,
        f"{found.bad_count:,} of {found.record_count:,} rows are bad, more than max_rejected_rate allows "
        f"({declared.merchant.max_rejected_rate:.1%}): a run would land nothing of them. {way_out}",
    )
