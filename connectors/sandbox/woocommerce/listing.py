"""One page of a table: filtered, sorted and cut the way WooCommerce's queries do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.sandbox.rows import Table, View, shuffled_ties
from connectors.sandbox.woocommerce.parameters import Query

R = TypeVar("R")


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
    if query.include is not None and query.order_by == "include":
        view = _included(selection, query.include)
    else:
        view = _sorted(selection, query)
    wanted = None if query.include is None else frozenset(query.include)
    conditions = _conditions(selection, query, wanted, matches)
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


def _included(selection: Selection[R], include: Sequence[int]) -> View[R]:
    found = [selection.table.get(row_id) for row_id in dict.fromkeys(include)]
    rows = [row for row in found if row is not None and selection.keep(row)]
    return View(list(range(len(rows))), rows)


def _sorted(selection: Selection[R], query: Query) -> View[R]:
    key = selection.keys.get(query.order_by, lambda _: 0)
    view = selection.table.view(f"{selection.name} by {query.order_by}", key, selection.keep)
    if query.order_by == "modified":
        return view.between(query.bounds.get("modified_after"), query.bounds.get("modified_before"), with_ends=False)
    if query.order_by == "date":
        return view.between(query.bounds.get("after"), query.bounds.get("before"), with_ends=False)
    return view


def _conditions(
    selection: Selection[R],
    query: Query,
    wanted: frozenset[int] | None,
    matches: Callable[[R], bool] | None,
) -> list[Callable[[R], bool]]:
    conditions: list[Callable[[R], bool]] = [] if matches is None else [matches]
    if wanted is not None:
        conditions.append(lambda row: selection.row_id(row) in wanted)
    if query.exclude:
        conditions.append(lambda row: selection.row_id(row) not in query.exclude)
    if query.order_by != "modified":
        conditions += _between(selection.modified, query.bounds, "modified_after", "modified_before")
    if query.order_by != "date":
        conditions += _between(selection.created, query.bounds, "after", "before")
    return conditions


def _between(value: Callable[[R], int], bounds: dict[str, int], lower: str, upper: str) -> list[Callable[[R], bool]]:
    """Both ends are strict: a row of the very second that was given is not among the results."""
    found: list[Callable[[R], bool]] = []
    if lower in bounds:
        found.append(lambda row: value(row) > bounds[lower])
    if upper in bounds:
        found.append(lambda row: value(row) < bounds[upper])
    return found
