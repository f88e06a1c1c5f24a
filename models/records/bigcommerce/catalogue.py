"""BigCommerce's store, its people and what it sells."""

from models.records import Column, Stream
from models.records.bigcommerce.columns import RATE, flag, money, personal, text, time, whole

CUSTOMERS = Stream(
    name="customers",
    key=("customer_id",),
    description="One record per customer with an account; guests stand on their orders only.",
    updated_at="date_modified",
    columns=(
        text("customer_id", "The customer's id.", required=True),
        personal("email", "Their address."),
        personal("first_name", "Given name."),
        personal("last_name", "Family name."),
        personal("company", "Company."),
        personal("phone", "Telephone."),
        personal("notes", "What the store's staff noted."),
        personal("registration_ip_address", "The address on the network that they registered from."),
        text("customer_group_id", "The customer group; 0 for none."),
        text("tax_exempt_category", "The code of what they pay no tax on."),
        flag(
            "accepts_product_review_abandoned_cart_emails",
            "Whether they agreed to emails about reviews and abandoned carts; newsletters are in subscribers.",
        ),
        money("store_credit_amount", "The store credit that they have."),
        whole("address_count", "How many addresses they have."),
        whole("attribute_count", "How many attributes they have."),
        text("country_code", "The country of their first address."),
        text("origin_channel_id", "The sales channel that they registered at."),
        time("date_created", "When they registered, in UTC.", required=True),
        time("date_modified", "When their account was last changed, in UTC.", required=True),
    ),
)

SUBSCRIBERS = Stream(
    name="subscribers",
    key=("subscriber_id",),
    description="One record per address that was ever signed up, with what it agrees to now.",
    updated_at="date_modified",
    columns=(
        text("subscriber_id", "The subscriber's id.", required=True),
        personal("email", "Their address."),
        personal("first_name", "Given name."),
        personal("last_name", "Family name."),
        text("source", "Where they signed up: storefront, order or custom."),
        text("order_id", "The order that they signed up with."),
        text("channel_id", "The sales channel that they signed up at."),
        flag("has_marketing_newsletter", "Whether they agree to newsletters now; null where the store does not say."),
        flag("has_abandoned_cart", "Whether they agree to emails about abandoned carts; null where unsaid."),
        time("date_created", "When they signed up, in UTC."),
        time("date_modified", "When that was last changed, in UTC."),
    ),
)

PRODUCTS = Stream(
    name="products",
    key=("product_id",),
    description="One record per product of the catalogue.",
    updated_at="date_modified",
    columns=(
        text("product_id", "The product's id.", required=True),
        text("name", "Its name.", required=True),
        text("type", "physical or digital."),
        text("sku", "Its code."),
        text("upc", "Its barcode."),
        text("mpn", "Its maker's number."),
        text("gtin", "Its global trade item number."),
        text("brand_id", "Its brand; 0 for none."),
        text("brand_name", "The brand's name."),
        money("price", "Its price, in the store's currency."),
        money("sale_price", "Its price on sale; 0 for none."),
        money("retail_price", "Its price elsewhere; 0 for none."),
        money("calculated_price", "What is charged for it."),
        money("cost_price", "What it costs the merchant."),
        text("tax_class_id", "Its tax class."),
        text("inventory_tracking", "none, product or variant."),
        whole("inventory_level", "How many are in stock."),
        whole("total_sold", "How many were ever sold, as the platform counts."),
        text("availability", "available, disabled or preorder."),
        text("condition", "New, Used or Refurbished."),
        flag("is_visible", "Whether buyers see it."),
        flag("is_featured", "Whether it is shown first."),
        text("base_variant_id", "The only variant of a product without options."),
        text("custom_url", "Its path in the shop."),
        time("date_created", "When it was made, in UTC."),
        time("date_modified", "When it was last changed, in UTC.", required=True),
    ),
)

PRODUCT_VARIANTS = Stream(
    name="product_variants",
    key=("product_id", "variant_id"),
    parent="products",
    parent_key=("product_id",),
    description="One record per variant of a product; a product without options has one.",
    columns=(
        text("variant_id", "The variant's id.", required=True),
        text("product_id", "The product.", required=True),
        text("sku", "Its code."),
        text("upc", "Its barcode."),
        text("mpn", "Its maker's number."),
        text("gtin", "Its global trade item number."),
        text("options", "What tells it apart, such as Size: M, Colour: Red."),
        money("price", "Its own price; null where the product's holds."),
        money("sale_price", "Its own price on sale."),
        money("retail_price", "Its own price elsewhere."),
        money("calculated_price", "What is charged for it."),
        money("cost_price", "What it costs the merchant."),
        whole("inventory_level", "How many are in stock."),
        flag("purchasing_disabled", "Whether it cannot be bought."),
    ),
)

PRODUCT_CATEGORIES = Stream(
    name="product_categories",
    key=("category_id",),
    description="One record per category of the catalogue's tree.",
    columns=(
        text("category_id", "The category's id.", required=True),
        text("parent_id", "The category above it; 0 at the top."),
        text("name", "Its name.", required=True),
        whole("sort_order", "Its place among its siblings."),
        flag("is_visible", "Whether buyers see it."),
        text("custom_url", "Its path in the shop."),
    ),
)

PRODUCT_CATEGORY_LINKS = Stream(
    name="product_category_links",
    key=("product_id", "category_id"),
    parent="products",
    parent_key=("product_id",),
    description="One record per category that a product is in.",
    columns=(
        text("product_id", "The product.", required=True),
        text("category_id", "The category.", required=True),
    ),
)

DISCOUNTS = Stream(
    name="discounts",
    key=("discount_kind", "discount_id"),
    description="One record per coupon or promotion that the store has defined.",
    columns=(
        text("discount_kind", "coupon or promotion.", required=True),
        text("discount_id", "Its id among its kind.", required=True),
        text("name", "What the store calls it."),
        text("code", "A coupon's code; a promotion may have many, or need none."),
        text(
            "type",
            "per_item_discount, percentage_discount, per_total_discount, shipping_discount, free_shipping; "
            "COUPON or AUTOMATIC of a promotion.",
        ),
        money("amount", "A coupon's figure: money, or a percentage."),
        money("min_purchase", "The least that has to be bought."),
        flag("is_enabled", "Whether it can be used."),
        whole("num_uses", "How often it was used."),
        whole("max_uses", "How often it may be used; null or 0 for any number of times."),
        text("currency_code", "The currency that it is meant for; * for any."),
        time("date_created", "When it was made, in UTC."),
        time("starts_at", "When it begins, in UTC."),
        time("ends_at", "When it ends, in UTC."),
    ),
)

CURRENCIES = Stream(
    name="currencies",
    key=("currency_id",),
    description="One record per currency that the store shows or takes.",
    columns=(
        text("currency_id", "Its id.", required=True),
        text("currency_code", "ISO 4217 code.", required=True),
        text("name", "Its name."),
        Column("currency_exchange_rate", RATE, "The store's rate of it."),
        whole("decimal_places", "How many decimal places it is shown with."),
        flag("is_default", "Whether it is the store's own."),
        flag("is_transactional", "Whether buyers can pay in it; else prices are only shown in it."),
        flag("enabled", "Whether it is in use."),
        flag("auto_update", "Whether the platform keeps its rate up to date."),
        time("last_updated", "When it was last changed, in UTC."),
    ),
)

SHOP = Stream(
    name="shop",
    key=("shop_id",),
    description="One record per store: the store itself.",
    columns=(
        text("shop_id", "The store's hash.", required=True),
        text("name", "Its name."),
        text("domain", "Its address."),
        text("secure_url", "Its address with https."),
        text("status", "Its status, such as live."),
        text("currency", "Its own currency.", required=True),
        whole("decimal_places", "How many decimal places that is shown with."),
        text("timezone_name", "Its time zone."),
        text("country_code", "Its country."),
        text("language", "Its language."),
        text("plan_name", "The plan that it is on, which decides how many requests it may answer."),
        text("plan_level", "That plan's level."),
        flag("is_price_entered_with_tax", "Whether its prices are entered with tax."),
        flag("multi_storefront_enabled", "Whether it has several storefronts."),
        text("default_channel_id", "Its first sales channel."),
    ),
)
