"""The WooCommerce source: a shop's records through its REST API, and what its API does not say of its own accord.

WooCommerce announces little: deleting a refund or an order marks nothing as modified, customers have no filter by
modification, and lists shift while they are read. So orders and products are walked by modification in the order of
ids, refunds, customers, coupons and categories are compared whole at every sync, and ids are compared both ways once a
day.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import ceil
from typing import Any, ClassVar

import msgspec

from connectors.source import Cursor, Reading, ReadMode, ReadReport, ReadRequest
from connectors.sources.platform_source import PlatformSource
from connectors.sources.woocommerce.client import NotPermittedError, WooCommerceClient
from connectors.sources.woocommerce.full_lists import read_categories, read_coupons, read_customers
from connectors.sources.woocommerce.order_steps import build_gathered_orders, read_orders
from connectors.sources.woocommerce.output import Output
from connectors.sources.woocommerce.product_steps import read_products
from connectors.sources.woocommerce.reconciliation import compare_orders, compare_products
from connectors.sources.woocommerce.refund_steps import check_refunds
from connectors.sources.woocommerce.session import SECOND, Chain, Session
from connectors.sources.woocommerce.settings import WooCommerceSettings
from connectors.sources.woocommerce.shop_steps import check_clock, find_product_statuses, find_statuses, read_shop
from connectors.sources.woocommerce.variation_steps import compare_variations, read_variations
from models.errors import MisconfiguredError
from models.records import Deletions, Page, Stream
from models.records.woocommerce import STREAMS

PARSER_VERSION = 1
"""Raise it whenever the same answers come to give other records, so that everything is read again."""

STEPS: dict[str, Callable[[Session], Iterator[None]]] = {
    "shop": read_shop,
    "orders": read_orders,
    "refunds": check_refunds,
    "customers": read_customers,
    "products": read_products,
    "variations": read_variations,
    "categories": read_categories,
    "coupons": read_coupons,
    "compare_orders": compare_orders,
    "compare_products": compare_products,
    "compare_variations": compare_variations,
}
# Without these a shop is no shop.
_NEEDED = frozenset({"orders", "refunds", "compare_orders"})


class WooCommerceSource(PlatformSource[WooCommerceSettings]):
    """Reads one WooCommerce shop; arguments as of `PlatformSource`."""

    system: ClassVar[str] = "woocommerce"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS

    def read(self, request: ReadRequest) -> Reading:
        """Find the shop, and return the next of its records.

        Raises:
            MisconfiguredError: There is no shop at the address, or it refuses the key; also while pages are consumed.
            RetryLaterError: It does not answer; also while pages are consumed.
            StopError: It answers what must not be taken for its records; also while pages are consumed.
        """
        report = ReadReport()
        cursor: Cursor = dict(request.cursor or {})
        notes: dict[str, Any] = {}
        fingerprint = self._fingerprint(request)
        pages = self._pages(request, report, cursor, notes)
        return Reading(ReadMode.DELTA, fingerprint, pages, cursor, notes=notes, report=report)

    def _fingerprint(self, request: ReadRequest) -> str:
        settings = self._settings.model_dump(mode="json", exclude={"consumer_key", "consumer_secret"})
        corrections = sorted([c.stream, c.raw_text, c.corrected_text] for c in request.corrections)
        content = [PARSER_VERSION, settings, request.cursor, request.requested_at.isoformat(), corrections]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

    def _pages(
        self, request: ReadRequest, report: ReadReport, cursor: Cursor, notes: dict[str, Any]
    ) -> Iterator[Page | Deletions]:
        chain = _chain(request.cursor)
        output = Output(self.streams, request.page_rows)
        with WooCommerceClient(self._settings, runtime=self._runtime, report=report, key=self._key) as client:
            client.open()
            session = Session(client, self._settings, request, report, chain, output, self._currency_codes)
            if not chain.step:
                self._begin(session)
            while chain.step and not session.is_full:
                yield from self._step(session)
            yield from _flushed(session)
        report.has_more = bool(chain.step)
        notes["rounded_amount_count"] = session.rounded_count
        notes["clock_offset_seconds"] = round(client.clock_offset.total_seconds())
        cursor.clear()
        cursor.update(msgspec.to_builtins(chain))

    def _begin(self, session: Session) -> None:
        """Set the bounds of a new chain of readings."""
        chain = session.chain
        now = session.client.now.replace(microsecond=0)
        chain.until = now - timedelta(seconds=ceil(self._settings.lag_seconds))
        chain.requested_at = session.request.requested_at
        chain.after = {
            stream: min(newest, chain.until) - self._settings.overlap - SECOND
            for stream, newest in chain.newest.items()
        }
        chain.statuses = find_statuses(session)
        chain.product_statuses = find_product_statuses(session)
        check_clock(session, self._time_zone)
        _go_to(chain, next(iter(STEPS)))

    def _step(self, session: Session) -> Iterator[Page | Deletions]:
        """Go on with the step under way, until it ends or the reading is full."""
        name = session.chain.step
        try:
            for _ in STEPS[name](session):
                if session.output.is_due:
                    yield from _flushed(session)
                if session.is_full:
                    return
        except NotPermittedError as error:
            self._not_permitted(session, name, str(error))
        self._next_step(session)

    def _next_step(self, session: Session) -> None:
        chain = session.chain
        names = list(STEPS)
        following = names.index(chain.step) + 1
        if following < len(names):
            _go_to(chain, names[following])
            return
        if session.is_reconciling and session.request.known is not None:
            chain.reconciled_at = chain.until
        is_older = chain.requested_at is None or chain.requested_at < session.request.requested_at
        _go_to(chain, "")
        if is_older:
            # An earlier run began this chain and was killed: what was changed since then is for a chain of this run.
            self._begin(session)

    def _not_permitted(self, session: Session, step: str, message: str) -> None:
        if step in _NEEDED:
            raise MisconfiguredError(
                f"{self._key}.consumer_key",
                f"the account that the key belongs to may not see orders any more ({message}). Make a key for an "
                "administrator or a shop manager under WooCommerce > Settings > Advanced > REST API",
            )
        what = step.removeprefix("compare_").replace("_", " ")
        session.notice(
            f"{what}_not_permitted",
            f"the account that the key belongs to may not see the shop's {what} ({message}); they are not read. Make "
            "the key for an administrator or a shop manager",
        )


def _flushed(session: Session) -> Iterator[Page | Deletions]:
    build_gathered_orders(session)
    return session.output.flush()


def _chain(cursor: Cursor | None) -> Chain:
    """The chain that a cursor holds; a new one without, or after the records came to be read in another way."""
    if not cursor or cursor.get("parser_version") != PARSER_VERSION:
        return Chain(parser_version=PARSER_VERSION)
    return msgspec.convert(cursor, Chain)


def _go_to(chain: Chain, step: str) -> None:
    chain.step = step
    chain.list_number = chain.last_id = chain.offset = 0
    chain.is_due = None
