"""Seeded raw tables of three merchants, and what they mean, worked out from the raw rows without SQL.

The merchants share customer ids and order ids, so that a join, window or grouping that forgets the merchant shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from models import ops
from models.engine import create_engine
from models.raw import RAW_TABLES

LOADED_AT = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Merchant:
    """A merchant as `ops.merchants` and `ops.exchange_rates` describe it."""

    merchant_id: str
    time_zone: str
    currency_code: str
    as_of_date: date
    counts_zero_amount_days: bool
    decimal_places: int
    rates: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)

    def local_date(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    def converted(self, amount: Decimal, currency_code: str, day: date) -> Decimal:
        if currency_code == self.currency_code:
            return amount
        rate = max((found for found in self.rates[currency_code] if found[0] <= day), key=lambda found: found[0])[1]
        return (amount * rate).quantize(Decimal(1).scaleb(-self.decimal_places), ROUND_HALF_UP)


MERCHANTS = (
    Merchant(
        "books", "America/New_York", "USD", date(2024, 6, 30), counts_zero_amount_days=True, decimal_places=2,
        rates={"EUR": [(date(2022, 1, 1), Decimal("1.1")), (date(2023, 9, 15), Decimal("1.07531"))]},
    ),
    Merchant(
        "chai", "Asia/Kolkata", "INR", date(2024, 7, 15), counts_zero_amount_days=False, decimal_places=2,
        rates={"USD": [(date(2022, 1, 1), Decimal("83.1"))], "JPY": [(date(2022, 1, 1), Decimal("0.55"))]},
    ),
    Merchant(
        "kimono", "Asia/Tokyo", "JPY", date(2023, 12, 1), counts_zero_amount_days=True, decimal_places=0,
        rates={"USD": [(date(2022, 1, 1), Decimal("147.3"))]},
    ),
)  # fmt: skip


def raw_rows(merchant: Merchant, *, customers: int, seed: int) -> dict[str, list[Row]]:
    """A merchant's raw tables: orders whole and as lines, refunds, customers, tombstones, and orders of the future."""
    random = np.random.default_rng(seed)
    rows: dict[str, list[Row]] = {"orders": [], "order_lines": [], "refunds": [], "customers": []}
    rows |= {"order_items": [], "products": _products(merchant), "marketing_spend": _spend(merchant)}
    currencies = [merchant.currency_code, *merchant.rates]
    start = datetime(2022, 11, 1, tzinfo=UTC)
    number = 0
    for customer in range(customers):
        customer_id = f"c{customer}"
        first = start + timedelta(days=float(random.uniform(0, 560)))
        for gap in [0.0, *random.exponential(40.0, size=int(random.geometric(0.4)) - 1).cumsum()]:
            number += 1
            kind = random.choice(["order", "lines", "deleted"], p=[0.85, 0.12, 0.03])
            amount = Decimal(int(random.integers(100, 20_000))) / 100 if random.random() > 0.06 else Decimal(0)
            order = {
                "order_id": f"o{number}",
                "store_id": str(random.choice(["web", "shop"])),
                "customer_id": customer_id,
                "channel": ("Search ", "web", "social", None)[number % 4],
                "ordered_at": first + timedelta(days=float(gap)),
                "amount": amount,
                "currency_code": str(random.choice(currencies, p=_mostly_first(len(currencies)))),
            }
            if kind == "lines":
                rows["order_lines"] += [
                    {**order, "line_id": "1", "sku": f"s{number % 4}", "quantity": number % 3 + 1},
                    {**order, "line_id": "2", "amount": Decimal("3.33"), **_second_item(number)},
                ]
            else:
                if number % 3 == 0:
                    rows["order_items"].append(_item(order, number))
                rows["orders"].append({**order, "is_generated_id": False, "is_deleted": kind == "deleted"})
            if random.random() < 0.12:
                rows["refunds"].append(_refund(order, number, random))
        if random.random() < 0.5:
            email = f"{customer_id}@example.com" if random.random() < 0.8 else None
            consent = [True, False, None][int(random.integers(3))]
            rows["customers"].append(
                {"store_id": "web", "customer_id": customer_id, "email": email, "has_email_consent": consent}
            )
    rows["customers"].append({"store_id": "web", "customer_id": "never_bought", "email": "n@example.com"})
    rows["refunds"].append(
        {**_refund(order, 0, random), "refund_id": "stranger", "customer_id": "stranger", "order_id": None}
    )
    return rows


def _mostly_first(count: int) -> list[float]:
    return [1.0] if count == 1 else [0.8, *[0.2 / (count - 1)] * (count - 1)]


def _refund(order: Row, number: int, random: np.random.Generator) -> Row:
    return {
        "refund_id": f"r{number}",
        "store_id": order["store_id"],
        "order_id": order["order_id"] if random.random() < 0.6 else None,
        "customer_id": order["customer_id"],
        "refunded_at": order["ordered_at"] + timedelta(days=float(random.uniform(0, 60))),
        "amount": (order["amount"] / 2).quantize(Decimal("0.01")),
        "currency_code": order["currency_code"],
    }


def _second_item(number: int) -> Row:
    """Of every other order by lines, what its second line is of: now and then the same as the first."""
    return {"sku": f"s{number % 3}", "quantity": 1} if number % 2 else {}


def _item(order: Row, number: int) -> Row:
    product_id = f"p{number % 5}"
    kept = {name: order[name] for name in ("store_id", "order_id", "amount", "currency_code")}
    return {**kept, "line_id": "1", "product_id": product_id, "sku": f"s{number % 4}", "quantity": number % 3 + 1}


def _products(merchant: Merchant) -> list[Row]:
    """What costs: changes of it, other currencies, codes that hold in other stores, and a product of unknown cost."""
    other = next(iter(merchant.rates))
    always, since = date(1900, 1, 1), date(2023, 6, 1)
    declared = [
        ("web", "p0", None, always, "1.1100", merchant.currency_code), ("web", "p0", None, since, "2.2150", other),
        ("web", "p1", "s1", since, "0.3333", merchant.currency_code), ("web", "s2", "s2", always, None, other),
        ("web", "p2", None, always, "7.0000", other), ("web", "p2", None, since, None, other),
        ("shop", "p1", None, always, "5.0050", merchant.currency_code),
    ]  # fmt: skip
    return [
        {
            "store_id": store, "product_id": product_id, "sku": sku, "valid_from": day, "currency_code": currency,
            "unit_cost_amount": None if cost is None else Decimal(cost), "product_name": product_id.title(),
            "category_name": "Things",
        }
        for store, product_id, sku, day, cost, currency in declared
    ]  # fmt: skip


def _spend(merchant: Merchant) -> list[Row]:
    start = date(2023, 9, 1)
    return [
        {
            "store_id": "web", "spend_id": f"m{number}", "spend_date": start + timedelta(days=15 * number),
            "channel": ("search", "social")[number % 2], "amount": Decimal(number * 7) + Decimal("0.55"),
            "currency_code": [merchant.currency_code, *merchant.rates][number % (1 + len(merchant.rates))],
        }
        for number in range(24)
    ]  # fmt: skip


def insert_merchant(connection: sa.Connection, merchant: Merchant) -> None:
    """Declare a merchant and its rates."""
    connection.execute(
        ops.merchants.insert(),
        {
            "merchant_id": merchant.merchant_id,
            "merchant_name": merchant.merchant_id.title(),
            "time_zone": merchant.time_zone,
            "currency_code": merchant.currency_code,
            "as_of_date": merchant.as_of_date,
            "counts_zero_amount_days": merchant.counts_zero_amount_days,
            "updated_at": LOADED_AT,
        },
    )
    rates = [
        {"merchant_id": merchant.merchant_id, "currency_code": code, "valid_from_date": day, "rate": rate}
        for code, found in merchant.rates.items()
        for day, rate in found
    ]
    if rates:
        connection.execute(ops.exchange_rates.insert(), rates)


def insert_raw(connection: sa.Connection, merchant_id: str, rows: dict[str, list[Row]]) -> None:
    """Put records into the raw tables as landing leaves them."""
    defaults = {"merchant_id": merchant_id, "content_hash": "-", "batch_id": "-", "loaded_at": LOADED_AT}
    for stream, records in rows.items():
        table = RAW_TABLES["files", stream]
        known = {"is_deleted": False}
        if "is_generated" in table.c:
            known["is_generated"] = False
        if "is_generated_id" in table.c:
            known["is_generated_id"] = False
        for record in records:
            connection.execute(table.insert(), {**defaults, **known, **record})


def fill(url: str, histories: dict[Merchant, dict[str, list[Row]]]) -> None:
    """Declare the merchants and insert their raw rows, in one transaction."""
    engine = create_engine(url, application_name="perennial tests")
    try:
        with engine.begin() as connection:
            for merchant, rows in histories.items():
                insert_merchant(connection, merchant)
                insert_raw(connection, merchant.merchant_id, rows)
    finally:
        engine.dispose()


def eligible_orders(merchant: Merchant, rows: dict[str, list[Row]]) -> Iterator[Row]:
    """The orders that count, each with its local date and its amount in the merchant's currency."""
    whole = [row for row in rows["orders"] if not row["is_deleted"]]
    lines: dict[tuple[str, str], Row] = {}
    for row in rows["order_lines"]:
        key = row["store_id"], row["order_id"]
        lines[key] = {**row, "amount": row["amount"] + lines.get(key, {"amount": Decimal(0)})["amount"]}
    for row in [*whole, *lines.values()]:
        day = merchant.local_date(row["ordered_at"])
        if day <= merchant.as_of_date:
            yield {
                "merchant_id": merchant.merchant_id,
                "store_id": row["store_id"],
                "order_id": row["order_id"],
                "customer_id": row["customer_id"],
                "order_date": day,
                "amount": merchant.converted(row["amount"], row["currency_code"], day),
            }


def eligible_refunds(merchant: Merchant, rows: dict[str, list[Row]]) -> Iterator[Row]:
    """The refunds that count, each with its local date and its amount in the merchant's currency."""
    for row in rows["refunds"]:
        day = merchant.local_date(row["refunded_at"])
        if day <= merchant.as_of_date:
            amount = merchant.converted(row["amount"], row["currency_code"], day)
            yield {**row, "merchant_id": merchant.merchant_id, "refund_date": day, "amount": amount}


def eligible_lines(merchant: Merchant, rows: dict[str, list[Row]]) -> Iterator[Row]:
    """The lines of the orders that count, with their local date, and cost and margin in the merchant's currency."""
    orders = {(row["store_id"], row["order_id"]): row for row in rows["orders"] if not row["is_deleted"]}
    items = [
        {**order, **row, "order_id": order["order_id"]}
        for row in rows["order_items"]
        if (order := orders.get((row["store_id"], row["order_id"])))
    ]
    for row in [*rows["order_lines"], *items]:
        day = merchant.local_date(row["ordered_at"])
        if day <= merchant.as_of_date:
            net = merchant.converted(row["amount"], row["currency_code"], day)
            cost = _cost(merchant, rows, row, day)
            yield {
                "merchant_id": merchant.merchant_id,
                "store_id": row["store_id"],
                "order_id": row["order_id"],
                "line_id": row["line_id"],
                "customer_id": row["customer_id"],
                "product_id": row.get("product_id") or row.get("sku"),
                "order_date": day,
                "gross_amount": net,
                "net_amount": net,
                "cost_amount": cost,
                "margin_amount": None if cost is None else net - cost,
            }


def _cost(merchant: Merchant, rows: dict[str, list[Row]], line: Row, day: date) -> Decimal | None:
    """Of the product in its own store, else of its code in any; the row that began last."""
    product_id, sku = line.get("product_id") or line.get("sku"), line.get("sku")
    begun = sorted((r for r in rows["products"] if r["valid_from"] <= day), key=lambda r: r["valid_from"])
    own = [r for r in begun if (r["store_id"], r["product_id"]) == (line["store_id"], product_id)]
    coded = [r for r in begun if sku is not None and r["sku"] == sku]
    for found in (own, coded):
        if found and found[-1]["unit_cost_amount"] is not None:
            cost = found[-1]["unit_cost_amount"] * line["quantity"]
            return merchant.converted(cost, found[-1]["currency_code"], day)
    return None
