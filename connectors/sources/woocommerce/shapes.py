"""What is taken from WooCommerce's JSON, in its own terms.

A field without a default is one that a record cannot do without; any other may be absent or null. Everything else that
a record holds stays in the archived text. Prices of order lines are not taken: WooCommerce writes them as binary
fractions.
"""

from decimal import Decimal
from typing import Any

import msgspec

Text = str | None
Flag = bool | None
Number = Decimal | None
Count = int | None


class Shape(msgspec.Struct, gc=False):
    """What is read by the thousands: JSON holds no cycles, so the collector need not look for any."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """Where a bill or a delivery goes."""

    first_name: Text = None
    last_name: Text = None
    company: Text = None
    address_1: Text = None
    address_2: Text = None
    city: Text = None
    state: Text = None
    postcode: Text = None
    country: Text = None
    email: Text = None
    phone: Text = None


_NOWHERE = Address()


class Meta(Shape):
    """A custom field."""

    key: Text = None
    value: Any = None


class LineItem(Shape):
    """A line of an order."""

    id: int
    total: str
    name: Text = None
    product_id: Count = None
    variation_id: Count = None
    quantity: Number = None
    tax_class: Text = None
    subtotal: Text = None
    subtotal_tax: Text = None
    total_tax: Text = None
    sku: Text = None
    global_unique_id: Text = None
    parent_name: Text = None


class ShippingLine(Shape):
    """A way of shipping of an order."""

    id: int
    total: str
    method_title: Text = None
    method_id: Text = None
    instance_id: Text = None
    total_tax: Text = None
    tax_status: Text = None


class FeeLine(Shape):
    """A fee of an order."""

    id: int
    total: str
    name: Text = None
    tax_class: Text = None
    tax_status: Text = None
    total_tax: Text = None


class CouponLine(Shape):
    """A coupon used in an order."""

    id: int
    code: Text = None
    discount: Text = None
    discount_tax: Text = None
    discount_type: Text = None
    nominal_amount: Number = None
    free_shipping: Flag = None


class TaxLine(Shape):
    """A tax rate of an order or a refund."""

    id: int
    rate_code: Text = None
    rate_id: Count = None
    label: Text = None
    compound: Flag = None
    tax_total: Text = None
    shipping_tax_total: Text = None
    rate_percent: Number = None


class RefundSummary(Shape):
    """What an order says of its refunds."""

    id: int


class RefundLine(Shape):
    """A line, a shipping or a fee of a refund."""

    id: int
    total: str
    name: Text = None
    method_title: Text = None
    product_id: Count = None
    variation_id: Count = None
    quantity: Number = None
    subtotal: Text = None
    subtotal_tax: Text = None
    total_tax: Text = None
    sku: Text = None
    meta_data: tuple[Meta, ...] = ()


class Refund(Shape):
    """A refund of an order, whole."""

    id: int
    amount: str
    parent_id: Count = None
    date_created_gmt: Text = None
    reason: Text = None
    refunded_by: Count = None
    refunded_payment: Flag = None
    meta_data: tuple[Meta, ...] = ()
    line_items: tuple[RefundLine, ...] = ()
    shipping_lines: tuple[RefundLine, ...] = ()
    fee_lines: tuple[RefundLine, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()


class Order(Shape):
    """An order, without the contents of its refunds."""

    id: int
    status: str
    currency: str
    total: str
    number: Text = None
    parent_id: Count = None
    version: Text = None
    prices_include_tax: Flag = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    date_paid_gmt: Text = None
    date_completed_gmt: Text = None
    discount_total: Text = None
    discount_tax: Text = None
    shipping_total: Text = None
    shipping_tax: Text = None
    cart_tax: Text = None
    total_tax: Text = None
    customer_id: Count = None
    billing: Address = _NOWHERE
    shipping: Address = _NOWHERE
    payment_method: Text = None
    payment_method_title: Text = None
    transaction_id: Text = None
    created_via: Text = None
    customer_note: Text = None
    customer_ip_address: Text = None
    customer_user_agent: Text = None
    line_items: tuple[LineItem, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    fee_lines: tuple[FeeLine, ...] = ()
    coupon_lines: tuple[CouponLine, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    refunds: tuple[RefundSummary, ...] = ()


class Customer(Shape):
    """An account of the shop."""

    id: int
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    username: Text = None
    role: Text = None
    is_paying_customer: Flag = None
    billing: Address = _NOWHERE
    shipping: Address = _NOWHERE


class Link(Shape):
    """Something that a product belongs to."""

    id: int


class Variation(Shape):
    """A variation of a product."""

    id: int
    parent_id: Count = None
    name: Text = None
    permalink: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    status: Text = None
    sku: Text = None
    global_unique_id: Text = None
    price: Text = None
    regular_price: Text = None
    sale_price: Text = None
    date_on_sale_from_gmt: Text = None
    date_on_sale_to_gmt: Text = None
    virtual: Flag = None
    downloadable: Flag = None
    tax_status: Text = None
    tax_class: Text = None
    stock_quantity: Number = None
    stock_status: Text = None


class Product(Variation):
    """A product, with the ids of its categories and variations."""

    slug: Text = None
    type: Text = None
    featured: Flag = None
    catalog_visibility: Text = None
    categories: tuple[Link, ...] = ()
    variations: tuple[int, ...] = ()


class Category(Shape):
    """A category of products."""

    id: int
    name: Text = None
    slug: Text = None
    parent: Count = None


class Coupon(Shape):
    """A coupon of the shop."""

    id: int
    code: Text = None
    amount: Text = None
    status: Text = None
    date_created_gmt: Text = None
    date_modified_gmt: Text = None
    discount_type: Text = None
    description: Text = None
    date_expires_gmt: Text = None
    usage_count: Count = None
    individual_use: Flag = None
    usage_limit: Count = None
    usage_limit_per_user: Count = None
    limit_usage_to_x_items: Count = None
    free_shipping: Flag = None
    exclude_sale_items: Flag = None
    minimum_amount: Text = None
    maximum_amount: Text = None


class Setting(Shape):
    """A setting of the shop."""

    id: Text = None
    value: Any = None


class Report(Shape):
    """A line of the report on orders by status."""

    slug: str
