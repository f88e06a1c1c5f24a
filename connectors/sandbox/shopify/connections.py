"""Pages, cut from a record's parts and from the shop's sorted lists, by cursors that hold a value and an id."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from connectors.sandbox.shopify.context import QueryError
from connectors.sandbox.shopify.schema import Arguments, Node, Page
from connectors.sandbox.shopify.shelves import Key, Row

MAXIMUM_PAGE = 250


def cursor_of(key: Key, record_id: int) -> str:
    """A place in a list, as text."""
    value: Any = int(key.timestamp() * 1000) if isinstance(key, datetime) else key
    return base64.b64encode(
        json.dumps({"last_id": record_id, "last_value": value}, separators=(",", ":")).encode()
    ).decode()


def place_of(cursor: str, like: Key) -> Row:
    """The place that a cursor stands for, with a value of the same kind as another.

    Raises:
        QueryError: It is no cursor of this list.
    """
    try:
        held = json.loads(base64.b64decode(cursor, validate=True))
        value, record_id = held["last_value"], int(held["last_id"])
        if isinstance(like, datetime):
            return datetime.fromtimestamp(value / 1000, UTC), record_id
    except (ValueError, KeyError, TypeError) as error:
        raise QueryError(f"Invalid cursor for current pagination sort: {cursor}", "BAD_REQUEST") from error
    if type(value) is not type(like):
        raise QueryError(f"Invalid cursor for current pagination sort: {cursor}", "BAD_REQUEST")
    return value, record_id


def window(arguments: Arguments) -> tuple[int, bool]:
    """How many nodes are asked for, and whether from the end.

    Raises:
        QueryError: Not exactly one of `first` and `last` is given, or it is too large.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise QueryError("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise QueryError("providing both first and last is not supported", "BAD_REQUEST")
    size = int(first if first is not None else last or 0)
    if size > MAXIMUM_PAGE:
        name = "last" if first is None else "first"
        raise QueryError(f"{name} cannot exceed {MAXIMUM_PAGE}", "MAX_INPUT_SIZE_EXCEEDED")
    if size < 0:
        raise QueryError("pagination arguments must be positive", "BAD_REQUEST")
    return size, first is None


def page_of_parts(parts: Sequence[Node], ids: Sequence[int], arguments: Arguments) -> Page:
    """A page of a record's own parts."""
    size, is_last = window(arguments)
    if arguments.get("reverse"):
        parts, ids = list(reversed(parts)), list(reversed(ids))
    start, end = 0, len(parts)
    if arguments.get("after"):
        start = _position(arguments["after"], ids) + 1
    if arguments.get("before"):
        end = _position(arguments["before"], ids)
    low, high = (max(end - size, start), end) if is_last else (start, min(start + size, end))
    return Page(parts[low:high], [cursor_of(i, i) for i in ids[low:high]], high < len(parts), low > 0)


def _position(cursor: str, ids: Sequence[int]) -> int:
    _, record_id = place_of(cursor, 0)
    if record_id not in ids:
        raise QueryError(f"Invalid cursor for current pagination sort: {cursor}", "BAD_REQUEST")
    return ids.index(record_id)


def page_of_rows(rows: list[Row], arguments: Arguments, record_of: Callable[[int], Node | None]) -> Page:
    """A page of a sorted list; rows whose record is not among the results are passed over."""
    size, is_last = window(arguments)
    start, end = 0, len(rows)
    reverse = bool(arguments.get("reverse"))
    after, before = arguments.get("after"), arguments.get("before")
    if rows:
        like = rows[0][0]
        # In a reversed list what comes after a place stands before it.
        lower, upper = (before, after) if reverse else (after, before)
        if lower:
            start = bisect_right(rows, place_of(lower, like))
        if upper:
            end = bisect_left(rows, place_of(upper, like))
    found = list(islice(_walk(rows, start, end, record_of, backwards=reverse != is_last), size + 1))
    has_more = len(found) > size
    found = found[:size]
    if is_last:
        found.reverse()
    return Page(
        [record for _, record in found],
        [cursor_of(*row) for row, _ in found],
        bool(before) if is_last else has_more,
        has_more if is_last else bool(after),
    )


def _walk(
    rows: list[Row], start: int, end: int, record_of: Callable[[int], Node | None], *, backwards: bool
) -> Iterator[tuple[Row, Node]]:
    places = range(end - 1, start - 1, -1) if backwards else range(start, end)
    for place in places:
        record = record_of(rows[place][1])
        if record is not None:
            yield rows[place], record
