"""Orders as Shopify sends them, and the rows of the streams that they fill."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from connectors.sources.shopify.answers import Connection, Identity, decimal_text, number, number_of
from connectors.sources.shopify.batches import Row
from connectors.sources.shopify.order_parts import DiscountApplication, Line, ShippingLine, Transaction
from connectors.sources.shopify.values import (
    NO_ADDRESS,
    Address,
    Bag,
    Named,
    Priced,
    amounts,
    amounts_or_none,
    summed,
)


class CashRounding(msgspec.Struct, rename="camel", gc=False):
    """What rounding to the nearest coin changed."""

    payment_set: Bag
    refund_set: Bag


class Fee(msgspec.Struct, rename="camel", gc=False):
    """An additional fee."""

    id: str
    price: Bag
    name: str | None = None
    tax_lines: list[Priced] = []


class Tax(msgspec.Struct, rename="camel", gc=False):
    """A tax of the whole order."""

    price_set: Bag
    title: str | None = None
    rate: Decimal | None = None
    source: str | None = None
    channel_liable: bool | None = None


class Order(msgspec.Struct, rename="camel", gc=False):
    """An order, whole from a page, or without its connections from a bulk file."""

    id: str
    created_at: str
    processed_at: str
    updated_at: str
    test: bool
    taxes_included: bool
    currency_code: str
    presentment_currency_code: str
    total_price_set: Bag
    original_total_price_set: Bag
    current_total_price_set: Bag
    transactions: list[Transaction]
    refunds: list[Identity]
    additional_fees: list[Fee]
    tax_lines: list[Tax]
    name: str | None = None
    cancelled_at: str | None = None
    closed_at: str | None = None
    cancel_reason: str | None = None
    confirmed: bool | None = None
    edited: bool | None = None
    duties_included: bool | None = None
    tax_exempt: bool | None = None
    display_financial_status: str | None = None
    display_fulfillment_status: str | None = None
    return_status: str | None = None
    customer: Identity | None = None
    email: str | None = None
    phone: str | None = None
    customer_locale: str | None = None
    source_name: str | None = None
    app: Named | None = None
    tags: list[str] = []
    discount_codes: list[str] = []
    payment_gateway_names: list[str] = []
    shipping_address: Address | None = None
    subtotal_line_items_quantity: int | None = None
    current_subtotal_line_items_quantity: int | None = None
    subtotal_price_set: Bag | None = None
    current_subtotal_price_set: Bag | None = None
    total_discounts_set: Bag | None = None
    current_total_discounts_set: Bag | None = None
    cart_discount_amount_set: Bag | None = None
    total_tax_set: Bag | None = None
    current_total_tax_set: Bag | None = None
    total_shipping_price_set: Bag | None = None
    current_shipping_price_set: Bag | None = None
    total_tip_received_set: Bag | None = None
    original_total_duties_set: Bag | None = None
    current_total_duties_set: Bag | None = None
    original_total_additional_fees_set: Bag | None = None
    current_total_additional_fees_set: Bag | None = None
    total_cash_rounding_adjustment: CashRounding | None = None
    total_received_set: Bag | None = None
    total_refunded_set: Bag | None = None
    total_refunded_shipping_set: Bag | None = None
    refund_discrepancy_set: Bag | None = None
    net_payment_set: Bag | None = None
    total_outstanding_set: Bag | None = None
    line_items: Connection[Line] | None = None
    shipping_lines: Connection[ShippingLine] | None = None
    discount_applications: Connection[DiscountApplication] | None = None


class OrderParts(msgspec.Struct, rename="camel"):
    """Further pages of an order's parts."""

    line_items: Connection[Line] | None = None
    shipping_lines: Connection[ShippingLine] | None = None
    discount_applications: Connection[DiscountApplication] | None = None


class OrderPartsAnswer(msgspec.Struct):
    """The answer that holds them; null where the order is gone."""

    node: OrderParts | None = None


def order_row(order: Order) -> Row:
    """The row of `orders`."""
    address = order.shipping_address or NO_ADDRESS
    rounding = order.total_cash_rounding_adjustment
    return (
        number(order.id),
        order.name,
        order.created_at,
        order.processed_at,
        order.updated_at,
        order.cancelled_at,
        order.closed_at,
        order.cancel_reason,
        order.test,
        order.confirmed,
        order.edited,
        order.taxes_included,
        order.duties_included,
        order.tax_exempt,
        order.display_financial_status,
        order.display_fulfillment_status,
        order.return_status,
        number_of(order.customer),
        order.email,
        order.phone,
        order.customer_locale,
        order.source_name,
        order.app.name if order.app else None,
        ", ".join(order.tags),
        ", ".join(order.discount_codes),
        ", ".join(order.payment_gateway_names),
        address.province_code,
        address.country_code_v2,
        order.currency_code,
        order.presentment_currency_code,
        order.subtotal_line_items_quantity,
        order.current_subtotal_line_items_quantity,
        *amounts(order.total_price_set),
        *amounts(order.original_total_price_set),
        *amounts(order.current_total_price_set),
        *amounts_or_none(order.subtotal_price_set),
        *amounts_or_none(order.current_subtotal_price_set),
        *amounts_or_none(order.total_discounts_set),
        *amounts_or_none(order.current_total_discounts_set),
        *amounts_or_none(order.cart_discount_amount_set),
        *amounts_or_none(order.total_tax_set),
        *amounts_or_none(order.current_total_tax_set),
        *amounts_or_none(order.total_shipping_price_set),
        *amounts_or_none(order.current_shipping_price_set),
        *amounts_or_none(order.total_tip_received_set),
        *amounts_or_none(order.original_total_duties_set),
        *amounts_or_none(order.current_total_duties_set),
        *amounts_or_none(order.original_total_additional_fees_set),
        *amounts_or_none(order.current_total_additional_fees_set),
        *amounts_or_none(rounding.payment_set if rounding else None),
        *amounts_or_none(rounding.refund_set if rounding else None),
        *amounts_or_none(order.total_received_set),
        *amounts_or_none(order.total_refunded_set),
        *amounts_or_none(order.total_refunded_shipping_set),
        *amounts_or_none(order.refund_discrepancy_set),
        *amounts_or_none(order.net_payment_set),
        *amounts_or_none(order.total_outstanding_set),
    )


def fee_rows(order_id: str, order: Order) -> Iterator[Row]:
    """The rows of `order_fees`."""
    for fee in order.additional_fees:
        taxes = [tax.price_set for tax in fee.tax_lines]
        code = (order.currency_code, order.presentment_currency_code)
        yield order_id, number(fee.id), fee.name, *code, *amounts(fee.price), *summed(taxes)


def tax_rows(order_id: str, order: Order) -> Iterator[Row]:
    """The rows of `order_taxes`."""
    code = (order.currency_code, order.presentment_currency_code)
    for index, tax in enumerate(order.tax_lines):
        rate = decimal_text(tax.rate)
        yield order_id, str(index), tax.title, rate, tax.source, tax.channel_liable, *code, *amounts(tax.price_set)
