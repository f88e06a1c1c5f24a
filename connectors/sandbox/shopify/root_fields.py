"""The top level of the API: which lists and records can be asked for."""

from functools import lru_cache
from typing import Any

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.customer_fields import declare_customers
from connectors.sandbox.shopify.discount_fields import declare_discounts
from connectors.sandbox.shopify.lists import (
    AUTOMATIC_DISCOUNTS,
    CHECKOUTS,
    CODE_DISCOUNTS,
    COLLECTIONS,
    CUSTOMERS,
    DISCOUNTS,
    ORDERS,
    PRODUCTS,
    ShopList,
)
from connectors.sandbox.shopify.order_fields import declare_orders
from connectors.sandbox.shopify.product_fields import declare_products
from connectors.sandbox.shopify.records import Order, Refund
from connectors.sandbox.shopify.schema import Arguments, Listed, Node, Schema, always
from connectors.sandbox.shopify.shop_fields import declare_shop, expected, number_of
from connectors.sandbox.shopify.writing_fields import declare_writing

_SORT_KEYS = {
    "AbandonedCheckoutSortKeys": "CHECKOUT_ID CREATED_AT CUSTOMER_NAME ID RELEVANCE TOTAL_PRICE",
    "AutomaticDiscountSortKeys": "CREATED_AT ID",
    "BulkOperationStatus": "CANCELED CANCELING COMPLETED CREATED EXPIRED FAILED RUNNING",
    "BulkOperationType": "MUTATION QUERY",
    "BulkOperationsSortKeys": "COMPLETED_AT CREATED_AT",
    "CodeDiscountSortKeys": "CREATED_AT ENDS_AT ID RELEVANCE STARTS_AT TITLE UPDATED_AT",
    "CollectionSortKeys": "ID RELEVANCE TITLE UPDATED_AT",
    "CustomerSortKeys": "CREATED_AT ID LOCATION NAME RELEVANCE UPDATED_AT",
    "DiscountSortKeys": "CREATED_AT ENDS_AT ID RELEVANCE STARTS_AT TITLE UPDATED_AT",
    "OrderSortKeys": (
        "CREATED_AT CURRENT_TOTAL_PRICE CUSTOMER_NAME DESTINATION FINANCIAL_STATUS FULFILLMENT_STATUS ID ORDER_NUMBER "
        "PO_NUMBER PROCESSED_AT RELEVANCE TOTAL_ITEMS_QUANTITY TOTAL_PRICE UPDATED_AT"
    ),
    "ProductSortKeys": "CREATED_AT ID INVENTORY_TOTAL PRODUCT_TYPE PUBLISHED_AT RELEVANCE TITLE UPDATED_AT VENDOR",
}


@lru_cache(maxsize=1)
def shop_schema() -> Schema:
    """All types of the API."""
    schema = Schema()
    schema.enums.update({name: frozenset(keys.split()) for name, keys in _SORT_KEYS.items()})
    _declare_basics(schema)
    declare_orders(schema)
    declare_customers(schema)
    declare_products(schema)
    declare_discounts(schema)
    declare_shop(schema)
    declare_writing(schema)
    _declare_roots(schema)
    return schema


def _order(_: Node, context: Context, arguments: Arguments) -> Order | None:
    order = context.shop.orders.get(expected(arguments["id"], "Order"))
    return order if context.sees(order) else None


def _refund(_: Node, context: Context, arguments: Arguments) -> Refund | None:
    refund = context.shop.refunds.get(expected(arguments["id"], "Refund"))
    return refund if refund is not None and context.sees(refund.order) else None


def _find(global_id: str, context: Context) -> tuple[str, Node] | None:
    """What a global id stands for, with its type."""
    shop = context.shop
    order_id = number_of(global_id, "Order")
    if order_id is not None:
        order = shop.orders.get(order_id)
        return ("Order", order) if context.sees(order) else None
    places: dict[str, Any] = {
        "Customer": shop.customers.get,
        "Product": shop.products.get,
        "ProductVariant": shop.variants.get,
        "Collection": shop.collections.get,
        "DiscountCodeNode": shop.discounts.get,
        "DiscountAutomaticNode": shop.discounts.get,
        "AbandonedCheckout": shop.checkouts.get,
        "Refund": shop.refunds.get,
        "BulkOperation": context.bulk.operations.get,
    }
    for kind, get in places.items():
        number = number_of(global_id, kind)
        if number is not None:
            found = get(number)
            return None if found is None else (kind, found)
    return None


def _nodes(_: Node, context: Context, arguments: Arguments) -> list[Node]:
    return [_find(global_id, context) for global_id in arguments["ids"]]


def _declare_basics(schema: Schema) -> None:
    schema.declare(
        "MoneyV2",
        {
            "amount: Decimal!": lambda x, _: x[1].texts(x[0])[0],
            "currencyCode: CurrencyCode!": lambda x, _: x[1].currency,
        },
    )
    schema.declare("MoneyBag", {"shopMoney: MoneyV2!": always(None), "presentmentMoney: MoneyV2!": always(None)})
    schema.declare(
        "PageInfo",
        {
            "hasNextPage: Boolean!": always(None),
            "hasPreviousPage: Boolean!": always(None),
            "startCursor: String": always(None),
            "endCursor: String": always(None),
        },
    )


def _declare_roots(schema: Schema) -> None:
    lists: dict[str, tuple[ShopList, str, str, str]] = {
        "orders": (ORDERS, "Order", "OrderSortKeys", "PROCESSED_AT"),
        "customers": (CUSTOMERS, "Customer", "CustomerSortKeys", "ID"),
        "products": (PRODUCTS, "Product", "ProductSortKeys", "ID"),
        "collections": (COLLECTIONS, "Collection", "CollectionSortKeys", "ID"),
        "discountNodes": (DISCOUNTS, "DiscountNode", "DiscountSortKeys", "ID"),
        "codeDiscountNodes": (CODE_DISCOUNTS, "DiscountCodeNode", "CodeDiscountSortKeys", "ID"),
        "automaticDiscountNodes": (AUTOMATIC_DISCOUNTS, "DiscountAutomaticNode", "AutomaticDiscountSortKeys", "ID"),
        "abandonedCheckouts": (CHECKOUTS, "AbandonedCheckout", "AbandonedCheckoutSortKeys", "ID"),
    }
    root = "QueryRoot"
    schema.declare(
        root, {"shop: Shop!": lambda _, c: c.shop, "currentAppInstallation: AppInstallation!": lambda _, c: c}
    )
    for name, (held, node, keys, default) in lists.items():
        saved = "" if name == "customers" else ", savedSearchId: ID"
        arguments = f"sortKey: {keys} = {default}, query: String{saved}"
        signature = f"{name}({arguments}): {node}Connection!"
        schema.declare(root, {signature: Listed(held.page, held.everything)})
        if name not in {"codeDiscountNodes", "automaticDiscountNodes"}:
            count = f"{name}Count(query: String{saved}, limit: Int = 10000): Count"
            schema.declare(root, {count: held.count})
    schema.declare(
        root,
        {
            "order(id: ID!): Order": _order,
            "refund(id: ID!): Refund": _refund,
            "customer(id: ID!): Customer": lambda _, c, a: c.shop.customers.get(expected(a["id"], "Customer")),
            "product(id: ID!): Product": lambda _, c, a: c.shop.products.get(expected(a["id"], "Product")),
            "productVariant(id: ID!): ProductVariant": lambda _, c, a: c.shop.variants.get(
                expected(a["id"], "ProductVariant")
            ),
            "collection(id: ID!): Collection": lambda _, c, a: c.shop.collections.get(expected(a["id"], "Collection")),
            "discountNode(id: ID!): DiscountNode": lambda _, c, a: c.shop.discounts.get(
                expected(a["id"], "DiscountNode", "DiscountCodeNode", "DiscountAutomaticNode")
            ),
            "codeDiscountNode(id: ID!): DiscountCodeNode": lambda _, c, a: c.shop.discounts.get(
                expected(a["id"], "DiscountCodeNode")
            ),
            "codeDiscountNodeByCode(code: String!): DiscountCodeNode": lambda _, c, a: c.shop.discount_of(a["code"]),
            "node(id: ID!): Node": lambda _, c, a: _find(a["id"], c),
            "nodes(ids: [ID!]!): [Node]!": _nodes,
        },
    )
    kinds = ("Order", "Customer", "Product", "ProductVariant", "Collection", "AbandonedCheckout", "Refund")
    schema.declare(
        "Node",
        {"id: ID!": always(None)},
        members=[*kinds, "DiscountCodeNode", "DiscountAutomaticNode", "BulkOperation"],
        type_of=lambda x: str(x[0]),
        value_of=lambda x: x[1],
    )
    schema.restrict(root, "orders order ordersCount refund", scope="read_orders", protects="orders")
    schema.restrict(root, "abandonedCheckouts abandonedCheckoutsCount", scope="read_orders", protects="orders")
    schema.restrict(root, "customers customer customersCount", scope="read_customers", protects="customers")
    products = "products product productsCount productVariant collections collection collectionsCount"
    schema.restrict(root, products, scope="read_products")
    discounts = (
        "discountNodes discountNode discountNodesCount codeDiscountNodes automaticDiscountNodes codeDiscountNode "
        "codeDiscountNodeByCode"
    )
    schema.restrict(root, discounts, scope="read_discounts")
