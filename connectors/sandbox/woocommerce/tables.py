"""Rows by id, and sorted views of them that last until a row changes.

A list of a shop that stands still is sorted once, however many pages of it are asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class View(Generic[R]):
    """Rows in ascending order of their keys, ties by id."""

    keys: Sequence[Any]
    rows: Sequence[R]

    def between(self, after: Any | None, before: Any | None) -> "View[R]":  # noqa: ANN401 - a key of any kind
        """The rows whose keys are strictly between two."""
        start = 0 if after is None else bisect_right(self.keys, after)
        end = len(self.keys) if before is None else bisect_left(self.keys, before)
        if start == 0 and end == len(self.keys):
            return self
        return View(self.keys[start:end], self.rows[start:end])


class Table(Generic[R]):
    """Rows by id."""

    def __init__(self) -> None:
        self._rows: dict[int, R] = {}
        self._views: dict[str, View[R]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def __contains__(self, row_id: int) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: int) -> R:
        return self._rows[row_id]

    def get(self, row_id: int) -> R | None:
        """The row with this id, if there is one."""
        return self._rows.get(row_id)

    def ids(self) -> list[int]:
        """All ids, oldest row first."""
        return list(self._rows)

    def put(self, row_id: int, row: R) -> None:
        """Add a row, or say that it changed."""
        self._rows[row_id] = row
        self._views.clear()

    def remove(self, row_id: int) -> R:
        """Take a row out for good."""
        self._views.clear()
        return self._rows.pop(row_id)

    def view(self, name: str, key: Callable[[R], Any], keep: Callable[[R], bool]) -> View[R]:
        """The rows that are kept, in ascending order of a key.

        Args:
            name: Stands for `key` and `keep` together.
            key: Sorted by.
            keep: Which rows.
        """
        known = self._views.get(name)
        if known is None:
            kept = [(key(row), row_id) for row_id, row in self._rows.items() if keep(row)]
            kept.sort()
            known = View([key for key, _ in kept], [self._rows[row_id] for _, row_id in kept])
            self._views[name] = known
        return known
