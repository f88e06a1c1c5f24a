"""Cohorts, held against the same numbers worked out by Polars and plain Python from the raw rows."""

from typing import Any

import polars as pl
import psycopg
import pytest
from dbt_built import HISTORIES
from dbt_cohorts import COHORT, cohort_periods, first_products, named
from dbt_frames import KEY, read, same
from dbt_histories import MERCHANTS

pytestmark = pytest.mark.slow


def test_cohorts_of_every_length_and_dimension(connection: psycopg.Connection[Any], days: pl.DataFrame) -> None:
    members = []
    for merchant, rows in HISTORIES.items():
        mine = days.filter(pl.col("merchant_id") == merchant.merchant_id, pl.col("first_purchase_date").is_not_null())
        products = first_products(merchant, rows, mine)
        customers = sorted(set(mine["customer_id"]))
        names = named([products.get(customer, "unknown") for customer in customers])
        for customer in customers:
            product = names[products.get(customer, "unknown")]
            members += [(merchant.merchant_id, customer, "all", "all")]
            members += [(merchant.merchant_id, customer, "product", product)]
            members += [(merchant.merchant_id, customer, "country", "unknown")]
    told = pl.DataFrame(members, schema=[*KEY, "dimension_name", "dimension_value"], orient="row")
    expected = cohort_periods(days, told, {m.merchant_id: m.as_of_date for m in MERCHANTS})
    assert expected["dimension_value"].n_unique() > 5
    columns = ", ".join(expected.columns)
    where = "dimension_name in ('all', 'product', 'country')"
    actual = read(connection, f"select {columns} from marts.cohort_periods where {where}")
    same(actual, expected, [*COHORT, "period_number"])
