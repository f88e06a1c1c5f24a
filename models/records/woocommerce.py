"""The streams of the WooCommerce source, under the names that WooCommerce's REST API gives its fields.

Columns that end in `_gmt` are WooCommerce's own, which writes them in UTC without saying so. Amounts are before tax
unless they are a tax, an order's total or a refund's amount; those of refund lines are negative, as WooCommerce keeps
them.
"""

import pyarrow as pa

from models.records import MONEY, TIMESTAMP, Column, Stream

# Not money, but exact all the same: some shops sell by weight, and a tax rate has up to four places.
_NUMBER = pa.decimal128(18, 4)
_ORDER_ID = Column("order_id", pa.string(), "The order.", required=True)


def _text(name: str, description: str, *, required: bool = False, is_personal: bool = False) -> Column:
    return Column(name, pa.string(), description, required, is_personal)


def _money(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, MONEY, description, required)


def _time(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, TIMESTAMP, description, required)


def _flag(name: str, description: str) -> Column:
    return Column(name, pa.bool_(), description)


def _address(kind: str, who: str) -> tuple[Column, ...]:
    """The columns of one address; only countries and states name nobody."""
    personal = {
        "first_name": "Given name",
        "last_name": "Family name",
        "company": "Company",
        "address_1": "Street and number",
        "address_2": "Second line of the street",
        "city": "City",
        "postcode": "Postal code",
        "phone": "Telephone number",
    }
    return (
        *(_text(f"{kind}_{name}", f"{text} {who}.", is_personal=True) for name, text in personal.items()),
        _text(f"{kind}_state", f"State or province {who}, as WooCommerce abbreviates it."),
        _text(f"{kind}_country", f"ISO 3166 code of the country {who}."),
    )


SHOP = Stream(
    name="shop",
    key=("shop_id",),
    description="One record per shop: its name, its currency and the clock that its days follow.",
    columns=(
        _text("shop_id", "The shop's address without scheme: what it is known by.", required=True),
        _text("name", "The site's title."),
        _text("home", "The shop's address as visitors see it."),
        _text("url", "The address of its WordPress."),
        _text("timezone_string", "IANA zone of the shop's days; empty where it is set to a fixed offset."),
        Column("gmt_offset", _NUMBER, "Hours that the shop's clock is ahead of UTC at the time of reading."),
        _text("currency", "ISO 4217 code of the shop's own currency; an order may have another."),
        Column("price_num_decimals", pa.int64(), "Decimal places that the shop rounds prices to."),
        _flag("calc_taxes", "Whether the shop calculates taxes."),
        _flag("prices_include_tax", "Whether the merchant enters prices with tax."),
        _flag("tax_round_at_subtotal", "Whether tax is rounded once per order rather than on each line."),
        _text("default_country", "The shop's country and state, such as US:NY."),
    ),
)

CUSTOMERS = Stream(
    name="customers",
    key=("customer_id",),
    updated_at="date_modified_gmt",
    description="One record per account of the shop; who buys as a guest has none.",
    columns=(
        _text("customer_id", "WooCommerce's customer id.", required=True),
        _time("date_created_gmt", "When the account was made."),
        _time("date_modified_gmt", "When the account was last changed; an order changes it too."),
        _text("email", "The account's address.", is_personal=True),
        _text("first_name", "Given name.", is_personal=True),
        _text("last_name", "Family name.", is_personal=True),
        _text("username", "The name to log in with.", is_personal=True),
        _text("role", "The account's role, such as customer, subscriber or administrator."),
        _flag("is_paying_customer", "Whether WooCommerce has seen a paid order of theirs."),
        *_address("billing", "of the bill"),
        _text("billing_email", "The address for bills.", is_personal=True),
        *_address("shipping", "of the delivery"),
    ),
)

ORDERS = Stream(
    name="orders",
    key=("order_id",),
    updated_at="date_modified_gmt",
    description="One record per order, whatever its status: drafts and what lies in the trash included.",
    columns=(
        _text("order_id", "WooCommerce's order id.", required=True),
        _text("number", "The number that the customer knows; plugins change it."),
        _text("parent_id", "The order that this one belongs to, such as a subscription's first; 0 for none."),
        _text(
            "status",
            "pending, processing, on-hold, completed, cancelled, refunded, failed, checkout-draft, trash, or others.",
            required=True,
        ),
        _text("currency", "ISO 4217 code of every amount of the order.", required=True),
        _text("version", "The version of WooCommerce that last wrote the order."),
        _flag(
            "prices_include_tax", "Whether prices were entered with tax; amounts of lines are without it all the same."
        ),
        _time("date_created_gmt", "When the order was placed."),
        _time("date_modified_gmt", "When the order was last changed; deleting a refund does not count as a change."),
        _time("date_paid_gmt", "When it was paid; null until then."),
        _time("date_completed_gmt", "When it was completed; null until then."),
        _money("discount_total", "What coupons took off, before tax."),
        _money("discount_tax", "What coupons took off the tax."),
        _money("shipping_total", "Shipping before tax."),
        _money("shipping_tax", "Tax on shipping."),
        _money("cart_tax", "Tax on lines and fees."),
        _money(
            "total",
            "What the customer paid or owes: lines, fees, shipping and tax; refunds don't lower it.",
            required=True,
        ),
        _money("total_tax", "All tax of the order."),
        _text("customer_id", "The customer's account; 0 for a guest, and when the account was deleted."),
        _text("billing_email", "The address given with the order, as it was typed.", is_personal=True),
        *_address("billing", "of the bill"),
        *_address("shipping", "of the delivery"),
        _text("payment_method", "The way of paying, by its id."),
        _text("payment_method_title", "The way of paying, as the customer saw it."),
        _text("transaction_id", "The payment's id at the payment provider."),
        _text("created_via", "What made the order: checkout, store-api, admin, rest-api, subscription, …"),
        _text("customer_note", "What the customer wrote with the order.", is_personal=True),
        _text("customer_ip_address", "Where the order was placed from.", is_personal=True),
        _text("customer_user_agent", "The browser that it was placed with.", is_personal=True),
    ),
)


def _part_of_order(name: str, key: tuple[str, ...], description: str, *columns: Column, refund: bool = False) -> Stream:
    refund_id = (_text("refund_id", "The refund.", required=True),) if refund else ()
    return Stream(
        name=name,
        key=("order_id", *key),
        columns=(_ORDER_ID, *refund_id, *columns),
        description=description,
        parent="orders",
        parent_key=("order_id",),
    )


ORDER_LINES = _part_of_order(
    "order_lines",
    ("line_id",),
    "One record per line of an order.",
    _text("line_id", "WooCommerce's id of the line.", required=True),
    _text("name", "The product's name when it was ordered."),
    _text("product_id", "The product; 0 where it no longer exists."),
    _text("variation_id", "The product's variation; 0 for none."),
    Column("quantity", _NUMBER, "How much was ordered."),
    _text("tax_class", "The class of tax; empty for the standard one."),
    _money("subtotal", "The line before coupons and tax."),
    _money("subtotal_tax", "Tax on it before coupons."),
    _money("total", "The line after coupons, before tax.", required=True),
    _money("total_tax", "Tax on it after coupons."),
    _text("sku", "The product's code."),
    _text("global_unique_id", "GTIN, UPC, EAN or ISBN."),
    _text("parent_name", "The product's name where the line names a variation."),
)

ORDER_SHIPPING_LINES = _part_of_order(
    "order_shipping_lines",
    ("shipping_line_id",),
    "One record per way of shipping of an order.",
    _text("shipping_line_id", "WooCommerce's id of the line.", required=True),
    _text("method_title", "The way of shipping, as the customer saw it."),
    _text("method_id", "The way of shipping, by its id."),
    _text("instance_id", "Which of the shop's settings of that method it was."),
    _money("total", "Its price before tax.", required=True),
    _money("total_tax", "Tax on it."),
    _text("tax_status", "taxable or none."),
)

ORDER_FEES = _part_of_order(
    "order_fees",
    ("fee_line_id",),
    "One record per fee of an order; plugins write discounts as fees below zero.",
    _text("fee_line_id", "WooCommerce's id of the fee.", required=True),
    _text("name", "What it is for."),
    _text("tax_class", "The class of tax; empty for the standard one."),
    _text("tax_status", "taxable or none."),
    _money("total", "The fee before tax.", required=True),
    _money("total_tax", "Tax on it."),
)

ORDER_DISCOUNTS = _part_of_order(
    "order_discounts",
    ("coupon_line_id",),
    "One record per coupon used in an order; the amounts are already taken off its lines.",
    _text("coupon_line_id", "WooCommerce's id of the coupon's use.", required=True),
    _text("code", "The coupon's code."),
    _money("discount", "What it took off, before tax."),
    _money("discount_tax", "What it took off the tax."),
    _text("discount_type", "percent, fixed_cart, fixed_product, or a plugin's."),
    Column("nominal_amount", _NUMBER, "The coupon's own figure: a percentage or an amount."),
    _flag("free_shipping", "Whether it waived shipping."),
)

ORDER_TAXES = _part_of_order(
    "order_taxes",
    ("tax_line_id",),
    "One record per tax rate of an order; what the lines' own taxes add up to.",
    _text("tax_line_id", "WooCommerce's id of the tax line.", required=True),
    _text("rate_code", "The rate, such as US-NY-NY-1."),
    _text("rate_id", "The rate's id in the shop's tables."),
    _text("label", "The rate's name."),
    _flag("compound", "Whether it is raised on other taxes too."),
    _money("tax_total", "Tax on lines and fees."),
    _money("shipping_tax_total", "Tax on shipping."),
    Column("rate_percent", _NUMBER, "The rate in percent."),
)

REFUNDS = _part_of_order(
    "refunds",
    ("refund_id",),
    "One record per refund of an order, in the order's currency, on its own date.",
    _text("refund_id", "WooCommerce's refund id.", required=True),
    _time("date_created_gmt", "When it was made."),
    _money("amount", "What went back, above zero, tax and shipping included.", required=True),
    _text("reason", "Why, as the merchant wrote it.", is_personal=True),
    _text("refunded_by", "The account that made it; 0 where it was not a person."),
    _flag("refunded_payment", "Whether the payment provider was told to send the money back."),
    _text("refund_type", "full or partial, of WooCommerce versions that say so."),
)

REFUND_LINES = _part_of_order(
    "refund_lines",
    ("refund_id", "line_id"),
    "One record per line, shipping or fee of a refund; a refund by amount only has none.",
    _text("line_id", "WooCommerce's id of the refund's line.", required=True),
    _text("line_type", "line_item, shipping or fee.", required=True),
    _text("refunded_item_id", "The order's line, shipping line or fee that it refunds."),
    _text("name", "What was refunded."),
    _text("product_id", "The product; 0 where there is none."),
    _text("variation_id", "The product's variation; 0 for none."),
    Column("quantity", _NUMBER, "How much came back, below zero; 0 where only money went back."),
    _money("subtotal", "Before tax, below zero."),
    _money("subtotal_tax", "Tax on the subtotal, below zero."),
    _money("total", "What went back before tax, below zero.", required=True),
    _money("total_tax", "Tax that went back, below zero."),
    _text("sku", "The product's code."),
    refund=True,
)

REFUND_TAXES = _part_of_order(
    "refund_taxes",
    ("refund_id", "tax_line_id"),
    "One record per tax rate of a refund; what its lines' own taxes add up to.",
    _text("tax_line_id", "WooCommerce's id of the tax line.", required=True),
    _text("rate_code", "The rate, such as US-NY-NY-1."),
    _text("rate_id", "The rate's id in the shop's tables."),
    _text("label", "The rate's name."),
    _money("tax_total", "Tax on lines and fees that went back, below zero."),
    _money("shipping_tax_total", "Tax on shipping that went back, below zero."),
    refund=True,
)


def _sale_columns() -> tuple[Column, ...]:
    """What products and their variations are sold by."""
    return (
        _text("status", "publish, private, draft, pending, future or trash."),
        _text("sku", "The shop's own code."),
        _text("global_unique_id", "GTIN, UPC, EAN or ISBN."),
        _money("price", "The price in force; null where there is none."),
        _money("regular_price", "The price without a sale."),
        _money("sale_price", "The price of a sale."),
        _time("date_on_sale_from_gmt", "When the sale begins."),
        _time("date_on_sale_to_gmt", "When the sale ends."),
        _flag("virtual", "Whether nothing is shipped."),
        _flag("downloadable", "Whether it is a download."),
        _text("tax_status", "taxable, shipping or none."),
        _text("tax_class", "The class of tax; empty for the standard one."),
        Column("stock_quantity", _NUMBER, "Stock; null where it is not managed."),
        _text("stock_status", "instock, outofstock or onbackorder."),
    )


PRODUCTS = Stream(
    name="products",
    key=("product_id",),
    updated_at="date_modified_gmt",
    description="One record per product, drafts and what lies in the trash included.",
    columns=(
        _text("product_id", "WooCommerce's product id.", required=True),
        _text("name", "Its name."),
        _text("slug", "Its name in addresses."),
        _text("permalink", "Its page."),
        _text("type", "simple, variable, grouped, external, or a plugin's."),
        _time("date_created_gmt", "When it was made."),
        _time("date_modified_gmt", "When it was last changed."),
        _flag("featured", "Whether the shop features it."),
        _text("catalog_visibility", "visible, catalog, search or hidden."),
        _text("parent_id", "The product that it belongs to; 0 for none."),
        *_sale_columns(),
    ),
)

PRODUCT_VARIANTS = Stream(
    name="product_variants",
    key=("product_id", "variation_id"),
    description="One record per variation of a variable product.",
    parent="products",
    parent_key=("product_id",),
    columns=(
        _text("product_id", "The product.", required=True),
        _text("variation_id", "WooCommerce's id of the variation.", required=True),
        _text("name", "What tells it from the others, such as S, Blue."),
        _text("permalink", "Its page."),
        _time("date_created_gmt", "When it was made."),
        _time("date_modified_gmt", "When it was last changed."),
        *_sale_columns(),
    ),
)

PRODUCT_CATEGORY_LINKS = Stream(
    name="product_category_links",
    key=("product_id", "category_id"),
    description="One record per category that a product is in.",
    parent="products",
    parent_key=("product_id",),
    columns=(
        _text("product_id", "The product.", required=True),
        _text("category_id", "The category.", required=True),
    ),
)

PRODUCT_CATEGORIES = Stream(
    name="product_categories",
    key=("category_id",),
    description="One record per category of products.",
    columns=(
        _text("category_id", "WooCommerce's category id.", required=True),
        _text("name", "Its name."),
        _text("slug", "Its name in addresses."),
        _text("parent", "The category above it; 0 for none."),
    ),
)

DISCOUNTS = Stream(
    name="discounts",
    key=("coupon_id",),
    updated_at="date_modified_gmt",
    description="One record per coupon of the shop, drafts and what lies in the trash included.",
    columns=(
        _text("coupon_id", "WooCommerce's coupon id.", required=True),
        _text("code", "What customers enter."),
        Column("amount", _NUMBER, "A percentage or an amount, by `discount_type`."),
        _text("status", "publish, draft, pending, private, future or trash."),
        _time("date_created_gmt", "When it was made."),
        _time("date_modified_gmt", "When it was last changed; its use does not count as a change."),
        _text("discount_type", "percent, fixed_cart, fixed_product, or a plugin's."),
        _text("description", "What the merchant wrote about it."),
        _time("date_expires_gmt", "When it ends; null for never."),
        Column("usage_count", pa.int64(), "How often it was used."),
        _flag("individual_use", "Whether it excludes other coupons."),
        Column("usage_limit", pa.int64(), "How often it may be used; null for any number."),
        Column("usage_limit_per_user", pa.int64(), "How often one customer may use it; null for any number."),
        Column("limit_usage_to_x_items", pa.int64(), "How many items it may reduce; null for any number."),
        _flag("free_shipping", "Whether it waives shipping."),
        _flag("exclude_sale_items", "Whether it leaves out items on sale."),
        _money("minimum_amount", "The least that must be spent; 0 for none."),
        _money("maximum_amount", "The most that may be spent; 0 for any."),
    ),
)

STREAMS: tuple[Stream, ...] = (
    SHOP,
    CUSTOMERS,
    ORDERS,
    ORDER_LINES,
    ORDER_SHIPPING_LINES,
    ORDER_FEES,
    ORDER_DISCOUNTS,
    ORDER_TAXES,
    REFUNDS,
    REFUND_LINES,
    REFUND_TAXES,
    PRODUCTS,
    PRODUCT_VARIANTS,
    PRODUCT_CATEGORY_LINKS,
    PRODUCT_CATEGORIES,
    DISCOUNTS,
)
