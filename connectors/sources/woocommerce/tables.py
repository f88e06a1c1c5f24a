"""Decoded records into batches of the declared streams.

Which column comes from which field follows from the stream: the same name, an address's fields behind `billing_` and
`shipping_`, and what stands in `_FIELDS`. How it is converted follows from its type, and for texts from what the field
holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from connectors.sources.woocommerce import columns as convert
from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.shapes import Count
from models.errors import RejectedRecordError
from models.records import MONEY, TIMESTAMP, Column, Stream

# Of columns that are called otherwise than the field.
_FIELDS = {
    ("customers", "customer_id"): "id",
    ("orders", "order_id"): "id",
    ("order_lines", "line_id"): "id",
    ("order_shipping_lines", "shipping_line_id"): "id",
    ("order_fees", "fee_line_id"): "id",
    ("order_discounts", "coupon_line_id"): "id",
    ("order_taxes", "tax_line_id"): "id",
    ("refunds", "refund_id"): "id",
    ("refund_lines", "line_id"): "id",
    ("refund_taxes", "tax_line_id"): "id",
    ("products", "product_id"): "id",
    ("product_variants", "variation_id"): "id",
    ("product_category_links", "category_id"): "id",
    ("product_categories", "category_id"): "id",
    ("discounts", "coupon_id"): "id",
}


@dataclass(frozen=True)
class _Source:
    """Where a column's values come from.

    Attributes:
        column: The column.
        path: The field, with dots into nested ones.
        values: Gives a record's value.
        converted: Makes a column of them.
    """

    column: Column
    path: str
    values: Callable[[Any], Any]
    converted: Callable[[Sequence[Any], str, Conversion], "pa.Array[Any]"]


@dataclass
class Parts:
    """Parts of several records, in one list.

    Attributes:
        records: The parts.
        owners: Per part, the position of the record that it belongs to.
        given: Columns that do not come from the part itself, such as its order's id: arrays or values.
    """

    records: list[Any]
    owners: list[int]
    given: dict[str, Any]


class Table:
    """Builds batches of one stream.

    Args:
        stream: The stream.
        kind: The shape that its records come from.
        given: The columns whose values are handed in.
    """

    def __init__(self, stream: Stream, kind: type[msgspec.Struct], given: Sequence[str] = ()) -> None:
        self.stream = stream
        self._given = frozenset(given)
        self._sources = [_source(stream, kind, column) for column in stream.columns if column.name not in self._given]
        self._own_id = stream.key[-1]

    def batch(self, records: Sequence[Any], conversion: Conversion) -> pa.RecordBatch:
        """The records as a batch; what is wrong with any of them is noted by its position."""
        return self.batch_of_parts(Parts(list(records), [], {}), conversion)

    def batch_of_parts(self, parts: Parts, conversion: Conversion) -> pa.RecordBatch:
        """Parts as a batch; what is wrong with any of them is noted by its position among the parts."""
        if not parts.records:
            return _empty(self.stream)
        arrays = {
            name: values if isinstance(values, pa.Array) else pa.array(values, self.stream.schema.field(name).type)
            for name, values in parts.given.items()
        }
        for source in self._sources:
            values = list(map(source.values, parts.records))
            array = source.converted(values, source.path, conversion)
            if source.column.required and array.null_count:
                for row in array.is_null().to_numpy(zero_copy_only=False).nonzero()[0].tolist():
                    missing = RejectedRecordError(source.path, "is missing; WooCommerce always gives it")
                    conversion.problems.setdefault(row, missing)
            arrays[source.column.name] = array
        if parts.given:
            arrays[self._own_id] = self._distinct(arrays)
        if conversion.problems:
            # Rows with problems hold nulls that the schema forbids; the caller leaves them out and builds again.
            return _empty(self.stream)
        return pa.RecordBatch.from_arrays(
            [arrays[name] for name in self.stream.column_names], schema=self.stream.schema
        )

    def _distinct(self, arrays: dict[str, "pa.Array[Any]"]) -> "pa.Array[Any]":
        """The parts' own ids; plugins add lines that all have the id 0."""
        own = arrays[self._own_id]
        if pc.count_distinct(own).as_py() == len(own):
            return own
        keys = list(zip(*(arrays[name].to_pylist() for name in self.stream.key), strict=True))
        if len(set(keys)) == len(keys):
            return own
        seen: dict[tuple[Any, ...], int] = {}
        distinct = []
        for key in keys:
            seen[key] = seen.get(key, 0) + 1
            distinct.append(key[-1] if seen[key] == 1 else f"{key[-1]}#{seen[key]}")
        return pa.array(distinct, pa.string())


def _empty(stream: Stream) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=stream.schema)


def _source(stream: Stream, kind: type[msgspec.Struct], column: Column) -> _Source:
    path = _FIELDS.get((stream.name, column.name), column.name)
    for address in ("billing", "shipping"):
        prefix = f"{address}_"
        if path.startswith(prefix) and address in kind.__struct_fields__ and path not in kind.__struct_fields__:
            path = f"{address}.{path.removeprefix(prefix)}"
    return _Source(column, path, attrgetter(path), _converter(kind, path, column))


def _converter(kind: type[msgspec.Struct], path: str, column: Column) -> Callable[..., "pa.Array[Any]"]:
    hint: Any = kind
    for name in path.split("."):
        hint = get_type_hints(hint)[name]
    if pa.types.is_string(column.type):
        return convert.ids if hint in {int, Count} else convert.texts
    if column.type == TIMESTAMP:
        return convert.moments
    if pa.types.is_decimal(column.type):
        if hint in {str, str | None}:
            amounts = convert.amounts(MONEY)
            # PHP takes an empty amount for nought, and so does WooCommerce when it adds up.
            return partial(_of_nought, amounts) if column.required else amounts
        return convert.numbers(column.type)
    return convert.flags if pa.types.is_boolean(column.type) else convert.counts


def _of_nought(
    amounts: Callable[..., "pa.Array[Any]"], values: Sequence[Any], name: str, conversion: Conversion
) -> "pa.Array[Any]":
    return amounts([value or "0" for value in values], name, conversion)
