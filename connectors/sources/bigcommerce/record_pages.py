"""Pages of records that have no parts of their own to be asked for: customers, products, categories and the like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import pyarrow as pa

from connectors.sources.bigcommerce.intake import Intake, written
from connectors.sources.bigcommerce.tables import StreamTable
from models.errors import RejectedRecordError
from models.records import Page

T = TypeVar("T")


@dataclass(frozen=True)
class Taken(Generic[T]):
    """A record that was decoded.

    Attributes:
        record: The record.
        raw: Its JSON.
        line: Its position in the answer, from 1.
    """

    record: T
    raw: msgspec.Raw
    line: int


@dataclass(frozen=True)
class RecordPages(Generic[T]):
    """How the answers of one endpoint become pages of one stream.

    Attributes:
        table: The stream's columns.
        kind: What to decode answers as.
        origin: The endpoint.
        given: The columns that no answer holds, one value per record.
    """

    table: StreamTable
    kind: type[T]
    origin: str
    given: Callable[[Sequence[T]], dict[str, list[Any]]] = lambda _: {}

    def take(self, rows: Sequence[msgspec.Raw], intake: Intake) -> list[Taken[T]]:
        """The records that can be decoded; the others are set aside."""
        taken: list[Taken[T]] = []
        for line, raw in enumerate(rows, 1):
            try:
                taken.append(Taken(intake.decoded(self.kind, raw, self._stream), raw, line))
            except RejectedRecordError as error:
                intake.reject(self._stream, self.origin, line, raw, error)
        return taken

    def page(self, taken: Sequence[Taken[T]], intake: Intake) -> Page:
        """A page of records, with what was set aside meanwhile; a record that fits no column is set aside too."""
        try:
            batch = self.batch(taken)
        except RejectedRecordError:
            taken = [one for one in taken if self._fits(one, intake)]
            batch = self.batch(taken)
        texts = [written(one.raw) for one in taken]
        size = sum(len(one) for one in texts)
        return Page(self._stream, batch, intake.take_rejected(), size, pa.array(texts, pa.string()))

    def pages(self, rows: Sequence[msgspec.Raw], intake: Intake) -> list[Page]:
        """The page of some answers; none if there is nothing to say."""
        page = self.page(self.take(rows, intake), intake)
        return [page] if page.records.num_rows or page.rejected else []

    def batch(self, taken: Sequence[Taken[T]]) -> pa.RecordBatch:
        """The records as a batch.

        Raises:
            RejectedRecordError: One of them fits no column.
        """
        records = [one.record for one in taken]
        return self.table.batch(records, **self.given(records))

    def reject(self, one: Taken[T], intake: Intake, error: RejectedRecordError) -> None:
        """Set a decoded record aside."""
        intake.reject(self._stream, self.origin, one.line, one.raw, error)

    @property
    def _stream(self) -> str:
        return self.table.stream.name

    def _fits(self, one: Taken[T], intake: Intake) -> bool:
        try:
            self.batch([one])
        except RejectedRecordError as error:
            self.reject(one, intake, error)
            return False
        return True
