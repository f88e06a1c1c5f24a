"""What BigCommerce answers about the store, its people and what it sells, as far as columns are filled from it."""

from decimal import Decimal
from typing import Any

import msgspec

from connectors.sources.bigcommerce.order_answers import Amount, Id, Text


class TimeZone(msgspec.Struct, gc=False):
    """The store's time zone."""

    name: Text = None


class Features(msgspec.Struct, gc=False):
    """What the store's plan offers."""

    multi_storefront_enabled: bool | None = None


class Store(msgspec.Struct):
    """`/store`."""

    id: str
    currency: str
    name: Text = None
    domain: Text = None
    secure_url: Text = None
    status: Text = None
    decimal_places: int | None = None
    timezone: TimeZone = msgspec.field(default_factory=TimeZone)
    country_code: Text = None
    language: Text = None
    plan_name: Text = None
    plan_level: Text = None
    is_price_entered_with_tax: bool | None = None
    default_channel_id: Id = None
    features: Features = msgspec.field(default_factory=Features)


class Currency(msgspec.Struct):
    """`/currencies`."""

    id: int
    currency_code: str
    name: Text = None
    currency_exchange_rate: Amount = None
    decimal_places: int | None = None
    is_default: bool | None = None
    is_transactional: bool | None = None
    enabled: bool | None = None
    auto_update: bool | None = None
    last_updated: Text = None


class StoreCredit(msgspec.Struct, gc=False):
    """Store credit that a customer has."""

    amount: Amount = None


class CustomerAddress(msgspec.Struct, gc=False):
    """One of a customer's addresses."""

    country_code: Text = None


class Customer(msgspec.Struct):
    """`/customers`."""

    id: int
    date_created: Text
    date_modified: Text
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    company: Text = None
    phone: Text = None
    notes: Text = None
    registration_ip_address: Text = None
    customer_group_id: Id = None
    tax_exempt_category: Text = None
    accepts_product_review_abandoned_cart_emails: bool | None = None
    address_count: int | None = None
    attribute_count: int | None = None
    origin_channel_id: Id = None
    addresses: list[CustomerAddress] | None = None
    store_credit_amounts: list[StoreCredit] | None = None

    @property
    def store_credit_amount(self) -> Decimal | None:
        """The store credit in all; None where it was not sent."""
        amounts = [credit.amount for credit in self.store_credit_amounts or () if credit.amount is not None]
        return sum(amounts, Decimal(0)) if amounts else None

    @property
    def country_code(self) -> Text:
        """The first address's country."""
        return self.addresses[0].country_code if self.addresses else None


class Subscriber(msgspec.Struct):
    """`/customers/subscribers`."""

    id: int
    email: Text = None
    first_name: Text = None
    last_name: Text = None
    source: Text = None
    order_id: Id = None
    channel_id: Id = None
    consents: list[str] | None = None
    date_created: Text = None
    date_modified: Text = None

    @property
    def has_marketing_newsletter(self) -> bool | None:
        """Whether they agree to newsletters."""
        return None if self.consents is None else "marketing_newsletter" in self.consents

    @property
    def has_abandoned_cart(self) -> bool | None:
        """Whether they agree to emails about abandoned carts."""
        return None if self.consents is None else "abandoned_cart" in self.consents


class CustomUrl(msgspec.Struct, gc=False):
    """A path in the shop."""

    url: Text = None


class OptionValue(msgspec.Struct, gc=False):
    """One of the choices that make a variant."""

    option_display_name: Text = None
    label: Text = None


class Variant(msgspec.Struct):
    """`/catalog/products/<id>/variants`."""

    id: int
    sku: Text = None
    upc: Text = None
    mpn: Text = None
    gtin: Text = None
    price: Amount = None
    sale_price: Amount = None
    retail_price: Amount = None
    calculated_price: Amount = None
    cost_price: Amount = None
    inventory_level: int | None = None
    purchasing_disabled: bool | None = None
    option_values: list[OptionValue] | None = None

    @property
    def options(self) -> str | None:
        """What tells it apart, in words."""
        return ", ".join(f"{value.option_display_name}: {value.label}" for value in self.option_values or ()) or None


class Product(msgspec.Struct):
    """`/catalog/products`."""

    id: int
    name: str
    date_modified: Text
    type: Text = None
    sku: Text = None
    upc: Text = None
    mpn: Text = None
    gtin: Text = None
    brand_id: Id = None
    price: Amount = None
    sale_price: Amount = None
    retail_price: Amount = None
    calculated_price: Amount = None
    cost_price: Amount = None
    tax_class_id: Id = None
    inventory_tracking: Text = None
    inventory_level: int | None = None
    total_sold: int | None = None
    availability: Text = None
    condition: Text = None
    is_visible: bool | None = None
    is_featured: bool | None = None
    base_variant_id: Id = None
    custom_url: CustomUrl | None = None
    date_created: Text = None
    categories: list[int] = []
    variants: list[Variant] | None = None

    @property
    def path(self) -> Text:
        """Its path in the shop."""
        return self.custom_url.url if self.custom_url else None


class Brand(msgspec.Struct, gc=False):
    """`/catalog/brands`."""

    id: int
    name: Text = None


class Category(msgspec.Struct):
    """`/catalog/categories`."""

    id: int
    name: str
    parent_id: Id = None
    sort_order: int | None = None
    is_visible: bool | None = None
    custom_url: CustomUrl | list[Any] | None = None

    @property
    def path(self) -> Text:
        """Its path in the shop."""
        return self.custom_url.url if isinstance(self.custom_url, CustomUrl) else None


class CouponDefinition(msgspec.Struct):
    """`/coupons`."""

    id: int
    name: Text = None
    code: Text = None
    type: Text = None
    amount: Amount = None
    min_purchase: Amount = None
    enabled: bool | None = None
    num_uses: int | None = None
    max_uses: int | None = None
    date_created: Text = None
    expires: Text = None


class Promotion(msgspec.Struct):
    """`/promotions`."""

    id: int
    name: Text = None
    redemption_type: Text = None
    status: Text = None
    current_uses: int | None = None
    max_uses: int | None = None
    currency_code: Text = None
    start_date: Text = None
    end_date: Text = None

    @property
    def enabled(self) -> bool | None:
        """Whether it can be used."""
        return None if self.status is None else self.status == "ENABLED"
