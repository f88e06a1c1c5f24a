"""What the API tells about products and collections: where each field's value comes from."""

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.merchandise import Collection, Product
from connectors.sandbox.shopify.money import price_text
from connectors.sandbox.shopify.order_part_fields import gid
from connectors.sandbox.shopify.schema import Declaration, Rows, Schema, always


def _collections(product: Product, context: Context) -> list[Collection]:
    return [context.shop.collections.records[each] for each in product.collection_ids]


def _members(collection: Collection, context: Context) -> list[Product]:
    return [context.shop.products.records[each] for each in collection.product_ids]


def _html(text: str) -> str:
    return f"<p>{text}</p>" if text else ""


PRODUCT: Declaration = {
    "category: TaxonomyCategory": always(None),
    "collections(sortKey: CollectionSortKeys = ID, query: String): CollectionConnection!": Rows(_collections),
    "createdAt: DateTime!": lambda x, _: x.created_at,
    "description(truncateAt: Int): String!": lambda x, _, a: x.description[: a["truncateAt"]],
    "descriptionHtml: HTML!": lambda x, _: _html(x.description),
    "handle: String!": lambda x, _: x.handle,
    "hasOnlyDefaultVariant: Boolean!": lambda x, _: len(x.variants) == 1 and x.variants[0].title == "Default Title",
    "id: ID!": lambda x, _: gid("Product", x.id),
    "isGiftCard: Boolean!": lambda x, _: x.is_gift_card,
    "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
    "media(sortKey: ProductMediaSortKeys = POSITION, query: String): MediaConnection!": Rows(always(())),
    "metafields(namespace: String, keys: [String!]): MetafieldConnection!": Rows(always(())),
    "onlineStoreUrl: URL": lambda x, c: f"https://{c.shop.domain}/products/{x.handle}",
    "options(first: Int): [ProductOption!]!": lambda x, _, a: _options(x)[: a["first"]],
    "productType: String!": lambda x, _: x.product_type,
    "publishedAt: DateTime": lambda x, _: x.published_at,
    "sellingPlanGroups: SellingPlanGroupConnection!": Rows(always(())),
    "status: ProductStatus!": lambda x, _: x.status,
    "tags: [String!]!": lambda x, _: list(x.tags),
    "title: String!": lambda x, _: x.title,
    "totalInventory: Int!": lambda x, _: sum(variant.inventory_quantity for variant in x.variants),
    "tracksInventory: Boolean!": always(True),
    "updatedAt: DateTime!": lambda x, _: x.updated_at,
    "variants(sortKey: ProductVariantSortKeys = POSITION): ProductVariantConnection!": Rows(lambda x, _: x.variants),
    "variantsCount: Count": lambda x, _: {"count": len(x.variants), "precision": "EXACT"},
    "vendor: String!": lambda x, _: x.vendor,
}

VARIANT: Declaration = {
    "availableForSale: Boolean!": lambda x, _: x.inventory_quantity > 0,
    "barcode: String": lambda x, _: x.barcode,
    "compareAtPrice: Money": lambda x, c: (
        None if x.compare_at_price is None else price_text(x.compare_at_price, c.shop.currency)
    ),
    "createdAt: DateTime!": lambda x, _: x.created_at,
    "displayName: String!": lambda x, _: f"{x.product.title} - {x.title}",
    "id: ID!": lambda x, _: gid("ProductVariant", x.id),
    "inventoryItem: InventoryItem!": lambda x, _: x,
    "inventoryPolicy: ProductVariantInventoryPolicy!": always("DENY"),
    "inventoryQuantity: Int": lambda x, _: x.inventory_quantity,
    "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
    "metafields(namespace: String, keys: [String!]): MetafieldConnection!": Rows(always(())),
    "position: Int!": lambda x, _: x.position,
    "price: Money!": lambda x, c: price_text(x.price, c.shop.currency),
    "product: Product!": lambda x, _: x.product,
    "selectedOptions: [SelectedOption!]!": lambda x, _: x.options,
    "sku: String": lambda x, _: x.sku,
    "taxable: Boolean!": lambda x, _: x.taxable,
    "title: String!": lambda x, _: x.title,
    "updatedAt: DateTime!": lambda x, _: x.updated_at,
}


def _options(product: Product) -> list[tuple[int, str, list[str]]]:
    """A product's options: position, name and values."""
    values: dict[str, list[str]] = {}
    for variant in product.variants:
        for name, value in variant.options:
            if value not in values.setdefault(name, []):
                values[name].append(value)
    return [(position, name, found) for position, (name, found) in enumerate(values.items(), 1)]


def declare_products(schema: Schema) -> None:
    """Add products and collections."""
    schema.declare("Product", PRODUCT)
    schema.declare("ProductVariant", VARIANT)
    nothing = always(None)
    schema.declare("TaxonomyCategory", {"id: ID!": nothing, "name: String!": nothing, "fullName: String!": nothing})
    schema.declare("Media", {"id: ID!": nothing})
    schema.declare("SellingPlanGroup", {"id: ID!": nothing, "name: String!": nothing})
    schema.declare(
        "ProductOption",
        {
            "id: ID!": lambda x, _: gid("ProductOption", x[0]),
            "name: String!": lambda x, _: x[1],
            "position: Int!": lambda x, _: x[0],
            "values: [String!]!": lambda x, _: x[2],
        },
    )
    schema.declare("SelectedOption", {"name: String!": lambda x, _: x[0], "value: String!": lambda x, _: x[1]})
    schema.declare(
        "InventoryItem",
        {
            "createdAt: DateTime!": lambda x, _: x.created_at,
            "id: ID!": lambda x, _: gid("InventoryItem", x.id),
            "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
            "requiresShipping: Boolean!": lambda x, _: x.requires_shipping,
            "sku: String": lambda x, _: x.sku,
            "tracked: Boolean!": always(True),
            "unitCost: MoneyV2": lambda x, c: None if x.unit_cost is None else (x.unit_cost, c.shop.money),
            "updatedAt: DateTime!": lambda x, _: x.updated_at,
        },
    )
    schema.declare(
        "Collection",
        {
            "description(truncateAt: Int): String!": lambda x, _, a: x.description[: a["truncateAt"]],
            "descriptionHtml: HTML!": lambda x, _: _html(x.description),
            "handle: String!": lambda x, _: x.handle,
            "id: ID!": lambda x, _: gid("Collection", x.id),
            "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
            "metafields(namespace: String, keys: [String!]): MetafieldConnection!": Rows(always(())),
            "products(sortKey: ProductCollectionSortKeys = COLLECTION_DEFAULT): ProductConnection!": Rows(_members),
            "productsCount: Count": lambda x, _: {"count": len(x.product_ids), "precision": "EXACT"},
            "sortOrder: CollectionSortOrder!": always("BEST_SELLING"),
            "title: String!": lambda x, _: x.title,
            "updatedAt: DateTime!": lambda x, _: x.updated_at,
        },
    )
    schema.declare(
        "Metafield",
        {
            "id: ID!": lambda x, _: gid("Metafield", x["number"]),
            "namespace: String!": lambda x, _: x["namespace"],
            "key: String!": lambda x, _: x["key"],
            "type: String!": lambda x, _: x["type"],
            "value: String!": lambda x, _: x["value"],
        },
    )
    schema.declare("Count", {"count: Int!": lambda x, _: x["count"], "precision: CountPrecision!": _precision})


def metafields_of(owner: str, context: Context, asked: str | None) -> list[dict[str, object]]:
    """What apps have written beside a record."""
    return [
        {"number": number, "namespace": namespace, "key": key, "type": type_, "value": value}
        for number, ((held_by, namespace, key), (type_, value)) in enumerate(context.shop.metafields.items(), 1)
        if held_by == owner and asked in {None, namespace}
    ]


def _precision(count: dict[str, object], _: Context) -> object:
    return count["precision"]
