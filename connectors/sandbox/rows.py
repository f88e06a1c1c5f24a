"""Rows by id, and sorted views of them that follow each change.

A list is filtered and sorted once, however many pages of it are asked for and whatever changes in between: a page of a
shop with hundreds of thousands of orders costs what a page of a small one does.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

R = TypeVar("R")

# Each read of a shop has bounds of its own, and so views of its own; those of earlier reads are let go.
_MOST_VIEWS = 8


@dataclass(frozen=True)
class View(Generic[R]):
    """Rows in ascending order of their keys, ties by id."""

    keys: list[Any]
    rows: list[R]

    def between(self, low: Any | None, high: Any | None, *, with_ends: bool) -> "View[R]":  # noqa: ANN401 - any key
        """The rows whose keys are between two, with or without those that are equal to one of them."""
        start_of, end_of = (bisect_left, bisect_right) if with_ends else (bisect_right, bisect_left)
        start = 0 if low is None else start_of(self.keys, low)
        end = len(self.keys) if high is None else end_of(self.keys, high)
        if start == 0 and end == len(self.keys):
            return self
        return View(self.keys[start:end], self.rows[start:end])


class _LiveView(Generic[R]):
    """The rows that are kept, sorted, and kept so while they change."""

    def __init__(self, rows: dict[int, R], key: Callable[[R], Any], keep: Callable[[R], bool]) -> None:
        self._key = key
        self._keep = keep
        self._key_of = {row_id: key(row) for row_id, row in rows.items() if keep(row)}
        pairs = sorted((key, row_id) for row_id, key in self._key_of.items())
        self._ids = [row_id for _, row_id in pairs]
        self.view = View([key for key, _ in pairs], [rows[row_id] for row_id in self._ids])

    def put(self, row_id: int, row: R) -> None:
        """A row is new, or changed."""
        if not self._keep(row):
            self.remove(row_id)
            return
        key = self._key(row)
        if row_id in self._key_of:
            if self._key_of[row_id] == key:
                self.view.rows[self._place(key, row_id)] = row
                return
            self.remove(row_id)
        place = self._place(key, row_id)
        self.view.keys.insert(place, key)
        self.view.rows.insert(place, row)
        self._ids.insert(place, row_id)
        self._key_of[row_id] = key

    def remove(self, row_id: int) -> None:
        """A row is gone, be it from this view only."""
        if row_id in self._key_of:
            place = self._place(self._key_of.pop(row_id), row_id)
            del self.view.keys[place], self.view.rows[place], self._ids[place]

    def _place(self, key: Any, row_id: int) -> int:  # noqa: ANN401 - any key
        first, last = bisect_left(self.view.keys, key), bisect_right(self.view.keys, key)
        return bisect_left(self._ids, row_id, first, last)


class Table(Generic[R]):
    """Rows by id."""

    def __init__(self) -> None:
        self._rows: dict[int, R] = {}
        self._views: dict[str, _LiveView[R]] = {}

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
        for view in self._views.values():
            view.put(row_id, row)

    def remove(self, row_id: int) -> R:
        """Take a row out for good."""
        for view in self._views.values():
            view.remove(row_id)
        return self._rows.pop(row_id)

    def view(self, name: str, key: Callable[[R], Any], keep: Callable[[R], bool]) -> View[R]:
        """The rows that are kept, in ascending order of a key; good until the next change.

        Args:
            name: Stands for `key` and `keep` together.
            key: Sorted by.
            keep: Which rows.
        """
        known = self._views.pop(name, None)
        if known is None:
            known = _LiveView(self._rows, key, keep)
            if len(self._views) >= _MOST_VIEWS:
                self._views.pop(next(iter(self._views)))
        self._views[name] = known  # the one used last stands last
        return known.view


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
