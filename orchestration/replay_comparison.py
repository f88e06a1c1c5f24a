"""A stored forecast held against the same one made again: every row, every number, to the last bit.

Pure: frames and cards in, findings out. A tolerance would be wrong here, for the promise is the same bits.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ml.forecasts.model_card import data_hash

# What a card says of the code and the machine that made it, and of nothing that they made.
_OF_THE_MAKING = ("code_hash", "versions", "model_run_id")
_AGAIN = "__replayed"


@dataclass(frozen=True)
class TableComparison:
    """How a table's rows of a model run compare with the same made again.

    Attributes:
        name: The table.
        stored_count: Rows that are stored.
        replayed_count: Rows that were made again.
        only_stored: Of the stored ones, those that were not made again.
        only_replayed: Of those made again, the ones that are not stored.
        differing_count: Rows of both in which some value differs.
        differing_columns: In which columns.
        example: One of the differences, for people; empty where there is none.
        stored_digest: Digest of the stored rows' values.
        replayed_digest: Of those made again.
    """

    name: str
    stored_count: int
    replayed_count: int
    only_stored: int
    only_replayed: int
    differing_count: int
    differing_columns: tuple[str, ...]
    example: str
    stored_digest: str
    replayed_digest: str

    @property
    def is_identical(self) -> bool:
        """Whether every row and every value is the same."""
        return not (self.only_stored or self.only_replayed or self.differing_count)

    @property
    def in_words(self) -> str:
        """What was found, on one line."""
        if self.is_identical:
            return f"{self.stored_count:,} rows, identical"
        parts = [f"{self.stored_count:,} rows stored, {self.replayed_count:,} replayed"]
        if self.only_stored:
            parts.append(f"{self.only_stored:,} only stored")
        if self.only_replayed:
            parts.append(f"{self.only_replayed:,} only replayed")
        if self.differing_count:
            parts.append(f"{self.differing_count:,} differ in {', '.join(self.differing_columns)}")
        return "; ".join(parts) + (f", such as {self.example}" if self.example else "")


def compare_rows(name: str, key: Sequence[str], stored: pl.DataFrame, replayed: pl.DataFrame) -> TableComparison:
    """Compare two frames row by row.

    Args:
        name: What they are called.
        key: The columns that say which rows belong together, unique in each frame.
        stored: The frame as it is stored; it has the columns of the other.
        replayed: The frame as it was made again.
    """
    columns = replayed.columns
    stored = stored.select(columns).cast(dict(replayed.schema)).sort(key)  # type: ignore[arg-type] # a schema's types
    replayed = replayed.sort(key)
    both = stored.join(replayed, on=key, how="inner", suffix=_AGAIN, nulls_equal=True)
    values = [column for column in columns if column not in key]
    # A missing value equals a missing one, and NaN equals NaN.
    differs = {column: pl.col(column).ne_missing(pl.col(column + _AGAIN)) for column in values}
    differing = both.filter(pl.any_horizontal(differs.values())) if values else both.clear()
    found = tuple(column for column in values if differing.select(differs[column].any()).item())
    return TableComparison(
        name=name,
        stored_count=stored.height,
        replayed_count=replayed.height,
        only_stored=stored.join(replayed, on=key, how="anti", nulls_equal=True).height,
        only_replayed=replayed.join(stored, on=key, how="anti", nulls_equal=True).height,
        differing_count=differing.height,
        differing_columns=found,
        example=_example(differing, key, found, differs),
        stored_digest=data_hash([stored]),
        replayed_digest=data_hash([replayed]),
    )


def _example(
    differing: pl.DataFrame, key: Sequence[str], columns: Sequence[str], differs: Mapping[str, pl.Expr]
) -> str:
    if not columns:
        return ""
    row = differing.filter(differs[columns[0]]).row(0, named=True)
    which = ", ".join(str(row[name]) for name in key)
    return f"{columns[0]} of {which}: {row[columns[0]]} stored, {row[columns[0] + _AGAIN]} replayed"


def card_differences(stored: Mapping[str, Any], replayed: Mapping[str, Any]) -> list[str]:
    """Where two model cards differ in what they found, as paths with both values; what made them is left out.

    Args:
        stored: As the registry keeps it, so that JSON's numbers may be whole ones.
        replayed: As it was made again.
    """
    again = json.loads(json.dumps(replayed))
    kept, made = (
        {name: value for name, value in card.items() if name not in _OF_THE_MAKING} for card in (stored, again)
    )
    return list(_differences(kept, made, ""))


def _differences(stored: Any, replayed: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON holds anything
    if isinstance(stored, Mapping) and isinstance(replayed, Mapping):
        for name in sorted({*stored, *replayed}):
            below = f"{path}.{name}".lstrip(".")
            if name not in stored or name not in replayed:
                yield f"{below}: only {'stored' if name in stored else 'replayed'}"
            else:
                yield from _differences(stored[name], replayed[name], below)
    elif isinstance(stored, list) and isinstance(replayed, list) and len(stored) == len(replayed):
        for place, (one, other) in enumerate(zip(stored, replayed, strict=True)):
            yield from _differences(one, other, f"{path}[{place}]")
    elif stored != replayed or isinstance(stored, bool) != isinstance(replayed, bool):
        yield f"{path}: {_short(stored)} stored, {_short(replayed)} replayed"


def _short(value: Any) -> str:  # noqa: ANN401 - JSON holds anything
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
