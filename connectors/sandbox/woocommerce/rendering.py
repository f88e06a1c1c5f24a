"""WooCommerce's JSON of orders, refunds and customers: its fields in its order, with its types.

Totals are strings, a line's price is a number that no ledger should use, and times come twice, in the shop's zone and
in UTC, neither of which says so.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from connectors.sandbox.woocommerce.records import (
    CUSTOMER_BILLING_FIELDS,
    CUSTOMER_SHIPPING_FIELDS,
    ORDER_BILLING_FIELDS,
    ORDER_SHIPPING_FIELDS,
    ZERO,
    Address,
    CouponLine,
    Customer,
    FeeLine,
    LineItem,
    Meta,
    Order,
    Refund,
    ShippingLine,
    Taxes,
    TaxLine,
)
from connectors.sandbox.woocommerce.state import ShopState

Json = dict[str, Any]

ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥"}
_NEEDS_PAYMENT = frozenset({"pending", "failed", "checkout-draft"})
_IS_EDITABLE = frozenset({"pending", "on-hold", "auto-draft", "checkout-draft"})


def encoded(value: object) -> bytes:
    """JSON as PHP writes it: ASCII, with escaped slashes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def php_number(value: float | Decimal) -> float | int:
    """A number as PHP writes it: without a fraction that is zero."""
    number = float(value)
    return int(number) if number.is_integer() else number


def php_text(value: Decimal) -> str:
    """A number that PHP turned into text: without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def meta_rows(meta: list[Meta]) -> list[Json]:
    """Custom fields."""
    return [{"id": row.id, "key": row.key, "value": row.value} for row in meta]


@dataclass(frozen=True)
class Rendering:
    """How one reply is written.

    Attributes:
        shop: The shop.
        rest_url: The address of wc/v3, without a slash at its end.
        site_url: The site's address, without a slash at its end.
        decimals: The places of amounts; the shop's own unless the request says `dp`.
    """

    shop: ShopState
    rest_url: str
    site_url: str
    decimals: int

    def money(self, amount: Decimal) -> str:
        """An amount with the places asked for."""
        return str(amount.quantize(self._unit, ROUND_HALF_UP))

    @cached_property
    def _unit(self) -> Decimal:
        return Decimal(1).scaleb(-self.decimals)

    def local(self, seconds: int | None) -> str | None:
        """A moment in the shop's zone, which it doesn't name."""
        return None if seconds is None else datetime.fromtimestamp(seconds, self.shop.zone).isoformat()[:19]

    def gmt(self, seconds: int | None) -> str | None:
        """A moment in UTC, without a word of that."""
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()[:19]

    def links(self, path: str, collection: str, *, allow: list[str] | None = None) -> Json:
        """The links of a record to itself and to its list."""
        return {
            "self": [{"href": f"{self.rest_url}/{path}", "targetHints": {"allow": allow or ALL_METHODS}}],
            "collection": [{"href": f"{self.rest_url}/{collection}"}],
        }

    def order(self, order: Order) -> Json:
        """An order with its lines and the summary of its refunds."""
        order_key = "wc_order_" + hashlib.sha256(f"order {order.id}".encode()).hexdigest()[:13]
        links = self.links(f"orders/{order.id}", "orders")
        links["email_templates"] = [
            {"embeddable": True, "href": f"{self.rest_url}/orders/{order.id}/actions/email_templates"}
        ]
        if order.customer_id:
            links["customer"] = [{"href": f"{self.rest_url}/customers/{order.customer_id}"}]
        needs_payment = order.status in _NEEDS_PAYMENT and order.total > 0
        return {
            "id": order.id,
            "parent_id": 0,
            "status": order.status,
            "currency": order.currency,
            "version": self.shop.settings.version,
            "prices_include_tax": order.prices_include_tax,
            "date_created": self.local(order.created),
            "date_modified": self.local(order.modified),
            "discount_total": self.money(order.discount_total),
            "discount_tax": self.money(order.discount_tax),
            "shipping_total": self.money(order.shipping_total),
            "shipping_tax": self.money(order.shipping_tax),
            "cart_tax": self.money(order.cart_tax),
            "total": self.money(order.total),
            "total_tax": self.money(order.total_tax),
            "customer_id": order.customer_id,
            "order_key": order_key,
            "billing": _address(order.billing, ORDER_BILLING_FIELDS),
            "shipping": _address(order.shipping, ORDER_SHIPPING_FIELDS),
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method_title,
            "transaction_id": order.transaction_id,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": order.created_via,
            "customer_note": order.customer_note,
            "date_completed": self.local(order.completed),
            "date_paid": self.local(order.paid),
            "cart_hash": "",
            "number": order.number,
            "meta_data": meta_rows(order.meta),
            "line_items": [self._line(line) for line in order.lines],
            "tax_lines": [self._tax_line(line) for line in order.tax_lines],
            "shipping_lines": [self._shipping_line(line) for line in order.shipping_lines],
            "fee_lines": [self._fee_line(line) for line in order.fee_lines],
            "coupon_lines": [_coupon_line(line) for line in order.coupon_lines],
            "refunds": [self._refund_summary(self.shop.refunds[refund_id]) for refund_id in order.refund_ids],
            "payment_url": f"{self.site_url}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order_key}",
            "is_editable": order.status in _IS_EDITABLE,
            "needs_payment": needs_payment,
            "needs_processing": True,
            "date_created_gmt": self.gmt(order.created),
            "date_modified_gmt": self.gmt(order.modified),
            "date_completed_gmt": self.gmt(order.completed),
            "date_paid_gmt": self.gmt(order.paid),
            "currency_symbol": _SYMBOLS.get(order.currency, order.currency),
            "_links": links,
        }

    def _refund_summary(self, refund: Refund) -> Json:
        return {
            "id": refund.id,
            "reason": refund.reason,
            "total": "-" + self.money(refund.amount),
            "total_tax": self.money(refund.total_tax),
        }

    def refund(self, refund: Refund, *, with_parent: bool) -> Json:
        """A refund with its lines; only the list of all refunds names the order."""
        order = f"orders/{refund.order_id}"
        links = self.links(f"{order}/refunds/{refund.id}", f"{order}/refunds", allow=["GET", "DELETE"])
        links["up"] = [{"href": f"{self.rest_url}/{order}"}]
        return {
            "id": refund.id,
            **({"parent_id": refund.order_id} if with_parent else {}),
            "date_created": self.local(refund.created),
            "date_created_gmt": self.gmt(refund.created),
            "amount": self.money(refund.amount),
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": refund.is_paid_back,
            "meta_data": [{"id": refund.meta_id, "key": "_refund_type", "value": refund.kind}],
            "line_items": [self._line(line) for line in refund.lines],
            "shipping_lines": [self._shipping_line(line) for line in refund.shipping_lines],
            "tax_lines": [self._tax_line(line) for line in refund.tax_lines],
            "fee_lines": [self._fee_line(line) for line in refund.fee_lines],
            "_links": links,
        }

    def _line(self, line: LineItem) -> Json:
        product = self.shop.products.get(line.variation_id or line.product_id)
        return {
            "id": line.id,
            "name": line.name,
            "product_id": line.product_id,
            "variation_id": line.variation_id,
            "quantity": line.quantity,
            "tax_class": line.tax_class,
            "subtotal": self.money(line.subtotal),
            "subtotal_tax": self.money(sum(line.subtotal_taxes.values(), ZERO)),
            "total": self.money(line.total),
            "total_tax": self.money(sum(line.total_taxes.values(), ZERO)),
            "taxes": [
                {"id": rate_id, "total": php_text(tax), "subtotal": php_text(line.subtotal_taxes[rate_id])}
                for rate_id, tax in line.total_taxes.items()
            ],
            "meta_data": _display_meta(line.meta),
            "sku": product.sku if product else None,
            "global_unique_id": "" if product else None,
            "price": php_number(float(line.total) / line.quantity) if line.quantity else 0,
            "image": {"id": 0 if line.variation_id or not product else "", "src": ""},
            "parent_name": line.parent_name if product else None,
        }

    def _shipping_line(self, line: ShippingLine) -> Json:
        return {
            "id": line.id,
            "method_title": line.method_title,
            "method_id": line.method_id,
            "instance_id": "",
            "total": self.money(line.total),
            "total_tax": self.money(sum(line.taxes.values(), ZERO)),
            "taxes": _taxes(line.taxes),
            "tax_status": "taxable",
            "meta_data": _display_meta(line.meta),
        }

    def _fee_line(self, line: FeeLine) -> Json:
        return {
            "id": line.id,
            "name": line.name,
            "tax_class": "",
            "tax_status": "taxable" if line.is_taxable else "none",
            "amount": php_text(line.total),
            "total": self.money(line.total),
            "total_tax": self.money(sum(line.taxes.values(), ZERO)),
            "taxes": _taxes(line.taxes),
            "meta_data": _display_meta(line.meta),
        }

    def _tax_line(self, line: TaxLine) -> Json:
        return {
            "id": line.id,
            "rate_code": line.rate_code,
            "rate_id": line.rate_id,
            "label": line.label,
            "compound": line.is_compound,
            "tax_total": self.money(line.tax_total),
            "shipping_tax_total": self.money(line.shipping_tax_total),
            "rate_percent": php_number(line.rate_percent),
            "meta_data": [],
        }

    def customer(self, customer: Customer) -> Json:
        """An account; a list of customers can't be filtered by when they changed, though they say so."""
        digest = hashlib.sha256(customer.email.strip().lower().encode()).hexdigest()
        return {
            "id": customer.id,
            "date_created": self.local(customer.created),
            "date_created_gmt": self.gmt(customer.created),
            "date_modified": self.local(customer.modified),
            "date_modified_gmt": self.gmt(customer.modified),
            "email": customer.email,
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "role": customer.role,
            "username": customer.username,
            "billing": _address(customer.billing, CUSTOMER_BILLING_FIELDS),
            "shipping": _address(customer.shipping, CUSTOMER_SHIPPING_FIELDS),
            "is_paying_customer": customer.is_paying,
            "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
            "meta_data": meta_rows(customer.meta),
            "_links": self.links(f"customers/{customer.id}", "customers"),
        }


def _address(address: Address, fields: tuple[str, ...]) -> Address:
    return {field: address.get(field, "") for field in fields}


def _taxes(taxes: Taxes) -> list[Json]:
    return [{"id": rate_id, "total": php_text(tax), "subtotal": ""} for rate_id, tax in taxes.items()]


def _display_meta(meta: list[Meta]) -> list[Json]:
    return [
        {
            "id": row.id,
            "key": row.key,
            "value": row.value,
            "display_key": row.key if row.key.startswith("_") else row.key.capitalize(),
            "display_value": row.value,
        }
        for row in meta
    ]


def _coupon_line(line: CouponLine) -> Json:
    info = json.dumps(
        [line.coupon_id, line.code, line.discount_type, php_number(line.nominal_amount)], separators=(",", ":")
    )
    return {
        "id": line.id,
        "code": line.code,
        "discount": php_text(line.discount),
        "discount_tax": php_text(line.discount_tax),
        "meta_data": [
            {
                "id": line.meta_id,
                "key": "coupon_info",
                "value": info,
                "display_key": "coupon_info",
                "display_value": info,
            }
        ],
        "discount_type": line.discount_type,
        "nominal_amount": php_number(line.nominal_amount),
        "free_shipping": False,
    }
