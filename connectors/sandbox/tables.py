"""The tables of a synthetic merchant: what its exports hold, and the truth that they do not."""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

Table = Literal["orders", "refunds", "customers", "truth"]
Tables = dict[Table, pl.DataFrame]

TIMESTAMP: Final = pl.Datetime("us", "UTC")
MONEY: Final = pl.Decimal(18, 4)


def _schema(columns: dict[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    return pl.Schema(columns)


SCHEMAS: Final[dict[Table, pl.Schema]] = {
    "orders": _schema(
        {
            "order_id": pl.String,
            "customer_id": pl.String,
            "ordered_at": TIMESTAMP,
            "amount": MONEY,
            "currency_code": pl.String,
            "store_id": pl.String,
            "quantity": pl.Int64,
            "channel": pl.String,
            "email": pl.String,
            "refunded_amount": MONEY,  # the sum of the order's refunds, null without one
            "refunded_at": TIMESTAMP,  # of the last one
        }
    ),
    "refunds": _schema(
        {
            "refund_id": pl.String,
            "order_id": pl.String,
            "customer_id": pl.String,
            "refunded_at": TIMESTAMP,
            "amount": MONEY,
            "currency_code": pl.String,
            "store_id": pl.String,
            "email": pl.String,
        }
    ),
    "customers": _schema(
        {
            "customer_id": pl.String,
            "email": pl.String,
            "first_name": pl.String,
            "last_name": pl.String,
            "has_email_consent": pl.Boolean,
            "email_consent_at": TIMESTAMP,
            "store_id": pl.String,
        }
    ),
    "truth": _schema(
        {
            "person_id": pl.String,
            "kind": pl.String,  # regular, guest, guest_then_account, bot, reseller
            "guest_customer_id": pl.String,  # the id of their first orders, where they started as a guest
            "account_customer_id": pl.String,  # the id of all other orders
            "store_id": pl.String,
            "acquired_at": TIMESTAMP,
            "registered_at": TIMESTAMP,
            "purchase_rate": pl.Float64,  # purchases per day while active, when the pace is 1
            "dropout_probability": pl.Float64,  # null for who is no consumer
            "mean_spend_amount": pl.Float64,  # per order, in the merchant's currency
            "died_at": TIMESTAMP,  # null: active at the end
            "order_count": pl.Int64,
        }
    ),
}


@dataclass(frozen=True)
class Piece:
    """Some rows of one table, in its schema of `SCHEMAS`."""

    table: Table
    rows: pl.DataFrame
