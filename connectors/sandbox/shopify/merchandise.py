"""What a shop's own database holds beside customers and orders: products, collections, discounts and checkouts."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.shopify.money import MoneyContext
from connectors.sandbox.shopify.records import Address, Allocation, TaxLine


@dataclass(slots=True, eq=False)
class Variant:
    """A form that a product is sold in."""

    id: int
    product: "Product"
    title: str
    sku: str | None
    price: int
    created_at: datetime
    updated_at: datetime
    position: int = 1
    compare_at_price: int | None = None
    barcode: str | None = None
    taxable: bool = True
    inventory_quantity: int = 100
    weight_grams: int = 0
    requires_shipping: bool = True
    unit_cost: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, eq=False)
class Product:
    """A product."""

    id: int
    title: str
    handle: str
    created_at: datetime
    updated_at: datetime
    vendor: str = ""
    product_type: str = ""
    status: str = "ACTIVE"
    description: str = ""
    tags: tuple[str, ...] = ()
    is_gift_card: bool = False
    published_at: datetime | None = None
    variants: tuple[Variant, ...] = ()
    collection_ids: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Collection:
    """A group of products."""

    id: int
    title: str
    handle: str
    updated_at: datetime
    description: str = ""
    product_ids: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class RedeemCode:
    """One code of a discount."""

    id: int
    code: str
    usage_count: int = 0


@dataclass(slots=True, eq=False)
class Discount:
    """A discount's definition.

    Attributes:
        kind: DiscountCodeBasic, DiscountCodeFreeShipping or DiscountAutomaticBasic.
        percentage: Its value as a fraction, if it is a percentage.
        amount: Its value in minor units, if it is an amount.
        is_for_products: Whether it is taken off products rather than the whole order.
        minimum: The least that must be bought, in minor units.
        customer_ids: Who may use it; empty for everybody.
    """

    id: int
    kind: str
    title: str
    starts_at: datetime
    created_at: datetime
    updated_at: datetime
    percentage: Decimal | None = None
    amount: int = 0
    is_for_products: bool = False
    ends_at: datetime | None = None
    usage_limit: int | None = None
    once_per_customer: bool = False
    codes: tuple[RedeemCode, ...] = ()
    usage_count: int = 0
    minimum: int | None = None
    customer_ids: tuple[int, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Whether it needs no code."""
        return self.kind.startswith("DiscountAutomatic")

    def status(self, now: datetime) -> str:
        """ACTIVE, SCHEDULED or EXPIRED at a time."""
        if self.starts_at > now:
            return "SCHEDULED"
        return "EXPIRED" if self.ends_at is not None and self.ends_at <= now else "ACTIVE"


@dataclass(slots=True, eq=False)
class CheckoutLine:
    """A line of a checkout that nobody finished."""

    id: int
    title: str
    quantity: int
    unit_price: int
    product_id: int | None = None
    variant_id: int | None = None
    variant_title: str | None = None
    sku: str | None = None
    allocations: tuple[Allocation, ...] = ()


@dataclass(slots=True, eq=False)
class Checkout:
    """A checkout that was begun; once it is completed, an order follows."""

    id: int
    money: MoneyContext
    created_at: datetime
    updated_at: datetime
    customer_id: int | None
    email: str | None
    taxes_included: bool = False
    completed_at: datetime | None = None
    codes: tuple[str, ...] = ()
    lines: tuple[CheckoutLine, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    address: Address | None = None

    @property
    def lines_total(self) -> int:
        """Before discounts."""
        return sum(line.unit_price * line.quantity for line in self.lines)

    @property
    def discount(self) -> int:
        """All discounts together."""
        return sum(allocation.amount for line in self.lines for allocation in line.allocations)

    @property
    def tax(self) -> int:
        """All taxes together."""
        return sum(tax.amount for tax in self.tax_lines)

    @property
    def total(self) -> int:
        """What completing it would cost, without shipping, which was not chosen yet."""
        return self.lines_total - self.discount + (0 if self.taxes_included else self.tax)
