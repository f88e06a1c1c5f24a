"""Cohorts, worked out from customers' days and first orders without SQL."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
from dbt_frames import KEY
from dbt_histories import Merchant, Row
from dbt_money import divided

GRAINS = {"week": "1w", "month": "1mo", "quarter": "1q"}
COHORT = ["merchant_id", "cohort_grain", "dimension_name", "dimension_value", "cohort_date"]
MEASURES = ["order_count", "gross_amount", "refund_amount", "net_amount", "costed_amount", "margin_amount"]
TOTALLED = ["order_count", "net_amount", "margin_amount", "uncosted_amount"]


def first_products(merchant: Merchant, rows: Mapping[str, list[Row]], days: pl.DataFrame) -> dict[str, str]:
    """What each customer's first order was of: the name of the line that most was paid for, where lines are known."""
    orders = [row for row in rows["orders"] if not row["is_deleted"]]
    items = {(row["store_id"], row["order_id"]): [row] for row in rows["order_items"]}
    for row in rows["order_lines"]:
        items.setdefault((row["store_id"], row["order_id"]), []).append(row)
        orders.append(row)
    names = {(row["store_id"], row["product_id"]): row["product_name"] for row in rows["products"]}
    first_dates = dict(days.select("customer_id", "first_purchase_date").unique().rows())
    firsts: dict[str, Row] = {}
    for order in sorted(orders, key=lambda o: (o["ordered_at"], o["store_id"], o["order_id"])):
        if merchant.local_date(order["ordered_at"]) == first_dates.get(order["customer_id"]):
            firsts.setdefault(order["customer_id"], order)
    found = {}
    for customer_id, order in firsts.items():
        lines = items.get((order["store_id"], order["order_id"]), [])
        if lines:
            line = min(lines, key=lambda row: (-row["amount"], row["line_id"]))
            product_id = line.get("product_id") or line.get("sku")
            found[customer_id] = names.get((order["store_id"], product_id), product_id) or "unknown"
    return found


def named(values: list[str]) -> dict[str, str]:
    """What cohorts call a value: the ten commonest keep their name."""
    counts = {value: values.count(value) for value in values if value != "unknown"}
    kept = sorted(counts, key=lambda value: (-counts[value], value))[:10]
    return {value: value if value in kept or value == "unknown" else "other" for value in values}


def cohort_periods(days: pl.DataFrame, members: pl.DataFrame, as_of_dates: Mapping[str, date]) -> pl.DataFrame:
    """Every period of every cohort.

    Args:
        days: Of customers, as `dbt_money.customer_days` returns them.
        members: `merchant_id`, `customer_id`, `dimension_name`, `dimension_value`.
        as_of_dates: By merchant.
    """
    rows: list[dict[str, Any]] = []
    bought = days.filter(pl.col("first_purchase_date").is_not_null()).join(members, on=KEY)
    for grain, length in GRAINS.items():
        dated = bought.with_columns(
            pl.col("first_purchase_date").dt.truncate(length).alias("cohort_date"),
            pl.max_horizontal("activity_date", "first_purchase_date").dt.truncate(length).alias("period_date"),
            pl.lit(grain).alias("cohort_grain"),
        )
        for cohort, mine in dated.group_by(COHORT):
            merchant_id, cohort_date = str(cohort[0]), cohort[-1]
            assert isinstance(cohort_date, date)
            if grain == "week" and cohort_date < _monday(as_of_dates[merchant_id]) - timedelta(weeks=52):
                continue
            rows += _periods(dict(zip(COHORT, cohort, strict=True)), mine, length, as_of_dates[merchant_id])
    return pl.DataFrame(rows, infer_schema_length=None)


def _periods(cohort: dict[str, Any], mine: pl.DataFrame, length: str, as_of_date: date) -> list[dict[str, Any]]:
    size, totals = mine["customer_id"].n_unique(), dict.fromkeys(TOTALLED, 0)
    parts = {key[0]: part for key, part in mine.group_by("period_date")}
    last = pl.Series([as_of_date]).dt.truncate(length)[0]
    found = []
    for number, period in enumerate(pl.date_range(cohort["cohort_date"], last, length, eager=True)):
        part = parts.get(period, mine.clear())
        sums = {name: part[name].sum() for name in [*MEASURES, "uncosted_amount"]}
        totals = {name: total + sums[name] for name, total in totals.items()}
        found.append(
            {
                **cohort,
                "period_number": number,
                "period_date": period,
                "cohort_customer_count": size,
                "active_customer_count": part.filter("is_purchase_day")["customer_id"].n_unique(),
                **sums,
                **{f"cumulative_{name}": total for name, total in totals.items()},
                "cumulative_net_per_customer_amount": divided(totals["net_amount"], size),
            }
        )
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
