"""Walks that lose nothing while records change under them: by id within a fixed window, never by page number.

Paging by number over a list that is sorted by modification loses a record whenever one of a page before it is edited.
Here the window's ends are fixed, so that an edit takes a record out of the set (into the next window) and can never
move it within, and each request asks for what comes after the last id seen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from connectors.sources.bigcommerce.client import PAGE_ROWS, BigCommerceClient, Params, may_have_more, time_param
from connectors.sources.bigcommerce.intake import identity
from models.errors import StopError

WHOLE_ORDER: Params = [("include", "consignments,consignments.line_items,fees"), ("consignment_structure", "object")]
"""What an order is asked for with, so that its lines, shipping and fees come along."""


@dataclass(frozen=True)
class Window:
    """The modifications that a walk covers, both ends included.

    Attributes:
        since: None for all of history.
        until: The end, in UTC.
    """

    since: datetime | None
    until: datetime


Pages = Iterator[tuple[list[msgspec.Raw], int]]


def orders(client: BigCommerceClient, window: Window | None, after_id: int) -> Pages:
    """The orders of a window, whole but for what has a resource of its own; each page with its last id.

    Args:
        client: The store.
        window: None for every order there is, without its parts.
        after_id: Where an earlier walk got to; 0 for the beginning.
    """
    within: Params = []
    if window is not None:
        within = [*_modified(window, "min_date_modified", "max_date_modified"), *WHOLE_ORDER]

    def page(after: int) -> list[msgspec.Raw]:
        params = [("min_id", str(after + 1)), ("sort", "id:asc"), ("limit", str(PAGE_ROWS)), *within]
        return client.rows("v2/orders", params, stream="orders")

    return _by_id(page, after_id, "/v2/orders")


def products(client: BigCommerceClient, window: Window | None, after_id: int) -> Pages:
    """The products of a window with their variants; each page with its last id.

    Args:
        client: The store.
        window: None for the ids and modification times of every product there is.
        after_id: Where an earlier walk got to; 0 for the beginning.
    """
    within: Params = [("include_fields", "date_modified")]
    if window is not None:
        within = [*_modified(window, "date_modified:min", "date_modified:max"), ("include", "variants,custom_fields")]

    def page(after: int) -> list[msgspec.Raw]:
        place = [("id:min", str(after + 1)), ("sort", "id"), ("direction", "asc"), ("limit", str(PAGE_ROWS))]
        return client.rows("v3/catalog/products", [*place, *within], stream="products")

    return _by_id(page, after_id, "/v3/catalog/products")


def customers(
    client: BigCommerceClient, window: Window | None, after: str | None
) -> Iterator[tuple[list[msgspec.Raw], str | None]]:
    """The customers of a window; each page with the cursor to go on from, which BigCommerce makes of the last id.

    Args:
        client: The store.
        window: None for every customer there is, without what belongs to them.
        after: Where an earlier walk got to.
    """
    within: Params = []
    if window is not None:
        within = _modified(window, "date_modified:min", "date_modified:max")
        within.append(("include", "addresses,storecredit,attributes,formfields"))
    while True:
        params: Params = [("limit", str(PAGE_ROWS)), *within, *([("after", after)] if after else [])]
        answer = client.envelope("v3/customers", params, stream="customers")
        if not answer.data:
            return
        end = answer.end_cursor
        if (end is None and may_have_more(answer.data)) or (end is not None and end == after):
            raise StopError("BigCommerce's list of customers does not say where it goes on; read again later")
        yield answer.data, end
        if end is None:
            return
        after = end


def _by_id(page: Callable[[int], list[msgspec.Raw]], after_id: int, place: str) -> Pages:
    """Pages of ascending ids, to an empty one: a short page is no sign of the end."""
    while rows := page(after_id):
        ids = [int(number) for row in rows if (number := identity(row).id) is not None]
        if not ids or ids[0] <= after_id or ids != sorted(ids):
            raise StopError(
                f"BigCommerce's {place} came in another order than was asked for, and records could be missed; "
                "nothing of this read was kept"
            )
        after_id = ids[-1]
        yield rows, after_id


def _modified(window: Window, minimum: str, maximum: str) -> Params:
    since = [] if window.since is None else [(minimum, time_param(window.since))]
    return [*since, (maximum, time_param(window.until))]
