"""WooCommerce's REST API: from a request to the reply that the real server gives, errors and headers included."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.woocommerce import lists
from connectors.sandbox.woocommerce.listing import page_of
from connectors.sandbox.woocommerce.lists import Listing
from connectors.sandbox.woocommerce.oauth import Gate, UnauthorizedError
from connectors.sandbox.woocommerce.parameters import InvalidParametersError, list_of, parsed_query, php_arguments
from connectors.sandbox.woocommerce.rendering import Json, Rendering, encoded
from connectors.sandbox.woocommerce.settings_json import (
    index_json,
    order_totals_json,
    settings_json,
    system_status_json,
)
from connectors.sandbox.woocommerce.state import ShopState

R = TypeVar("R")

_ROUTE = "wc/v3/"
_UNCACHED = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_BASIC_REALM = (
    'Basic realm="WooCommerce API. '
    'Use a consumer key in the username field and a consumer secret in the password field."'
)
_LISTS: dict[str, Callable[[ShopState], Listing[Any]]] = {
    "orders": lists.orders,
    "refunds": lists.refunds,
    "customers": lists.customers,
    "products": lists.products,
    "products/categories": lists.categories,
    "products/tags": lists.tags,
    "variations": lists.all_variations,
    "coupons": lists.coupons,
    "taxes": lists.taxes,
}
_MISSING = {
    "customer": ("woocommerce_rest_invalid_id", "Invalid resource ID."),
    "tax": ("woocommerce_rest_invalid_id", "Invalid resource ID."),
    "term": ("woocommerce_rest_term_invalid", "Resource does not exist."),
}


class RestError(Exception):
    """A refusal.

    Args:
        status: The HTTP status.
        code: WooCommerce's name for it.
        message: In words.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class WooCommerceApi:
    """One shop's REST API.

    Args:
        shop: The shop.
        is_tls: Whether every request counts as encrypted; else only those whose proxy says so.
        home: The site's own address as WordPress has it, with the path of a site in a folder; the address that a
            client used if none is given. Signatures are made of it.
    """

    def __init__(self, shop: ShopState, *, is_tls: bool = True, home: str = "") -> None:
        self.shop = shop
        self.is_tls = is_tls
        self.home = home

    def __call__(self, request: Request) -> Reply:
        """Answer a request."""
        with self.shop.lock:
            return _Exchange.of(self, request).reply()


@dataclass
class _Exchange:
    """One request on its way to a reply."""

    api: WooCommerceApi
    request: Request
    home: str
    is_tls: bool
    route: str | None

    @classmethod
    def of(cls, api: WooCommerceApi, request: Request) -> "_Exchange":
        is_tls = api.is_tls or request.headers.get("x-forwarded-proto", "").lower() == "https"
        home = api.home or f"{'https' if is_tls else 'http'}://{request.headers.get('host', 'localhost')}"
        path = request.path.removeprefix(urlsplit(home).path.rstrip("/")).lstrip("/")
        asked = request.params.get("rest_route")
        route = None if asked is None else asked.strip("/")
        if path.startswith("wp-json") and api.shop.settings.has_pretty_permalinks:
            route = path.removeprefix("wp-json").strip("/")
        return cls(api, request, home.rstrip("/"), is_tls, route)

    @property
    def rest_base(self) -> str:
        # Links are of plain HTTP, as a recorded shop's are, whatever its site's address is.
        return f"http://{self.home.partition('://')[2]}/wp-json"

    def reply(self) -> Reply:
        if self.route is None:
            return Reply(b"<!DOCTYPE html><title>Page not found</title>", 404, "text/html; charset=UTF-8")
        try:
            return self._served(self.route)
        except UnauthorizedError as error:
            return self._refusal(401, error.code, error.message, is_basic=error.is_basic)
        except InvalidParametersError as error:
            return self._json(error.body, 400, allow="GET, POST")
        except RestError as error:
            return self._refusal(error.status, error.code, error.message)

    def _served(self, route: str) -> Reply:
        shop = self.api.shop
        if not route:
            return self._json(index_json(shop, self.home))
        if not route.startswith(_ROUTE):
            raise _no_route()
        key = Gate(shop, self.home, self.is_tls).key_of(self.request)
        path = route.removeprefix(_ROUTE).strip("/")
        is_list = re.search(r"/\d+$", path) is None
        if key is None or not key.is_manager:
            status = 401 if key is None else 403
            message = "Sorry, you cannot list resources." if is_list else "Sorry, you cannot view this resource."
            raise RestError(status, "woocommerce_rest_cannot_view", message)
        if self.request.method not in ("GET", "HEAD"):
            raise _no_route()
        dp = self.request.params.get("dp", "")
        decimals = int(dp) if dp.isdigit() else shop.settings.price_decimals
        to = Rendering(shop, f"{self.rest_base}/wc/v3", self.home, decimals)
        if is_list:
            return self._list(path, to)
        return self._json(self._picked([self._item(path, to)])[0], allow="GET, POST, PUT, PATCH, DELETE")

    def _list(self, path: str, to: Rendering) -> Reply:
        shop = self.api.shop
        refunded = re.fullmatch(r"orders/(\d+)/refunds", path)
        varied = re.fullmatch(r"products/(\d+)/variations", path)
        if path in _LISTS:
            return self._page(_LISTS[path](shop), to)
        match path:
            case "reports/orders/totals":
                return self._json(self._picked(order_totals_json(shop)), allow="GET")
            case "system_status":
                return self._json(system_status_json(to), allow="GET")
            case _ if refunded:
                return self._page(lists.refunds(shop, int(refunded[1])), to)
            case _ if varied:
                return self._page(lists.variations(shop, int(varied[1])), to)
            case _:
                return self._settings(path, to)

    def _settings(self, path: str, to: Rendering) -> Reply:
        match path.split("/"):
            case ["settings", group]:
                rows = settings_json(to, group)
                if rows is None:
                    raise RestError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
                return self._json(self._picked(rows), allow="GET")
            case ["settings", group, name]:
                found = [row for row in settings_json(to, group) or [] if row["id"] == name]
                if not found:
                    raise RestError(404, "rest_setting_setting_invalid", "Invalid setting.")
                return self._json(self._picked(found)[0], allow="GET, POST, PUT, PATCH")
            case _:
                raise _no_route()

    def _item(self, path: str, to: Rendering) -> Json:
        shop = self.api.shop
        parent, _, written = path.rpartition("/")
        row_id = int(written)
        if refunded := re.fullmatch(r"orders/(\d+)/refunds", parent):
            return self._refund(int(refunded[1]), row_id, to)
        if varied := re.fullmatch(r"products/(\d+)/variations", parent):
            variation = shop.products.get(row_id)
            of_product = variation if variation and variation.parent_id == int(varied[1]) else None
            return _found(lists.variations(shop, int(varied[1])), of_product, to)
        match parent:
            case "orders":
                return _found(lists.orders(shop), shop.orders.get(row_id), to)
            case "customers":
                return _found(lists.customers(shop), shop.customers.get(row_id), to)
            case "products":
                return _found(lists.products(shop), shop.products.get(row_id), to)
            case "coupons":
                return _found(lists.coupons(shop), shop.coupons.get(row_id), to)
            case "products/categories":
                return _found(lists.categories(shop), shop.categories.get(row_id), to)
            case "products/tags":
                return _found(lists.tags(shop), shop.tags.get(row_id), to)
            case "taxes":
                return _found(lists.taxes(shop), shop.rates.get(row_id), to)
            case _:
                raise _no_route()

    def _refund(self, order_id: int, refund_id: int, to: Rendering) -> Json:
        if order_id not in self.api.shop.orders:
            raise RestError(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
        refund = self.api.shop.refunds.get(refund_id)
        if refund is None or refund.order_id != order_id:
            raise RestError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")
        return to.refund(refund, with_parent=False)

    def _page(self, of: Listing[R], to: Rendering) -> Reply:
        arguments = php_arguments(self.request.query)
        query = parsed_query(arguments, of.rules, self.api.shop.zone)
        rows, total = page_of(of.selection(query), query, of.matches(query))
        # Orders past their end are counted as none, and no second query asks how many there were.
        total = 0 if not rows and of.forgets_total else total
        pages = ceil(total / query.per_page)
        url = f"{self.rest_base}/{_ROUTE}{of.name}"
        current = query.page if query.offset is None else 1
        links = []
        if current > 1:
            links.append(f'<{self._with_page(url, min(current - 1, pages))}>; rel="prev"')
        if pages > current:
            links.append(f'<{self._with_page(url, current + 1)}>; rel="next"')
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        if links:
            headers["Link"] = ", ".join(links)
        body = self._picked([of.render(to, row) for row in rows])
        return self._json(body, headers=headers, allow="GET" if of.name == "refunds" else "GET, POST")

    def _with_page(self, url: str, page: int) -> str:
        pairs = [(name, value) for name, value in self.request.pairs if name not in ("page", "rest_route")]
        pairs.append(("page", str(page)))
        return url + "?" + "&".join(f"{quote(name)}={quote(value, safe=':')}" for name, value in pairs)

    def _picked(self, rows: list[Json]) -> list[Json]:
        """Only the fields that `_fields` names, if it names any."""
        wanted = list_of(php_arguments(self.request.query).get("_fields"))
        if not wanted:
            return rows
        return [_pick(row, wanted) for row in rows]

    def _refusal(self, status: int, code: str, message: str, *, is_basic: bool = False) -> Reply:
        body = {"code": code, "message": message, "data": {"status": status}}
        headers = {"WWW-Authenticate": _BASIC_REALM} if is_basic else {}
        allow = "" if status in (401, 403) else "GET, POST, PUT, PATCH, DELETE"
        return self._json(body, status, headers=headers, allow=allow)

    def _json(
        self, body: object, status: int = 200, *, headers: dict[str, str] | None = None, allow: str = ""
    ) -> Reply:
        common = {
            "X-Powered-By": "PHP/8.2.35",
            "X-Robots-Tag": "noindex",
            "Link": f'<{self.rest_base}/>; rel="https://api.w.org/"',
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
            "Access-Control-Allow-Headers": "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
            **({"Allow": allow, **_UNCACHED} if allow else {"Vary": "Origin"}),
            **(headers or {}),
        }
        return Reply(encoded(body), status, "application/json; charset=UTF-8", common)


def _found(of: Listing[R], row: R | None, to: Rendering) -> Json:
    if row is None:
        code, message = _MISSING.get(of.post_type, (f"woocommerce_rest_{of.post_type}_invalid_id", "Invalid ID."))
        raise RestError(404, code, message)
    return of.render(to, row)


def _no_route() -> RestError:
    return RestError(404, "rest_no_route", "No route was found matching the URL and request method.")


def _pick(row: Json, wanted: list[str]) -> Json:
    picked: Json = {}
    for field, value in row.items():
        inner = [name.removeprefix(f"{field}.") for name in wanted if name.startswith(f"{field}.")]
        if field in wanted:
            picked[field] = value
        elif inner and isinstance(value, dict):
            # What a list holds cannot be picked from.
            picked[field] = _pick(value, inner)
    return picked
