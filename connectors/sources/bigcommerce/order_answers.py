"""What BigCommerce answers about orders, as far as columns are filled from it.

V2 sends amounts as strings and V3 as numbers; both are read as exact decimals. What is missing or null is None.
"""

from decimal import Decimal
from typing import Any

import msgspec

Id = int | str | None
Text = str | int | None
Amount = Decimal | None
# Where V3 sends `{}` for null.
Loose = int | str | dict[str, Any] | None


class Address(msgspec.Struct, gc=False):
    """Who pays."""

    first_name: Text = None
    last_name: Text = None
    company: Text = None
    street_1: Text = None
    street_2: Text = None
    city: Text = None
    state: Text = None
    zip: Text = None
    country_iso2: Text = None
    phone: Text = None
    email: Text = None


class AppliedDiscount(msgspec.Struct, gc=False):
    """A discount as it fell on a line."""

    id: Id = None
    amount: Amount = None
    name: Text = None
    code: Text = None
    target: Text = None


class OrderLine(msgspec.Struct):
    """`/orders/<id>/products`."""

    id: int
    quantity: int
    total_ex_tax: Decimal
    total_inc_tax: Decimal
    product_id: Id = None
    variant_id: Id = None
    order_address_id: Id = None
    type: Text = None
    name: Text = None
    sku: Text = None
    upc: Text = None
    brand: Text = None
    quantity_shipped: int | None = None
    quantity_refunded: int | None = None
    is_refunded: bool | None = None
    base_price: Amount = None
    price_ex_tax: Amount = None
    price_inc_tax: Amount = None
    price_tax: Amount = None
    base_total: Amount = None
    total_tax: Amount = None
    discounted_total_inc_tax: Amount = None
    base_cost_price: Amount = None
    cost_price_ex_tax: Amount = None
    cost_price_inc_tax: Amount = None
    cost_price_tax: Amount = None
    wrapping_cost_ex_tax: Amount = None
    wrapping_cost_inc_tax: Amount = None
    wrapping_cost_tax: Amount = None
    wrapping_name: Text = None
    fixed_shipping_cost: Amount = None
    is_bundled_product: bool | None = None
    parent_order_product_id: Id = None
    gift_certificate_id: Id = None
    return_id: Id = None
    external_id: Id = None
    applied_discounts: list[AppliedDiscount] = []


# Without `include=consignments.line_items`, the place where the lines can be asked for.
Lines = list[OrderLine] | dict[str, Any]


class ShippingAddress(msgspec.Struct):
    """A shipping consignment, or one of `/orders/<id>/shipping_addresses`."""

    id: int
    shipping_method: Text = None
    items_total: int | None = None
    items_shipped: int | None = None
    base_cost: Amount = None
    cost_ex_tax: Amount = None
    cost_inc_tax: Amount = None
    cost_tax: Amount = None
    base_handling_cost: Amount = None
    handling_cost_ex_tax: Amount = None
    handling_cost_inc_tax: Amount = None
    handling_cost_tax: Amount = None
    shipping_zone_id: Id = None
    shipping_zone_name: Text = None
    country_iso2: Text = None
    state: Text = None
    city: Text = None
    zip: Text = None
    line_items: Lines = []


class LineHolder(msgspec.Struct):
    """A consignment of which only the lines matter: picked up, downloaded, or sent by email."""

    line_items: Lines = []


class EmailConsignments(msgspec.Struct):
    """Gift certificates."""

    gift_certificates: list[LineHolder] = []


class Consignments(msgspec.Struct):
    """`include=consignments,consignments.line_items`; without it, only where they can be asked for."""

    url: str | None = None
    pickups: list[LineHolder] = []
    shipping: list[ShippingAddress] = []
    downloads: list[LineHolder] = []
    email: EmailConsignments | list[Any] | None = None


class Fee(msgspec.Struct, gc=False):
    """One of an order's fees."""

    id: int
    type: Text = None
    display_name_customer: Text = None
    display_name_merchant: Text = None
    source: Text = None
    base_cost: Amount = None
    cost_ex_tax: Amount = None
    cost_exc_tax: Amount = None  # spelled so in some answers
    cost_inc_tax: Amount = None
    cost_tax: Amount = None

    def __post_init__(self) -> None:
        if self.cost_ex_tax is None:
            self.cost_ex_tax = self.cost_exc_tax


class Order(msgspec.Struct):
    """`/orders`."""

    id: int
    date_created: Text
    date_modified: Text
    status_id: int
    total_ex_tax: Decimal
    total_inc_tax: Decimal
    default_currency_code: Text = None
    customer_id: Id = None
    date_shipped: Text = None
    status: Text = None
    payment_status: Text = None
    payment_method: Text = None
    payment_provider_id: Loose = None
    is_deleted: bool | None = None
    order_source: Text = None
    channel_id: Id = None
    cart_id: Id = None
    external_source: Text = None
    external_id: Loose = None
    external_order_id: Loose = None
    external_merchant_id: Loose = None
    currency_code: Text = None
    currency_exchange_rate: Amount = None
    store_default_currency_code: Text = None
    store_default_to_transactional_exchange_rate: Amount = None
    is_tax_inclusive_pricing: bool | None = None
    subtotal_ex_tax: Amount = None
    subtotal_inc_tax: Amount = None
    subtotal_tax: Amount = None
    base_shipping_cost: Amount = None
    shipping_cost_ex_tax: Amount = None
    shipping_cost_inc_tax: Amount = None
    shipping_cost_tax: Amount = None
    base_handling_cost: Amount = None
    handling_cost_ex_tax: Amount = None
    handling_cost_inc_tax: Amount = None
    handling_cost_tax: Amount = None
    base_wrapping_cost: Amount = None
    wrapping_cost_ex_tax: Amount = None
    wrapping_cost_inc_tax: Amount = None
    wrapping_cost_tax: Amount = None
    discount_amount: Amount = None
    coupon_discount: Amount = None
    total_tax: Amount = None
    store_credit_amount: Amount = None
    gift_certificate_amount: Amount = None
    refunded_amount: Amount = None
    items_total: int | None = None
    items_shipped: int | None = None
    shipping_address_count: int | None = None
    order_is_digital: bool | None = None
    tax_provider_id: Text = None
    customer_locale: Text = None
    is_email_opt_in: bool | None = None
    geoip_country_iso2: Text = None
    ip_address: Text = None
    customer_message: Text = None
    staff_notes: Text = None
    billing_address: Address = msgspec.field(default_factory=Address)
    consignments: Consignments | list[Any] | None = None
    fees: list[Fee] | dict[str, Any] | None = None


class Coupon(msgspec.Struct, gc=False):
    """`/orders/<id>/coupons`."""

    id: int
    coupon_id: Id = None
    code: Text = None
    type: int | None = None
    amount: Amount = None
    discount: Amount = None


class Tax(msgspec.Struct, gc=False):
    """`/orders/<id>/taxes`."""

    id: int
    order_address_id: Id = None
    order_product_id: Id = None
    line_item_type: Text = None
    name: Text = None
    tax_class: Text = msgspec.field(name="class", default=None)
    tax_class_id: Id = None
    sales_tax_id: Id = None
    rate: Amount = None
    priority: int | None = None
    priority_amount: Amount = None
    line_amount: Amount = None


class RefundAdjustment(msgspec.Struct, gc=False):
    """What was kept back of an item."""

    amount: Amount = None


class RefundItem(msgspec.Struct):
    """One item of a refund."""

    item_type: str
    item_id: Id = None
    quantity: int | None = None
    requested_amount: Amount = None
    reason: Text = None
    adjustments: list[RefundAdjustment] | None = None


class RefundPayment(msgspec.Struct, gc=False):
    """One way in which a refund was paid out."""

    id: int
    amount: Decimal
    provider_id: Id = None
    offline: bool | None = None
    is_declined: bool | None = None
    transaction_id: Loose = None


class Refund(msgspec.Struct):
    """`/orders/payment_actions/refunds`."""

    id: int
    order_id: int
    created: Text
    total_amount: Decimal
    reason: Text = None
    user_id: Id = None
    total_tax: Amount = None
    uses_merchant_override_values: bool | None = None
    items: list[RefundItem] = []
    payments: list[RefundPayment] = []


class Transaction(msgspec.Struct):
    """`/orders/<id>/transactions`."""

    id: int
    date_created: Text
    event: str
    amount: Decimal
    currency: str
    status: Text = None
    method: Text = None
    gateway: Text = None
    gateway_transaction_id: Loose = None
    payment_method_id: Loose = None
    reference_transaction_id: Loose = None
    test: bool | None = None
    fraud_review: bool | None = None
