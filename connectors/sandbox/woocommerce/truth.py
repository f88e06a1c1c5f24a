"""The shop's own books: its tables as plain rows, and what it earned.

Nothing here goes through the REST API, so that a test can hold against it what came through one.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox.shop_time import NetRevenue
from connectors.sandbox.woocommerce.records import ZERO, FeeLine, LineItem, Order, Refund, ShippingLine, TaxLine
from connectors.sandbox.woocommerce.state import ShopState

# What a merchant has not been paid for, or threw away.
_WITHOUT_REVENUE = frozenset({"pending", "failed", "cancelled", "checkout-draft", "auto-draft", "trash"})

Rows = list[dict[str, Any]]


def truth(shop: ShopState) -> dict[str, Rows]:
    """Every row of the shop, by table; what is in the trash is there with the status `trash`."""
    with shop.lock:
        orders = list(shop.orders)
        refunds = list(shop.refunds)
        return {
            "orders": [_order(shop, order) for order in orders],
            "order_lines": _lines(shop, ((order.id, order.lines) for order in orders)),
            "order_shipping_lines": _shipping(shop, ((order.id, order.shipping_lines) for order in orders)),
            "order_fees": _fees(shop, ((order.id, order.fee_lines) for order in orders)),
            "order_taxes": _taxes((order.id, order.tax_lines) for order in orders),
            "order_discounts": [
                {
                    "order_id": order.id,
                    "id": line.id,
                    "code": line.code,
                    "discount": line.discount,
                    "discount_tax": line.discount_tax,
                    "discount_type": line.discount_type,
                }
                for order in orders
                for line in order.coupon_lines
            ],
            "refunds": [_refund(refund) for refund in refunds],
            "refund_lines": _lines(shop, ((refund.id, refund.lines) for refund in refunds), "refund_id"),
            "refund_shipping_lines": _shipping(
                shop, ((refund.id, refund.shipping_lines) for refund in refunds), "refund_id"
            ),
            "refund_fees": _fees(shop, ((refund.id, refund.fee_lines) for refund in refunds), "refund_id"),
            "customers": [
                {
                    "id": customer.id,
                    "email": customer.email,
                    "first_name": customer.first_name,
                    "last_name": customer.last_name,
                    "role": customer.role,
                    "is_paying_customer": customer.is_paying,
                    "date_created": _moment(customer.created),
                    "date_modified": _moment(customer.modified),
                }
                for customer in shop.customers
            ],
            "products": [
                {
                    "id": product.id,
                    "parent_id": product.parent_id,
                    "name": product.name,
                    "type": product.kind,
                    "status": product.status,
                    "sku": product.sku,
                    "price": product.price,
                    "category_ids": list(product.category_ids),
                    "date_created": _moment(product.created),
                    "date_modified": _moment(product.modified),
                }
                for product in shop.products
            ],
            "categories": [{"id": term.id, "name": term.name, "parent": term.parent} for term in shop.categories],
            "coupons": [
                {
                    "id": coupon.id,
                    "code": coupon.code,
                    "discount_type": coupon.discount_type,
                    "amount": coupon.amount,
                    "status": coupon.status,
                    "date_modified": _moment(coupon.modified),
                }
                for coupon in shop.coupons
            ],
        }


def net_revenue(shop: ShopState, currency: str = "") -> NetRevenue:
    """What the shop earned in a currency, its own if none is given: tax and shipping included, refunds taken off."""
    with shop.lock:
        sold = [
            order
            for order in shop.orders
            if order.status not in _WITHOUT_REVENUE
            and order.currency == (currency or shop.settings.currency)
            and not (order.status == "on-hold" and order.paid is None)
        ]
        return NetRevenue.of(shop, (movement for order in sold for movement in _movements(shop, order)))


def _movements(shop: ShopState, order: Order) -> Iterator[tuple[int, Decimal]]:
    yield order.created, order.total
    for refund_id in order.refund_ids:
        refund = shop.refunds[refund_id]
        yield refund.created, -refund.amount


def _order(shop: ShopState, order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": order.status,
        "currency": order.currency,
        "customer_id": order.customer_id,
        "email": order.billing.get("email", ""),
        "prices_include_tax": order.prices_include_tax,
        "date_created": _moment(order.created),
        "date_modified": _moment(order.modified),
        "date_paid": _moment(order.paid),
        "date_completed": _moment(order.completed),
        "total": order.total,
        "total_tax": order.total_tax,
        "cart_tax": order.cart_tax,
        "shipping_total": order.shipping_total,
        "shipping_tax": order.shipping_tax,
        "discount_total": order.discount_total,
        "discount_tax": order.discount_tax,
        "refunded": sum((shop.refunds[refund_id].amount for refund_id in order.refund_ids), ZERO),
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "amount": refund.amount,
        "total_tax": refund.total_tax,
        "reason": refund.reason,
        "date_created": _moment(refund.created),
    }


def _lines(shop: ShopState, parents: Iterable[tuple[int, list[LineItem]]], parent: str = "order_id") -> Rows:
    return [
        {
            parent: parent_id,
            "id": line.id,
            "product_id": line.product_id,
            "variation_id": line.variation_id,
            "name": line.name,
            "quantity": line.quantity,
            "subtotal": _money(shop, line.subtotal),
            "subtotal_tax": _money(shop, sum(line.subtotal_taxes.values(), ZERO)),
            "total": _money(shop, line.total),
            "total_tax": _money(shop, sum(line.total_taxes.values(), ZERO)),
        }
        for parent_id, lines in parents
        for line in lines
    ]


def _shipping(shop: ShopState, parents: Iterable[tuple[int, list[ShippingLine]]], parent: str = "order_id") -> Rows:
    return [
        {
            parent: parent_id,
            "id": line.id,
            "method_title": line.method_title,
            "total": _money(shop, line.total),
            "total_tax": _money(shop, sum(line.taxes.values(), ZERO)),
        }
        for parent_id, lines in parents
        for line in lines
    ]


def _fees(shop: ShopState, parents: Iterable[tuple[int, list[FeeLine]]], parent: str = "order_id") -> Rows:
    return [
        {
            parent: parent_id,
            "id": line.id,
            "name": line.name,
            "total": _money(shop, line.total),
            "total_tax": _money(shop, sum(line.taxes.values(), ZERO)),
        }
        for parent_id, lines in parents
        for line in lines
    ]


def _taxes(parents: Iterable[tuple[int, list[TaxLine]]]) -> Rows:
    return [
        {
            "order_id": parent_id,
            "id": line.id,
            "rate_id": line.rate_id,
            "rate_code": line.rate_code,
            "tax_total": line.tax_total,
            "shipping_tax_total": line.shipping_tax_total,
        }
        for parent_id, lines in parents
        for line in lines
    ]


def _money(shop: ShopState, amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-shop.settings.price_decimals), ROUND_HALF_UP)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
