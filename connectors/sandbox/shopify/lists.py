"""The lists that a query's top level offers: how each is searched and sorted, and cutting pages from them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.shopify.connections import page_of_rows
from connectors.sandbox.shopify.context import Context, QueryError
from connectors.sandbox.shopify.merchandise import Checkout, Collection, Discount, Product
from connectors.sandbox.shopify.records import Customer, Order
from connectors.sandbox.shopify.schema import Arguments, Node, Page
from connectors.sandbox.shopify.search import Search, Searched, SearchError, prepared
from connectors.sandbox.shopify.shelves import Row, Shelf

# A filter that leaves fewer than one in this many is looked up first and sorted after.
_SELECTIVE = 4

_FINANCIAL_STATUSES = """
paid pending authorized partially_paid partially_refunded refunded voided expired unpaid any
"""


def _words(*names: str) -> Callable[[Node], tuple[object, ...]]:
    return lambda record: tuple(getattr(record, name) for name in names)


def _own(name: str) -> Callable[[Node], object]:
    return lambda record: getattr(record, name)


def _status(order: Order) -> tuple[str, ...]:
    state = "cancelled" if order.cancelled_at else "closed" if order.closed_at else "open"
    return ("any", state) if state == "closed" else ("any", "not_closed", state)


_TIMES = {name: Searched("time", _own(name)) for name in ("created_at", "updated_at")}
_ID = Searched("id", _own("id"))

ORDER_SEARCH: Mapping[str, Searched] = {
    **_TIMES,
    "processed_at": Searched("time", _own("processed_at")),
    "id": _ID,
    "customer_id": Searched("id", _own("customer_id")),
    "test": Searched("flag", _own("test")),
    "name": Searched("word", lambda order: (order.name, str(order.number))),
    "email": Searched("word", _own("email")),
    "tag": Searched("word", _own("tags")),
    "sku": Searched("word", lambda order: [line.sku for line in order.lines]),
    "source_name": Searched("word", _own("source_name")),
    "discount_code": Searched("word", lambda order: [a.title for a in order.applications if a.kind == "code"]),
    "gateway": Searched("word", lambda order: [t.gateway for t in order.transactions]),
    "status": Searched("word", _status, frozenset({"open", "closed", "cancelled", "not_closed", "any"})),
    "financial_status": Searched(
        "word",
        _own("financial_status"),
        frozenset(_FINANCIAL_STATUSES.split()),
    ),
    "fulfillment_status": Searched("word", _own("fulfillment_status")),
    "": Searched("text", _words("name", "email")),
}
CUSTOMER_SEARCH: Mapping[str, Searched] = {
    "customer_date": _TIMES["created_at"],
    **_TIMES,
    "id": _ID,
    "email": Searched("word", _own("email")),
    "first_name": Searched("word", _own("first_name")),
    "last_name": Searched("word", _own("last_name")),
    "phone": Searched("word", _own("phone")),
    "tag": Searched("word", _own("tags")),
    "state": Searched("word", _own("state")),
    "": Searched("text", _words("display_name", "email")),
}
PRODUCT_SEARCH: Mapping[str, Searched] = {
    **_TIMES,
    "published_at": Searched("time", _own("published_at")),
    "id": _ID,
    "title": Searched("text", _own("title")),
    "handle": Searched("word", _own("handle")),
    "vendor": Searched("word", _own("vendor")),
    "product_type": Searched("word", _own("product_type")),
    "status": Searched("word", _own("status")),
    "tag": Searched("word", _own("tags")),
    "sku": Searched("word", lambda product: [variant.sku for variant in product.variants]),
    "gift_card": Searched("flag", _own("is_gift_card")),
    "": Searched("text", _words("title", "vendor")),
}
COLLECTION_SEARCH: Mapping[str, Searched] = {
    "updated_at": _TIMES["updated_at"],
    "id": _ID,
    "title": Searched("text", _own("title")),
    "handle": Searched("word", _own("handle")),
    "": Searched("text", _words("title")),
}
DISCOUNT_SEARCH: Mapping[str, Searched] = {
    **_TIMES,
    "starts_at": Searched("time", _own("starts_at")),
    "ends_at": Searched("time", _own("ends_at")),
    "id": _ID,
    "title": Searched("text", _own("title")),
    "code": Searched("word", lambda discount: [code.code for code in discount.codes]),
    "method": Searched("word", lambda discount: "automatic" if discount.is_automatic else "code"),
    "": Searched("text", _words("title")),
}
CHECKOUT_SEARCH: Mapping[str, Searched] = {
    **_TIMES,
    "id": _ID,
    "status": Searched("word", lambda checkout: "closed" if checkout.completed_at else "open"),
    "recovery_state": Searched("word", lambda checkout: "recovered" if checkout.completed_at else "not_recovered"),
    "": Searched("text", _words("email")),
}

_SORTS = {
    "CHECKOUT_ID": "id",
    "CREATED_AT": "created_at",
    "CUSTOMER_NAME": "id",
    "ID": "id",
    "NAME": "name",
    "ORDER_NUMBER": "id",
    "PROCESSED_AT": "processed_at",
    "PRODUCT_TYPE": "product_type",
    "RELEVANCE": "id",
    "STARTS_AT": "starts_at",
    "TITLE": "title",
    "TOTAL_PRICE": "total_price",
    "UPDATED_AT": "updated_at",
    "VENDOR": "vendor",
}


@dataclass
class ShopList:
    """One list.

    Attributes:
        shelf: The records it holds.
        search: How they are searched.
        is_in: Which of them are in the list.
    """

    shelf: Callable[[Context], Shelf[Any]]
    search: Mapping[str, Searched]
    is_in: Callable[[Context, Node], bool] = lambda _, __: True

    def page(self, _: Node, context: Context, arguments: Arguments) -> Page:
        """A page of it."""
        shelf = self.shelf(context)
        search = self._prepared(context, arguments.get("query"))
        sort = _SORTS.get(str(arguments["sortKey"]), "id")
        rows = self._rows(shelf, search, sort)
        return page_of_rows(rows, arguments, lambda record_id: self._found(context, shelf, search, record_id))

    def everything(self, _: Node, context: Context, arguments: Arguments) -> Iterator[Node]:
        """All of it, oldest id first; what is gone by the time it is reached is left out."""
        shelf = self.shelf(context)
        search = self._prepared(context, arguments.get("query"))
        for _, record_id in list(self._rows(shelf, search, "id")):
            record = self._found(context, shelf, search, record_id)
            if record is not None:
                yield record

    def count(self, _: Node, context: Context, arguments: Arguments) -> dict[str, object]:
        """How many there are, as far as was asked to count."""
        shelf = self.shelf(context)
        search = self._prepared(context, arguments.get("query"))
        limit = arguments.get("limit")
        found = 0
        for _, record_id in self._rows(shelf, search, "id"):
            if self._found(context, shelf, search, record_id) is not None:
                found += 1
                if limit is not None and found > limit:
                    return {"count": limit, "precision": "AT_LEAST"}
        return {"count": found, "precision": "EXACT"}

    def _prepared(self, context: Context, query: str | None) -> Search | None:
        if not query:
            return None
        try:
            search = prepared(query, self.search, context.shop.zone)
        except SearchError as error:
            raise QueryError(str(error), "BAD_REQUEST") from error
        if search.warnings:
            context.searches.append({"path": list(context.path), "query": query, "warnings": search.warnings})
        return search

    def _rows(self, shelf: Shelf[Any], search: Search | None, sort: str) -> list[Row]:
        is_search = search is not None
        bounds = search.bounds if search is not None else {}
        if sort in bounds:
            low, high = bounds[sort]
            first = None if low is None else (low, -1)
            last = None if high is None else (high, 1 << 62)
            return shelf.ids(sort, is_search=is_search, low=first, high=last)
        for name in ("updated_at", "created_at"):
            if name in bounds:
                low, high = bounds[name]
                first = None if low is None else (low, -1)
                last = None if high is None else (high, 1 << 62)
                narrow = shelf.ids(name, is_search=is_search, low=first, high=last)
                if len(narrow) * _SELECTIVE < len(shelf):
                    return sorted(shelf.keyed(sort, [record_id for _, record_id in narrow]))
        return shelf.ids(sort, is_search=is_search)

    def _found(self, context: Context, shelf: Shelf[Any], search: Search | None, record_id: int) -> Node | None:
        record = shelf.get(record_id)
        if record is None or not self.is_in(context, record):
            return None
        if search is not None and not search.matches((record, shelf.indexed_at(record_id))):
            return None
        return record


def _all_orders(context: Context) -> Shelf[Order]:
    return context.shop.orders


def _all_customers(context: Context) -> Shelf[Customer]:
    return context.shop.customers


def _all_products(context: Context) -> Shelf[Product]:
    return context.shop.products


def _all_collections(context: Context) -> Shelf[Collection]:
    return context.shop.collections


def _all_discounts(context: Context) -> Shelf[Discount]:
    return context.shop.discounts


def _all_checkouts(context: Context) -> Shelf[Checkout]:
    return context.shop.checkouts


ORDERS = ShopList(_all_orders, ORDER_SEARCH, lambda context, order: context.sees(order))
CUSTOMERS = ShopList(_all_customers, CUSTOMER_SEARCH)
PRODUCTS = ShopList(_all_products, PRODUCT_SEARCH)
COLLECTIONS = ShopList(_all_collections, COLLECTION_SEARCH)
DISCOUNTS = ShopList(_all_discounts, DISCOUNT_SEARCH)
CODE_DISCOUNTS = ShopList(_all_discounts, DISCOUNT_SEARCH, lambda _, discount: not discount.is_automatic)
AUTOMATIC_DISCOUNTS = ShopList(_all_discounts, DISCOUNT_SEARCH, lambda _, discount: discount.is_automatic)
CHECKOUTS = ShopList(_all_checkouts, CHECKOUT_SEARCH)
