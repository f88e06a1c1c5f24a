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
    ),
)
