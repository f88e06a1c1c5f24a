"""A BigCommerce store's rows, in BigCommerce's own terms.

Times are whole seconds since 1970 in UTC. Money is Decimal in an order's transactional currency, with up to four
places.
"""

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)

Address = dict[str, str]

STATUSES = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}
COUPON_TYPES = {
    "per_item_discount": 0,
    "percentage_discount": 1,
    "per_total_discount": 2,
    "shipping_discount": 3,
    "free_shipping": 4,
    "promotion": 5,
}


@dataclass(slots=True)
class Cost:
    """A price as it was entered, and what it is without and with tax."""

    base: Decimal = ZERO
    ex_tax: Decimal = ZERO
    inc_tax: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass(slots=True)
class Discount:
    """What one promotion, coupon or hand took off one line."""

    id: str
    name: str
    code: str | None
    target: str
    amount: Decimal


@dataclass(slots=True)
class OrderProduct:
    """A line; `total.tax` is on what is left after discounts, while `total.inc_tax` is before them."""

    id: int
    product_id: int
    variant_id: int
    name: str
    sku: str
    kind: str
    quantity: int
    price: Cost
    total: Cost
    address_id: int = 0
    is_taxable: bool = True
    options: tuple[tuple[str, str], ...] = ()
    wrapping: Cost = field(default_factory=Cost)
    wrapping_name: str = ""
    discounts: list[Discount] = field(default_factory=list)
    quantity_refunded: int = 0
    refunded_amount: Decimal = ZERO
    gift_certificate_id: int | None = None
    brand: str = ""

    @property
    def discount(self) -> Decimal:
        """What was taken off in all."""
        return sum((discount.amount for discount in self.discounts), ZERO)


@dataclass(slots=True)
class ShippingAddress:
    """Where a part of an order goes, and what that costs."""

    id: int
    address: Address
    method: str
    cost: Cost
    handling: Cost
    items_total: int = 0


@dataclass(slots=True)
class OrderCoupon:
    """A coupon's use by an order."""

    id: int
    coupon_id: int
    code: str
    amount: Decimal
    kind: str
    discount: Decimal


@dataclass(slots=True)
class Fee:
    """A custom fee."""

    id: int
    name: str
    cost: Cost
    is_taxable: bool = True


@dataclass(slots=True)
class Transaction:
    """A movement of money for an order."""

    id: int
    order_id: int
    event: str
    method: str
    amount: Decimal
    currency: str
    gateway: str
    status: str
    created: int
    reference_id: int | None = None
    code: str = ""


@dataclass(slots=True)
class RefundItem:
    """What a refund is for; products come with a quantity, everything else with an amount."""

    item_type: str
    item_id: int
    quantity: int
    amount: Decimal
    tax: Decimal
    reason: str = ""


@dataclass(slots=True)
class Refund:
    """Money given back; what each product came to is in its items here, and in no answer."""

    id: int
    order_id: int
    created: int
    reason: str
    total_amount: Decimal
    total_tax: Decimal
    items: list[RefundItem]
    payment_id: int
    provider_id: str
    transaction_id: int


@dataclass(slots=True)
class Order:
    """An order."""

    id: int
    status_id: int
    customer_id: int
    billing: Address
    created: int
    modified: int
    currency: str
    is_tax_inclusive: bool
    tax_rate: Decimal = ZERO
    exchange_rate: Decimal = Decimal(1)
    display_currency: str = ""
    display_rate: Decimal = Decimal(1)
    shipped: int | None = None
    payment_method: str = "Credit Card"
    payment_status: str = ""
    source: str = "www"
    staff_notes: str = ""
    customer_message: str = ""
    cart_id: str = ""
    is_deleted: bool = False
    is_email_opt_in: bool = False
    lines: list[OrderProduct] = field(default_factory=list)
    addresses: list[ShippingAddress] = field(default_factory=list)
    coupons: list[OrderCoupon] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    refund_ids: list[int] = field(default_factory=list)
    discount_amount: Decimal = ZERO
    coupon_discount: Decimal = ZERO
    gift_certificate_amount: Decimal = ZERO
    store_credit_amount: Decimal = ZERO
    subtotal: Cost = field(default_factory=Cost)
    shipping: Cost = field(default_factory=Cost)
    handling: Cost = field(default_factory=Cost)
    wrapping: Cost = field(default_factory=Cost)
    total: Cost = field(default_factory=Cost)


@dataclass(slots=True)
class Customer:
    """Somebody with an account."""

    id: int
    email: str
    first_name: str
    last_name: str
    company: str
    phone: str
    created: int
    modified: int
    group_id: int = 0
    store_credit: Decimal = ZERO
    accepts_emails: bool = False
    addresses: list[Address] = field(default_factory=list)


@dataclass(slots=True)
class Subscriber:
    """Somebody on the newsletter's list, with an account or without."""

    id: int
    email: str
    first_name: str
    last_name: str
    source: str
    order_id: int | None
    consents: list[str]
    created: int
    modified: int


@dataclass(slots=True)
class Variant:
    """A form of a product; a product that comes in one has one without options."""

    id: int
    product_id: int
    sku: str
    price: Decimal | None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Product:
    """A product."""

    id: int
    name: str
    kind: str
    sku: str
    price: Decimal
    created: int
    modified: int
    description: str = ""
    brand_id: int = 0
    weight: Decimal = ZERO
    is_visible: bool = True
    is_taxable: bool = True
    category_ids: list[int] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    total_sold: int = 0


@dataclass(slots=True)
class Category:
    """A place in the category tree."""

    id: int
    name: str
    parent_id: int = 0
    description: str = ""


@dataclass(slots=True)
class Brand:
    """A maker."""

    id: int
    name: str


@dataclass(slots=True)
class Coupon:
    """A coupon's definition."""

    id: int
    name: str
    code: str
    kind: str
    amount: Decimal
    created: int
    is_enabled: bool = True
    minimum: Decimal = ZERO
    expires: int | None = None
    uses: int = 0
