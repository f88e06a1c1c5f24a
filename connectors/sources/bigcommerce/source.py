"""The BigCommerce source: a chain of readings over a store's REST API, each of which can be gone on from."""

import hashlib
import json
from collections.abc import Iterator
from typing import ClassVar

from connectors.source import Cursor, Reading, ReadMode, ReadReport, ReadRequest
from connectors.sources.bigcommerce import catalogue, people, reconciliation
from connectors.sources.bigcommerce.client import BigCommerceClient, MissingPermissionError
from connectors.sources.bigcommerce.corrections import corrections
from connectors.sources.bigcommerce.order_parts import REFUNDS_PATH
from connectors.sources.bigcommerce.orders import orders
from connectors.sources.bigcommerce.products import products
from connectors.sources.bigcommerce.refunds import refunds
from connectors.sources.bigcommerce.settings import BigCommerceSettings
from connectors.sources.bigcommerce.underway import Step, Underway, Unit, copied
from connectors.sources.platform_source import PlatformSource
from models.records import Deletions, Page, Stream
from models.records.bigcommerce import STREAMS

PARSER_VERSION = 1
"""Raise it whenever the same answers come to give other records."""

_STEPS: dict[str, Step] = {
    "shop": catalogue.shop,
    "currencies": catalogue.currencies,
    "categories": catalogue.categories,
    "discounts": catalogue.discounts,
    "customers": people.customers,
    "subscribers": people.subscribers,
    "products": products,
    "orders": orders,
    "refunds": refunds,
    "corrections": corrections,
    "all_customers": reconciliation.all_customers,
    "all_products": reconciliation.all_products,
    "all_orders": reconciliation.all_orders,
}
# What nothing can be read without, as the first sync finds out before it begins.
_NEEDED = (("v2/orders", "orders"), ("v3/customers", "customers"), (REFUNDS_PATH, "refunds"))
_COMPARING_IDS = {"all_customers", "all_products", "all_orders"}
# What a store can be read without, and what is then missing.
_OPTIONAL = {
    "categories": "products and categories",
    "products": "products and categories",
    "all_products": "products and categories",
    "discounts": "coupons and promotions",
}


class BigCommerceSource(PlatformSource[BigCommerceSettings]):
    """Reads a BigCommerce store; arguments as of `PlatformSource`."""

    system: ClassVar[str] = "bigcommerce"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS

    def read(self, request: ReadRequest) -> Reading:
        """Open a reading; nothing is asked of the store before its pages are consumed.

        Raises:
            MisconfiguredError: The token or the store's hash is wrong, or a permission is missing; while pages are
                consumed, as the following.
            RetryLaterError: The store does not answer.
            StopError: What it answers must not be read.
        """
        cursor = copied(request.cursor)
        report = ReadReport()
        return Reading(
            ReadMode.DELTA,
            self._fingerprint(request),
            self._pages(request, cursor, report),
            cursor,
            notes={"api_path": self._settings.api_path},
            report=report,
        )

    def _pages(self, request: ReadRequest, cursor: Cursor, report: ReadReport) -> Iterator[Page | Deletions]:
        with BigCommerceClient(self._settings, self._runtime, report, self._key) as client:
            u = Underway(
                client,
                self._settings,
                request,
                report,
                cursor,
                time_zone=self._time_zone,
                currency_codes=self._currency_codes,
            )
            try:
                self._begin(u)
                for unit in self._units(u):
                    u.emit(unit)
                    for page in unit:
                        yield from _bounded(page, request.page_rows)
            except MissingPermissionError as missing:
                raise client.misconfigured(missing) from missing

    def _begin(self, u: Underway) -> None:
        """Begin a chain of readings, if this is no later link of one."""
        if "chain" in u.cursor:
            return
        # The first answer tells the platform's own time.
        catalogue.ask_for_store(u)
        u.begin_chain(u.client.answered_at or self._runtime.clock())
        if u.request.cursor is None:
            # A permission that is missing should be told now, and not after hours of reading.
            for path, stream in _NEEDED:
                u.client.rows(path, [("limit", "1")], stream=stream)

    def _units(self, u: Underway) -> Iterator[Unit]:
        """What the steps of the chain yield, from where it stands until the reading is full."""
        chain = u.chain
        names = [name for name in _STEPS if chain["reconciles"] or name not in _COMPARING_IDS]
        at = chain.get("step")
        for name in names[names.index(at) if at in names else 0 :]:
            if name != at:
                chain |= {"step": name, "position": {}}
            if u.is_full:
                u.report.has_more = True
                return
            if chain["position"].get("done"):
                continue
            try:
                for unit in _STEPS[name](u, chain["position"]):
                    yield unit
                    if u.is_full:
                        u.report.has_more = True
                        return
            except MissingPermissionError as missing:
                if name not in _OPTIONAL:
                    raise
                self._tell(u, name, missing)
        u.end_chain()

    def _tell(self, u: Underway, name: str, missing: MissingPermissionError) -> None:
        what = _OPTIONAL[name]
        u.notice(
            f"missing_permission_{what.partition(' ')[0]}",
            f"the token lacks the permission {missing.permission!r}, so that {what} are not read; to have them, create "
            "an API account that has it as well and put its token in place of this one. Everything else is read",
        )

    def _fingerprint(self, request: ReadRequest) -> str:
        settings = self._settings.model_dump(mode="json")
        corrections = sorted([c.stream, c.raw_text, c.corrected_text] for c in request.corrections)
        content = [PARSER_VERSION, settings, request.cursor, request.requested_at.isoformat(), corrections]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _bounded(page: Page | Deletions, most_rows: int) -> Iterator[Page | Deletions]:
    """A page in pieces that are not too large; nothing for one that says nothing."""
    if isinstance(page, Deletions) or page.records.num_rows <= most_rows:
        if isinstance(page, Deletions) or page.records.num_rows or page.rejected:
            yield page
        return
    for start in range(0, page.records.num_rows, most_rows):
        yield Page(
            page.stream,
            page.records.slice(start, most_rows),
            () if start else page.rejected,
            0 if start else page.bytes_read,
            None if page.payloads is None else page.payloads.slice(start, most_rows),
        )
