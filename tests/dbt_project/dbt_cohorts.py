"""Cohorts, worked out from customers' days and first orders without SQL."""

from collections.abc import Iterator, Mapping
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


def first_orders(merchant: Merchant, rows: Mapping[str, list[Row]], days: pl.DataFrame) -> dict[str, Row]:
    """Each buyer's earliest order of the first purchase day; an order that came as lines is the first of them."""
    first_dates = dict(days.select("customer_id", "first_purchase_date").unique().rows())
    orders = [row for row in [*rows["orders"], *rows["order_lines"]] if not row.get("is_deleted")]
    found: dict[str, Row] = {}
    for order in sorted(orders, key=lambda o: (o["ordered_at"], o["store_id"], o["order_id"])):
        if merchant.local_date(order["ordered_at"]) == first_dates.get(order["customer_id"]):
            found.setdefault(order["customer_id"], order)
    return found


def first_product(rows: Mapping[str, list[Row]], order: Row) -> str:
    """What an order was of: the name of the line that most was paid for; unknown where its lines are."""
    key = order["store_id"], order["order_id"]
    lines = [row for row in [*rows["order_items"], *rows["order_lines"]] if (row["store_id"], row["order_id"]) == key]
    if not lines:
        return "unknown"
    names = {(row["store_id"], row["product_id"]): row["product_name"] for row in rows["products"]}
    line = min(lines, key=lambda row: (-row["amount"], row["line_id"]))
    product_id = line.get("product_id") or line.get("sku")
    return names.get((order["store_id"], product_id), product_id) or "unknown"


def first_channel(order: Row) -> str:
    """Where an order came from, as cohorts compare channels."""
    return (order["channel"] or "unknown").strip().lower()


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


def acquisition_costs(periods: pl.DataFrame, spend: Mapping[tuple[str, date, str], int]) -> Iterator[dict[str, Any]]:
    """What customers cost per month, of all and by channel.

    Args:
        periods: Of `cohort_periods`, with channels among their dimensions, none of them so rare that it is other.
        spend: By merchant, month and channel.
    """
    spent: dict[tuple[Any, ...], int] = {}
    for (merchant_id, month, channel), amount in spend.items():
        for dimension in (("all", "all"), ("channel", channel)):
            key = merchant_id, *dimension, month
            spent[key] = spent.get(key, 0) + amount
    months = periods.filter(pl.col("cohort_grain") == "month", pl.col("dimension_name").is_in(["all", "channel"]))
    names = ["merchant_id", "dimension_name", "dimension_value", "cohort_date"]
    found = {key: part.sort("period_number").to_dicts() for key, part in months.group_by(names)}
    for key in found.keys() | spent.keys():
        cells, amount = found.get(key, []), spent.get(key, 0)
        size = cells[0]["cohort_customer_count"] if cells else 0
        is_known = amount > 0 and size > 0
        back = [cell["period_number"] for cell in cells if cell["cumulative_net_amount"] >= amount]
        yield {
            **dict(zip(["merchant_id", "dimension_name", "dimension_value", "acquisition_month"], key, strict=True)),
            "cohort_customer_count": size,
            "spend_amount": amount,
            "cost_basis": "known" if is_known else "no_spend" if amount <= 0 else "no_customers",
            "acquisition_cost_amount": divided(amount, size) if is_known else None,
            "revenue_payback_months": back[0] if is_known and back else None,
            "net_per_customer_amount": cells[-1]["cumulative_net_per_customer_amount"] if is_known else None,
        }


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
