"""BigCommerce's V2: orders with their parts, coupons, order statuses, currencies and the store.

A list that is empty, or a page past its end, is answered with 204 and no body.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.bigcommerce import rendering, rendering_catalogue, rendering_payments
from connectors.sandbox.bigcommerce.filters import ApiError, Paging, moment, names, paging, whole
from connectors.sandbox.bigcommerce.records import STATUSES, Order
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.rows import View, shuffled_ties

_SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: order.customer_id,
    "date_created": lambda order: order.created,
    "date_modified": lambda order: order.modified,
    "status_id": lambda order: order.status_id,
    "channel_id": lambda _: 1,
    "external_id": lambda _: "",
}
_MISSING = "The requested resource was not found."


@dataclass(frozen=True)
class _Bounds:
    """The filters of orders that are ranges."""

    modified: tuple[int | None, int | None]
    created: tuple[int | None, int | None]
    ids: tuple[int | None, int | None]
    totals: tuple[Decimal | None, Decimal | None]


def answer(store: StoreState, path: str, params: Mapping[str, str]) -> object:
    """What a path under v2 says; None where there is nothing.

    Raises:
        ApiError: A refusal.
    """
    match path.split("/"):
        case ["orders"]:
            return _orders(store, params)
        case ["orders", "count"]:
            return _count(store, params)
        case ["orders", order_id, *rest] if order_id.isdigit():
            return _order(store, int(order_id), rest, params)
        case ["coupons"]:
            rows = [rendering_catalogue.coupon_definition_json(coupon) for coupon in store.coupons]
            return _cut(rows, paging(params))
        case ["coupons", coupon_id] if coupon_id.isdigit():
            coupon = store.coupons.get(int(coupon_id))
            if coupon is None:
                raise ApiError(404, _MISSING)
            return rendering_catalogue.coupon_definition_json(coupon)
        case _:
            return _plain(store, path, params)


def _plain(store: StoreState, path: str, params: Mapping[str, str]) -> object:
    match path:
        case "store":
            return rendering_catalogue.store_json(store)
        case "time":
            return {"time": store.now()}
        case "order_statuses":
            return [_status(status_id) for status_id in STATUSES]
        case "currencies":
            codes = [store.settings.currency, *store.settings.exchange_rates]
            rows = [rendering_catalogue.currency_json(store, place, code) for place, code in enumerate(codes, 1)]
            return _cut(rows, paging(params))
    single = re.fullmatch(r"order_statuses/(\d+)", path)
    if single and int(single[1]) in STATUSES:
        return _status(int(single[1]))
    raise ApiError(404, _MISSING)


def _orders(store: StoreState, params: Mapping[str, str]) -> object:
    page = paging(params)
    includes, as_object = names(params, "include"), params.get("consignment_structure") == "object"
    sort, _, direction = params.get("sort", "id").partition(":")
    if sort not in _SORTS or direction not in ("", "asc", "desc"):
        raise ApiError(400, "The field 'sort' is invalid.", "sort")
    view = _selected(store, params, sort)
    places = range(len(view.rows) - 1, -1, -1) if direction == "desc" else range(len(view.rows))
    places = places[page.start : page.start + page.limit]
    shown: list[int] | range = places
    if sort != "id" and not store.settings.has_stable_ties:
        shown = shuffled_ties(view.keys, places, f"{page.start} {page.limit}")
    rows = [rendering.order_json(store, view.rows[place], includes, as_object=as_object) for place in shown]
    return rows or None


def _selected(store: StoreState, params: Mapping[str, str], sort: str) -> View[Order]:
    """The orders that the filters let through, sorted."""
    shows_archived = store.settings.lists_archived
    wanted = params.get("is_deleted", "").lower()
    is_deleted = wanted in ("true", "1") if wanted else None
    view = store.orders.view(
        f"{sort} {shows_archived} {is_deleted}",
        _SORTS[sort],
        lambda order: shows_archived or not order.is_deleted if is_deleted is None else order.is_deleted == is_deleted,
    )
    bounds = _bounds(store, params)
    match sort:
        case "id":
            view = view.between(*bounds.ids, with_ends=True)
        case "date_modified":
            view = view.between(*bounds.modified, with_ends=True)
        case "date_created":
            view = view.between(*bounds.created, with_ends=True)
    conditions = _conditions(params, bounds)
    if not conditions:
        return view
    kept = [
        (key, row)
        for key, row in zip(view.keys, view.rows, strict=True)
        if all(condition(row) for condition in conditions)
    ]
    return View([key for key, _ in kept], [row for _, row in kept])


def _bounds(store: StoreState, params: Mapping[str, str]) -> _Bounds:
    return _Bounds(
        modified=(
            moment(params, "min_date_modified", store.zone),
            moment(params, "max_date_modified", store.zone),
        ),
        created=(moment(params, "min_date_created", store.zone), moment(params, "max_date_created", store.zone)),
        ids=(whole(params, "min_id"), whole(params, "max_id")),
        totals=(_amount(params, "min_total"), _amount(params, "max_total")),
    )


def _amount(params: Mapping[str, str], name: str) -> Decimal | None:
    try:
        return Decimal(params[name]) if params.get(name) else None
    except InvalidOperation:
        message = f"The field '{name}' is invalid."
        raise ApiError(400, message, name) from None


def _conditions(params: Mapping[str, str], bounds: _Bounds) -> list[Callable[[Order], bool]]:
    """The filters, of which a view that is sorted by their field has applied some already."""
    conditions: list[Callable[[Order], bool]] = []

    def between(value: Callable[[Order], Any], low: Any, high: Any) -> None:  # noqa: ANN401 - any key
        if low is not None:
            conditions.append(lambda order: value(order) >= low)
        if high is not None:
            conditions.append(lambda order: value(order) <= high)

    between(lambda order: order.modified, *bounds.modified)
    between(lambda order: order.created, *bounds.created)
    between(lambda order: order.id, *bounds.ids)
    between(lambda order: order.total.inc_tax, *bounds.totals)
    status_id, customer_id = whole(params, "status_id"), whole(params, "customer_id")
    if status_id is not None:
        conditions.append(lambda order: order.status_id == status_id)
    if customer_id is not None:
        conditions.append(lambda order: order.customer_id == customer_id)
    if params.get("email"):
        conditions.append(lambda order: order.billing.get("email", "").lower() == params["email"].lower())
    if params.get("cart_id"):
        conditions.append(lambda order: order.cart_id == params["cart_id"])
    if params.get("payment_method"):
        conditions.append(lambda order: order.payment_method == params["payment_method"])
    return conditions


def _count(store: StoreState, params: Mapping[str, str]) -> object:
    rows = _selected(store, params, "id").rows
    counts = dict.fromkeys(STATUSES, 0)
    for order in rows:
        counts[order.status_id] += 1
    statuses = [
        {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": name,
            "system_description": "",
            "count": counts[status_id],
            "sort_order": status_id,
        }
        for status_id, name in STATUSES.items()
    ]
    return {"statuses": statuses, "count": len(rows)}


def _order(store: StoreState, order_id: int, rest: list[str], params: Mapping[str, str]) -> object:
    order = store.orders.get(order_id)
    if order is None:
        raise ApiError(404, _MISSING)
    as_object = params.get("consignment_structure") == "object"
    match rest:
        case []:
            return rendering.order_json(store, order, names(params, "include"), as_object=as_object)
        case ["products"]:
            return _cut([rendering.line_json(order, line) for line in order.lines], paging(params))
        case ["products", line_id]:
            found = [rendering.line_json(order, line) for line in order.lines if str(line.id) == line_id]
            if found:
                return found[0]
        case ["shipping_addresses" | "shippingaddresses"]:
            rows = [rendering.address_json(store, order, address) for address in order.addresses]
            return _cut(rows, paging(params))
        case ["coupons"]:
            return _cut(rendering_payments.coupon_json(order), paging(params))
        case ["taxes"]:
            return _cut(rendering_payments.tax_json(order), paging(params))
        case ["fees"]:
            return {"fees": [rendering_payments.fee_json(fee) for fee in order.fees]}
        case ["consignments"]:
            with_lines = "line_items" in names(params, "include")
            return rendering.consignments_json(store, order, with_lines=with_lines)
        case ["shipments"] | ["messages"]:
            return None
    raise ApiError(404, _MISSING)


def _status(status_id: int) -> dict[str, object]:
    name = STATUSES[status_id]
    return {
        "id": status_id,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": "",
        "order": status_id,
    }


def _cut(rows: list[dict[str, Any]], page: Paging) -> object:
    return rows[page.start : page.start + page.limit] or None
