"""What a shop's own database holds about orders, in Shopify's terms; money in minor units of the shop's currency.

Parts are tuples that are replaced as a whole, so that what never happens to an order costs it nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.sandbox.shopify.money import MoneyContext


class Address(NamedTuple):
    """A mailing address."""

    id: int
    first_name: str | None = None
    last_name: str | None = None
    address1: str | None = None
    city: str | None = None
    zip: str | None = None
    province_code: str | None = None
    country_code: str | None = None
    phone: str | None = None


class TaxLine(NamedTuple):
    """One tax on one line."""

    title: str
    rate: Decimal
    amount: int


class Allocation(NamedTuple):
    """How much of a discount application went to a line."""

    place: int
    amount: int


class Duty(NamedTuple):
    """An import duty on a line."""

    id: int
    harmonized_code: str
    country: str
    amount: int


class Fee(NamedTuple):
    """An additional fee of an order."""

    id: int
    name: str
    amount: int


class DiscountApplication(NamedTuple):
    """A discount as it was applied to one order.

    Attributes:
        place: Its number within the order, from 0.
        kind: code, automatic or manual.
        title: The code, or the title.
        percentage: Its value, if it is a percentage.
        amount: Its value, if it is an amount.
        target: LINE_ITEM or SHIPPING_LINE.
        selection: ALL for the whole cart, ENTITLED or EXPLICIT for some of its lines.
        method: ACROSS, EACH or ONE.
    """

    place: int
    kind: str
    title: str
    percentage: Decimal | None
    amount: int
    target: str = "LINE_ITEM"
    selection: str = "ALL"
    method: str = "ACROSS"

    @property
    def is_for_cart(self) -> bool:
        """Whether it is an order-level discount."""
        return self.target == "LINE_ITEM" and self.selection == "ALL"


@dataclass(slots=True, eq=False)
class LineItem:
    """A line of an order; `quantity` includes what was refunded or removed, `current_quantity` does not."""

    id: int
    order: "Order"
    title: str
    quantity: int
    current_quantity: int
    unit_price: int
    product_id: int | None = None
    variant_id: int | None = None
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    is_gift_card: bool = False
    is_tip: bool = False
    requires_shipping: bool = True
    taxable: bool = True
    fulfilled_quantity: int = 0
    weight_grams: int = 0
    allocations: tuple[Allocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    duties: tuple[Duty, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def price(self) -> int:
        """Before discounts."""
        return self.unit_price * self.quantity

    @property
    def discount(self) -> int:
        """All discounts together."""
        return sum(allocation.amount for allocation in self.allocations)

    @property
    def tax(self) -> int:
        """All taxes together."""
        return sum(tax.amount for tax in self.tax_lines)


@dataclass(slots=True, eq=False)
class ShippingLine:
    """A shipping method that was chosen, and what it costs."""

    id: int
    order: "Order"
    title: str
    code: str
    price: int
    allocations: tuple[Allocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()

    @property
    def discounted(self) -> int:
        """After discounts."""
        return self.price - sum(allocation.amount for allocation in self.allocations)

    @property
    def tax(self) -> int:
        """All taxes together."""
        return sum(tax.amount for tax in self.tax_lines)


@dataclass(slots=True, eq=False)
class Transaction:
    """Money that moved, or was promised or refused."""

    id: int
    order: "Order"
    kind: str
    status: str
    gateway: str
    amount: int
    created_at: datetime
    processed_at: datetime
    parent_id: int | None = None
    rounding: int = 0


class RefundLine(NamedTuple):
    """How much of a line a refund took back; `subtotal` is after discounts, with tax where prices include it."""

    id: int
    line: LineItem
    quantity: int
    price: int
    subtotal: int
    tax: int
    restock_type: str


class RefundShipping(NamedTuple):
    """How much of a shipping line a refund took back."""

    id: int
    shipping_line: ShippingLine
    subtotal: int
    tax: int


class Adjustment(NamedTuple):
    """What a refund's parts and its payment differ by; positive is in the merchant's favour."""

    id: int
    amount: int
    tax: int
    reason: str


class RefundDuty(NamedTuple):
    """How much of a duty a refund took back."""

    duty: Duty
    amount: int


@dataclass(slots=True, eq=False)
class Refund:
    """A refund, or the record that an edit of the order leaves of what it removed."""

    id: int
    order: "Order"
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    note: str | None = None
    lines: tuple[RefundLine, ...] = ()
    shipping: tuple[RefundShipping, ...] = ()
    duties: tuple[RefundDuty, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    transactions: tuple[Transaction, ...] = ()

    @property
    def total(self) -> int:
        """What was paid back, over all transactions."""
        return sum(t.amount for t in self.transactions if t.status in {"SUCCESS", "PENDING"})


@dataclass(slots=True, eq=False)
class Order:
    """An order; the totals below `refunds` follow from its parts, see `totals.settle`."""

    id: int
    number: int
    money: MoneyContext
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    customer_id: int | None
    email: str | None
    phone: str | None = None
    taxes_included: bool = False
    test: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    expired: bool = False
    edited: bool = False
    note: str | None = None
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    source_name: str = "web"
    locale: str = "en"
    address: Address | None = None
    applications: tuple[DiscountApplication, ...] = ()
    lines: tuple[LineItem, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    fees: tuple[Fee, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    refunds: tuple[Refund, ...] = ()
    financial_status: str = "PENDING"
    fulfillment_status: str = "UNFULFILLED"
    subtotal: int = 0
    discounts: int = 0
    cart_discount: int | None = None
    shipping: int = 0
    tax: int = 0
    tips: int = 0
    duties: int = 0
    fee_total: int = 0
    total: int = 0
    original_total: int | None = None
    current_subtotal: int = 0
    current_discounts: int = 0
    current_shipping: int = 0
    current_tax: int = 0
    current_duties: int = 0
    current_total: int = 0
    received: int = 0
    refunded: int = 0
    rounding: int = 0
    is_redacted: bool = False

    @property
    def name(self) -> str:
        """What the merchant and the buyer call it."""
        return f"#{self.number}"


@dataclass(slots=True, eq=False)
class Consent:
    """Whether marketing may reach a customer by one channel."""

    state: str = "NOT_SUBSCRIBED"
    opt_in_level: str = "SINGLE_OPT_IN"
    updated_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Customer:
    """A customer's record."""

    id: int
    created_at: datetime
    updated_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    state: str = "DISABLED"
    locale: str = "en"
    verified_email: bool = True
    tax_exempt: bool = False
    address: Address | None = None
    email_consent: Consent = field(default_factory=Consent)
    sms_consent: Consent | None = None
    order_ids: list[int] = field(default_factory=list)

    @property
    def display_name(self) -> str:
        """The name, or else the address, as the admin shows it."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.email or self.phone or ""
