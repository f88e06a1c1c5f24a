"""Orders, read whole: those of the window, and those that something else says must be looked at again."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from connectors.sources.bigcommerce import walks
from connectors.sources.bigcommerce.client import PAGE_ROWS, record_of, time_param
from connectors.sources.bigcommerce.order_pages import order_pages
from connectors.sources.bigcommerce.order_parts import OrderAssembly, WholeOrder
from connectors.sources.bigcommerce.underway import Position, Underway, Unit

_ORIGIN = "/v2/orders"
# Enough for the archive to work well with, and few enough to hold in memory with all of their parts.
_ORDERS_PER_UNIT = 2_000


class _Count(msgspec.Struct):
    count: int = 0


def orders(u: Underway, position: Position) -> Iterator[Unit]:
    """The orders that were changed within the window, with all of their parts."""
    assembly = OrderAssembly(u.client, u.intake, u.settings)
    window = u.window("orders")
    _tell_how_many(u, window, position)
    found: list[WholeOrder] = []
    for rows, last in walks.orders(u.client, window, position.get("after", 0)):
        found += assembly.whole(rows, _ORIGIN)
        position["after"] = last
        if len(found) >= _ORDERS_PER_UNIT or sum(map(len, found)) >= u.request.reading_rows:
            yield _unit(u, position, found)
            found = []
    yield _unit(u, position, found)
    u.end_window("orders", position)


def _unit(u: Underway, position: Position, found: Sequence[WholeOrder]) -> Unit:
    pages = order_pages(found, u.intake, _ORIGIN)
    u.saw(position, pages[0].records.column("date_modified").to_pylist())
    return pages


def _tell_how_many(u: Underway, window: walks.Window, position: Position) -> None:
    params = [("min_id", str(position.get("after", 0) + 1)), ("max_date_modified", time_param(window.until))]
    if window.since is not None:
        params.append(("min_date_modified", time_param(window.since)))
    answer = u.client.send(u.client.request("v2/orders/count", params, stream="orders"))
    u.report.rows_expected = answer.json(_Count).count if answer.content else 0


def orders_by_id(u: Underway, ids: Sequence[str]) -> tuple[Unit, set[str]]:
    """Orders by a direct look at each: those that are there, whole, and which are not."""
    assembly = OrderAssembly(u.client, u.intake, u.settings)
    requests = [u.client.request(f"v2/orders/{one}", walks.WHOLE_ORDER, stream="orders", accepts=(404,)) for one in ids]
    rows: list[msgspec.Raw] = []
    absent: set[str] = set()
    for one, answer in zip(ids, u.client.send_all(requests), strict=True):
        raw = record_of(answer)
        if raw is None:
            absent.add(one)
        else:
            rows.append(raw)
    return order_pages(assembly.whole(rows, _ORIGIN), u.intake, _ORIGIN), absent


def reread(u: Underway, ids: Iterable[str], position: Position) -> Iterator[Unit]:
    """Orders again, some at a time; those that are no longer there are gone.

    Args:
        u: The reading under way.
        ids: The orders.
        position: How far an earlier reading got with them, under `after`.
    """
    after = position.get("after", 0)
    wanted = [one for one in sorted(map(int, set(ids))) if one > after and not u.has_emitted("orders", one)]
    for start in range(0, len(wanted), PAGE_ROWS):
        some = wanted[start : start + PAGE_ROWS]
        unit, absent = orders_by_id(u, list(map(str, some)))
        position["after"] = some[-1]
        yield [*unit, *_gone(u, absent)]


def _gone(u: Underway, absent: set[str]) -> Unit:
    known = u.known("orders", "order_id") if absent else None
    if known is None:
        return []
    ids = sorted(absent.intersection(known["order_id"].to_pylist()))
    return u.gone("orders", [(one,) for one in ids], known.num_rows)
