"""Lists inside records, read to their end."""

from collections.abc import Callable
from typing import TypeVar

from connectors.sources.shopify.answers import Connection
from models.errors import StopError

T = TypeVar("T")


def drained(first: Connection[T] | None, fetch: Callable[[str], Connection[T] | None]) -> list[T]:
    """All of a list whose first page came with its record.

    Args:
        first: That page; None where the list was not asked for.
        fetch: The page after a cursor; None where the record is gone by now.

    Raises:
        StopError: The list leads in a circle.
    """
    if first is None:
        return []
    nodes, end = first.nodes, first.page_info
    seen: set[str] = set()
    while end.has_next_page:
        if end.end_cursor is None or end.end_cursor in seen:
            raise StopError(f"Shopify's list does not go on after {end.end_cursor!r}, though it says that it does")
        seen.add(end.end_cursor)
        page = fetch(end.end_cursor)
        if page is None:
            return nodes
        nodes, end = [*nodes, *page.nodes], page.page_info
    return nodes
