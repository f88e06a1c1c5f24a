"""The Shopify source: history by bulk queries, changes page by page, and once a day a look at everything again.

A read goes through the steps of a chain for as long as there is room in it, and remembers where it stopped.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from connectors.source import Reading, ReadMode, ReadReport, ReadRequest, SourceRuntime
from connectors.sources.merchant_currencies import currency_notice
from connectors.sources.platform_source import PlatformSource
from connectors.sources.shopify.auth import Tokens
from connectors.sources.shopify.batches import Assembly
from connectors.sources.shopify.bulk import BulkFailedError, BulkQueries
from connectors.sources.shopify.bulk_reading import read_bulk
from connectors.sources.shopify.catalogue import Collections, Products
from connectors.sources.shopify.checkouts import Checkouts
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.customers import Customers
from connectors.sources.shopify.discounts import Discounts
from connectors.sources.shopify.entity import Entity
from connectors.sources.shopify.merges import merged_customers
from connectors.sources.shopify.orders import Orders
from connectors.sources.shopify.permissions import ScopeMissingError, add_notice
from connectors.sources.shopify.probe import Probed, hidden_fields, probe
from connectors.sources.shopify.progress import Progress, written
from connectors.sources.shopify.reading import ShopifyReading
from connectors.sources.shopify.reconciliation import compare_ids, orders_without_customer
from connectors.sources.shopify.refund_lookback import look_back
from connectors.sources.shopify.settings import ShopifySettings
from connectors.sources.shopify.walking import walk
from models.errors import MisconfiguredError
from models.records import Deletions, Page, Stream
from models.records.shopify import CUSTOMERS, ORDERS, STREAMS
from models.records.shopify_catalogue import SHOP

_SHOP_STEP = "shop"
_REFUNDS_STEP = "look_back_at_refunds"
_OWNERS_STEP = "orders_without_customer"
_AGAIN = "all "
_COMPARE = "compare "
_ALL_ORDERS = "read_all_orders"


class ShopifySource(PlatformSource[ShopifySettings]):
    """Reads one shop; arguments as of `PlatformSource`."""

    system: ClassVar[str] = "shopify"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS

    def __init__(
        self,
        settings: ShopifySettings,
        *,
        runtime: SourceRuntime,
        time_zone: str,
        key: str,
        currency_codes: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(settings, runtime=runtime, time_zone=time_zone, key=key, currency_codes=currency_codes)
        self._tokens = Tokens(settings, runtime, key)
        self._customers = Customers()
        self._orders = Orders()
        entities: tuple[Entity[Any], ...] = (
            self._customers,
            Products(),
            Collections(),
            Discounts(),
            self._orders,
            Checkouts(),
        )
        self._entities = {entity.name: entity for entity in entities}

    def read(self, request: ReadRequest) -> Reading:
        """Ask the shop who it is and what may be seen, and return the pages of the next steps.

        Raises:
            MisconfiguredError: The credentials are refused, or a permission is missing that orders need.
            RetryLaterError: Shopify cannot be reached; also while pages are consumed.
            StopError: What came is not whole; only while pages are consumed.
        """
        report = ReadReport()
        progress = Progress.of(request.cursor)
        client = ShopifyClient(self._settings, self._tokens, self._runtime, report, self._key)
        try:
            probed = probe(client, report, clock_now=self._runtime.clock(), time_zone=self._time_zone, key=self._key)
            self._tell_missing(probed, report)
            if (notice := currency_notice(probed.shop.currency_code, self._currency_codes)) is not None:
                add_notice(report, notice.code, notice.message)
            if progress.until is None:
                progress.asked_at = request.requested_at
                self._begin_chain(progress, probed, hidden_fields(client, report))
        finally:
            # It opens again with the first page; pages that nobody asks for must leave nothing open.
            client.close()
        reading = ShopifyReading(
            client=client,
            settings=self._settings,
            runtime=self._runtime,
            request=request,
            report=report,
            progress=progress,
            until=progress.until or probed.now,
            key=self._key,
            has_all_orders=probed.may(_ALL_ORDERS),
            left=request.reading_rows,
        )
        cursor = progress.cursor()
        notes = {"shop": probed.shop.myshopify_domain, "until": written(reading.until)}
        return Reading(
            ReadMode.DELTA, self._digest(request), self._pages(reading, probed, cursor), cursor, None, notes, report
        )

    def _begin_chain(self, progress: Progress, probed: Probed, hidden: set[str]) -> None:
        if not probed.may(_ALL_ORDERS):
            hidden = hidden | {_ALL_ORDERS}
        if set(progress.hidden) - hidden:
            # What was read without it holds gaps that no change of the records will ever show.
            for name in (ORDERS.name, CUSTOMERS.name):
                progress.newest.pop(name, None)
        progress.hidden = sorted(hidden)
        is_first = not progress.newest
        progress.until = probed.now - self._settings.lag
        due_after = timedelta(hours=self._settings.reconcile_after_hours)
        is_due = progress.compared_at is None or progress.until - progress.compared_at >= due_after
        allowed = [entity for entity in self._entities.values() if probed.may(entity.scope)]
        is_compared = is_due and not is_first
        progress.steps = [_SHOP_STEP]
        progress.steps += [
            _AGAIN + entity.name if entity.is_reread_daily and is_compared else entity.name for entity in allowed
        ]
        if is_compared:
            progress.steps.append(_REFUNDS_STEP)
            progress.steps += [_COMPARE + entity.name for entity in allowed if entity.ids_document]
            if self._customers in allowed:
                progress.steps.append(_OWNERS_STEP)
        if is_due:
            progress.compared_at = progress.until
        progress.place = {}

    def _tell_missing(self, probed: Probed, report: ReadReport) -> None:
        for entity in self._entities.values():
            if not probed.may(entity.scope):
                self._tell_denied(report, entity, entity.scope)

    def _tell_denied(self, report: ReadReport, entity: Entity[Any], needed: str) -> None:
        add_notice(
            report,
            f"missing_{entity.name}",
            f"This app may not see the shop's {entity.name} and they are not read. It needs: {needed}. Add it to the "
            "app's scopes in the Dev Dashboard, release that version, and approve it in the shop's admin",
        )

    def _pages(self, reading: ShopifyReading, probed: Probed, cursor: dict[str, Any]) -> Iterator[Page | Deletions]:
        progress = reading.progress
        jobs = BulkQueries(
            reading.client,
            self._runtime,
            mark=_digest([sorted(probed.scopes), progress.hidden])[:8],
            wait_minutes=self._settings.bulk_wait_minutes,
        )
        try:
            while progress.steps and not reading.is_over:
                yield from self._noting_customers(reading, self._step(reading, probed, jobs))
                if reading.left <= 0:
                    reading.is_over = True
            yield from merged_customers(reading, self._customers)
        finally:
            reading.client.close()
        # A chain that an earlier run left unfinished brings what there was then; what came since is the next chain's.
        is_of_this_run = progress.asked_at == reading.request.requested_at
        reading.report.has_more = bool(progress.steps) or not is_of_this_run
        if not progress.steps:
            progress.until = progress.asked_at = None
        cursor.clear()
        cursor.update(progress.cursor())

    def _step(self, reading: ShopifyReading, probed: Probed, jobs: BulkQueries) -> Iterator[Page | Deletions]:
        step = reading.progress.steps[0]
        if step == _SHOP_STEP:
            self._start_history(reading, jobs)
            yield from _shop_pages(reading, probed)
        elif step == _REFUNDS_STEP:
            yield from look_back(reading, self._orders)
        elif step == _OWNERS_STEP:
            yield from orders_without_customer(reading, self._orders)
        elif step.startswith(_COMPARE):
            yield from compare_ids(reading, self._entities[step.removeprefix(_COMPARE)], jobs)
        else:
            name = step.removeprefix(_AGAIN)
            yield from self._list(reading, self._entities[name], jobs, is_full=step != name)

    def _list(
        self, reading: ShopifyReading, entity: Entity[Any], jobs: BulkQueries, *, is_full: bool
    ) -> Iterator[Page | Deletions]:
        progress = reading.progress
        try:
            if _is_history(entity, progress):
                try:
                    yield from read_bulk(reading, entity, jobs)
                except BulkFailedError as error:
                    add_notice(
                        reading.report,
                        f"bulk_failed_{entity.name}",
                        f"{error}; the {entity.name} are read page by page, which takes longer and loses nothing",
                    )
                else:
                    return
            yield from walk(reading, entity, is_full=is_full)
        except ScopeMissingError as error:
            if entity.name == ORDERS.name:
                raise MisconfiguredError(self._key, f"Shopify denies this app the orders; it needs: {error}") from error
            self._tell_denied(reading.report, entity, str(error))
            progress.finish_step()

    def _start_history(self, reading: ShopifyReading, jobs: BulkQueries) -> None:
        """Have Shopify work on all files at once."""
        for entity in self._entities.values():
            if entity.name in reading.progress.steps and _is_history(entity, reading.progress):
                jobs.start(entity.bulk_document, stream=entity.name)

    def _noting_customers(
        self, reading: ShopifyReading, pages: Iterator[Page | Deletions]
    ) -> Iterator[Page | Deletions]:
        for page in pages:
            if isinstance(page, Page) and page.stream == ORDERS.name:
                columns = page.records.column("order_id"), page.records.column("customer_id")
                reading.order_customers.append(columns)
            yield page

    def _digest(self, request: ReadRequest) -> str:
        settings = self._settings.model_dump(mode="json")
        return _digest([settings, request.cursor, request.requested_at.isoformat()])


def _digest(content: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_history(entity: Entity[Any], progress: Progress) -> bool:
    """Whether a list was never read, and comes as a bulk file."""
    return bool(entity.bulk_document) and entity.name not in progress.newest and not progress.place


def _shop_pages(reading: ShopifyReading, probed: Probed) -> Iterator[Page]:
    assembly = Assembly(SHOP, ())
    assembly.add(probed.shop_row(), probed.shop_text)
    yield from assembly.pages()
    reading.progress.finish_step()
