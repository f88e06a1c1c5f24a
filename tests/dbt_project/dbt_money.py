"""What customers brought, day by day and to date, worked out from orders, lines and refunds without SQL.

Amounts are whole ten-thousandths, as `dbt_frames.cents` makes them.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import polars as pl
from dbt_frames import KEY

ORDER = ["merchant_id", "store_id", "order_id"]
SUMS = ["order_count", "gross_amount", "refund_amount", "costed_amount", "margin_amount", "uncosted_amount"]
MONTH_DAYS = Fraction("30.4375")


def customers_summarized(purchase_days: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    """Everybody with a purchase day: their first and last one, and what came and went back."""
    bought = purchase_days.group_by(KEY).agg(
        pl.col("purchase_date").min().alias("first_purchase_date"),
        pl.col("purchase_date").max().alias("last_purchase_date"),
        pl.len().alias("purchase_day_count"),
        pl.col("amount").sum().alias("gross_amount"),
    )
    returned = refunds.filter(pl.col("purchase_date").is_not_null()).group_by(KEY)
    return (
        bought.join(returned.agg(pl.col("amount").sum().alias("refund_amount")), on=KEY, how="left")
        .with_columns(pl.col("refund_amount").fill_null(0))
        .with_columns(
            (pl.col("gross_amount") - pl.col("refund_amount")).alias("net_amount"),
            pl.col("first_purchase_date").dt.truncate("1mo").alias("acquisition_month"),
        )
    )


def customer_days(
    orders: pl.DataFrame, lines: pl.DataFrame, purchase_days: pl.DataFrame, refunds: pl.DataFrame
) -> pl.DataFrame:
    """Orders, refunds and margin per customer and day.

    The histories' refunds come without lines, so that none takes back a margin and each leaves one unknown.
    """
    is_costed = pl.col("margin_amount").is_not_null()
    listed = orders.join(lines.select(ORDER).unique(), on=ORDER, how="semi").select(ORDER)
    unlisted = orders.join(listed, on=ORDER, how="anti")
    attributed = refunds.filter(pl.col("purchase_date").is_not_null() & (pl.col("amount") != 0))
    none = [pl.lit(0, dtype=pl.Int64).alias(name) for name in SUMS]
    facts = [
        orders.with_columns(none).with_columns(pl.lit(1, dtype=pl.Int64).alias("order_count"), gross_amount="amount"),
        unlisted.with_columns(none).with_columns(uncosted_amount="amount"),
        lines.select(*KEY, "order_date", "net_amount", found="margin_amount")
        .with_columns(none)
        .with_columns(
            pl.when(pl.col("found").is_not_null()).then("net_amount").otherwise(0).alias("costed_amount"),
            pl.col("found").fill_null(0).alias("margin_amount"),
            pl.when(pl.col("found").is_null()).then(pl.col("net_amount").abs()).otherwise(0).alias("uncosted_amount"),
        ),
        attributed.rename({"refund_date": "order_date"})
        .with_columns(none)
        .with_columns(refund_amount="amount", uncosted_amount="amount"),
    ]
    assert 0 < lines.filter(is_costed).height < lines.height
    assert unlisted.height
    day = [*KEY, "activity_date"]
    found = pl.concat([f.rename({"order_date": "activity_date"}).select(*day, *SUMS) for f in facts])
    return (
        found.group_by(day)
        .agg(pl.col(SUMS).sum())
        .join(
            purchase_days.select(*KEY, pl.col("purchase_date").alias("activity_date"), is_purchase_day=True),
            on=day,
            how="left",
        )
        .join(purchase_days.group_by(KEY).agg(first_purchase_date=pl.col("purchase_date").min()), on=KEY, how="left")
        .with_columns(
            pl.col("is_purchase_day").fill_null(value=False),
            (pl.col("gross_amount") - pl.col("refund_amount")).alias("net_amount"),
        )
    )


def customer_histories(days: pl.DataFrame, as_of_dates: dict[str, date]) -> pl.DataFrame:
    """Every customer with an order: the sums of their days, per month of life too, and what the margin rests on."""
    rows = []
    for (merchant_id, customer_id), mine in days.group_by(KEY):
        ordered = mine.filter(pl.col("order_count") > 0)
        life_days = (as_of_dates[str(merchant_id)] - ordered["activity_date"].min()).days  # type: ignore[operator]
        months = max(life_days / MONTH_DAYS, Fraction(1))
        has_costed = ((mine["costed_amount"] != 0) | (mine["margin_amount"] != 0)).any()
        basis = "partly_known" if has_costed else "unknown"
        basis = basis if mine["uncosted_amount"].sum() else "known"
        net, margin = mine["net_amount"].sum(), None if basis == "unknown" else mine["margin_amount"].sum()
        rows.append(
            {
                "merchant_id": merchant_id,
                "customer_id": customer_id,
                "life_days": life_days,
                "net_amount": net,
                "net_per_month_amount": divided(net, months),
                "margin_amount": margin,
                "margin_per_month_amount": None if margin is None else divided(margin, months),
                "margin_basis": basis,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def divided(amount: int, by: Fraction | int) -> int:
    """An amount over a number, halves away from zero, as PostgreSQL rounds."""
    quotient = Fraction(amount) / by
    exact = Decimal(abs(quotient.numerator)) / Decimal(quotient.denominator)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP)) * (1 if quotient >= 0 else -1)
