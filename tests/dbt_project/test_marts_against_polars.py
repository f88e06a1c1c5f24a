"""The marts, held against the same numbers worked out by Polars and plain Python from the raw rows."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from dbt_built import HALF_LIVES, HISTORIES
from dbt_customers import customer_stages, quintile, weighed_buyers
from dbt_frames import KEY, cents, frame, read, same
from dbt_histories import MERCHANTS, Merchant, eligible_lines
from dbt_money import SUMS, customer_histories, customers_summarized

from models.raw import RAW_TABLES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def statuses(template_with_marts: tuple[str, dict[str, str]]) -> dict[str, str]:
    """What one `dbt build` of everything, unit tests included, said of each node."""
    return template_with_marts[1]


def test_everything_passes(statuses: dict[str, str]) -> None:
    assert set(statuses.values()) == {"success", "pass"}
    assert len(statuses) > 200


def test_every_failing_row_would_name_its_merchant(connection: psycopg.Connection[Any]) -> None:
    """Every data test left its table of failures, empty now, and each has the column that orchestration reads."""
    tables = read(
        connection,
        "select tables.table_name, bool_or(columns.column_name = 'merchant_id') as has_merchant_id"
        " from information_schema.tables inner join information_schema.columns"
        " on tables.table_schema = columns.table_schema and tables.table_name = columns.table_name"
        " where tables.table_schema = 'dbt_checks' group by tables.table_name",
    )
    assert tables.height > 150
    assert tables.filter(~pl.col("has_merchant_id")).rows() == []


def test_no_other_schema_is_made(connection: psycopg.Connection[Any]) -> None:
    schemas = set(read(connection, "select nspname from pg_namespace")["nspname"])
    ours = {"staging", "intermediate", "marts", "vault", "dbt_checks", "ops", "ml", "activation", "loyalty"}
    ours |= {table.schema for table in RAW_TABLES.values() if table.schema}
    assert {s for s in schemas if not s.startswith("pg_")} == ours | {"public", "information_schema"}


def test_orders_and_purchase_days(
    connection: psycopg.Connection[Any], orders: pl.DataFrame, purchase_days: pl.DataFrame
) -> None:
    query = "select merchant_id, store_id, order_id, customer_id, order_date, amount from marts.fct_orders"
    same(read(connection, query), orders, ["merchant_id", "store_id", "order_id"])
    query = (
        "select merchant_id, customer_id, purchase_date, order_count, amount"
        " from intermediate.int_purchase_days_aggregated"
    )
    same(read(connection, query), purchase_days, [*KEY, "purchase_date"])


def test_refunds_take_back_the_right_day(connection: psycopg.Connection[Any], refunds: pl.DataFrame) -> None:
    query = "select merchant_id, customer_id, refund_id, purchase_date, refund_date, amount from marts.fct_refunds"
    same(read(connection, query), refunds, ["merchant_id", "refund_id"])


def test_order_lines(connection: psycopg.Connection[Any]) -> None:
    expected = pl.concat([frame(eligible_lines(merchant, rows)) for merchant, rows in HISTORIES.items()])
    known = expected.filter(pl.col("cost_amount").is_not_null())
    assert 0 < known.height < expected.height
    query = f"select {', '.join(expected.columns)} from marts.fct_order_lines"
    same(read(connection, query), expected, ["merchant_id", "store_id", "order_id", "line_id"])


def test_marketing_spend(connection: psycopg.Connection[Any]) -> None:
    expected = [
        {
            "merchant_id": merchant.merchant_id,
            "spend_id": row["spend_id"],
            "spend_date": row["spend_date"],
            "amount": cents(merchant.converted(row["amount"], row["currency_code"], row["spend_date"])),
        }
        for merchant, rows in HISTORIES.items()
        for row in rows["marketing_spend"]
        if row["spend_date"] <= merchant.as_of_date
    ]
    actual = read(connection, "select merchant_id, spend_id, spend_date, amount from marts.fct_marketing_spend")
    assert len(expected) < 24 * len(HISTORIES)
    same(actual, pl.DataFrame(expected), ["merchant_id", "spend_id"])


def test_customer_days_and_months(connection: psycopg.Connection[Any], days: pl.DataFrame) -> None:
    day = [*KEY, "activity_date"]
    same(read(connection, f"select {', '.join(days.columns)} from marts.fct_customer_days"), days, day)
    assert (days["order_count"] == 0).any()
    month = [*KEY, "activity_month"]
    expected = (
        days.with_columns(
            pl.col("activity_date").dt.truncate("1mo").alias("activity_month"),
            pl.col("first_purchase_date").dt.truncate("1mo").alias("acquisition_month"),
        )
        .group_by(*month, "acquisition_month")
        .agg(pl.col(*SUMS, "net_amount").sum(), purchase_day_count=pl.col("is_purchase_day").sum())
    )
    same(read(connection, f"select {', '.join(expected.columns)} from marts.fct_customer_months"), expected, month)


def test_customer_histories(connection: psycopg.Connection[Any], days: pl.DataFrame) -> None:
    expected = customer_histories(days, {m.merchant_id: m.as_of_date for m in MERCHANTS})
    assert set(expected["margin_basis"]) == {"known", "partly_known", "unknown"}
    columns = ", ".join(expected.columns)
    same(read(connection, f"select {columns} from marts.customer_history"), expected, KEY)
    published = read(connection, f"select {columns} from marts.customer_360 where order_count > 0")
    same(published, expected, KEY)


def test_rfm_scores(connection: psycopg.Connection[Any], purchase_days: pl.DataFrame, refunds: pl.DataFrame) -> None:
    expected = []
    scored = {
        "recency_score": "last_purchase_date",
        "frequency_score": "purchase_day_count",
        "monetary_score": "net_amount",
    }
    for merchant in MERCHANTS:
        buyers = customers_summarized(purchase_days, refunds).filter(pl.col("merchant_id") == merchant.merchant_id)
        expected.append(
            buyers.with_columns(
                *(pl.Series(score, quintile(buyers[column].to_list())) for score, column in scored.items()),
                (pl.lit(merchant.as_of_date) - pl.col("last_purchase_date"))
                .dt.total_days()
                .alias("days_since_last_purchase"),
            )
        )
    actual = read(
        connection,
        "select merchant_id, customer_id, last_purchase_date, days_since_last_purchase, purchase_day_count,"
        " net_amount, recency_score, frequency_score, monetary_score from marts.customer_rfm",
    )
    same(actual, pl.concat(expected), KEY)


def test_weighted_rfm_scores(
    connection: psycopg.Connection[Any], purchase_days: pl.DataFrame, refunds: pl.DataFrame
) -> None:
    expected = []
    for merchant, half_life_days in zip(MERCHANTS, HALF_LIVES, strict=True):
        found = weighed_buyers(merchant.merchant_id, half_life_days, merchant.as_of_date, purchase_days, refunds)
        weights = [Decimal(weight) for weight in found["purchase_weight"]]
        expected.append(
            found.with_columns(
                pl.lit(half_life_days).alias("rfm_half_life_days"),
                pl.Series("weighted_frequency_score", quintile(weights)),
                pl.Series("weighted_monetary_score", quintile(found["weighted_net_amount"].to_list())),
            )
        )
    actual = read(
        connection,
        "select merchant_id, customer_id, rfm_half_life_days, purchase_weight::text, weighted_net_amount,"
        " weighted_frequency_score, weighted_monetary_score from marts.customer_rfm",
    )
    same(actual, pl.concat(expected), KEY)
    moved = read(connection, "select * from marts.customer_rfm where weighted_rfm_segment <> rfm_segment")
    assert moved.height > 5


def test_lifecycle_stages(connection: psycopg.Connection[Any], purchase_days: pl.DataFrame) -> None:
    expected = pl.concat([customer_stages(m.merchant_id, m.as_of_date, purchase_days) for m in MERCHANTS])
    assert expected["lifecycle_stage"].n_unique() >= 5
    assert expected["has_returned"].any()
    same(read(connection, f"select {', '.join(expected.columns)} from marts.customer_lifecycle"), expected, KEY)
    published = read(connection, "select * from marts.customer_360 where purchase_day_count > 0")
    same(published.select(*KEY, "lifecycle_stage"), expected, KEY)


def months(first: Any, last: Any) -> list[Any]:
    return pl.date_range(first, last, "1mo", eager=True).to_list()


def triangle(customers: pl.DataFrame) -> pl.DataFrame:
    """Every cohort and month up to the merchant's as-of date, with the cohort's size."""
    rows = []
    for merchant in MERCHANTS:
        mine = customers.filter(pl.col("merchant_id") == merchant.merchant_id)
        for month, size in mine.group_by("acquisition_month").len().rows():
            rows += [
                {
                    "merchant_id": merchant.merchant_id,
                    "acquisition_month": month,
                    "period_number": number,
                    "period_month": period,
                    "cohort_customer_count": size,
                }
                for number, period in enumerate(months(month, merchant.as_of_date))
            ]
    return pl.DataFrame(rows)


COHORT = ["merchant_id", "acquisition_month", "period_month"]


def test_cohort_retention(
    connection: psycopg.Connection[Any], purchase_days: pl.DataFrame, refunds: pl.DataFrame
) -> None:
    customers = customers_summarized(purchase_days, refunds)
    active = (
        purchase_days.join(customers.select(*KEY, "acquisition_month"), on=KEY)
        .with_columns(pl.col("purchase_date").dt.truncate("1mo").alias("period_month"))
        .group_by(COHORT)
        .agg(pl.col("customer_id").n_unique().alias("active_customer_count"))
    )
    expected = triangle(customers).join(active, on=COHORT, how="left").fill_null(0)
    actual = read(
        connection,
        "select merchant_id, acquisition_month, period_number, period_month, cohort_customer_count,"
        " active_customer_count, cast(retention_rate as double precision) as retention_rate"
        " from marts.cohort_retention",
    )
    rate = pl.col("active_customer_count") / pl.col("cohort_customer_count")
    assert actual.select((pl.col("retention_rate") - rate).abs().max()).item() <= 5e-7
    assert actual["retention_rate"].max() == 1
    same(actual.drop("retention_rate"), expected, COHORT)


def test_cohort_revenue(
    connection: psycopg.Connection[Any], orders: pl.DataFrame, purchase_days: pl.DataFrame, refunds: pl.DataFrame
) -> None:
    customers = customers_summarized(purchase_days, refunds).select(*KEY, "acquisition_month")
    gross = (
        orders.join(customers, on=KEY)
        .with_columns(pl.col("order_date").dt.truncate("1mo").alias("period_month"))
        .group_by(COHORT)
        .agg(pl.col("amount").sum().alias("gross_amount"))
    )
    back = (
        refunds.filter(pl.col("purchase_date").is_not_null())
        .join(customers, on=KEY)
        .with_columns(
            pl.max_horizontal(pl.col("refund_date").dt.truncate("1mo"), "acquisition_month").alias("period_month")
        )
        .group_by(COHORT)
        .agg(pl.col("amount").sum().alias("refund_amount"))
    )
    expected = (
        triangle(customers)
        .join(gross, on=COHORT, how="left")
        .join(back, on=COHORT, how="left")
        .fill_null(0)
        .with_columns((pl.col("gross_amount") - pl.col("refund_amount")).alias("net_amount"))
        .sort(COHORT)
        .with_columns(
            pl.col("net_amount").cum_sum().over("merchant_id", "acquisition_month").alias("cumulative_net_amount")
        )
    )
    per_customer = [
        int((Decimal(total) / size).quantize(Decimal(1), ROUND_HALF_UP))
        for total, size in expected.select("cumulative_net_amount", "cohort_customer_count").rows()
    ]
    actual = read(
        connection,
        "select merchant_id, acquisition_month, period_number, period_month, cohort_customer_count, gross_amount,"
        " refund_amount, net_amount, cumulative_net_amount, cumulative_net_per_customer_amount"
        " from marts.cohort_revenue",
    )
    assert actual["refund_amount"].sum() > 0
    same(actual, expected.with_columns(pl.Series("cumulative_net_per_customer_amount", per_customer)), COHORT)


def test_customers_and_what_is_published_of_them(
    connection: psycopg.Connection[Any], orders: pl.DataFrame, refunds: pl.DataFrame
) -> None:
    known = {(m.merchant_id, r["customer_id"]): r for m, rows in HISTORIES.items() for r in rows["customers"]}
    totals = orders.group_by(KEY).agg(
        pl.col("order_date").min().alias("first_order_date"),
        pl.col("order_date").max().alias("last_order_date"),
        pl.len().alias("order_count"),
        pl.col("amount").sum().alias("gross_amount"),
    )
    back = refunds.filter(pl.col("purchase_date").is_not_null()).group_by(KEY).agg(pl.col("amount").sum())
    returned = {(m, c): amount for m, c, amount in back.rows()}
    by_key = {(r["merchant_id"], r["customer_id"]): r for r in totals.to_dicts()}
    expected = []
    for key in by_key.keys() | known.keys():
        bought, person = by_key.get(key, {}), known.get(key, {})
        expected.append(
            {
                "merchant_id": key[0],
                "customer_id": key[1],
                "as_of_date": merchant_of(key[0]).as_of_date,
                "first_order_date": bought.get("first_order_date"),
                "last_order_date": bought.get("last_order_date"),
                "order_count": bought.get("order_count", 0),
                "gross_amount": bought.get("gross_amount", 0),
                "refund_amount": returned.get(key, 0),
                "net_amount": bought.get("gross_amount", 0) - returned.get(key, 0),
                "currency_code": merchant_of(key[0]).currency_code,
                "has_email": person.get("email") is not None,
                "has_email_consent": person.get("has_email_consent") is True,
            }
        )
    wanted = pl.DataFrame(expected, infer_schema_length=None)
    same(read(connection, f"select {', '.join(wanted.columns)} from marts.customer_360"), wanted, KEY)
    shared = [c for c in wanted.columns if c in {*KEY, "first_order_date", "last_order_date", "order_count"}]
    same(read(connection, f"select {', '.join(shared)} from marts.dim_customers"), wanted, KEY)


def merchant_of(merchant_id: str) -> Merchant:
    return next(m for m in MERCHANTS if m.merchant_id == merchant_id)
