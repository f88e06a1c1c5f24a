"""Rows by id, and sorted views of them that last until a row changes.

A list of a shop that stands still is sorted once, however many pages of it are asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class View(Generic[R]):
    """Rows in ascending order of their keys, ties by id."""

    keys: Sequence[Any]
    rows: Sequence[R]

    def between(self, low: Any | None, high: Any | None, *, with_ends: bool) -> "View[R]":  # noqa: ANN401 - any key
        """The rows whose keys are between two, with or without those that are equal to one of them."""
        start_of, end_of = (bisect_left, bisect_right) if with_ends else (bisect_right, bisect_left)
        start = 0 if low is None else start_of(self.keys, low)
        end = len(self.keys) if high is None else end_of(self.keys, high)
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


def shuffled_ties(keys: Sequence[Any], places: range, page: str) -> list[int]:
    """A page's places, where rows with equal keys come in an order that another page does not share.

    A database that sorts by a column with ties may answer each LIMIT and OFFSET with another order of them.

    Args:
        keys: What the rows are sorted by.
        places: Those of the page.
        page: Stands for the page; the same one always gets the same order.
    """
    order = list(places)
    if not order:
        return order
    step = places.step
    for edge in (order[0], order[-1]):
        first = last = edge
        while 0 <= first - step < len(keys) and keys[first - step] == keys[edge]:
            first -= step
        while 0 <= last + step < len(keys) and keys[last + step] == keys[edge]:
            last += step
        group = list(range(first, last + step, step))
        if len(group) > 1:
            dealt = list(group)
            Random(f"{page} {keys[edge]}").shuffle(dealt)  # noqa: S311 - no secret
            new_places = dict(zip(group, dealt, strict=True))
            order = [new_places.get(place, place) if keys[place] == keys[edge] else place for place in order]
        if keys[order[0]] == keys[order[-1]]:
            break
    return order
