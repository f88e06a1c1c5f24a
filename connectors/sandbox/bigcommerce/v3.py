"""BigCommerce's V3: customers, subscribers, the catalogue, refunds, transactions and abandoned carts.

A list is an envelope with the rows, and how many there are on which pages; an empty one has no rows.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from math import ceil
from typing import Any, TypeVar
from urllib.parse import urlencode

from connectors.sandbox.bigcommerce import rendering_catalogue, rendering_payments
from connectors.sandbox.bigcommerce.filters import ApiError, Paging, moment, names, paging, whole, wholes
from connectors.sandbox.bigcommerce.formats import Json
from connectors.sandbox.bigcommerce.records import Customer, Product
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.rows import Table

R = TypeVar("R")
Params = Mapping[str, str]

_MOST_WITH_OPTIONS = 10
_FIRST_CURSOR_PAGE = 1


def answer(store: StoreState, path: str, params: Params) -> Json:
    """What a path under v3 says.

    Raises:
        ApiError: A refusal.
    """
    if path == "customers":
        return _customers(store, params)
    if refunded := re.fullmatch(r"orders/(\d+)/payment_actions/refunds", path):
        return _refunds(store, params, int(refunded[1]))
    if paid := re.fullmatch(r"orders/(\d+)/transactions", path):
        return _transactions(store, params, int(paid[1]))
    if single := re.fullmatch(r"(?P<of>.+)/(?P<id>\d+)", path):
        return {"data": _single(store, single["of"], int(single["id"]), params), "meta": {}}
    if varied := re.fullmatch(r"catalog/products/(\d+)/variants", path):
        return _listed(_product(store, int(varied[1])).variants, params, _variant_json(store))
    if cart := re.fullmatch(r"abandoned-carts/([0-9a-f-]{36})", path):
        return _cart(store, cart[1])
    return _list(store, path, params)


def _list(store: StoreState, path: str, params: Params) -> Json:
    match path:
        case "orders/payment_actions/refunds":
            return _refunds(store, params, None)
        case "customers/subscribers":
            rows = _filtered(store.subscribers, params, lambda r: r.id, lambda r: r.modified, lambda r: r.created)
            email = params.get("email")
            rows = [row for row in rows if email in (None, row.email)]
            return _listed(rows, params, rendering_catalogue.subscriber_json)
        case "catalog/products":
            return _products(store, params)
        case "catalog/variants":
            product_ids = wholes(params, "product_id:in")
            variants = [row for row in store.variants if product_ids is None or row.product_id in product_ids]
            return _listed(variants, params, _variant_json(store))
        case "catalog/categories":
            return _listed(_by_id(store.categories, params), params, rendering_catalogue.category_json)
        case "catalog/trees/categories":
            ids = wholes(params, "category_id:in")
            categories = [row for row in store.categories if ids is None or row.id in ids]
            return _listed(categories, params, rendering_catalogue.tree_category_json)
        case "catalog/trees":
            return {"data": [{"id": 1, "name": "Default catalog tree", "channels": [1]}], "meta": {}}
        case "catalog/brands":
            return _listed(_by_id(store.brands, params), params, rendering_catalogue.brand_json)
        case "abandoned-carts/settings":
            return {"data": {"enable_notification": True, "email_customer_until_cart_is_recovered": True}, "meta": {}}
        case _:
            raise ApiError(404, "The requested resource was not found.")


def _single(store: StoreState, of: str, row_id: int, params: Params) -> Json:
    found: Json | None = None
    match of:
        case "orders/payment_actions/refunds":
            refund = store.refunds.get(row_id)
            found = rendering_payments.refund_json(refund) if refund else None
        case "customers/subscribers":
            subscriber = store.subscribers.get(row_id)
            found = rendering_catalogue.subscriber_json(subscriber) if subscriber else None
        case "catalog/products":
            product = store.products.get(row_id)
            found = rendering_catalogue.product_json(product, names(params, "include")) if product else None
        case "catalog/categories":
            category = store.categories.get(row_id)
            found = rendering_catalogue.category_json(category) if category else None
        case "catalog/brands":
            brand = store.brands.get(row_id)
            found = rendering_catalogue.brand_json(brand) if brand else None
    if found is None:
        raise ApiError(404, "The requested resource was not found.")
    return found


def _refunds(store: StoreState, params: Params, order_id: int | None) -> Json:
    """Refunds, oldest first; the list of all has no filter but for ids and for when they were made."""
    if order_id is not None and order_id not in store.orders:
        raise ApiError(404, "The requested resource was not found.")
    order_ids, ids = wholes(params, "order_id:in"), wholes(params, "id:in")
    low, high = moment(params, "created:min", UTC), moment(params, "created:max", UTC)
    rows = [
        refund
        for refund in store.refunds
        if order_id in (None, refund.order_id)
        and (order_ids is None or refund.order_id in order_ids)
        and (ids is None or refund.id in ids)
        and (low is None or refund.created >= low)
        and (high is None or refund.created <= high)
    ]
    if order_id is not None:
        return {"data": [rendering_payments.refund_json(refund) for refund in rows], "meta": {}}
    return _listed(rows, params, rendering_payments.refund_json)


def _transactions(store: StoreState, params: Params, order_id: int) -> Json:
    order = store.orders.get(order_id)
    if order is None:
        raise ApiError(404, "The requested resource was not found.")
    return _listed(order.transactions, params, rendering_payments.transaction_json)


def _product(store: StoreState, product_id: int) -> Product:
    product = store.products.get(product_id)
    if product is None:
        raise ApiError(404, "The requested resource was not found.")
    return product


def _products(store: StoreState, params: Params) -> Json:
    rows = _filtered(store.products, params, lambda r: r.id, lambda r: r.modified, lambda r: r.created)
    categories, visible = wholes(params, "categories:in"), params.get("is_visible", "").lower()
    rows = [
        row
        for row in rows
        if (categories is None or not categories.isdisjoint(row.category_ids))
        and (not visible or row.is_visible == (visible in ("true", "1")))
    ]
    keys: dict[str, Callable[[Product], Any]] = {
        "id": lambda product: product.id,
        "name": lambda product: product.name,
        "sku": lambda product: product.sku,
        "price": lambda product: product.price,
        "date_modified": lambda product: (product.modified, product.id),
    }
    sort = params.get("sort", "id")
    if sort not in keys:
        raise ApiError(422, "The field 'sort' is invalid.", "sort")
    rows.sort(key=keys[sort], reverse=params.get("direction") == "desc")
    includes = names(params, "include")
    most = _MOST_WITH_OPTIONS if includes & {"options", "modifiers"} else None
    return _listed(rows, params, lambda row: rendering_catalogue.product_json(row, includes), most=most)


def _variant_json(store: StoreState) -> Callable[[Any], Json]:
    return lambda variant: rendering_catalogue.variant_json(store.products[variant.product_id], variant)


def _customers(store: StoreState, params: Params) -> Json:
    """Customers by page or by cursor; the first page tells both, a later one only what it was asked by."""
    rows = _filtered(store.customers, params, lambda r: r.id, lambda r: r.modified, lambda r: r.created)
    emails = names(params, "email:in")
    rows = [row for row in rows if not emails or row.email in emails]
    sort, _, direction = params.get("sort", "").partition(":")
    keys: dict[str, Callable[[Customer], Any]] = {
        "": lambda customer: customer.id,
        "date_created": lambda customer: (customer.created, customer.id),
        "date_modified": lambda customer: (customer.modified, customer.id),
        "last_name": lambda customer: (customer.last_name, customer.id),
    }
    if sort not in keys or direction not in ("", "asc", "desc"):
        raise ApiError(422, "The field 'sort' is invalid.", "sort")
    rows.sort(key=keys[sort], reverse=direction == "desc")
    includes = names(params, "include")

    def render(customer: Customer) -> Json:
        return rendering_catalogue.customer_json(customer, includes)

    page = paging(params)
    if "after" in params or "before" in params:
        shown = _beside_cursor(rows, params, page)
        meta = {"cursor_pagination": _cursor_meta(rows, shown, page)}
        return {"data": [render(customer) for customer in shown], "meta": meta}
    listed = _listed(rows, params, render)
    if page.page == _FIRST_CURSOR_PAGE:
        listed["meta"]["cursor_pagination"] = _cursor_meta(rows, rows[: page.limit], page)
    return listed


def _beside_cursor(rows: Sequence[Customer], params: Params, page: Paging) -> Sequence[Customer]:
    name = "after" if "after" in params else "before"
    try:
        padded = params[name] + "=" * (-len(params[name]) % 4)
        known_id = int(json.loads(base64.urlsafe_b64decode(padded))["id"])
    except (ValueError, KeyError, TypeError):
        message = f"The field '{name}' is invalid."
        raise ApiError(422, message, name) from None
    place = next((place for place, row in enumerate(rows) if row.id == known_id), None)
    if place is None:
        # The row that the cursor names is gone; in the order of ids the others are still known.
        place = next((place for place, row in enumerate(rows) if row.id > known_id), len(rows))
        place = place - 1 if name == "after" else place
    return rows[place + 1 : place + 1 + page.limit] if name == "after" else rows[max(place - page.limit, 0) : place]


def _cursor_meta(rows: Sequence[Customer], shown: Sequence[Customer], page: Paging) -> Json:
    links = {}
    if shown and shown[0] is not rows[0]:
        links["previous"] = "?" + urlencode({"limit": page.limit, "before": _cursor(shown[0])})
    if shown and shown[-1] is not rows[-1]:
        links["next"] = "?" + urlencode({"limit": page.limit, "after": _cursor(shown[-1])})
    return {
        "count": len(shown),
        "per_page": page.limit,
        "start_cursor": _cursor(shown[0]) if shown else None,
        "end_cursor": _cursor(shown[-1]) if shown else None,
        "links": links,
    }


def _cursor(customer: Customer) -> str:
    return (
        base64.urlsafe_b64encode(json.dumps({"id": customer.id}, separators=(",", ":")).encode()).decode().rstrip("=")
    )


def _by_id(table: Table[R], params: Params) -> list[R]:
    def row_id(row: Any) -> int:  # noqa: ANN401 - every row has an id
        found: int = row.id
        return found

    return _filtered(table, params, row_id, None, None)


def _filtered(
    table: Table[R],
    params: Params,
    row_id: Callable[[R], int],
    modified: Callable[[R], int] | None,
    created: Callable[[R], int] | None,
) -> list[R]:
    """The rows that ids and dates let through; both ends of a range are in it."""
    ids, excluded = wholes(params, "id:in"), wholes(params, "id:not_in") or frozenset()
    single = whole(params, "id")
    low, high = whole(params, "id:min"), whole(params, "id:max")
    rows = [
        row
        for row in table
        if (ids is None or row_id(row) in ids)
        and row_id(row) not in excluded
        and single in (None, row_id(row))
        and (low is None or row_id(row) >= low)
        and (high is None or row_id(row) <= high)
    ]
    for name, value in (("date_modified", modified), ("date_created", created)):
        if value is not None:
            since, until = moment(params, f"{name}:min", UTC), moment(params, f"{name}:max", UTC)
            rows = [
                row for row in rows if (since is None or value(row) >= since) and (until is None or value(row) <= until)
            ]
    return rows


def _listed(rows: Sequence[R], params: Params, render: Callable[[R], Json], *, most: int | None = None) -> Json:
    page = paging(params)
    page = page if most is None else Paging(page.page, min(page.limit, most))
    shown = rows[page.start : page.start + page.limit]
    pages = ceil(len(rows) / page.limit)
    others = {name: value for name, value in params.items() if name not in ("page", "limit")}

    def link(number: int) -> str:
        return "?" + urlencode({**others, "page": number, "limit": page.limit})

    links = {"current": link(page.page)}
    if page.page > 1:
        links["previous"] = link(page.page - 1)
    if page.page < pages:
        links["next"] = link(page.page + 1)
    pagination = {
        "total": len(rows),
        "count": len(shown),
        "per_page": page.limit,
        "current_page": page.page,
        "total_pages": pages,
        "links": links,
    }
    return {"data": [_picked(render(row), params) for row in shown], "meta": {"pagination": pagination}}


def _picked(row: Json, params: Params) -> Json:
    """Only the fields asked for, and the id."""
    wanted, unwanted = names(params, "include_fields"), names(params, "exclude_fields")
    return {
        name: value
        for name, value in row.items()
        if name == "id" or ((not wanted or name in wanted) and name not in unwanted)
    }


def _cart(store: StoreState, token: str) -> Json:
    """The cart of a token; a token is known only from the mail that was sent, and there is no list of them."""
    order = next((order for order in store.orders if order.cart_id == token and order.status_id == 0), None)
    if order is None:
        raise ApiError(404, "No cart was found for this token.")
    return {"data": {"cart_id": order.cart_id}, "meta": {}}
