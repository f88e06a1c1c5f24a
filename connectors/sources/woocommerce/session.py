"""One reading under way: what it may use, how far the chain of readings has come, and what it has given."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TypeVar

import msgspec
import pyarrow as pa

from connectors.messages import Params
from connectors.source import Notice, ReadReport, ReadRequest
from connectors.sources.woocommerce.client import WooCommerceClient
from connectors.sources.woocommerce.columns import moment_or_none
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.orders import WholeOrder
from connectors.sources.woocommerce.output import Output
from connectors.sources.woocommerce.settings import WooCommerceSettings
from connectors.sources.woocommerce.walks import ListPage, ListWalk, Position
from connectors.sources.woocommerce.zones import moment, moment_at_or_before
from models.errors import RejectedRecordError
from models.records import RejectedRecord, Stream

S = TypeVar("S", bound=msgspec.Struct)

# A page of a list costs time even when it gives no record; a reading ends in time all the same.
_ROWS_A_PAGE_COSTS = 10
# Roughly, while they are not counted.
_ROWS_OF_AN_ORDER = 4
SECOND = timedelta(seconds=1)
_CLOCKS_DIFFER = timedelta(minutes=10)
_USUAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")


class _Identified(msgspec.Struct):
    id: int


_IDENTIFIED = Decoder(_Identified)


class Chain(msgspec.Struct):
    """How far a chain of readings has come; what the cursor holds.

    Attributes:
        parser_version: Of what the records were read by.
        step: The step under way; empty when the chain has come to its end.
        requested_at: The time of the run that began it.
        until: The shop's own time that it reads up to.
        statuses: The lists that orders are walked by, each by the statuses in it.
        product_statuses: The lists that products are walked by.
        list_number: Which of a step's lists is walked.
        last_id: The last record of that list that was read.
        offset: The place in it where the next page begins.
        is_due: Whether the step's ids are compared in this chain; None until that was decided.
        surplus: Per stream, how many more records the shop lists than the warehouse can have, as last compared.
        after: Per stream, the moment that the chain reads from; absent for everything.
        newest: Per stream, the newest modification that was read.
        reconciled_at: When ids were last compared, by the shop's time.
        corrected_at: When the newest correction was made that was followed.
    """

    parser_version: int = 0
    step: str = ""
    requested_at: datetime | None = None
    until: datetime | None = None
    statuses: list[str] = []
    product_statuses: list[str] = []
    list_number: int = 0
    last_id: int = 0
    offset: int = 0
    is_due: bool | None = None
    surplus: dict[str, int] = {}
    after: dict[str, datetime] = {}
    newest: dict[str, datetime] = {}
    reconciled_at: datetime | None = None
    corrected_at: datetime | None = None


class Session:
    """What the steps of a reading share.

    Args:
        client: The shop, opened.
        settings: The store's settings.
        request: What was asked for.
        report: What is found out.
        chain: How far the chain has come; moves along.
        output: What is given.
        currency_codes: The merchant's currency and those that it declares rates for; empty where that is not known.

    Attributes:
        rounded_count: Amounts that had more than four decimal places.
        set_aside: Per stream, the ids of records that could not be understood.
        gathered_orders: Orders that wait to become batches.
    """

    def __init__(
        self,
        client: WooCommerceClient,
        settings: WooCommerceSettings,
        request: ReadRequest,
        report: ReadReport,
        chain: Chain,
        output: Output,
        currency_codes: frozenset[str] = frozenset(),
    ) -> None:
        self.client = client
        self.settings = settings
        self.request = request
        self.report = report
        self.chain = chain
        self.output = output
        self.currency_codes = currency_codes
        self.rounded_count = 0
        self.set_aside: dict[str, set[int]] = defaultdict(set)
        self.gathered_orders: list[WholeOrder] = []
        self._page_count = 0
        self._corrections = {
            (correction.stream, correction.raw_text.encode()): correction.corrected_text.encode()
            for correction in sorted(request.corrections, key=lambda correction: correction.corrected_at)
        }

    @property
    def until(self) -> datetime:
        """The moment that the chain reads up to, by the shop's clock."""
        return self.chain.until or datetime.min.replace(tzinfo=UTC)

    @cached_property
    def has_refund_list(self) -> bool:
        """Whether the shop can list all of its refunds; WooCommerce does since 9.0."""
        return self.client.has_route("refunds", stream="refunds")

    @cached_property
    def has_variation_list(self) -> bool:
        """Whether the shop can list the variations of all products; WooCommerce does since 10.3."""
        return self.client.has_route("variations", stream="product_variants")

    @property
    def is_reconciling(self) -> bool:
        """Whether this chain is to compare everything, be it without a reason."""
        reconciled_at = self.chain.reconciled_at
        interval = timedelta(hours=self.settings.reconcile_after_hours)
        return reconciled_at is None or self.until - reconciled_at >= interval

    @property
    def is_full(self) -> bool:
        """Whether the reading has grown as large as it should."""
        gathered = len(self.gathered_orders) * _ROWS_OF_AN_ORDER
        return self.output.row_count + gathered + self._page_count * _ROWS_A_PAGE_COSTS >= self.request.reading_rows

    def notice(self, code: str, message: str) -> None:
        """Tell the store's owner, once."""
        if all(notice.code != code for notice in self.report.notices):
            self.report.notices.append(Notice(code, message))

    def window(self, stream: str) -> list[tuple[str, str]]:
        """The filter for what was modified within the chain's bounds."""
        params = [("dates_are_gmt", "true"), ("modified_before", moment(self.until + SECOND))]
        after = self.chain.after.get(stream)
        if after is not None:
            params.append(("modified_after", moment_at_or_before(after, self.client.site.zone)))
        return params

    def is_ahead(self, modified_at: datetime | None) -> bool:
        """Whether a record claims to be modified in the future, where no later chain would come to it for long."""
        return modified_at is not None and modified_at > self.client.now + _CLOCKS_DIFFER

    def is_within(self, modified_at: datetime | None) -> bool:
        """Whether a record's last change is one for this chain; what is changed later is left for the next."""
        return modified_at is None or modified_at <= self.until

    def are_within(self, times: Sequence[str | None]) -> list[bool]:
        """`is_within` of times as the shop writes them; what is no time is for this chain, which tells that it is none.

        Times in the usual spelling come in the order of their texts, so that only those that seem late are read.
        """
        until = moment(self.until)
        return [
            bool(written and written <= until and _USUAL.fullmatch(written)) or self.is_within(moment_or_none(written))
            for written in times
        ]

    def note_written(self, stream: str, times: Sequence[str | None]) -> None:
        """`note_modified` of the newest of times as the shop writes them."""
        known = [written for written in times if written]
        newest = moment_or_none(max(known)) if known and all(map(_USUAL.fullmatch, known)) else None
        if newest is None:
            newest = max((time for time in map(moment_or_none, known) if time is not None), default=None)
        self.note_modified(stream, newest)

    def note_modified(self, stream: str, modified_at: datetime | None) -> None:
        """Remember the newest modification that was read."""
        if modified_at is not None:
            newest = self.chain.newest.get(stream, modified_at)
            self.chain.newest[stream] = min(max(newest, modified_at), self.until)

    def pages(self, lists: Sequence[tuple[str, Params]], *, stream: str) -> Iterator[ListPage]:
        """The pages of a step's lists, from the chain's position on.

        The position is behind a page as soon as it is yielded: a page is taken in whole, or the reading fails.

        Args:
            lists: Each list's path and what it is limited to.
            stream: What they are read for.
        """
        chain = self.chain
        while chain.list_number < len(lists):
            path, params = lists[chain.list_number]
            position = Position(chain.last_id, chain.offset)
            for page in ListWalk(self.client, path, params, stream=stream, position=position).pages():
                self._page_count += 1
                chain.last_id, chain.offset = position.last_id, position.offset
                if page.is_last:
                    chain.list_number += 1
                    chain.last_id = chain.offset = 0
                yield page

    def count_page(self) -> None:
        """A page was read outside a walk."""
        self._page_count += 1

    def known_table(self, stream: Stream, columns: Sequence[str]) -> pa.Table | None:
        """The live records of a stream as the warehouse had them when the reading began; None without a warehouse."""
        return None if self.request.known is None else self.request.known(stream.name, columns)

    def is_given(self, stream: str, record_id: int) -> bool:
        """Whether this reading has given the record already."""
        return record_id in self.output.given[stream]

    def decoded(self, stream: Stream, decoder: Decoder[S], texts: Sequence[bytes], path: str) -> list[tuple[S, bytes]]:
        """The records that can be read, with their texts; the others are set aside."""
        if not self._corrections and (whole := decoder.decode_all(texts)) is not None:
            return whole
        decoded = []
        for number, text in enumerate(texts, start=1):
            current = self._corrections.get((stream.name, text), text) if self._corrections else text
            try:
                decoded.append((decoder.decode(current), text))
            except RejectedRecordError as error:
                self.reject(stream, path, number, error, text)
        return decoded

    def reject(self, stream: Stream, path: str, line: int, error: RejectedRecordError, text: bytes) -> None:
        """Set a record aside."""
        record_id = self.id_in(text)
        self.output.reject(
            RejectedRecord(
                stream=stream.name,
                origin=f"GET /{path}",
                line=line,
                field=error.field,
                reason=error.reason,
                raw_text=text.decode("utf-8", errors="replace"),
                key=None if record_id is None else str(record_id),
            )
        )
        if record_id is not None:
            self.output.given[stream.name].add(record_id)
            self.set_aside[stream.name].add(record_id)

    @staticmethod
    def id_in(text: bytes) -> int | None:
        """The id of a record that may not be understood otherwise."""
        try:
            return _IDENTIFIED.decode(text).id
        except RejectedRecordError:
            return None
