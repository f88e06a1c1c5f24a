"""What criteria may count of a customer: orders, their lines, and refunds, each with what it can be narrowed by.

dbt owns the tables; they are declared to be read. Must not know criteria, or who is in a segment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from activation.customers import ColumnKind
from activation.segments.traits import reading
from models.schema import Money

_KEY = ("merchant_id", "store_id", "order_id")


def _table(name: str, schema: str, **columns: sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]) -> sa.Table:
    return sa.Table(name, reading, *(sa.Column(column, kind) for column, kind in columns.items()), schema=schema)


fct_orders = _table(
    "fct_orders",
    "marts",
    **dict.fromkeys((*_KEY, "customer_id"), sa.Text),
    order_date=sa.Date,
    order_number=sa.BigInteger,
    is_first_order=sa.Boolean,
    quantity=sa.BigInteger,
    channel=sa.Text,
    amount=Money,
    original_currency_code=sa.Text,
)
fct_order_lines = _table(
    "fct_order_lines",
    "marts",
    **dict.fromkeys((*_KEY, "line_id", "customer_id"), sa.Text),
    order_date=sa.Date,
    is_first_order=sa.Boolean,
    product_id=sa.Text,
    variant_id=sa.Text,
    sku=sa.Text,
    product_name=sa.Text,
    is_gift_card=sa.Boolean,
    quantity=sa.Numeric(18, 4),
    gross_amount=Money,
    discount_amount=Money,
    net_amount=Money,
    margin_amount=Money,
)
fct_refunds = _table(
    "fct_refunds",
    "marts",
    **dict.fromkeys((*_KEY, "refund_id", "customer_id"), sa.Text),
    refund_date=sa.Date,
    amount=Money,
)
dim_products = _table(
    "dim_products", "marts", merchant_id=sa.Text, store_id=sa.Text, product_id=sa.Text, product_type=sa.Text
)
int_product_categories_unioned = _table(
    "int_product_categories_unioned",
    "intermediate",
    **dict.fromkeys(("merchant_id", "store_id", "category_id", "category_name"), sa.Text),
)
int_product_category_links_unioned = _table(
    "int_product_category_links_unioned",
    "intermediate",
    **dict.fromkeys(("merchant_id", "store_id", "product_id", "category_id"), sa.Text),
)

orders = fct_orders.alias("orders")
lines = fct_order_lines.alias("lines")
refunds = fct_refunds.alias("refunds")
products = dim_products.alias("products")


@dataclass(frozen=True)
class Field:
    """What a fact can be narrowed by.

    Attributes:
        name: The column, of the fact or of the line that it is asked of.
        kind: What its values can be compared with.
        is_of_line: Whether an order has it by its lines.
    """

    name: str
    kind: ColumnKind
    is_of_line: bool = False


@dataclass(frozen=True)
class Fact:
    """Something that happened with a customer, as rows that can be counted and added up.

    Attributes:
        rows: The rows.
        day: The name of the column with the day of each.
        fields: What they can be narrowed by.
        measures: What can be said of them, with its kind; `count`, or a column that is added up.
    """

    rows: sa.FromClause
    day: str
    fields: Mapping[str, Field]
    measures: Mapping[str, ColumnKind]


def _fields(kinds: Mapping[str, ColumnKind], *, is_of_line: bool = False) -> dict[str, Field]:
    return {name: Field(name, kind, is_of_line) for name, kind in kinds.items()}


_PRODUCT_FIELDS = {
    "category": ColumnKind.TEXT,
    "product_id": ColumnKind.TEXT,
    "product_name": ColumnKind.TEXT,
    "product_type": ColumnKind.TEXT,
    "variant_id": ColumnKind.TEXT,
    "sku": ColumnKind.TEXT,
    "is_gift_card": ColumnKind.TRUTH,
}

FACTS: Mapping[str, Fact] = {
    "orders": Fact(
        rows=orders,
        day="order_date",
        fields={
            **_fields(
                {
                    "store_id": ColumnKind.TEXT,
                    "channel": ColumnKind.TEXT,
                    "amount": ColumnKind.AMOUNT,
                    "quantity": ColumnKind.COUNT,
                    "order_number": ColumnKind.COUNT,
                    "is_first_order": ColumnKind.TRUTH,
                    "original_currency_code": ColumnKind.TEXT,
                }
            ),
            **_fields(_PRODUCT_FIELDS, is_of_line=True),
        },
        measures={"count": ColumnKind.COUNT, "amount": ColumnKind.AMOUNT, "quantity": ColumnKind.QUANTITY},
    ),
    "lines": Fact(
        rows=lines,
        day="order_date",
        fields=_fields(
            {
                "store_id": ColumnKind.TEXT,
                **_PRODUCT_FIELDS,
                "is_first_order": ColumnKind.TRUTH,
                "quantity": ColumnKind.QUANTITY,
                "net_amount": ColumnKind.AMOUNT,
                "discount_amount": ColumnKind.AMOUNT,
            }
        ),
        measures={
            "count": ColumnKind.COUNT,
            "quantity": ColumnKind.QUANTITY,
            "net_amount": ColumnKind.AMOUNT,
            "gross_amount": ColumnKind.AMOUNT,
            "discount_amount": ColumnKind.AMOUNT,
            "margin_amount": ColumnKind.AMOUNT,
        },
    ),
    "refunds": Fact(
        rows=refunds,
        day="refund_date",
        fields=_fields({"store_id": ColumnKind.TEXT, "amount": ColumnKind.AMOUNT}),
        measures={"count": ColumnKind.COUNT, "amount": ColumnKind.AMOUNT},
    ),
}
"""What can be counted, by the key that criteria write."""
