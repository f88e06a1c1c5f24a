"""One page of a table: filtered, sorted and cut the way WooCommerce's queries do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.sandbox.rows import Table, View, shuffled_ties
from connectors.sandbox.woocommerce.parameters import Query

R = TypeVar("R")

_BOUNDS = ("after", "before", "modified_after", "modified_before")
# Of a list that is sorted by a date, its own bounds and the others.
_BOUNDS_OF = {"date": (_BOUNDS[:2], _BOUNDS[2:]), "modified": (_BOUNDS[2:], _BOUNDS[:2])}


def _tied(_row: object) -> int:
    """What a list that sorts by nothing sorts by."""
    return 0


@dataclass(frozen=True)
class Selection(Generic[R]):
    """What a list is made of.

    Attributes:
        table: All rows.
        name: Stands for `keep`.
        keep: The rows that the list's statuses let through.
        keys: By value of `orderby`, what it sorts by; others sort by nothing, so that everything is a tie.
        created: When a row was made, in seconds.
        modified: When it was changed, in seconds.
        row_id: A row's id.
        has_stable_ties: Whether rows with equal keys come by id, on every page.
    """

    table: Table[R]
    name: str
    keep: Callable[[R], bool]
    keys: dict[str, Callable[[R], Any]]
    created: Callable[[R], int]
    modified: Callable[[R], int]
    row_id: Callable[[R], int]
    has_stable_ties: bool


def page_of(selection: Selection[R], query: Query, matches: Callable[[R], bool] | None = None) -> tuple[list[R], int]:
    """The rows of a page, and how many there are on all pages.

    Args:
        selection: What the list is made of.
        query: The request.
        matches: Further conditions.
    """
    view = _sorted(selection, query) if query.include is None else _included(selection, query, query.include)
    conditions: list[Callable[[R], bool]] = [] if matches is None else [matches]
    if query.exclude:
        conditions.append(lambda row: selection.row_id(row) not in query.exclude)
    if conditions:
        kept = [
            (key, row)
            for key, row in zip(view.keys, view.rows, strict=True)
            if all(condition(row) for condition in conditions)
        ]
        view = View([key for key, _ in kept], [row for _, row in kept])
    total = len(view.rows)
    is_reversed = not query.is_ascending and query.order_by != "include"
    places = range(total - 1, -1, -1) if is_reversed else range(total)
    places = places[query.start : query.start + query.per_page]
    if selection.has_stable_ties or query.order_by in ("id", "include"):
        return [view.rows[place] for place in places], total
    return [view.rows[place] for place in shuffled_ties(view.keys, places, f"{query.start} {query.per_page}")], total


def _included(selection: Selection[R], query: Query, include: Sequence[int]) -> View[R]:
    """Certain rows, in the order in which they were asked for or in the list's."""
    conditions = [selection.keep, *_dated(selection, query, *_BOUNDS)]
    found = [selection.table.get(row_id) for row_id in dict.fromkeys(include)]
    rows = [row for row in found if row is not None and all(condition(row) for condition in conditions)]
    if query.order_by == "include":
        return View(list(range(len(rows))), rows)
    key = selection.keys.get(query.order_by, _tied)
    rows.sort(key=lambda row: (key(row), selection.row_id(row)))
    return View([key(row) for row in rows], rows)


def _sorted(selection: Selection[R], query: Query) -> View[R]:
    """The whole list within its dates; those that it is sorted by are a stretch of it."""
    own, others = _BOUNDS_OF.get(query.order_by, (None, _BOUNDS))
    conditions = [selection.keep, *_dated(selection, query, *others)]
    bounds = "".join(f" {name} {query.bounds[name]}" for name in others if name in query.bounds)
    view = selection.table.view(
        f"{selection.name} by {query.order_by}{bounds}",
        selection.keys.get(query.order_by, _tied),
        lambda row: all(condition(row) for condition in conditions),
    )
    if own is None:
        return view
    lower, upper = own
    return view.between(query.bounds.get(lower), query.bounds.get(upper), with_ends=False)


def _dated(selection: Selection[R], query: Query, *names: str) -> list[Callable[[R], bool]]:
    """Both ends are strict: a row of the very second that was given is not among the results."""
    return [_bound(selection, name, query.bounds[name]) for name in names if name in query.bounds]


def _bound(selection: Selection[R], name: str, moment: int) -> Callable[[R], bool]:
    value = selection.modified if name.startswith("modified") else selection.created
    return (lambda row: value(row) > moment) if name.endswith("after") else (lambda row: value(row) < moment)
