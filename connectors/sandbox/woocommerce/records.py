"""A WooCommerce shop's rows, in WooCommerce's own terms.

Times are whole seconds since 1970 in UTC, for WooCommerce keeps no finer ones. Money is Decimal, as its database has
it: an order's own totals at the shop's decimals, amounts of lines with up to six places.
"""

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)

Taxes = dict[int, Decimal]
Address = dict[str, str]

_SHARED_ADDRESS_FIELDS = ("first_name", "last_name", "company", "address_1", "address_2", "city")
ORDER_BILLING_FIELDS = (*_SHARED_ADDRESS_FIELDS, "state", "postcode", "country", "email", "phone")
ORDER_SHIPPING_FIELDS = (*_SHARED_ADDRESS_FIELDS, "state", "postcode", "country", "phone")
CUSTOMER_BILLING_FIELDS = (*_SHARED_ADDRESS_FIELDS, "postcode", "country", "state", "email", "phone")
CUSTOMER_SHIPPING_FIELDS = (*_SHARED_ADDRESS_FIELDS, "postcode", "country", "state", "phone")


@dataclass(slots=True)
class Meta:
    """A custom field."""

    id: int
    key: str
    value: object


@dataclass(slots=True)
class LineItem:
    """A product line; `subtotal` is before coupons and `total` after, both without tax."""

    id: int
    name: str
    product_id: int
    variation_id: int
    quantity: int
    subtotal: Decimal
    total: Decimal
    tax_class: str = ""
    parent_name: str | None = None
    subtotal_taxes: Taxes = field(default_factory=dict)
    total_taxes: Taxes = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class ShippingLine:
    """A shipping line."""

    id: int
    method_title: str
    method_id: str
    total: Decimal
    taxes: Taxes = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class FeeLine:
    """A fee, or with a negative total a discount that no coupon gave."""

    id: int
    name: str
    total: Decimal
    is_taxable: bool = True
    taxes: Taxes = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class CouponLine:
    """What a coupon took off an order."""

    id: int
    coupon_id: int
    code: str
    discount: Decimal
    discount_tax: Decimal
    discount_type: str
    nominal_amount: Decimal
    meta_id: int


@dataclass(slots=True)
class TaxLine:
    """What an order owes by one rate."""

    id: int
    rate_id: int
    rate_code: str
    label: str
    is_compound: bool
    rate_percent: Decimal
    tax_total: Decimal
    shipping_tax_total: Decimal


@dataclass(slots=True)
class Order:
    """An order; `trashed_status` is what it comes back as."""

    id: int
    status: str
    currency: str
    customer_id: int
    billing: Address
    shipping: Address
    created: int
    modified: int
    prices_include_tax: bool = False
    payment_method: str = "bacs"
    payment_method_title: str = ""
    transaction_id: str = ""
    created_via: str = "checkout"
    customer_note: str = ""
    number: str = ""
    paid: int | None = None
    completed: int | None = None
    trashed_status: str = ""
    discount_total: Decimal = ZERO
    discount_tax: Decimal = ZERO
    shipping_total: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    cart_tax: Decimal = ZERO
    total: Decimal = ZERO
    lines: list[LineItem] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fee_lines: list[FeeLine] = field(default_factory=list)
    coupon_lines: list[CouponLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    refund_ids: list[int] = field(default_factory=list)

    @property
    def total_tax(self) -> Decimal:
        """The tax of products, fees and shipping."""
        return self.cart_tax + self.shipping_tax


@dataclass(slots=True)
class Refund:
    """Money given back; lines carry negative amounts, and need not add up to `amount`."""

    id: int
    order_id: int
    created: int
    amount: Decimal
    reason: str
    kind: str
    meta_id: int
    is_paid_back: bool = False
    lines: list[LineItem] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fee_lines: list[FeeLine] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)

    @property
    def total_tax(self) -> Decimal:
        """The tax given back with lines, below zero or zero."""
        return sum((tax.tax_total + tax.shipping_tax_total for tax in self.tax_lines), ZERO)


@dataclass(slots=True)
class Customer:
    """Somebody with an account."""

    id: int
    email: str
    first_name: str
    last_name: str
    username: str
    role: str
    created: int
    modified: int | None
    billing: Address
    shipping: Address
    is_paying: bool = False
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class Product:
    """A product, or with a parent one of its variations, whose `options` say which."""

    id: int
    name: str
    slug: str
    kind: str
    created: int
    modified: int
    status: str = "publish"
    description: str = ""
    short_description: str = ""
    sku: str = ""
    regular_price: Decimal | None = None
    sale_price: Decimal | None = None
    is_virtual: bool = False
    is_taxable: bool = True
    tax_class: str = ""
    weight: str = ""
    parent_id: int = 0
    options: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    category_ids: list[int] = field(default_factory=list)
    tag_ids: list[int] = field(default_factory=list)
    variation_ids: list[int] = field(default_factory=list)
    trashed_status: str = ""
    total_sales: int = 0
    meta: list[Meta] = field(default_factory=list)

    @property
    def price(self) -> Decimal | None:
        """What it costs now."""
        return self.regular_price if self.sale_price is None else self.sale_price


@dataclass(slots=True)
class Coupon:
    """A coupon's definition."""

    id: int
    code: str
    discount_type: str
    amount: Decimal
    created: int
    modified: int
    status: str = "publish"
    description: str = ""
    expires: int | None = None
    usage_count: int = 0
    usage_limit: int | None = None
    minimum_amount: Decimal = ZERO
    trashed_status: str = ""
    used_by: list[str] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)


@dataclass(slots=True)
class Term:
    """A product category or tag."""

    id: int
    name: str
    slug: str
    parent: int = 0
    description: str = ""


@dataclass(slots=True)
class TaxRate:
    """A rate for a place; an empty country or state is every one."""

    id: int
    country: str
    state: str
    rate: Decimal
    name: str
    priority: int = 1
    is_compound: bool = False
    is_for_shipping: bool = True
    tax_class: str = "standard"

    @property
    def code(self) -> str:
        """How an order names it."""
        place = [part for part in (self.country, self.state) if part]
        return "-".join([*place, self.name.upper(), str(self.priority)])
