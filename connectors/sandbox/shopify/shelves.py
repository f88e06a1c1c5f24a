"""A shop's records of one kind, with the sorted lists that pages are cut from and a search index that lags behind.

A look at one id sees every change at once. Lists that are filtered come from the search index, which learns of a change
only after some seconds: until then it has the record where it was, or not at all.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeAlias, TypeVar

Key: TypeAlias = datetime | int | str
Row: TypeAlias = tuple[Key, int]


class Record(Protocol):
    """Anything with an id."""

    id: int


R = TypeVar("R", bound=Record)

# More changes than this since the last look, and sorting again is quicker than moving rows one by one.
_MOST_MOVES = 50


class _SortedRows:
    """Rows of (key, id) in order; changes are only noted, and worked in at the next look."""

    def __init__(self, key_of: Callable[[int], Key | None], ids: Iterable[int]) -> None:
        self._key_of = key_of
        self._placed: dict[int, Key] = {}
        self._rows: list[Row] = []
        self._changed: set[int] = set(ids)

    def note(self, record_id: int) -> None:
        self._changed.add(record_id)

    def rows(self) -> list[Row]:
        if len(self._changed) > _MOST_MOVES:
            for record_id in self._changed:
                self._place(record_id)
            self._rows = sorted((key, record_id) for record_id, key in self._placed.items())
        else:
            for record_id in self._changed:
                old = self._placed.get(record_id)
                if old is not None:
                    del self._rows[bisect_left(self._rows, (old, record_id))]
                key = self._place(record_id)
                if key is not None:
                    insort(self._rows, (key, record_id))
        self._changed.clear()
        return self._rows

    def _place(self, record_id: int) -> Key | None:
        key = self._key_of(record_id)
        if key is None:
            self._placed.pop(record_id, None)
        else:
            self._placed[record_id] = key
        return key


class Shelf(Generic[R]):
    """All records of one kind.

    Attributes:
        records: By id, in the order in which they came.
        lag_seconds: How far the search index is behind.
        version: Grows with every change.
    """

    def __init__(self, keys: dict[str, Callable[[R], Key | None]], clock: Callable[[], datetime]) -> None:
        self.records: dict[int, R] = {}
        self.lag_seconds = 0.0
        self.version = 0
        self._keys = keys
        self._clock = clock
        self._sorted: dict[tuple[str, bool], _SortedRows] = {}
        # What the index still holds of records that changed: until when, and the time of change it knows; None for a
        # record that it has not.
        self._late: dict[int, list[tuple[datetime, datetime | None]]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[R]:
        return iter(self.records.values())

    def get(self, record_id: int) -> R | None:
        """The record of an id, as it is now."""
        return self.records.get(record_id)

    def put(self, record: R) -> None:
        """Take a new record in."""
        if self.lag_seconds:
            self._hold_back(record.id, None)
        self.records[record.id] = record
        self._note(record.id)

    def touched(self, record: R, known_at: datetime) -> None:
        """Say that a record changed whose time of change was `known_at` before."""
        if self.lag_seconds:
            self._hold_back(record.id, known_at)
        self._note(record.id)

    def remove(self, record_id: int) -> None:
        """Take a record out, of every list at once."""
        self.records.pop(record_id, None)
        self._late.pop(record_id, None)
        self._note(record_id)

    def indexed_at(self, record_id: int) -> datetime | None:
        """The time of change that the search index knows of a record; None if it doesn't have it."""
        late = self._late.get(record_id)
        if late:
            return late[0][1]
        key = self._keys["updated_at"](self.records[record_id]) if record_id in self.records else None
        return key if isinstance(key, datetime) else None

    def ids(self, sort: str, *, is_search: bool, low: Row | None = None, high: Row | None = None) -> list[Row]:
        """Rows of (key, id) in ascending order, those from `low` to `high` with both ends.

        Args:
            sort: The name of a key.
            is_search: Whether they come from the search index.
            low: The first row that may be among them.
            high: The last.
        """
        self._catch_up()
        late = is_search and (bool(self._late) or self.lag_seconds > 0)
        wanted = self._sorted.get((sort, late))
        if wanted is None:
            key_of = self._indexed_key(sort) if late else self._live_key(sort)
            wanted = self._sorted[sort, late] = _SortedRows(key_of, self.records)
        rows = wanted.rows()
        if low is None and high is None:
            return rows
        start = 0 if low is None else bisect_left(rows, low)
        return rows[start : len(rows) if high is None else bisect_right(rows, high)]

    def keyed(self, sort: str, ids: Iterable[int]) -> list[Row]:
        """Rows of (key, id) for some records, in no order."""
        key = self._live_key(sort)
        rows = ((key(record_id), record_id) for record_id in ids)
        return [(value, record_id) for value, record_id in rows if value is not None]

    def _live_key(self, sort: str) -> Callable[[int], Key | None]:
        key, records = self._keys[sort], self.records
        return lambda record_id: key(records[record_id]) if record_id in records else None

    def _indexed_key(self, sort: str) -> Callable[[int], Key | None]:
        live = self._live_key(sort)

        def indexed(record_id: int) -> Key | None:
            known_at = self.indexed_at(record_id)
            return known_at if known_at is None or sort == "updated_at" else live(record_id)

        return indexed

    def _hold_back(self, record_id: int, known_at: datetime | None) -> None:
        until = self._clock() + timedelta(seconds=self.lag_seconds)
        self._late.setdefault(record_id, []).append((until, known_at))

    def _catch_up(self) -> None:
        """Let the index learn what is old enough."""
        if not self._late:
            return
        now = self._clock()
        for record_id, entries in list(self._late.items()):
            left = [entry for entry in entries if entry[0] > now]
            if len(left) < len(entries):
                self._note(record_id)
                if left:
                    self._late[record_id] = left
                else:
                    del self._late[record_id]

    def _note(self, record_id: int) -> None:
        self.version += 1
        for rows in self._sorted.values():
            rows.note(record_id)
