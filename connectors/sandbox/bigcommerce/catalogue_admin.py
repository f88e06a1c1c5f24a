"""What a merchant does with products, categories, brands and coupons in a BigCommerce store's control panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.bigcommerce.records import Brand, Category, Coupon, Product, Variant
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.catalogue import Catalogue


@dataclass(frozen=True)
class Item:
    """So many of one thing that an order asks for.

    Attributes:
        product_id: The product; 0 for a gift certificate, whose value is its price.
        variant_id: Which form of it; 0 for the only one.
        quantity: How many.
        price: For one of them, with tax where the store's prices include it; None for what it costs now.
        wrapping: What wrapping the line costs.
    """

    product_id: int
    variant_id: int = 0
    quantity: int = 1
    price: Decimal | None = None
    wrapping: Decimal = Decimal(0)


class CatalogueAdmin(StoreState):
    """The products' side of the control panel."""

    def load_catalogue(self, catalogue: Catalogue, *, created_at: datetime | None = None) -> dict[str, Item]:
        """Sell what a generated catalogue holds.

        Returns:
            By SKU, one item to put into orders; gift cards are gift certificates of their value.
        """
        with self.lock:
            categories: dict[str, int] = {}
            for category in catalogue.categories:
                categories[category.name] = self.create_category(
                    category.name, parent_id=categories.get(category.parent, 0)
                )
            brands: dict[str, int] = {}
            items: dict[str, Item] = {}
            for product in catalogue.products:
                if product.is_gift_card:
                    items.update({variant.sku: Item(0, price=variant.price) for variant in product.variants})
                    continue
                if product.vendor not in brands:
                    brands[product.vendor] = self.create_brand(product.vendor)
                product_id = self.create_product(
                    product.title,
                    product.variants[0].price,
                    sku=product.variants[0].sku if len(product.variants) == 1 else "",
                    description=product.description,
                    brand_id=brands[product.vendor],
                    category_ids=[categories[name] for name in product.categories],
                    variants=[(variant.sku, variant.price, variant.options) for variant in product.variants],
                    created_at=created_at,
                )
                for made, variant in zip(self.products[product_id].variants, product.variants, strict=True):
                    items[variant.sku] = Item(product_id, made.id)
            return items

    def create_product(
        self,
        name: str,
        price: Decimal,
        *,
        sku: str = "",
        kind: str = "physical",
        description: str = "",
        brand_id: int = 0,
        category_ids: Sequence[int] = (),
        variants: Sequence[tuple[str, Decimal | None, tuple[tuple[str, str], ...]]] = (),
        is_taxable: bool = True,
        created_at: datetime | None = None,
    ) -> int:
        """Create a product with its variants, or the one that every product has; returns its id."""
        with self.lock:
            created = self.seconds(created_at)
            product = Product(
                id=next(self._product_ids),
                name=name,
                kind=kind,
                sku=sku,
                price=price,
                created=created,
                modified=created,
                description=description,
                brand_id=brand_id,
                is_taxable=is_taxable,
                category_ids=list(category_ids),
            )
            for variant_sku, variant_price, options in variants or ((sku, None, ()),):
                variant = Variant(next(self._variant_ids), product.id, variant_sku, variant_price, options)
                product.variants.append(variant)
                self.variants.put(variant.id, variant)
            self.products.put(product.id, product)
            return product.id

    def update_product(
        self,
        product_id: int,
        *,
        name: str | None = None,
        price: Decimal | None = None,
        category_ids: Sequence[int] | None = None,
        is_visible: bool | None = None,
    ) -> None:
        """Change a product."""
        with self.lock:
            product = self.products[product_id]
            product.name = product.name if name is None else name
            product.price = product.price if price is None else price
            product.category_ids = product.category_ids if category_ids is None else list(category_ids)
            product.is_visible = product.is_visible if is_visible is None else is_visible
            product.modified = self.now()
            self.products.put(product_id, product)

    def delete_product(self, product_id: int) -> None:
        """Delete a product with its variants; orders keep their lines."""
        with self.lock:
            for variant in self.products.remove(product_id).variants:
                self.variants.remove(variant.id)

    def delete_variant(self, variant_id: int) -> None:
        """Delete one form of a product, which counts as a change of the product."""
        with self.lock:
            variant = self.variants.remove(variant_id)
            product = self.products[variant.product_id]
            product.variants.remove(variant)
            product.modified = self.now()
            self.products.put(product.id, product)

    def create_category(self, name: str, *, parent_id: int = 0) -> int:
        """Create a category; returns its id."""
        with self.lock:
            category = Category(next(self._category_ids), name, parent_id)
            self.categories.put(category.id, category)
            return category.id

    def delete_category(self, category_id: int) -> None:
        """Delete a category, and take its products out of it."""
        with self.lock:
            self.categories.remove(category_id)
            for product in self.products:
                if category_id in product.category_ids:
                    product.category_ids.remove(category_id)
                    product.modified = self.now()
                    self.products.put(product.id, product)

    def create_brand(self, name: str) -> int:
        """Create a brand; returns its id."""
        with self.lock:
            brand = Brand(next(self._brand_ids), name)
            self.brands.put(brand.id, brand)
            return brand.id

    def create_coupon(
        self,
        code: str,
        amount: Decimal,
        kind: str = "per_total_discount",
        *,
        name: str = "",
        created_at: datetime | None = None,
    ) -> int:
        """Create a coupon: `percentage_discount`, `per_total_discount` or `per_item_discount`; returns its id."""
        with self.lock:
            coupon = Coupon(next(self._coupon_ids), name or code, code, kind, amount, self.seconds(created_at))
            self.coupons.put(coupon.id, coupon)
            return coupon.id

    def update_coupon(self, coupon_id: int, *, amount: Decimal | None = None, is_enabled: bool = True) -> None:
        """Change a coupon; orders keep what it gave them, and nothing says when it changed."""
        with self.lock:
            coupon = self.coupons[coupon_id]
            coupon.amount = coupon.amount if amount is None else amount
            coupon.is_enabled = is_enabled
            self.coupons.put(coupon_id, coupon)

    def delete_coupon(self, coupon_id: int) -> None:
        """Delete a coupon; orders keep its use."""
        with self.lock:
            self.coupons.remove(coupon_id)
