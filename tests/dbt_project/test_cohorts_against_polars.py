"""Cohorts and their payback, held against the same numbers worked out by Polars and plain Python from the raw rows."""

from datetime import date
from typing import Any

import polars as pl
import psycopg
import pytest
from dbt_built import HISTORIES
from dbt_cohorts import COHORT, acquisition_costs, cohort_periods, first_channel, first_orders, first_product, named
from dbt_frames import KEY, cents, read, same
from dbt_histories import MERCHANTS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def periods(days: pl.DataFrame) -> pl.DataFrame:
    members = []
    for merchant, rows in HISTORIES.items():
        mine = days.filter(pl.col("merchant_id") == merchant.merchant_id, pl.col("first_purchase_date").is_not_null())
        firsts = first_orders(merchant, rows, mine)
        assert firsts.keys() == set(mine["customer_id"])
        told = {
            "product": {customer: first_product(rows, order) for customer, order in firsts.items()},
            "channel": {customer: first_channel(order) for customer, order in firsts.items()},
            "country": dict.fromkeys(firsts, "unknown"),
            "all": dict.fromkeys(firsts, "all"),
        }
        for dimension, values in told.items():
            names = named(list(values.values()))
            members += [(merchant.merchant_id, c, dimension, names[value]) for c, value in values.items()]
    found = pl.DataFrame(members, schema=[*KEY, "dimension_name", "dimension_value"], orient="row")
    return cohort_periods(days, found, {m.merchant_id: m.as_of_date for m in MERCHANTS})


def test_cohorts_of_every_length_and_dimension(connection: psycopg.Connection[Any], periods: pl.DataFrame) -> None:
    assert set(periods["cohort_grain"]) == {"week", "month", "quarter"}
    assert {"search", "web", "social", "unknown", "P1"} <= set(periods["dimension_value"])
    where = "dimension_name in ('all', 'channel', 'country', 'product')"
    actual = read(connection, f"select {', '.join(periods.columns)} from marts.cohort_periods where {where}")
    same(actual, periods, [*COHORT, "period_number"])


def test_what_customers_cost_and_when_they_paid_it_back(
    connection: psycopg.Connection[Any], periods: pl.DataFrame
) -> None:
    spend: dict[tuple[str, date, str], int] = {}
    for merchant, rows in HISTORIES.items():
        for row in rows["marketing_spend"]:
            if row["spend_date"] <= merchant.as_of_date:
                key = merchant.merchant_id, row["spend_date"].replace(day=1), row["channel"]
                amount = cents(merchant.converted(row["amount"], row["currency_code"], row["spend_date"]))
                spend[key] = spend.get(key, 0) + amount
    expected = pl.DataFrame(list(acquisition_costs(periods, spend)), infer_schema_length=None)
    assert set(expected["cost_basis"]) == {"known", "no_spend", "no_customers"}
    assert {0, 1} <= set(expected["revenue_payback_months"])
    key = ["merchant_id", "dimension_name", "dimension_value", "acquisition_month"]
    same(read(connection, f"select {', '.join(expected.columns)} from marts.cohort_value_to_cost"), expected, key)
    costs = read(connection, "select * from marts.cohort_acquisition_costs")
    same(costs.select(*key, "cost_basis", "acquisition_cost_amount"), expected, key)
