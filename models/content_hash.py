"""The content hash: by which the warehouse knows that a record has not changed.

It is our own definition, made of nothing that a library may change between versions. The canonical text of a record is
its columns one after the other, in the stream's order:

- null is `~`;
- text is its length in UTF-8 bytes, `:` and the text itself, so that no content can look like the border of a column;
- everything else is an integer followed by `,`: booleans 0 and 1, dates the days and timestamps the microseconds since
  1970-01-01 UTC, decimals the value in units of the last decimal place, floats their IEEE 754 bits (one zero, one NaN).

The hash is the MD5 of that text's UTF-8 bytes, in lower-case hex. Where a record was found (`PROVENANCE_COLUMNS`) is no
part of it: an export whose lines moved, or whose file has a new name each night, holds the same records.
"""

from __future__ import annotations

from binascii import hexlify
from hashlib import md5
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from models.records import Stream

# Typed as anything: the published types know no mixture of arrays and scalars, and no buffers of NumPy's.
_compute: Any = pyarrow.compute
_buffer: Any = pa.py_buffer

_HEX_DIGITS = 32

PROVENANCE_COLUMNS = frozenset({"source_file", "source_line"})


def content_hashes(stream: Stream, records: pa.RecordBatch) -> pa.StringArray:
    """The content hash of each record.

    Args:
        stream: The records' stream.
        records: Records in the stream's schema.

    Returns:
        One string of 32 hexadecimal digits per record.
    """
    parts = [
        part
        for column in stream.columns
        if column.name not in PROVENANCE_COLUMNS
        for part in _canonical(records.column(column.name))
    ]
    texts = _compute.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary()))
    _, offsets, data = texts.buffers()
    text = memoryview(data or b"")
    limits = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1].tolist() if offsets else []
    digests = [md5(text[start:end], usedforsecurity=False).digest() for start, end in pairwise(limits)]
    places = np.arange(0, (len(texts) + 1) * _HEX_DIGITS, _HEX_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), _buffer(places), _buffer(hexlify(b"".join(digests))))


def _canonical(column: pa.Array[Any]) -> list[Any]:
    """What stands in a record's text for each value: arrays and scalars, to be joined row by row."""
    if pa.types.is_string(column.type):
        text = column.view(pa.binary())
        parts = [_compute.binary_length(text).cast(pa.string()).view(pa.binary()), pa.scalar(b":", pa.binary()), text]
    else:
        number = _compute.cast(_integers(column), pa.string()).view(pa.binary())
        parts = [number, pa.scalar(b",", pa.binary())]
    if column.null_count == 0:
        return parts
    marked = _compute.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary()))
    return [_compute.fill_null(marked, b"~")]


def _integers(column: pa.Array[Any]) -> pa.Array[Any]:
    kind = column.type
    if pa.types.is_decimal128(kind):
        return _unscaled(column)
    if pa.types.is_float64(kind):
        values = column.to_numpy(zero_copy_only=False) + 0.0  # turns -0.0 into 0.0
        values = np.where(np.isnan(values), np.nan, values)
        return pa.array(values.view(np.int64), mask=column.is_null().to_numpy(zero_copy_only=False))
    if pa.types.is_date32(kind):
        return column.cast(pa.int32())
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8())
    return column.cast(pa.int64())


def _unscaled(column: pa.Array[Any]) -> pa.Array[Any]:
    if column.type.precision > 18:
        # Exchange rates and the like, of which there are few: through Python's integers, which have no end.
        scale = column.type.scale
        return pa.array([None if v is None else str(int(v.scaleb(scale))) for v in column.to_pylist()], pa.string())
    # A decimal128 is a 16-byte integer, little end first; with at most 18 digits its lower half is the whole value.
    data: Any = column.buffers()[1]
    halves = np.frombuffer(data, dtype="<i8")[2 * column.offset : 2 * (column.offset + len(column)) : 2]
    unscaled: pa.Array[Any] = pa.array(halves, mask=column.is_null().to_numpy(zero_copy_only=False))
    return unscaled
