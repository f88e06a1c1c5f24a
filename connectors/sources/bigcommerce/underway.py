"""A reading under way: its window, its place in the chain of readings, and what it has emitted so far."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from connectors.source import Cursor, Notice, ReadReport, ReadRequest
from connectors.sources.bigcommerce.client import BigCommerceClient
from connectors.sources.bigcommerce.intake import Intake
from connectors.sources.bigcommerce.settings import BigCommerceSettings
from connectors.sources.bigcommerce.walks import Window
from models.errors import StopError
from models.records import Deletions, Page
from models.records.bigcommerce import STREAMS

Position = dict[str, Any]
"""How far a step got, as JSON; brought up to date before each unit. `done` says that there is no more to come."""

Unit = Sequence[Page | Deletions]
"""Pages that go together: a reading never ends between them."""

Step = Callable[["Underway", Position], Iterator[Unit]]

_PARENTS = {stream.name: stream for stream in STREAMS if stream.parent is None}
# Fewer than this many deletions never look like a fault.
_FEW = 100


class Underway:
    """What the steps of a reading share.

    Args:
        client: The store.
        settings: How the store is read.
        request: What is asked for.
        report: What the reading finds out besides records.
        cursor: The state that it goes on from; brought up to date in place.
        time_zone: The merchant's zone.
        currency_codes: The merchant's currency and those that it declares rates for; empty where that is not known.

    Attributes:
        intake: Decodes records and sets aside what cannot be read.
        row_count: How many records were emitted.
        store: The store's own record, if it was asked for already.
    """

    def __init__(
        self,
        client: BigCommerceClient,
        settings: BigCommerceSettings,
        request: ReadRequest,
        report: ReadReport,
        cursor: Cursor,
        *,
        time_zone: str,
        currency_codes: frozenset[str] = frozenset(),
    ) -> None:
        self.client = client
        self.settings = settings
        self.request = request
        self.report = report
        self.cursor = cursor
        self.time_zone = time_zone
        self.currency_codes = currency_codes
        self.intake = Intake(request.corrections)
        self.row_count = 0
        self.store: msgspec.Raw | None = None
        self._emitted: dict[str, set[str]] = {name: set() for name in _PARENTS}

    @property
    def chain(self) -> dict[str, Any]:
        """The state of the chain of readings that this one belongs to."""
        chain: dict[str, Any] = self.cursor["chain"]
        return chain

    @property
    def until(self) -> datetime:
        """Where the chain's windows end."""
        return datetime.fromisoformat(self.chain["until"])

    def begin_chain(self, answered_at: datetime) -> None:
        """Fix the window's end, and decide whether this chain compares ids.

        Args:
            answered_at: The platform's own time.
        """
        # Modification times are whole seconds: the last one that is over.
        until = (answered_at - self.settings.lag).replace(microsecond=0)
        last = self.cursor.get("reconciled_at")
        is_due = last is None or until - datetime.fromisoformat(last) >= timedelta(
            hours=self.settings.reconcile_after_hours
        )
        self.cursor["chain"] = {
            "until": until.isoformat(),
            "requested_at": self.request.requested_at.isoformat(),
            "reconciles": is_due,
            "gone": {},
        }

    def end_chain(self) -> None:
        """Close the books of the chain; one that an earlier run began is followed by one of this run's own."""
        chain = self.cursor.pop("chain")
        self.report.has_more = chain["requested_at"] != self.request.requested_at.isoformat()
        if chain["reconciles"]:
            self.cursor["reconciled_at"] = chain["until"]

    def window(self, stream: str) -> Window:
        """The modifications of a stream that this chain covers."""
        since = self.cursor.get("since", {}).get(stream)
        return Window(None if since is None else datetime.fromisoformat(since), self.until)

    def saw(self, position: Position, modified: Iterable[datetime | None]) -> None:
        """Keep the newest modification that a step has seen."""
        times = [at.isoformat() for at in modified if at is not None]
        position["seen"] = max([*times, *([position["seen"]] if position.get("seen") else [])], default=None)

    def end_window(self, stream: str, position: Position) -> None:
        """Let the next chain begin at the newest modification that was seen, less the overlap."""
        if position.get("seen") is None:
            return
        # At least a second, for an end of a window may or may not belong to it.
        overlap = max(self.settings.overlap, timedelta(seconds=1))
        newest = min(datetime.fromisoformat(position["seen"]), self.until)
        self.cursor.setdefault("since", {})[stream] = (newest - overlap).isoformat()

    def known(self, stream: str, *columns: str) -> pa.Table | None:
        """What the warehouse has of a stream; None where there is no warehouse."""
        return None if self.request.known is None else self.request.known(stream, columns)

    def emit(self, unit: Unit) -> None:
        """Take note of what is handed over."""
        for page in unit:
            if isinstance(page, Deletions):
                self._emitted[page.stream].update(map(str, page.keys.column(page.keys.num_columns - 1).to_pylist()))
                continue
            self.row_count += page.records.num_rows
            stream = _PARENTS.get(page.stream)
            if stream is not None and page.records.num_rows:
                self._emitted[page.stream].update(map(str, page.records.column(stream.key[-1]).to_pylist()))

    def has_emitted(self, stream: str, record_id: object) -> bool:
        """Whether this reading holds the record already: no key comes twice, and it is as fresh as can be."""
        return str(record_id) in self._emitted[stream]

    @property
    def is_full(self) -> bool:
        """Whether the reading has grown to its size."""
        return self.row_count >= self.request.reading_rows

    def gone(self, stream: str, keys: Sequence[tuple[str, ...]], known_count: int) -> list[Deletions]:
        """What the platform confirmed to be gone.

        Args:
            stream: The stream.
            keys: The keys of what is gone.
            known_count: How many records of the stream the warehouse has.

        Raises:
            StopError: It is so much of the stream that it looks like a fault.
        """
        if not keys:
            return []
        counts = self.chain["gone"]
        counts[stream] = counts.get(stream, 0) + len(keys)
        if counts[stream] > max(_FEW, known_count * self.settings.max_shrink_rate):
            raise StopError(
                f"BigCommerce says that {counts[stream]:,} of {known_count:,} {stream} are gone, more than "
                f"max_shrink_rate allows ({self.settings.max_shrink_rate:.0%}); nothing of this read was landed. If "
                "they were deleted on purpose, raise max_shrink_rate for one run"
            )
        fields = [_PARENTS[stream].schema.field(name) for name in _PARENTS[stream].key]
        columns = [pa.array(values, field.type) for field, values in zip(fields, zip(*keys, strict=True), strict=True)]
        return [Deletions(stream, pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields)))]

    def notice(self, code: str, message: str) -> None:
        """Tell the store's owner something, once."""
        if any(notice.code == code for notice in self.report.notices):
            return
        self.report.notices.append(Notice(code, message))


def copied(cursor: Cursor | None) -> Cursor:
    """A cursor to work on; the one that was handed in stays as it is."""
    return copy.deepcopy(cursor) if cursor else {}
