"""What a merchant does with products, categories and coupons in a WooCommerce shop's admin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.catalogue import Catalogue, CatalogueProduct
from connectors.sandbox.rows import Table
from connectors.sandbox.woocommerce.records import ZERO, Coupon, Product, Term
from connectors.sandbox.woocommerce.state import UNCATEGORIZED_ID, ShopState

_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Item:
    """So many of one thing that an order asks for.

    Attributes:
        product_id: The product.
        variation_id: Its variation; 0 for a product that has none.
        quantity: How many.
        price: For one of them, with tax where the shop's prices include it; None for what it costs now.
    """

    product_id: int
    variation_id: int = 0
    quantity: int = 1
    price: Decimal | None = None


class CatalogueAdmin(ShopState):
    """The products' side of the admin."""

    def load_catalogue(self, catalogue: Catalogue, *, created_at: datetime | None = None) -> dict[str, Item]:
        """Sell what a generated catalogue holds.

        Returns:
            By SKU, one item to put into orders.
        """
        with self.lock:
            terms: dict[str, int] = {}
            for category in catalogue.categories:
                terms[category.name] = self.create_category(category.name, parent=terms.get(category.parent, 0))
            items: dict[str, Item] = {}
            for product in catalogue.products:
                items.update(self._load_product(product, terms, created_at))
            return items

    def _load_product(
        self, product: CatalogueProduct, terms: dict[str, int], created_at: datetime | None
    ) -> dict[str, Item]:
        category_ids = [terms[name] for name in product.categories]
        tag_ids = [self._tag(name) for name in product.tags]
        single = product.variants[0] if len(product.variants) == 1 and not product.variants[0].options else None
        names = [name for name, _ in product.variants[0].options]
        choices = {name: tuple(dict.fromkeys(dict(v.options)[name] for v in product.variants)) for name in names}
        product_id = self.create_product(
            product.title,
            single.price if single else None,
            sku=single.sku if single else "",
            kind="simple" if single else "variable",
            choices=tuple(choices.items()),
            description=product.description,
            category_ids=category_ids,
            tag_ids=tag_ids,
            is_virtual=product.is_gift_card,
            is_taxable=not product.is_gift_card,
            created_at=created_at,
        )
        if single:
            return {single.sku: Item(product_id)}
        return {
            variant.sku: Item(
                product_id,
                self.create_variation(
                    product_id, variant.options, variant.price, sku=variant.sku, created_at=created_at
                ),
            )
            for variant in product.variants
        }

    def create_product(
        self,
        name: str,
        price: Decimal | None = None,
        *,
        sku: str = "",
        kind: str = "simple",
        choices: tuple[tuple[str, tuple[str, ...]], ...] = (),
        description: str = "",
        category_ids: Sequence[int] = (),
        tag_ids: Sequence[int] = (),
        is_virtual: bool = False,
        is_taxable: bool = True,
        status: str = "publish",
        created_at: datetime | None = None,
    ) -> int:
        """Create a product; returns its id."""
        with self.lock:
            created = self.seconds(created_at)
            product = Product(
                id=next(self._posts),
                name=name,
                slug=slug(name),
                kind=kind,
                created=created,
                modified=created,
                status=status,
                description=description,
                sku=sku,
                regular_price=price,
                is_virtual=is_virtual,
                is_taxable=is_taxable,
                choices=choices,
                category_ids=list(category_ids) or [UNCATEGORIZED_ID],
                tag_ids=list(tag_ids),
            )
            self.products.put(product.id, product)
            return product.id

    def create_variation(
        self,
        product_id: int,
        options: tuple[tuple[str, str], ...],
        price: Decimal,
        *,
        sku: str = "",
        created_at: datetime | None = None,
    ) -> int:
        """Create a variation of a variable product; returns its id."""
        with self.lock:
            parent = self.products[product_id]
            created = self.seconds(created_at)
            variation = Product(
                id=next(self._posts),
                name=", ".join(option for _, option in options),
                slug=slug(" ".join((parent.name, *(option for _, option in options)))),
                kind="variation",
                created=created,
                modified=created,
                sku=sku,
                regular_price=price,
                is_virtual=parent.is_virtual,
                is_taxable=parent.is_taxable,
                tax_class="parent",
                parent_id=product_id,
                options=options,
            )
            parent.variation_ids.append(variation.id)
            self.products.put(variation.id, variation)
            self._bump_parent(variation)
            return variation.id

    def update_product(
        self,
        product_id: int,
        *,
        name: str | None = None,
        price: Decimal | None = None,
        sale_price: Decimal | None = None,
        category_ids: Sequence[int] | None = None,
        status: str | None = None,
    ) -> None:
        """Change a product or a variation."""
        with self.lock:
            product = self.products[product_id]
            product.name = product.name if name is None else name
            product.regular_price = product.regular_price if price is None else price
            product.sale_price = sale_price
            product.status = product.status if status is None else status
            if category_ids is not None:
                product.category_ids = list(category_ids) or [UNCATEGORIZED_ID]
            product.modified = self.now()
            self.products.put(product_id, product)
            self._bump_parent(product)

    def _bump_parent(self, product: Product) -> None:
        """Saving a variation counts as a modification of its product."""
        parent = self.products.get(product.parent_id)
        if parent is not None:
            parent.modified = max(parent.modified, product.modified)
            self.products.put(parent.id, parent)

    def trash_product(self, product_id: int) -> None:
        """Move a product to the trash."""
        with self.lock:
            product = self.products[product_id]
            product.trashed_status, product.status = product.status, "trash"
            product.modified = self.now()
            self.products.put(product_id, product)

    def delete_product(self, product_id: int) -> None:
        """Delete a product for good, with its variations; orders keep their lines, which then have no SKU."""
        with self.lock:
            product = self.products.remove(product_id)
            for variation_id in product.variation_ids:
                self.products.remove(variation_id)
            if product.parent_id:
                self.products[product.parent_id].variation_ids.remove(product_id)

    def create_category(self, name: str, *, parent: int = 0) -> int:
        """Create a category; returns its id."""
        return self._create_term(self.categories, name, parent)

    def delete_category(self, category_id: int) -> None:
        """Delete a category: its children move up, its products fall back to the default one."""
        with self.lock:
            gone = self.categories.remove(category_id)
            for term in self.categories:
                if term.parent == category_id:
                    term.parent = gone.parent
            for product in self.products:
                if category_id in product.category_ids:
                    product.category_ids.remove(category_id)
                    product.category_ids = product.category_ids or [UNCATEGORIZED_ID]

    def _create_term(self, table: Table[Term], name: str, parent: int = 0) -> int:
        with self.lock:
            term = Term(next(self._terms), name, slug(name), parent)
            table.put(term.id, term)
            return term.id

    def _tag(self, name: str) -> int:
        return next((tag.id for tag in self.tags if tag.name == name), 0) or self._create_term(self.tags, name)

    def create_coupon(
        self,
        code: str,
        amount: Decimal,
        discount_type: str = "fixed_cart",
        *,
        description: str = "",
        expires_at: datetime | None = None,
        created_at: datetime | None = None,
    ) -> int:
        """Create a coupon, of the type `percent`, `fixed_cart` or `fixed_product`; returns its id."""
        with self.lock:
            created = self.seconds(created_at)
            coupon = Coupon(
                id=next(self._posts),
                code=code.lower(),
                discount_type=discount_type,
                amount=amount,
                created=created,
                modified=created,
                description=description,
                expires=None if expires_at is None else int(expires_at.timestamp()),
            )
            self.coupons.put(coupon.id, coupon)
            return coupon.id

    def update_coupon(self, coupon_id: int, *, amount: Decimal | None = None, minimum_amount: Decimal = ZERO) -> None:
        """Change a coupon; orders keep what it gave them."""
        with self.lock:
            coupon = self.coupons[coupon_id]
            coupon.amount = coupon.amount if amount is None else amount
            coupon.minimum_amount = minimum_amount
            coupon.modified = self.now()
            self.coupons.put(coupon_id, coupon)

    def trash_coupon(self, coupon_id: int) -> None:
        """Move a coupon to the trash."""
        with self.lock:
            coupon = self.coupons[coupon_id]
            coupon.trashed_status, coupon.status = coupon.status, "trash"
            coupon.modified = self.now()
            self.coupons.put(coupon_id, coupon)

    def delete_coupon(self, coupon_id: int) -> None:
        """Delete a coupon for good; orders keep their coupon lines."""
        with self.lock:
            self.coupons.remove(coupon_id)

    def coupon_by_code(self, code: str) -> Coupon:
        """The coupon with a code, in any case."""
        return next(coupon for coupon in self.coupons if coupon.code == code.lower())


def slug(name: str) -> str:
    """A name as an address can hold it."""
    return _NOT_IN_SLUGS.sub("-", name.lower()).strip("-")
