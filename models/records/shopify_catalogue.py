"""The streams of the Shopify source beside orders and customers: shop, catalogue, discounts, abandoned checkouts."""

from models.records import Column, Stream
from models.records.shopify_columns import CURRENCIES, RATE, bag, count, flag, money, part, text, time

SHOP = Stream(
    name="shop",
    key=("shop_id",),
    description="One record per shop: its name, its currency and the clock that its days follow.",
    columns=(
        text("shop_id", "Shopify's id of the shop.", required=True),
        text("name", "Its name."),
        text("myshopify_domain", "Its address at Shopify, which never changes."),
        text("url", "Its address as visitors see it."),
        text("currency_code", "ISO 4217 code of the shop's currency.", required=True),
        text("iana_timezone", "IANA zone of the shop's days.", required=True),
        flag("taxes_included", "Whether the merchant enters prices with tax."),
        text("plan_name", "Its Shopify plan."),
        flag("is_shopify_plus", "Whether the plan is Shopify Plus."),
        flag("is_partner_development", "Whether it is a partner's development store, which takes no real orders."),
    ),
)

PRODUCTS = Stream(
    name="products",
    key=("product_id",),
    updated_at="updated_at",
    description="One record per product, drafts and archived ones included.",
    columns=(
        text("product_id", "Shopify's product id.", required=True),
        text("title", "Its name."),
        text("handle", "Its name in addresses."),
        text("status", "ACTIVE, ARCHIVED, DRAFT or UNLISTED."),
        text("product_type", "The merchant's own kind of product."),
        text("vendor", "Its maker."),
        text("category_id", "Its place in Shopify's taxonomy, such as sg-4-17-2-17; null for none."),
        text("category_name", "That place in words, from the root."),
        text("tags", "The merchant's tags, joined by a comma and a space."),
        flag("is_gift_card", "Whether it is a gift card."),
        count("total_inventory", "Units in stock, at all locations."),
        time("created_at", "When it was created.", required=True),
        time("updated_at", "When Shopify last changed it.", required=True),
        time("published_at", "When it was published in the online store; null if it is not."),
    ),
)

PRODUCT_VARIANTS = part(
    PRODUCTS,
    "product_variants",
    "variant_id",
    "One record per variant of a product; a product without choices has one.",
    text("variant_id", "Shopify's id of the variant.", required=True),
    text("title", "What tells it from the others, such as S / Blue."),
    text("sku", "The shop's own code."),
    text("barcode", "GTIN, UPC, EAN or ISBN."),
    money("price", "Its price in the shop's currency.", required=True),
    money("compare_at_price", "The price that it is compared with when it is on sale."),
    count("position", "Its place among the product's variants, from 1."),
    count("inventory_quantity", "Units that can be sold."),
    flag("taxable", "Whether it is taxed."),
    time("created_at", "When it was created."),
    time("updated_at", "When Shopify last changed it."),
)

PRODUCT_CATEGORIES = Stream(
    name="product_categories",
    key=("category_id",),
    updated_at="updated_at",
    description="One record per collection: the groups of products that the merchant made.",
    columns=(
        text("category_id", "Shopify's collection id.", required=True),
        text("title", "Its name."),
        text("handle", "Its name in addresses."),
        text("sort_order", "How its products are sorted."),
        time("updated_at", "When Shopify last changed it.", required=True),
    ),
)

PRODUCT_CATEGORY_LINKS = part(
    PRODUCT_CATEGORIES,
    "product_category_links",
    "product_id",
    "One record per product in a collection.",
    text("product_id", "The product.", required=True),
)

CATALOGUE_STREAMS: tuple[Stream, ...] = (PRODUCTS, PRODUCT_VARIANTS, PRODUCT_CATEGORIES, PRODUCT_CATEGORY_LINKS)

DISCOUNTS = Stream(
    name="discounts",
    key=("discount_id",),
    updated_at="updated_at",
    description="One record per discount of the shop, by code or automatic, expired ones included.",
    columns=(
        text("discount_id", "Shopify's id of the discount.", required=True),
        text("type", "Shopify's kind, such as DiscountCodeBasic or DiscountAutomaticFreeShipping.", required=True),
        flag("is_automatic", "Whether it needs no code.", required=True),
        text("title", "Its title."),
        text("status", "ACTIVE, EXPIRED or SCHEDULED."),
        text("summary", "What it does, in Shopify's words; apps' discounts have none."),
        text("discount_classes", "ORDER, PRODUCT or SHIPPING, joined by a comma and a space."),
        Column("value_percentage", RATE, "What it takes off as a share, such as 0.1; null for other kinds."),
        money("value_amount", "What it takes off as an amount; null for other kinds."),
        text("value_currency_code", "ISO 4217 code of the amount."),
        time("starts_at", "When it begins."),
        time("ends_at", "When it ends; null for never."),
        count("usage_limit", "How often it may be used; null for any number."),
        flag("applies_once_per_customer", "Whether a customer may use it once only."),
        count("async_usage_count", "How often it was used, as of a while ago."),
        time("created_at", "When it was created.", required=True),
        time("updated_at", "When Shopify last changed it.", required=True),
    ),
)

DISCOUNT_CODES = part(
    DISCOUNTS,
    "discount_codes",
    "code_id",
    "One record per code of a discount.",
    text("code_id", "Shopify's id of the code.", required=True),
    text("code", "What customers enter.", required=True),
    count("async_usage_count", "How often it was used, as of a while ago."),
)

DISCOUNT_STREAMS: tuple[Stream, ...] = (DISCOUNTS, DISCOUNT_CODES)

CHECKOUTS = Stream(
    name="checkouts",
    key=("checkout_id",),
    updated_at="updated_at",
    description="One record per checkout that was left after the buyer gave an address; completed ones included.",
    columns=(
        text("checkout_id", "Shopify's id of the checkout.", required=True),
        text("name", "Its number, such as 28 behind a number sign."),
        text("customer_id", "The customer; null for none."),
        time("created_at", "When it was begun.", required=True),
        time("updated_at", "When it was last changed.", required=True),
        time("completed_at", "When it became an order after all; null if it did not."),
        text("abandoned_checkout_url", "Where the buyer can take it up again: a secret.", is_personal=True),
        text("discount_codes", "The codes entered, joined by a comma and a space."),
        flag("taxes_included", "Whether prices hold the tax."),
        *CURRENCIES,
        *bag("total_line_items_price", "Lines before discounts"),
        *bag("total_discount", "All discounts"),
        *bag("subtotal_price", "Lines after discounts"),
        *bag("total_tax", "Tax"),
        *bag("total_duties", "Duties; null for none"),
        *bag("total_price", "What it would have come to", required=True),
    ),
)

CHECKOUT_LINES = part(
    CHECKOUTS,
    "checkout_lines",
    "line_id",
    "One record per line of an abandoned checkout.",
    text("line_id", "Shopify's id of the line.", required=True),
    text("product_id", "The product; null where it no longer exists."),
    text("variant_id", "The variant; null where it no longer exists."),
    text("sku", "The variant's code."),
    text("title", "The product's name."),
    text("variant_title", "The variant's name."),
    count("quantity", "Units.", required=True),
    *CURRENCIES,
    *bag("original_unit_price", "Price of one before discounts"),
    *bag("original_total_price", "All units before discounts"),
    *bag("discounted_total_price", "All units after discounts"),
)

CHECKOUT_STREAMS: tuple[Stream, ...] = (CHECKOUTS, CHECKOUT_LINES)
