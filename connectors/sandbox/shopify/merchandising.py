"""Products, collections, discounts and checkouts: what a merchant offers, and what buyers begin and leave."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox.catalogue import Catalogue, CatalogueProduct
from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.merchandise import (
    Checkout,
    CheckoutLine,
    Collection,
    Discount,
    Product,
    RedeemCode,
    Variant,
)
from connectors.sandbox.shopify.ordering import Item
from connectors.sandbox.shopify.totals import taxes_on


@dataclass(frozen=True)
class Stock:
    """A catalogue as the shop has it.

    Attributes:
        variants: Variant ids by SKU.
    """

    variants: dict[str, int]


class MerchandiseDesk(Books):
    """Where the offer is kept."""

    def stock(self, catalogue: Catalogue, *, at: datetime | None = None) -> Stock:
        """Put a catalogue on sale, its categories as collections.

        Raises:
            ValueError: Its prices are in another currency.
        """
        if catalogue.currency_code != self.currency:
            message = f"the catalogue's prices are in {catalogue.currency_code}, the shop's in {self.currency}"
            raise ValueError(message)
        with self.lock:
            groups = {category.name: self.add_collection(category.name, at=at) for category in catalogue.categories}
            for made in catalogue.products:
                self.add_product(made, at=at, collections=[groups[name].id for name in made.categories])
            return Stock({variant.sku: variant.id for variant in self.variants.values() if variant.sku})

    def add_collection(self, title: str, *, at: datetime | None = None) -> Collection:
        """Add a group of products."""
        with self.lock:
            collection = Collection(self._new_id("Collection"), title, _handle(title), self._at(at))
            self.collections.put(collection)
            return collection

    def add_product(
        self, made: CatalogueProduct, *, at: datetime | None = None, collections: Sequence[int] = ()
    ) -> Product:
        """Add a product with its variants."""
        with self.lock:
            when = self._at(at)
            product = Product(
                id=self._new_id("Product"),
                title=made.title,
                handle=_handle(made.title),
                created_at=when,
                updated_at=when,
                vendor=made.vendor,
                product_type=made.categories[0] if made.categories else "",
                description=made.description,
                tags=made.tags,
                is_gift_card=made.is_gift_card,
                published_at=when,
                collection_ids=tuple(collections),
            )
            product.variants = tuple(
                Variant(
                    id=self._new_id("ProductVariant"),
                    product=product,
                    title=" / ".join(value for _, value in variant.options) or "Default Title",
                    sku=variant.sku,
                    price=self._minor(variant.price),
                    created_at=when,
                    updated_at=when,
                    position=position,
                    weight_grams=variant.weight_grams,
                    requires_shipping=not made.is_gift_card,
                    taxable=not made.is_gift_card,
                    options=variant.options or (("Title", "Default Title"),),
                )
                for position, variant in enumerate(made.variants, 1)
            )
            self.products.put(product)
            self.variants.update({variant.id: variant for variant in product.variants})
            for collection_id in collections:
                self.collections.records[collection_id].product_ids.append(product.id)
            return product

    def change_product(
        self,
        product_id: int,
        *,
        title: str | None = None,
        status: str | None = None,
        price: Decimal | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change a product, and the price of all its variants; what isn't given stays."""
        with self.lock:
            product, when = self.products.records[product_id], self._at(at)
            product.title = product.title if title is None else title
            product.status = product.status if status is None else status
            if price is not None:
                for variant in product.variants:
                    variant.price, variant.updated_at = self._minor(price), when
            self._stamp_product(product, when)

    def remove_variant(self, variant_id: int, *, at: datetime | None = None) -> None:
        """Take a variant off its product; lines that sold it no longer lead to it."""
        with self.lock:
            product = self.variants.pop(variant_id).product
            product.variants = tuple(variant for variant in product.variants if variant.id != variant_id)
            self._stamp_product(product, self._at(at))

    def delete_product(self, product_id: int) -> None:
        """Delete a product and its variants."""
        with self.lock:
            product = self.products.records[product_id]
            for variant in product.variants:
                self.variants.pop(variant.id, None)
            for collection_id in product.collection_ids:
                self.collections.records[collection_id].product_ids.remove(product_id)
            self.products.remove(product_id)

    def delete_collection(self, collection_id: int) -> None:
        """Delete a collection; its products stay."""
        with self.lock:
            for product_id in self.collections.records[collection_id].product_ids:
                product = self.products.records[product_id]
                product.collection_ids = tuple(each for each in product.collection_ids if each != collection_id)
            self.collections.remove(collection_id)

    def add_discount(
        self,
        title: str,
        *,
        codes: Sequence[str] = (),
        percentage: Decimal | None = None,
        amount: Decimal | None = None,
        is_free_shipping: bool = False,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        usage_limit: int | None = None,
        at: datetime | None = None,
    ) -> Discount:
        """Define a discount; without codes it is automatic.

        Args:
            title: Its title.
            codes: What buyers enter.
            percentage: In percent.
            amount: Or this much.
            is_free_shipping: Or shipping for nothing.
            starts_at: When it begins; at once if it isn't given.
            ends_at: When it ends; never if it isn't given.
            usage_limit: How often it can be used.
            at: When it is defined; now if it isn't given.
        """
        with self.lock:
            when = self._at(at)
            kind = "DiscountCodeFreeShipping" if is_free_shipping else "DiscountCodeBasic"
            discount = Discount(
                id=self._new_id("Discount"),
                kind=kind if codes else "DiscountAutomaticBasic",
                title=title,
                starts_at=when if starts_at is None else self._at(starts_at),
                created_at=when,
                updated_at=when,
                percentage=None if percentage is None else percentage / 100,
                amount=self._minor(amount or 0),
                ends_at=None if ends_at is None else self._at(ends_at),
                usage_limit=usage_limit,
                codes=tuple(RedeemCode(self._new_id("DiscountRedeemCode"), code) for code in codes),
            )
            self.discounts.put(discount)
            return discount

    def end_discount(self, discount_id: int, *, at: datetime | None = None) -> None:
        """Let a discount end."""
        with self.lock:
            discount, when = self.discounts.records[discount_id], self._at(at)
            known_at, discount.ends_at, discount.updated_at = discount.updated_at, when, when
            self.discounts.touched(discount, known_at)

    def delete_discount(self, discount_id: int) -> None:
        """Delete a discount."""
        with self.lock:
            self.discounts.remove(discount_id)

    def begin_checkout(
        self,
        *,
        lines: Sequence[Item],
        customer: int | None = None,
        email: str | None = None,
        at: datetime | None = None,
        codes: tuple[str, ...] = (),
        taxes: Sequence[tuple[str, Decimal]] = (),
    ) -> Checkout:
        """Begin a checkout that nobody finishes for now."""
        with self.lock:
            when = self._at(at)
            buyer = None if customer is None else self._customer(customer)
            checkout = Checkout(
                id=self._new_id("AbandonedCheckout"),
                money=self.money,
                created_at=when,
                updated_at=when,
                customer_id=customer,
                email=email if email is not None or buyer is None else buyer.email,
                taxes_included=self.taxes_included,
                codes=codes,
                lines=tuple(self._checkout_line(item) for item in lines),
                address=buyer.address if buyer else None,
            )
            priced = checkout.lines_total - checkout.discount
            checkout.tax_lines = taxes_on(priced, taxes, is_included=checkout.taxes_included)
            self.checkouts.put(checkout)
            return checkout

    def complete_checkout(self, checkout_id: int, *, at: datetime | None = None) -> None:
        """Mark a checkout as finished after all."""
        with self.lock:
            checkout, when = self.checkouts.records[checkout_id], self._at(at)
            known_at, checkout.completed_at, checkout.updated_at = checkout.updated_at, when, when
            self.checkouts.touched(checkout, known_at)

    def forget_checkouts(self, *, days: int = 90) -> None:
        """Drop the checkouts of more than so many days ago, as Shopify does after three months."""
        with self.lock:
            limit = self.now() - timedelta(days=days)
            for old in [checkout.id for checkout in self.checkouts if checkout.created_at < limit]:
                self.checkouts.remove(old)

    def _checkout_line(self, item: Item) -> CheckoutLine:
        line_id = self._new_id("AbandonedCheckoutLineItem")
        if item.variant_id is None:
            return CheckoutLine(line_id, item.title, item.quantity, self._minor(item.price or 0))
        variant = self.variants[item.variant_id]
        return CheckoutLine(
            line_id,
            variant.product.title,
            item.quantity,
            variant.price if item.price is None else self._minor(item.price),
            variant.product.id,
            variant.id,
            variant.title,
            variant.sku,
        )

    def _stamp_product(self, product: Product, at: datetime) -> None:
        known_at, product.updated_at = product.updated_at, max(product.updated_at, at)
        self.products.touched(product, known_at)


def _handle(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
