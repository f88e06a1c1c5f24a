"""What a reader of any format hands to the parser: columns of texts, and the lines that they stand on.

Shapes only. A text is what the file says, before anything is made of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

RowTexts = Mapping[str, str | None]
ReadOne = Callable[[str], RowTexts]


@dataclass(frozen=True)
class BrokenRow:
    """A record that could not be parted into columns.

    Attributes:
        line: Where it begins, 1-based.
        field: The column at fault, or `"*"`.
        reason: Why it could not be read.
        raw_text: The record as it stands in the file.
    """

    line: int
    field: str
    reason: str
    raw_text: str


@dataclass(frozen=True)
class RowBlock:
    """Rows of one file that were read together.

    Attributes:
        columns: Texts by the file's column name, one series each, all of the same length.
        lines: The line (or for Parquet the row) that each begins on, 1-based, ascending.
        raw_text: The record at a position, as it stands in the file.
        broken: Records that are no rows.
        iso_columns: Columns whose texts are ISO 8601 whatever the settings say, for the file typed them as dates.
    """

    columns: dict[str, pl.Series]
    lines: npt.NDArray[np.int64]
    raw_text: Callable[[int], str]
    broken: list[BrokenRow] = field(default_factory=list)
    iso_columns: frozenset[str] = frozenset()
