"""The store's own books: its tables as plain rows, and what it earned.

Nothing here goes through the API, so that a test can hold against it what came through one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.bigcommerce.records import ZERO, Cost, Order, OrderProduct, Refund
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.shop_time import NetRevenue

# Incomplete, pending, cancelled, declined and awaiting payment.
_WITHOUT_REVENUE = frozenset({0, 1, 5, 6, 7})

Rows = list[dict[str, Any]]


def truth(store: StoreState) -> dict[str, Rows]:
    """Every row of the store, by table; archived orders are there and say so."""
    with store.lock:
        orders, refunds = list(store.orders), list(store.refunds)
        return {
            "orders": [_order(store, order) for order in orders],
            "order_lines": [_line(order, line) for order in orders for line in order.lines],
            "order_discounts": [
                {
                    "order_id": order.id,
                    "id": coupon.id,
                    "coupon_id": coupon.coupon_id,
                    "code": coupon.code,
                    "discount": coupon.discount,
                }
                for order in orders
                for coupon in order.coupons
            ],
            "order_shipping_lines": [
                {
                    "order_id": order.id,
                    "id": address.id,
                    "shipping_method": address.method,
                    **_costs("cost", address.cost),
                    **_costs("handling_cost", address.handling),
                }
                for order in orders
                for address in order.addresses
            ],
            "order_fees": [
                {"order_id": order.id, "id": fee.id, "name": fee.name, **_costs("cost", fee.cost)}
                for order in orders
                for fee in order.fees
            ],
            "transactions": [
                {
                    "id": transaction.id,
                    "order_id": order.id,
                    "event": transaction.event,
                    "method": transaction.method,
                    "amount": transaction.amount,
                    "currency": transaction.currency,
                    "status": transaction.status,
                    "date_created": _moment(transaction.created),
                }
                for order in orders
                for transaction in order.transactions
            ],
            "refunds": [_refund(refund) for refund in refunds],
            "refund_lines": [
                {
                    "refund_id": refund.id,
                    "order_id": refund.order_id,
                    "item_type": item.item_type,
                    "item_id": item.item_id,
                    "quantity": item.quantity,
                    "amount": item.amount,
                    "tax": item.tax,
                }
                for refund in refunds
                for item in refund.items
            ],
            **_people(store),
            **_catalogue(store),
        }


def net_revenue(store: StoreState, currency: str = "") -> NetRevenue:
    """What the store earned in a currency that shoppers pay in, its own if none is given.

    Tax, shipping and handling are included, refunds taken off; a gift certificate is revenue when it is spent.
    """
    with store.lock:
        sold = [
            order
            for order in store.orders
            if not order.is_deleted
            and order.status_id not in _WITHOUT_REVENUE
            and order.currency == (currency or store.settings.currency)
        ]
        return NetRevenue.of(store, (movement for order in sold for movement in _movements(store, order)))


def _movements(store: StoreState, order: Order) -> Iterator[tuple[int, Decimal]]:
    certificates = {line.id: line for line in order.lines if line.kind == "giftcertificate"}
    yield order.created, order.total.inc_tax - sum((line.total.inc_tax for line in certificates.values()), ZERO)
    for refund_id in order.refund_ids:
        refund = store.refunds[refund_id]
        given = [item for item in refund.items if item.item_type == "PRODUCT" and item.item_id in certificates]
        yield refund.created, sum((item.amount for item in given), ZERO) - refund.total_amount


def _order(store: StoreState, order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status_id": order.status_id,
        "customer_id": order.customer_id,
        "email": order.billing.get("email", ""),
        "is_deleted": order.is_deleted,
        "default_currency_code": order.currency,
        "currency_code": order.display_currency,
        "is_tax_inclusive_pricing": order.is_tax_inclusive,
        "date_created": _moment(order.created),
        "date_modified": _moment(order.modified),
        **_costs("subtotal", order.subtotal),
        **_costs("shipping_cost", order.shipping),
        **_costs("handling_cost", order.handling),
        **_costs("wrapping_cost", order.wrapping),
        "total_ex_tax": order.total.ex_tax,
        "total_inc_tax": order.total.inc_tax,
        "total_tax": order.total.tax,
        "discount_amount": order.discount_amount,
        "coupon_discount": order.coupon_discount,
        "gift_certificate_amount": order.gift_certificate_amount,
        "store_credit_amount": order.store_credit_amount,
        "refunded": sum((store.refunds[refund_id].total_amount for refund_id in order.refund_ids), ZERO),
    }


def _line(order: Order, line: OrderProduct) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "id": line.id,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "name": line.name,
        "type": line.kind,
        "quantity": line.quantity,
        "quantity_refunded": line.quantity_refunded,
        "discount": line.discount,
        **_costs("total", line.total),
        **_costs("wrapping_cost", line.wrapping),
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "total_amount": refund.total_amount,
        "total_tax": refund.total_tax,
        "reason": refund.reason,
        "created": _moment(refund.created),
    }


def _people(store: StoreState) -> dict[str, Rows]:
    return {
        "customers": [
            {
                "id": customer.id,
                "email": customer.email,
                "first_name": customer.first_name,
                "last_name": customer.last_name,
                "accepts_product_review_abandoned_cart_emails": customer.accepts_emails,
                "date_created": _moment(customer.created),
                "date_modified": _moment(customer.modified),
            }
            for customer in store.customers
        ],
        "subscribers": [
            {
                "id": subscriber.id,
                "email": subscriber.email,
                "consents": list(subscriber.consents),
                "source": subscriber.source,
                "date_modified": _moment(subscriber.modified),
            }
            for subscriber in store.subscribers
        ],
    }


def _catalogue(store: StoreState) -> dict[str, Rows]:
    return {
        "products": [
            {
                "id": product.id,
                "name": product.name,
                "type": product.kind,
                "sku": product.sku,
                "price": product.price,
                "brand_id": product.brand_id,
                "category_ids": list(product.category_ids),
                "is_visible": product.is_visible,
                "date_modified": _moment(product.modified),
            }
            for product in store.products
        ],
        "product_variants": [
            {"id": variant.id, "product_id": variant.product_id, "sku": variant.sku, "price": variant.price}
            for variant in store.variants
        ],
        "categories": [{"id": row.id, "name": row.name, "parent_id": row.parent_id} for row in store.categories],
        "brands": [{"id": brand.id, "name": brand.name} for brand in store.brands],
        "coupons": [
            {"id": row.id, "code": row.code, "type": row.kind, "amount": row.amount, "enabled": row.is_enabled}
            for row in store.coupons
        ],
    }


def _costs(name: str, cost: Cost) -> dict[str, Decimal]:
    return {f"{name}_ex_tax": cost.ex_tax, f"{name}_inc_tax": cost.inc_tax, f"{name}_tax": cost.tax}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
