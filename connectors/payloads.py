"""The whole texts of records, as platforms sent them, in one column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

# Typed as anything: the published types know no buffers of NumPy's.
_buffer: Any = pa.py_buffer


def payload_column(texts: Sequence[bytes]) -> "pa.Array[Any]":
    """Texts as a column; what in them is no UTF-8 is replaced.

    Made in one piece of the right size: an array that grows with its texts copies them again and again.
    """
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, texts), np.int32, len(texts)), out=offsets[1:])
    column = pa.StringArray.from_buffers(len(texts), _buffer(offsets), _buffer(b"".join(texts)))
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array([text.decode("utf-8", errors="replace") for text in texts], pa.string())
    return column
