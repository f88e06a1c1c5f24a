"""Parsed rows become records: ids for those that have none, refunds apart from orders, repeats told from conflicts.

Holds what must be remembered over one read: 12 to 16 bytes per row, and each customer's id if people are to be
generated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from connectors.sources.files.columns import OrderColumns
from connectors.sources.files.identifiers import IdentifierWatch, OccurrenceCounter
from connectors.sources.files.parsing import Problem
from connectors.sources.files.settings import FilesSettings
from models.records import Stream
from models.records.files import ORDER_LINES, ORDERS, REFUNDS

# What makes a row what it is, in an order that ids depend on: append, never reorder.
_ORDER_CONTENT = ("order_id", "customer_id", "ordered_at", "amount", "currency_code", "quantity", "channel", "email")
_LINE_CONTENT = ("line_id", "sku", "product_name")
_REFUND_CONTENT = ("refund_id", "refunded_at", "refund_amount")
_CONTENT = (*_ORDER_CONTENT, *_REFUND_CONTENT, *_LINE_CONTENT)


@dataclass(frozen=True)
class Place:
    """Which file rows come from.

    Attributes:
        label: Its name.
        first_place: The number of lines in the files before it.
    """

    label: str
    first_place: int


@dataclass
class Accepted:
    """Records by stream, and the rows that contradict earlier ones."""

    records: dict[str, pa.RecordBatch] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    repeated_count: int = 0


def record_batch(stream: Stream, frame: pl.DataFrame) -> pa.RecordBatch:
    """A frame as a batch of the stream; columns that it lacks are null."""
    table = frame.to_arrow()
    arrays = []
    for column in stream.schema:
        if column.name in frame.columns:
            chunks = table.column(column.name).cast(column.type).chunks
            arrays.append(pa.concat_arrays(chunks) if chunks else pa.nulls(0, column.type))
        else:
            arrays.append(pa.nulls(len(frame), column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=stream.schema)


class _Watched:
    """Keeps one record per id: equal repeats are dropped, others are problems."""

    def __init__(self, id_names: Sequence[str], *, later_files_win: bool) -> None:
        self._id_names = id_names
        self._watch = IdentifierWatch()
        self._later_files_win = later_files_win
        self._places: list[Place] = []

    def firsts(self, frame: pl.DataFrame, place: Place, described: str, *, hint: str) -> tuple[pl.DataFrame, Accepted]:
        accepted = Accepted()
        if not self._places or self._places[-1] != place:
            self._places.append(place)
        if not len(frame):
            return frame, accepted
        content = [frame[name] for name in frame.columns if name not in {"row", "line"}]
        places = frame["line"].to_numpy() + place.first_place
        repeats = self._watch.repeats([frame[name] for name in self._id_names], content, places)
        # A row that was set aside and corrected comes again from its own place, and repeats nobody.
        is_first = repeats.is_first | (repeats.first_place == places)
        is_equal = repeats.is_equal & ~is_first
        for position in np.flatnonzero(~is_first & ~is_equal).tolist():
            first_place = int(repeats.first_place[position])
            own = self._places[np.searchsorted([p.first_place for p in self._places], first_place, side="left") - 1]
            if self._later_files_win and own != place:
                # Files are read from the last to the first: what was seen is the newer version.
                accepted.repeated_count += 1
                continue
            where = f"line {first_place - own.first_place}" + ("" if own == place else f" of {own.label}")
            reason = f"is the id of {where} too, which says something else{hint}"
            accepted.problems.append(Problem(int(frame["row"][position]), described, reason))
        accepted.repeated_count += int(is_equal.sum())
        return frame.filter(pl.Series(is_first)), accepted


class OrderAssembly:
    """Makes records of the rows of order files.

    Args:
        settings: How orders, lines and refunds are written.
        columns: Which column of the orders holds what.
    """

    def __init__(self, settings: FilesSettings, columns: OrderColumns) -> None:
        self._settings = settings
        self._columns = columns
        self._has_lines = settings.rows == "lines"
        self._counter = OccurrenceCounter()
        self._refund_counter = OccurrenceCounter()
        later_files_win = settings.mode == "append"
        self._id_names = ["order_id", "line_id"] if self._has_lines else ["order_id"]
        self._has_ids = all(getattr(columns, name) is not None for name in self._id_names)
        self._watched = _Watched(self._id_names, later_files_win=later_files_win)
        self._watched_refunds = _Watched(["refund_id"], later_files_win=later_files_win)

    @property
    def streams(self) -> list[Stream]:
        """The streams that the rows can fill, the rows' own first."""
        own = ORDER_LINES if self._has_lines else ORDERS
        return [own] if self._settings.refunds == "none" else [own, REFUNDS]

    def accept(self, frame: pl.DataFrame, place: Place) -> Accepted:
        """Records of the rows, in their order.

        Args:
            frame: Parsed rows.
            place: The file that they are from.
        """
        accepted = Accepted()
        orders, refunds = frame, frame.clear()
        if self._settings.refunds == "negative_amounts":
            orders, refunds = frame.filter(pl.col("amount") >= 0), frame.filter(pl.col("amount") < 0)
        if self._has_ids:
            orders, seen = self._watched.firsts(orders, place, self._described(), hint=self._hint())
            accepted.problems += seen.problems
            accepted.repeated_count += seen.repeated_count
        own_name = self._id_names[-1]
        if not self._has_ids:
            kind = "line" if self._has_lines else "order"
            ids = self._counter.identifiers(_content(orders), kind)
            orders = orders.with_columns(pl.Series(own_name, ids, dtype=pl.String))
        if self._settings.refunds == "column":
            refunds = orders.filter((pl.col("refund_amount") != 0).fill_null(False))
        if self._settings.refunds != "none":
            set_aside = self._add_refunds(refunds, place, accepted)
            orders = orders.filter(~pl.col("row").is_in(set_aside))
        stream = self.streams[0]
        made = orders.with_columns(
            pl.lit(not self._has_ids).alias("is_generated_id"), pl.lit(place.label).alias("source_file"),
            pl.col("line").alias("source_line"),
        )  # fmt: skip
        accepted.records[stream.name] = record_batch(stream, made)
        return accepted

    def _add_refunds(self, rows: pl.DataFrame, place: Place, accepted: Accepted) -> list[int]:
        """Refunds are positive, dated by their own column where there is one, and of the order that the row names.

        Returns:
            The rows whose refund contradicts an earlier one, which are set aside as a whole.
        """
        columns = self._columns
        content = _content(rows)
        set_aside: list[int] = []
        is_column = self._settings.refunds == "column"
        dated = pl.coalesce(["refunded_at", "ordered_at"]) if columns.refunded_at else pl.col("ordered_at")
        refunds = rows.select(
            "row", "line", "customer_id", "currency_code",
            pl.col("order_id") if "order_id" in rows.columns else pl.lit(None, dtype=pl.String).alias("order_id"),
            pl.col("refund_id") if columns.refund_id else pl.lit(None, dtype=pl.String).alias("refund_id"),
            dated.alias("refunded_at"),
            pl.col("refund_amount" if is_column else "amount").abs().cast(pl.Decimal(18, 4)).alias("amount"),
        )  # fmt: skip
        has_id = refunds["refund_id"].is_not_null()
        if not has_id.all():
            without = ~has_id
            ids = self._refund_counter.identifiers([own.filter(without) for own in content], "refund")
            refunds = refunds.with_columns(refunds["refund_id"].scatter(without.arg_true(), ids))
        if columns.refund_id is not None:
            refunds, seen = self._watched_refunds.firsts(refunds, place, "refund_id", hint="")
            accepted.problems += seen.problems
            set_aside = [problem.row for problem in seen.problems]
            accepted.repeated_count += 0 if is_column else seen.repeated_count
        made = refunds.with_columns(pl.lit(place.label).alias("source_file"), pl.col("line").alias("source_line"))
        accepted.records[REFUNDS.name] = record_batch(REFUNDS, made)
        return set_aside

    def _described(self) -> str:
        mapping = getattr(self._columns, self._id_names[-1])
        name = self._id_names[-1]
        return name if mapping is None or mapping.column == name else f"{mapping.column} ({name})"

    def _hint(self) -> str:
        return "" if self._has_lines else "; if each row is one line of an order, set `rows: lines`"


class RecordAssembly:
    """Makes records of the rows of files that fill one stream, row by row.

    Args:
        stream: The stream.
        constants: What every record of it says, by column.
        counted: The key's column that is made of content and occurrence, where no column of the files holds it.
        later_files_win: Whether of an id that several files hold the one that was read first counts.
    """

    def __init__(
        self, stream: Stream, *, constants: Mapping[str, Any], counted: str | None, later_files_win: bool
    ) -> None:
        self._stream = stream
        self._constants = dict(constants)
        self._counted = counted
        self._counter = OccurrenceCounter()
        self._watched = _Watched(stream.key, later_files_win=later_files_win)
        # In the stream's own order, which ids depend on: append to a stream, never reorder it.
        self._content = [name for name in stream.column_names if name not in {counted, "source_file", "source_line"}]

    @property
    def streams(self) -> list[Stream]:
        """The one stream that the rows fill."""
        return [self._stream]

    def accept(self, frame: pl.DataFrame, place: Place) -> Accepted:
        """Records of the rows, in their order."""
        frame = frame.with_columns(
            *(
                (pl.col(name).fill_null(value) if name in frame.columns else pl.lit(value)).alias(name)
                for name, value in self._constants.items()
            )
        )
        if self._counted is None:
            frame, accepted = self._watched.firsts(frame, place, "/".join(self._stream.key), hint="")
        else:
            accepted = Accepted()
            ids = self._counter.identifiers(_content(frame, self._content), self._stream.name)
            frame = frame.with_columns(pl.Series(self._counted, ids, dtype=pl.String))
        made = frame.with_columns(pl.lit(place.label).alias("source_file"), pl.col("line").alias("source_line"))
        accepted.records[self._stream.name] = record_batch(self._stream, made)
        return accepted


def _content(frame: pl.DataFrame, names: Sequence[str] = _CONTENT) -> list[pl.Series]:
    """The columns that make a row what it is; a field that is not mapped is as good as an empty one."""
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(frame))
    columns = []
    for name in names:
        own = frame[name] if name in frame.columns else nothing
        if isinstance(own.dtype, pl.Datetime | pl.Date):
            own = own.to_physical()
        columns.append(own)
    return columns
