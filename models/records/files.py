"""The streams of the files source: what merchants' own exports hold, under this project's names."""

import pyarrow as pa

from models.records import MONEY, TIMESTAMP, Column, Stream

_PROVENANCE = (
    Column("source_file", pa.string(), "The file that the record was read from, without its folder."),
    Column("source_line", pa.int64(), "The record's line in that file, 1-based."),
)

ORDERS = Stream(
    name="orders",
    key=("order_id",),
    description="One record per order, as its seller recorded it; refunds are records of their own.",
    columns=(
        Column("order_id", pa.string(), "The seller's order id, or an id made of the row's content.", required=True),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("ordered_at", TIMESTAMP, "When the order was placed, in UTC.", required=True),
        Column("amount", MONEY, "What the customer paid, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the order's currency.", required=True),
        Column("quantity", pa.int64(), "Items in the order, where the source says."),
        Column("channel", pa.string(), "Where the order came from, where the source says."),
        Column("email", pa.string(), "The address given with the order.", is_personal=True),
        Column("is_generated_id", pa.bool_(), "Whether the id was made from content and occurrence.", required=True),
        *_PROVENANCE,
    ),
)

ORDER_LINES = Stream(
    name="order_lines",
    key=("order_id", "line_id"),
    description="One record per line of an order, from files whose rows are lines.",
    columns=(
        Column("order_id", pa.string(), "The order that the line belongs to.", required=True),
        Column("line_id", pa.string(), "The seller's line id, or one made of content and occurrence.", required=True),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("ordered_at", TIMESTAMP, "When the order was placed, in UTC.", required=True),
        Column("sku", pa.string(), "The product's code, where the source says."),
        Column("product_name", pa.string(), "The product's name, where the source says."),
        Column("quantity", pa.int64(), "Items in the line, where the source says."),
        Column("amount", MONEY, "What the customer paid for the line, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the order's currency.", required=True),
        Column("channel", pa.string(), "Where the order came from, where the source says."),
        Column("email", pa.string(), "The address given with the order.", is_personal=True),
        *_PROVENANCE,
    ),
)

REFUNDS = Stream(
    name="refunds",
    key=("refund_id",),
    description="One record per refund, booked on the refund's own date.",
    columns=(
        Column(
            "refund_id", pa.string(), "The seller's refund id, or one made of content and occurrence.", required=True
        ),
        Column("order_id", pa.string(), "The order refunded, where the source says."),
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("refunded_at", TIMESTAMP, "When the money went back, in UTC.", required=True),
        Column("amount", MONEY, "What went back, as a positive amount, in the order's currency.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the refund's currency.", required=True),
        *_PROVENANCE,
    ),
)

CUSTOMERS = Stream(
    name="customers",
    key=("customer_id",),
    description="One record per customer, with how and whether they may be written to.",
    columns=(
        Column("customer_id", pa.string(), "The seller's customer id.", required=True),
        Column("email", pa.string(), "The customer's address.", is_personal=True),
        Column("first_name", pa.string(), "Given name.", is_personal=True),
        Column("last_name", pa.string(), "Family name.", is_personal=True),
        Column("has_email_consent", pa.bool_(), "Whether they agreed to marketing emails; null is unknown."),
        Column("email_consent_at", TIMESTAMP, "When they agreed or withdrew, in UTC."),
        Column("is_generated", pa.bool_(), "Whether the person was made up for a demonstration.", required=True),
        *_PROVENANCE,
        Column("phone", pa.string(), "The customer's telephone number.", is_personal=True),
        Column("country_code", pa.string(), "ISO 3166 code of the country that they live in."),
        Column("created_at", TIMESTAMP, "When the customer was entered, in UTC."),
        Column("email_consent_evidence", pa.string(), "How the email consent is known."),
        Column("has_sms_consent", pa.bool_(), "Whether they agreed to text messages; null is unknown."),
        Column("sms_consent_at", TIMESTAMP, "When they agreed to those or withdrew, in UTC."),
        Column("sms_consent_evidence", pa.string(), "How the consent to text messages is known."),
        Column("external_id", pa.string(), "The id that another system of the seller has for them."),
    ),
)

ORDER_ITEMS = Stream(
    name="order_items",
    key=("order_id", "line_id"),
    description="One record per line of an order, from files of lines beside those of orders.",
    columns=(
        Column("order_id", pa.string(), "The order that the line belongs to.", required=True),
        Column("line_id", pa.string(), "The seller's line id, or one made of content and occurrence.", required=True),
        Column("product_id", pa.string(), "The seller's product id."),
        Column("sku", pa.string(), "The product's code."),
        Column("product_name", pa.string(), "The product's name."),
        Column("quantity", pa.int64(), "Items in the line."),
        Column("amount", MONEY, "What the customer paid for the line.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the order's currency.", required=True),
        *_PROVENANCE,
    ),
)

PRODUCTS = Stream(
    name="products",
    key=("product_id", "valid_from"),
    description="One record per product and day from which on it holds.",
    columns=(
        Column("product_id", pa.string(), "The seller's product id.", required=True),
        Column("valid_from", pa.date32(), "The first day on which it holds; 1900-01-01 for always.", required=True),
        Column("product_name", pa.string(), "The product's name."),
        Column("category_name", pa.string(), "The category that it is in."),
        Column("sku", pa.string(), "The product's code."),
        Column("price_amount", MONEY, "What one costs the customer."),
        Column("unit_cost_amount", MONEY, "What one costs the merchant, without tax."),
        Column("currency_code", pa.string(), "ISO 4217 code of price and cost.", required=True),
        *_PROVENANCE,
    ),
)

MARKETING_SPEND = Stream(
    name="marketing_spend",
    key=("spend_id",),
    description="One record per day, channel and campaign on which money was spent, as the file has it.",
    columns=(
        Column("spend_id", pa.string(), "The file's id of the row, or one made of its content.", required=True),
        Column("spend_date", pa.date32(), "The day on which it was spent.", required=True),
        Column("channel", pa.string(), "Where it was spent.", required=True),
        Column("campaign", pa.string(), "The campaign within the channel."),
        Column("amount", MONEY, "What was spent.", required=True),
        Column("currency_code", pa.string(), "ISO 4217 code of the amount.", required=True),
        *_PROVENANCE,
    ),
)

STREAMS: tuple[Stream, ...] = (ORDERS, ORDER_LINES, REFUNDS, CUSTOMERS, ORDER_ITEMS, PRODUCTS, MARKETING_SPEND)
