"""The parts of orders as Shopify sends them, and the rows of the streams that they fill.

In a bulk file they stand apart from their order, whose id they carry.
"""

from decimal import Decimal

import msgspec

from connectors.sources.shopify.answers import Identity, decimal_text, number, number_of
from connectors.sources.shopify.batches import Row
from connectors.sources.shopify.values import (
    Allocation,
    Bag,
    Duty,
    Named,
    Priced,
    amounts,
    amounts_or_none,
    currencies,
    summed,
)


class Transaction(msgspec.Struct, rename="camel", gc=False):
    """A payment, or an attempt at one."""

    id: str
    kind: str
    status: str
    test: bool
    created_at: str
    amount_set: Bag
    parent_transaction: Identity | None = None
    gateway: str | None = None
    error_code: str | None = None
    payment_id: str | None = None
    processed_at: str | None = None
    amount_rounding_set: Bag | None = None


class Line(msgspec.Struct, rename="camel", gc=False):
    """An order's line."""

    id: str
    quantity: int
    current_quantity: int
    is_gift_card: bool
    original_total_set: Bag
    product: Identity | None = None
    variant: Identity | None = None
    sku: str | None = None
    title: str | None = None
    variant_title: str | None = None
    vendor: str | None = None
    selling_plan: Named | None = None
    requires_shipping: bool | None = None
    taxable: bool | None = None
    original_unit_price_set: Bag | None = None
    discounted_total_set: Bag | None = None
    total_discount_set: Bag | None = None
    discount_allocations: list[Allocation] = []
    tax_lines: list[Priced] = []
    duties: list[Duty] = []
    parent_id: str = msgspec.field(name="__parentId", default="")


class ShippingLine(msgspec.Struct, rename="camel", gc=False):
    """An order's way of shipping."""

    original_price_set: Bag
    discounted_price_set: Bag
    id: str | None = None
    title: str | None = None
    code: str | None = None
    source: str | None = None
    is_removed: bool | None = None
    current_discounted_price_set: Bag | None = None
    tax_lines: list[Priced] = []
    parent_id: str = msgspec.field(name="__parentId", default="")


class DiscountValue(msgspec.Struct, rename="camel", gc=False):
    """A percentage or an amount."""

    percentage: Decimal | None = None
    amount: str | None = None
    currency_code: str | None = None


class DiscountApplication(msgspec.Struct, rename="camel", gc=False):
    """A discount as it was applied to an order."""

    index: int
    type: str | None = msgspec.field(name="__typename", default=None)
    code: str | None = None
    title: str | None = None
    allocation_method: str | None = None
    target_selection: str | None = None
    target_type: str | None = None
    value: DiscountValue | None = None
    parent_id: str = msgspec.field(name="__parentId", default="")


def line_row(order_id: str, line: Line) -> Row:
    """The row of `order_lines`."""
    return (
        order_id,
        number(line.id),
        number_of(line.product),
        number_of(line.variant),
        line.sku,
        line.title,
        line.variant_title,
        line.vendor,
        line.selling_plan.name if line.selling_plan else None,
        line.quantity,
        line.current_quantity,
        line.is_gift_card,
        line.requires_shipping,
        line.taxable,
        *currencies(line.original_total_set),
        *amounts_or_none(line.original_unit_price_set),
        *amounts(line.original_total_set),
        *amounts_or_none(line.discounted_total_set),
        *amounts_or_none(line.total_discount_set),
        *summed([allocation.allocated_amount_set for allocation in line.discount_allocations]),
        *summed([tax.price_set for tax in line.tax_lines]),
        *summed([duty.price for duty in line.duties]),
    )


def shipping_line_row(order_id: str, line: ShippingLine) -> Row:
    """The row of `order_shipping_lines`."""
    return (
        order_id,
        # Shopify's schema lets the id be absent; an order has one rate of a name at most.
        number(line.id) if line.id else line.title,
        line.title,
        line.code,
        line.source,
        line.is_removed,
        *currencies(line.original_price_set),
        *amounts(line.original_price_set),
        *amounts(line.discounted_price_set),
        *amounts_or_none(line.current_discounted_price_set),
        *summed([tax.price_set for tax in line.tax_lines]),
    )


def discount_row(order_id: str, discount: DiscountApplication) -> Row:
    """The row of `order_discounts`."""
    value = discount.value or DiscountValue()
    return (
        order_id,
        str(discount.index),
        discount.type,
        discount.code,
        discount.title,
        discount.allocation_method,
        discount.target_selection,
        discount.target_type,
        decimal_text(value.percentage),
        value.amount,
        value.currency_code,
    )


def transaction_row(order_id: str, transaction: Transaction, refund_id: str | None) -> Row:
    """The row of `transactions`."""
    return (
        order_id,
        number(transaction.id),
        refund_id,
        number_of(transaction.parent_transaction),
        transaction.kind,
        transaction.status,
        transaction.gateway,
        transaction.error_code,
        transaction.payment_id,
        transaction.test,
        transaction.created_at,
        transaction.processed_at,
        *currencies(transaction.amount_set),
        *amounts(transaction.amount_set),
        *amounts_or_none(transaction.amount_rounding_set),
    )
