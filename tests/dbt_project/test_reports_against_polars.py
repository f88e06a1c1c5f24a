"""Products and reports, held against the same numbers worked out by Polars and plain Python from the raw rows."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any

import polars as pl
import psycopg
import pytest
from dbt_built import HISTORIES
from dbt_command import Dbt
from dbt_customers import quintile
from dbt_frames import KEY, frame, read, same
from dbt_histories import MERCHANTS, eligible_lines

pytestmark = pytest.mark.slow
Connection = psycopg.Connection[Any]
PRODUCT = ["merchant_id", "store_id", "product_id"]


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    return pl.concat([frame(eligible_lines(merchant, rows)) for merchant, rows in HISTORIES.items()])


def rounded(part: int, whole: int) -> int | None:
    """A rate in millionths, halves away from zero, as PostgreSQL rounds; None where there is no whole."""
    return int(Fraction(part * 10**6, whole) + Fraction(1, 2)) if whole else None


def test_products_by_how_recently_how_often_and_for_how_much(connection: Connection, lines: pl.DataFrame) -> None:
    sold = (
        lines.filter(pl.col("product_id").is_not_null())
        .group_by(PRODUCT)
        .agg(
            pl.col("order_date").max().alias("last_sold_date"),
            pl.col("order_id").n_unique().alias("order_count"),
            pl.col("customer_id").n_unique().alias("buyer_count"),
            pl.col("net_amount").sum(),
        )
        .sort(PRODUCT)
    )
    again = (
        lines.filter(pl.col("product_id").is_not_null())
        .group_by([*PRODUCT, "customer_id"])
        .agg(pl.col("order_date").n_unique().alias("days"))
        .group_by(PRODUCT)
        .agg((pl.col("days") > 1).sum().alias("repeat_buyer_count"))
    )
    scores = {"recency": "last_sold_date", "frequency": "order_count", "monetary": "net_amount"}
    expected = pl.concat(
        mine.with_columns(
            pl.Series(f"{score}_score", quintile(mine[column].to_list())) for score, column in scores.items()
        )
        for mine in sold.partition_by("merchant_id")
    )
    columns = [c for c in expected.columns if c != "repeat_buyer_count"]
    same(read(connection, f"select {', '.join(columns)} from marts.product_rfm"), expected, PRODUCT)
    counted = read(connection, f"select {', '.join([*PRODUCT, 'repeat_buyer_count'])} from marts.product_sales")
    same(counted, again, PRODUCT)


def test_what_goes_together(connection: Connection, lines: pl.DataFrame) -> None:
    baskets: dict[tuple[str, str, str], set[str]] = {}
    for merchant_id, store_id, order_id, product_id in lines.select(
        "merchant_id", "store_id", "order_id", "product_id"
    ).rows():
        if product_id is not None:
            baskets.setdefault((merchant_id, store_id, order_id), set()).add(product_id)
    of_store = Counter((m, s) for m, s, _ in baskets)
    of_product = Counter((m, s, product) for (m, s, _), products in baskets.items() for product in products)
    of_pair = Counter((m, s, *pair) for (m, s, _), products in baskets.items() for pair in permutations(products, 2))
    expected = [
        {
            "merchant_id": m,
            "store_id": s,
            "product_id": one,
            "other_product_id": other,
            "basket_count": of_store[m, s],
            "pair_order_count": together,
            "confidence_rate": rounded(together, of_product[m, s, one]),
            "pair_lift": rounded(together * of_store[m, s], of_product[m, s, one] * of_product[m, s, other]),
        }
        for (m, s, one, other), together in of_pair.items()
        if together >= 2
    ]
    wanted = pl.DataFrame(expected)
    actual = read(
        connection,
        "select merchant_id, store_id, product_id, other_product_id, basket_count, pair_order_count,"
        " cast(confidence_rate * 1000000 as bigint) as confidence_rate,"
        " cast(pair_lift * 1000000 as bigint) as pair_lift from marts.product_pairs",
    )
    same(actual, wanted, [*PRODUCT, "other_product_id"])


def test_what_each_customer_prefers(connection: Connection, lines: pl.DataFrame) -> None:
    named = {
        (m.merchant_id, r["store_id"], r["product_id"]): "Things"
        for m, rows in HISTORIES.items()
        for r in rows["products"]
    }
    category = [named.get(key, "uncategorized") for key in lines.select(PRODUCT).rows()]
    bought = lines.with_columns(pl.Series("category_name", category))
    order = pl.struct("store_id", "order_id").n_unique().alias("order_count")
    spent = pl.col("net_amount").sum().alias("sales_amount")
    expected = bought.group_by([*KEY, "category_name"]).agg(order, spent)
    ranked = expected.sort("sales_amount", "order_count", descending=True).sort("category_name")
    ranked = ranked.sort(["sales_amount", "order_count"], descending=True, maintain_order=True)
    top = {
        (m, c): name
        for m, c, name in ranked.unique(KEY, keep="first", maintain_order=True).select(*KEY, "category_name").rows()
    }
    by_customer = {(m, c): n for m, c, n in bought.group_by(KEY).agg(spent).select(*KEY, "sales_amount").rows()}
    everybody = dict(bought.group_by("merchant_id").agg(spent).rows())
    of_category = {(m, c): n for m, c, n in bought.group_by("merchant_id", "category_name").agg(spent).rows()}
    wanted = []
    for row in expected.to_dicts():
        merchant_id, customer = row["merchant_id"], (row["merchant_id"], row["customer_id"])
        general = of_category[merchant_id, row["category_name"]]
        wanted.append(
            {
                **row,
                "sales_rate": rounded(row["sales_amount"], by_customer[customer]),
                "merchant_sales_rate": rounded(general, everybody[merchant_id]),
                "is_top_category": top[customer] == row["category_name"],
            }
        )
    actual = read(
        connection,
        "select merchant_id, customer_id, category_name, order_count, sales_amount,"
        " cast(sales_rate * 1000000 as bigint) as sales_rate,"
        " cast(merchant_sales_rate * 1000000 as bigint) as merchant_sales_rate, is_top_category"
        " from marts.customer_category_affinity",
    )
    same(actual, pl.DataFrame(wanted, infer_schema_length=None), [*KEY, "category_name"])
    lifts = read(
        connection,
        "select cast(sales_lift as double precision) as sales_lift, cast(sales_rate as double precision) as rate,"
        " cast(merchant_sales_rate as double precision) as everybody"
        " from marts.customer_category_affinity where sales_lift is not null",
    )
    assert lifts.select((pl.col("sales_lift") - pl.col("rate") / pl.col("everybody")).abs().max()).item() < 1e-4


def test_revenue_by_day(connection: Connection, orders: pl.DataFrame, refunds: pl.DataFrame) -> None:
    first = orders.group_by(KEY).agg(pl.col("order_date").min().alias("first_date"))
    day = ["merchant_id", "revenue_date"]
    sold = (
        orders.join(first, on=KEY)
        .rename({"order_date": "revenue_date"})
        .group_by(day)
        .agg(
            pl.len().alias("order_count"),
            pl.col("amount").sum().alias("gross_amount"),
            pl.col("customer_id")
            .filter(pl.col("revenue_date") == pl.col("first_date"))
            .n_unique()
            .alias("first_order_count"),
        )
    )
    back = (
        refunds.rename({"refund_date": "revenue_date"}).group_by(day).agg(pl.col("amount").sum().alias("refund_amount"))
    )
    expected = sold.join(back, on=day, how="full", coalesce=True).fill_null(0)
    expected = expected.with_columns(net_amount=pl.col("gross_amount") - pl.col("refund_amount"))
    actual = read(
        connection,
        "select merchant_id, revenue_date, cast(sum(order_count) as bigint) as order_count,"
        " sum(gross_amount) as gross_amount, cast(sum(first_order_count) as bigint) as first_order_count,"
        " sum(refund_amount) as refund_amount, sum(net_amount) as net_amount"
        " from marts.report_daily_revenue group by merchant_id, revenue_date",
    )
    same(actual, expected, day)


def test_new_and_returning_customers(connection: Connection, purchase_days: pl.DataFrame) -> None:
    days = purchase_days.sort("purchase_date").with_columns(
        pl.col("purchase_date").dt.truncate("1mo").alias("period_month"),
        pl.int_range(pl.len()).over(KEY).alias("earlier"),
    )
    month = ["merchant_id", "period_month"]
    of_month = days.group_by(month).agg(
        pl.col("customer_id").n_unique().alias("buyer_count"),
        (pl.col("earlier") == 0).sum().alias("new_customer_count"),
        (pl.col("earlier") == 1).sum().alias("second"),
    )
    expected = of_month.sort(month).with_columns(
        pl.col("new_customer_count").cum_sum().over("merchant_id").alias("customer_to_date_count"),
        pl.col("second").cum_sum().over("merchant_id").alias("repeat_customer_to_date_count"),
    )
    columns = [c for c in expected.columns if c != "second"]
    same(
        read(connection, f"select {', '.join(columns)} from marts.report_monthly_customers where buyer_count > 0"),
        expected,
        month,
    )
    complete = read(
        connection, "select merchant_id, period_month, is_complete_period from marts.report_monthly_customers"
    )
    for merchant in MERCHANTS:
        mine = complete.filter(pl.col("merchant_id") == merchant.merchant_id).sort("period_month")
        assert mine["is_complete_period"][:-1].all()
        ends = (merchant.as_of_date + timedelta(days=1)).day == 1
        assert mine["is_complete_period"][-1] == ends, merchant.merchant_id


def test_times_between_purchases(connection: Connection, purchase_days: pl.DataFrame) -> None:
    days: dict[tuple[str, str], list[date]] = {}
    for merchant_id, customer_id, day in purchase_days.select(*KEY, "purchase_date").sort("purchase_date").rows():
        days.setdefault((merchant_id, customer_id), []).append(day)
    found = Counter((key[0], (after - before).days) for key, mine in days.items() for before, after in pairwise(mine))
    actual = read(connection, "select merchant_id, interval_days, interval_count from marts.report_purchase_intervals")
    assert {(m, d): n for m, d, n in actual.rows()} == found
    last = read(
        connection,
        "select merchant_id, max(cumulative_rate) as cumulative_rate"
        " from marts.report_purchase_intervals group by merchant_id",
    )
    assert set(last["cumulative_rate"]) == {10_000}


def test_how_much_the_best_customers_bring(connection: Connection, orders: pl.DataFrame, refunds: pl.DataFrame) -> None:
    gross = orders.group_by(KEY).agg(pl.col("amount").sum())
    back = refunds.filter(pl.col("purchase_date").is_not_null()).group_by(KEY).agg(pl.col("amount").sum().alias("back"))
    net = gross.join(back, on=KEY, how="left").fill_null(0).with_columns(net=pl.col("amount") - pl.col("back"))
    actual = read(
        connection,
        "select merchant_id, decile, customer_count, net_amount,"
        " cast(gini_coefficient as double precision) as gini_coefficient from marts.report_customer_concentration",
    )
    for merchant in MERCHANTS:
        mine = sorted(net.filter(pl.col("merchant_id") == merchant.merchant_id)["net"], reverse=True)
        said = actual.filter(pl.col("merchant_id") == merchant.merchant_id).sort("decile")
        assert said["decile"].to_list() == list(range(1, min(10, len(mine)) + 1))
        start = 0
        for size, amount in said.select("customer_count", "net_amount").rows():
            assert abs(size - len(mine) / 10) < 1
            assert amount == sum(mine[start : start + size])
            start += size
        # The mean distance of two customers over twice the mean: another formula for the same number.
        spend = [max(amount, 0) for amount in mine]
        distances = sum(abs(one - other) for one in spend for other in spend)
        assert said["gini_coefficient"][0] == pytest.approx(distances / (2 * len(spend) * sum(spend)), abs=1e-6)


def test_key_numbers_as_of_any_day(
    connection: Connection, orders: pl.DataFrame, purchase_days: pl.DataFrame, refunds: pl.DataFrame
) -> None:
    for merchant in MERCHANTS:
        for days_ago in (0, 1, 45, 200, 400):
            day = merchant.as_of_date - timedelta(days=days_ago)
            own = pl.col("merchant_id") == merchant.merchant_id
            placed = orders.filter(own, pl.col("order_date") <= day)
            back = refunds.filter(own, pl.col("refund_date") <= day, pl.col("purchase_date").is_not_null())
            often = purchase_days.filter(own, pl.col("purchase_date") <= day).group_by(KEY).len()
            actual = connection.execute(
                b"select customer_count, repeat_customer_count, order_count, gross_amount, refund_amount"
                b" from marts.report_as_of where merchant_id = %s and as_of_date = %s",
                (merchant.merchant_id, day),
            ).fetchone()
            expected = (
                placed["customer_id"].n_unique(),
                often.filter(pl.col("len") > 1).height,
                placed.height,
                placed["amount"].sum(),
                back["amount"].sum(),
            )
            if actual is None:
                assert placed.is_empty()
            else:
                assert (*actual[:3], int(actual[3] * 10**4), int(actual[4] * 10**4)) == expected


def test_what_was_published_is_what_is_recorded(connection: Connection) -> None:
    said = read(
        connection,
        "select merchant_id, revision_amount, recorded_order_count - order_count as late_order_count,"
        " recorded_customer_count - customer_count as late_customer_count from marts.report_as_of_revisions",
    )
    assert {m.merchant_id for m in MERCHANTS} == set(said["merchant_id"])
    assert said.drop("merchant_id").sum().row(0) == (0, 0, 0)


def test_what_comes_late_revises_a_night_and_leaves_its_record(
    connection: Connection, marts_url: str, dbt_on: Callable[[str], Dbt]
) -> None:
    """Last of the module, for it changes the tables."""
    merchant = MERCHANTS[0]
    dbt = dbt_on(marts_url)
    recorded = "select * from marts.report_as_of_recorded where merchant_id = 'books' order by as_of_date"
    night = connection.execute(recorded.encode()).fetchall()
    connection.commit()

    def run(as_of: date) -> list[tuple[Any, ...]]:
        with psycopg.connect(marts_url) as changed:
            for table in ("ops.merchants", "marts.customer_360"):
                statement = f"update {table} set as_of_date = %s where merchant_id = 'books'"
                changed.execute(statement.encode(), (as_of,))
        dbt("run", "--select", "report_as_of", "report_as_of_recorded", "report_as_of_revisions")
        found = connection.execute(recorded.encode()).fetchall()
        connection.commit()
        return found

    with psycopg.connect(marts_url) as changed:
        # A refund of three that is dated back to the day before the night.
        changed.execute(
            b"update marts.fct_customer_days set refund_amount = refund_amount + 3, net_amount = net_amount - 3"
            b" where ctid = (select ctid from marts.fct_customer_days where merchant_id = 'books'"
            b" and activity_date < %s order by activity_date desc limit 1)",
            (merchant.as_of_date,),
        )
        changed.execute(
            b"update marts.customer_360 set refund_amount = refund_amount + 3, net_amount = net_amount - 3"
            b" where ctid = (select ctid from marts.customer_360 where merchant_id = 'books' limit 1)"
        )
    second = run(merchant.as_of_date + timedelta(days=1))
    assert second[:1] == night
    assert len(second) == 2
    query = "select as_of_date, revision_amount from marts.report_as_of_revisions where merchant_id = 'books'"
    revisions = read(connection, query)
    assert dict(revisions.rows()) == {merchant.as_of_date: -30_000, merchant.as_of_date + timedelta(days=1): 0}
    connection.commit()
    # The earlier night again, with what is known now: what was known then stays.
    assert run(merchant.as_of_date) == second
