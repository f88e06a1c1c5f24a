"""Products and collections: how Shopify sends them, and their rows."""

from typing import ClassVar

import msgspec

from connectors.sources.shopify.answers import Connection, Identity, number
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.draining import drained
from connectors.sources.shopify.entity import Child, Entity, PartsPage
from models.records.shopify_catalogue import (
    PRODUCT_CATEGORIES,
    PRODUCT_CATEGORY_LINKS,
    PRODUCT_VARIANTS,
    PRODUCTS,
)


class Variant(msgspec.Struct, rename="camel", gc=False):
    """A product's variant; its prices are in the shop's currency."""

    id: str
    price: str
    title: str | None = None
    sku: str | None = None
    barcode: str | None = None
    compare_at_price: str | None = None
    position: int | None = None
    inventory_quantity: int | None = None
    taxable: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    parent_id: str = msgspec.field(name="__parentId", default="")


class Taxon(msgspec.Struct, rename="camel", gc=False):
    """A place in Shopify's taxonomy."""

    id: str
    full_name: str | None = None


class Product(msgspec.Struct, rename="camel", gc=False):
    """A product."""

    id: str
    created_at: str
    updated_at: str
    title: str | None = None
    handle: str | None = None
    status: str | None = None
    product_type: str | None = None
    vendor: str | None = None
    category: Taxon | None = None
    tags: list[str] = []
    is_gift_card: bool | None = None
    total_inventory: int | None = None
    published_at: str | None = None
    variants: Connection[Variant] | None = None


class ProductParts(msgspec.Struct):
    """A further page of a product's variants."""

    variants: Connection[Variant] | None = None


def variant_row(product_id: str, variant: Variant) -> Row:
    """The row of `product_variants`."""
    return (
        product_id,
        number(variant.id),
        variant.title,
        variant.sku,
        variant.barcode,
        variant.price,
        variant.compare_at_price,
        variant.position,
        variant.inventory_quantity,
        variant.taxable,
        variant.created_at,
        variant.updated_at,
    )


class Products(Entity[Product]):
    """Products with their variants."""

    stream = PRODUCTS
    parts = (PRODUCT_VARIANTS,)
    kind = Product
    gid_type = "Product"
    scope = "read_products"
    page_document = "products"
    by_id_document = "products_by_id"
    bulk_document = "bulk_products"
    ids_document = "bulk_product_ids"
    # By the schema, the filter's default is active products only.
    base_filter = "status:active,archived,draft,unlisted"
    children: ClassVar[dict[str, Child]] = {
        "ProductVariant": Child("product_variants", msgspec.json.Decoder(Variant), variant_row)
    }

    def row(self, node: Product) -> Row:
        """The row of `products`."""
        return (
            number(node.id),
            node.title,
            node.handle,
            node.status,
            node.product_type,
            node.vendor,
            number(node.category.id) if node.category else None,
            node.category.full_name if node.category else None,
            ", ".join(node.tags),
            node.is_gift_card,
            node.total_inventory,
            node.created_at,
            node.updated_at,
            node.published_at,
        )

    def add_connections(self, key: str, node: Product, assembly: Assembly, client: ShopifyClient) -> None:
        """Take the variants."""

        def fetch(after: str) -> Connection[Variant] | None:
            answer = client.page("product_parts", {"id": node.id, "after": after}, stream=self.name)
            found = answer.data(PartsPage[ProductParts]).node
            return found.variants if found else None

        variants = drained(node.variants, fetch)
        assembly.add_parts("product_variants", [variant_row(key, variant) for variant in variants])


class Member(msgspec.Struct, rename="camel", gc=False):
    """A product in a collection."""

    id: str
    parent_id: str = msgspec.field(name="__parentId", default="")


class Collection(msgspec.Struct, rename="camel", gc=False):
    """A collection of products."""

    id: str
    updated_at: str
    title: str | None = None
    handle: str | None = None
    sort_order: str | None = None
    products: Connection[Identity] | None = None


class CollectionParts(msgspec.Struct):
    """A further page of a collection's products."""

    products: Connection[Identity] | None = None


def link_row(category_id: str, product: Member | Identity) -> Row:
    """The row of `product_category_links`."""
    return category_id, number(product.id)


class Collections(Entity[Collection]):
    """Collections with the products in them; those of smart ones come and go without a change of the collection."""

    stream = PRODUCT_CATEGORIES
    parts = (PRODUCT_CATEGORY_LINKS,)
    kind = Collection
    gid_type = "Collection"
    scope = "read_products"
    page_document = "collections"
    by_id_document = "collections_by_id"
    bulk_document = "bulk_collections"
    ids_document = "collection_ids"
    is_reread_daily = True
    children: ClassVar[dict[str, Child]] = {
        "Product": Child("product_category_links", msgspec.json.Decoder(Member), link_row)
    }

    def row(self, node: Collection) -> Row:
        """The row of `product_categories`."""
        return number(node.id), node.title, node.handle, node.sort_order, node.updated_at

    def add_connections(self, key: str, node: Collection, assembly: Assembly, client: ShopifyClient) -> None:
        """Take the products."""

        def fetch(after: str) -> Connection[Identity] | None:
            answer = client.page("collection_parts", {"id": node.id, "after": after}, stream=self.name)
            found = answer.data(PartsPage[CollectionParts]).node
            return found.products if found else None

        products = drained(node.products, fetch)
        assembly.add_parts("product_category_links", [link_row(key, product) for product in products])
