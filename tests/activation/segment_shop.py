"""A shop's customers, orders, lines, refunds and products, drawn at random, and criteria evaluated over them by hand.

What the compiled SQL is held against. Shares nothing with the compiler but the names of columns.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from activation.customers import customer_360
from activation.segments.traits import reading

AS_OF = date(2024, 6, 30)
Row = dict[str, Any]
CATEGORIES = ("Coffee", "Tea", "Gifts", "Sale; drop table marts.fct_orders")


@dataclass
class Shop:
    """Everything that one merchant's segments can ask about."""

    merchant_id: str
    customers: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    categories: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def insert(self, connection: sa.Connection) -> None:
        """Put everything into the tables that criteria read."""
        tables = reading.tables
        links = [(store, product, name) for (store, product), names in self.categories.items() for name in names]
        described = {column.name for column in tables["marts.dim_customers"].c}
        published = {column.name for column in customer_360.c}
        key = {"merchant_id": self.merchant_id}
        rows: dict[sa.Table, list[Row]] = {
            customer_360: [{k: v for k, v in row.items() if k in published} for row in self.customers],
            tables["marts.dim_customers"]: [
                {name: row.get(name) for name in described} for row in self.customers if not row["is_undescribed"]
            ],
            tables["marts.fct_orders"]: self.orders,
            tables["marts.fct_order_lines"]: self.lines,
            tables["marts.fct_refunds"]: self.refunds,
            tables["marts.dim_products"]: self.products,
            tables["intermediate.int_product_categories_unioned"]: [
                {**key, "store_id": store, "category_id": f"of {name}", "category_name": name}
                for store, name in sorted({(store, name) for store, _, name in links})
            ],
            tables["intermediate.int_product_category_links_unioned"]: [
                {**key, "store_id": store, "product_id": product, "category_id": f"of {name}"}
                for store, product, name in links
            ],
        }
        for table, found in rows.items():
            if found:
                connection.execute(sa.insert(table), [{**row, **key} for row in found])


def create_tables(connection: sa.Connection) -> None:
    """Make the tables that dbt would have made."""
    for schema in ("marts", "intermediate"):
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    customer_360.create(connection, checkfirst=True)
    reading.create_all(connection)


def drawn_shop(merchant_id: str, *, customers: int, seed: int) -> Shop:
    """A shop with a bit of everything: nulls, ties, people who bought nothing, and products of several categories."""
    chance = random.Random(seed)
    shop = Shop(merchant_id)
    for store in ("web", "till"):
        for number in range(5):
            product = {"store_id": store, "product_id": f"p{number}", "product_type": chance.choice([None, "A", "B"])}
            shop.products.append(product)
            named = chance.sample(CATEGORIES, chance.randint(0, 3))
            shop.categories[store, f"p{number}"] = set(named)
    for number in range(customers):
        shop.customers.append(_customer(chance, f"c{number}"))
        for _ in range(chance.choice([0, 0, 1, 2, 4, 9])):
            _order(shop, chance, f"c{number}")
    for _ in range(3):  # of nobody known
        _order(shop, chance, None)
    return shop


def _day(chance: random.Random) -> date:
    return AS_OF - timedelta(days=chance.choice([0, 1, 6, 7, 29, 30, 31, 89, 90, 91, 364, 365, 700]))


def _customer(chance: random.Random, customer_id: str) -> Row:
    return {
        "customer_id": customer_id,
        "as_of_date": AS_OF,
        "currency_code": "EUR",
        "order_count": chance.choice([0, 1, 2, 7]),
        "net_amount": chance.choice([Decimal("0.0000"), Decimal("9.9900"), Decimal("100.0000")]),
        "clv_amount": chance.choice([None, Decimal("0.1000"), Decimal("250.0000")]),
        "churn_probability": chance.choice([None, 0.0, 0.25, 0.9, math.nan]),
        "rfm_segment": chance.choice([None, "champions", "at_risk", "O'Brien \\ %s {{ 1/0 }}"]),
        "has_email_consent": chance.choice([True, False]),
        "last_order_date": chance.choice([None, _day(chance)]),
        "next_purchase_date": chance.choice([None, AS_OF + timedelta(days=chance.choice([0, 1, 14, 15]))]),
        "country_code": chance.choice([None, "DE", "FR"]),
        "acquisition_channel": chance.choice([None, "web", "pos"]),
        "is_undescribed": chance.random() < 0.05,
    }


def _order(shop: Shop, chance: random.Random, customer_id: str | None) -> None:
    number = len(shop.orders) + 1
    order = {
        "store_id": ("web", "till")[number % 2],
        "order_id": f"o{number // 2}",  # stores share the ids of orders
        "customer_id": customer_id,
        "order_date": _day(chance),
        "channel": chance.choice([None, "web", "pos"]),
        "amount": Decimal(chance.choice([0, 5, 20, 50])),
        "quantity": chance.choice([None, 1, 3]),
        "is_first_order": chance.random() < 0.3,
        "original_currency_code": "EUR",
    }
    shop.orders.append(order)
    for line in range(chance.choice([0, 1, 2, 3])):
        shop.lines.append(
            {
                **{name: order[name] for name in ("store_id", "order_id", "customer_id", "order_date")},
                "is_first_order": order["is_first_order"],
                "line_id": str(line),
                "product_id": chance.choice([None, "p0", "p1", "p2", "p3", "p4", "gone"]),
                "sku": chance.choice([None, "s1"]),
                "is_gift_card": chance.random() < 0.1,
                "quantity": Decimal(chance.choice([1, 2, 5])),
                "net_amount": Decimal(chance.choice([0, 3, 12])),
                "discount_amount": Decimal(chance.choice([0, 1])),
            }
        )
    if chance.random() < 0.3:
        refund = {name: order[name] for name in ("store_id", "order_id", "customer_id")}
        day = min(AS_OF, order["order_date"] + timedelta(days=chance.choice([0, 7, 30])))
        amount = Decimal(chance.choice([1, 5]))
        shop.refunds.append({**refund, "refund_id": f"r{number}", "refund_date": day, "amount": amount})


# Criteria, evaluated by hand.

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "one_of": lambda value, wanted: value in wanted,
    "at_least": lambda value, wanted: value >= wanted,
    "at_most": lambda value, wanted: value <= wanted,
    "greater_than": lambda value, wanted: value > wanted,
    "less_than": lambda value, wanted: value < wanted,
    "between": lambda value, wanted: wanted[0] <= value <= wanted[1],
    "before": lambda value, wanted: value < wanted,
    "after": lambda value, wanted: value > wanted,
    "in_last_days": lambda value, wanted: 0 <= (AS_OF - value).days < wanted,
    "in_next_days": lambda value, wanted: 0 < (value - AS_OF).days <= wanted,
}


def members(shop: Shop, criteria: Row) -> set[str]:
    """The ids of the customers who meet the criteria."""
    return {row["customer_id"] for row in shop.customers if _meets(shop, row, criteria)}


def _meets(shop: Shop, customer: Row, criteria: Row) -> bool:
    for group, combined in (("all", all), ("any", any)):
        if group in criteria:
            return combined(_meets(shop, customer, inner) for inner in criteria[group])
    if "not" in criteria:
        return not _meets(shop, customer, criteria["not"])
    if "trait" in criteria:
        of_dim = criteria["trait"] in {"country_code", "acquisition_channel"}
        value = None if of_dim and customer["is_undescribed"] else customer[criteria["trait"]]
        [(operator, wanted)] = [(name, found) for name, found in criteria.items() if name != "trait"]
        return _compares(operator, value, wanted)
    [(kind, asked)] = criteria.items()
    return _counts(shop, customer["customer_id"], kind, asked)


def _compares(operator: str, value: Any, wanted: Any) -> bool:
    is_missing = value is None or (isinstance(value, float) and math.isnan(value))
    if operator == "is_null":
        return bool(is_missing is wanted)
    if operator == "not_equals":
        return is_missing or value != wanted
    if operator == "none_of":
        return is_missing or value not in wanted
    return not is_missing and _COMPARE[operator](value, wanted)


def _counts(shop: Shop, customer_id: str, kind: str, asked: Row) -> bool:
    day = "refund_date" if kind == "refunds" else "order_date"
    rows = [row for row in getattr(shop, kind) if row["customer_id"] == customer_id]
    rows = [row for row in rows if _is_in_days(asked, row[day]) and _has_fields(shop, kind, row, asked)]
    measure = asked.get("measure", "count")
    number = len(rows) if measure == "count" else sum(row[measure] or 0 for row in rows)
    operator = next(name for name in asked if name in _COMPARE and name != "in_last_days")
    return _compares(operator, number, asked[operator])


def _is_in_days(asked: Row, day: date) -> bool:
    ago = (AS_OF - day).days
    return (
        ago >= 0
        and ago < asked.get("in_last_days", 10**6)
        and ago >= asked.get("not_in_last_days", 0)
        and asked.get("since", date.min) <= day <= asked.get("until", date.max)
    )


def _has_fields(shop: Shop, kind: str, row: Row, asked: Row) -> bool:
    where = asked.get("where", {})
    of_line = {name: wanted for name, wanted in where.items() if kind == "orders" and name not in row}
    own = {name: wanted for name, wanted in where.items() if name not in of_line}
    if not all(_has_field(shop, row, name, wanted) for name, wanted in own.items()):
        return False
    if not of_line:
        return True
    same = [line for line in shop.lines if all(line[k] == row[k] for k in ("store_id", "order_id"))]
    return any(all(_has_field(shop, line, name, wanted) for name, wanted in of_line.items()) for line in same)


def _has_field(shop: Shop, row: Row, name: str, wanted: Any) -> bool:
    operator = "equals"
    if isinstance(wanted, dict):
        [(operator, wanted)] = wanted.items()
    elif isinstance(wanted, list):
        operator = "one_of"
    product = row.get("store_id"), row.get("product_id")
    if name == "category":
        names = shop.categories.get(product, set())  # type: ignore[arg-type]  # a product of none is in none
        if operator == "is_null":
            return bool((not names) is wanted)
        is_one = bool(names & ({wanted} if isinstance(wanted, str) else set(wanted)))
        return is_one if operator in {"equals", "one_of"} else not is_one
    if name == "product_type":
        found = [p["product_type"] for p in shop.products if (p["store_id"], p["product_id"]) == product]
        return _compares(operator, found[0] if found else None, wanted)
    return _compares(operator, row.get(name), wanted)
