"""What is remembered of customers: a night that runs again changes nothing, and no earlier night is rewritten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from dbt_histories import MERCHANTS, fill, raw_rows
from standing_project import without_views

pytestmark = pytest.mark.slow

MERCHANT = MERCHANTS[1]
NIGHT = MERCHANT.as_of_date
EVERYTHING = ("run", "--select", "+dim_customers_history")
# What of a night's tables the history is made of; those before them stay as the first night made them.
NIGHTLY = ("run", "--select", "dim_customers", "customer_rfm", "customer_states", "dim_customers_history")


@pytest.fixture(scope="module")
def dbt(standing_warehouse_url: str, dbt_on: Callable[[str], Dbt]) -> Dbt:
    fill(standing_warehouse_url, {MERCHANT: raw_rows(MERCHANT, customers=25, seed=5)})
    return dbt_on(standing_warehouse_url)


def history(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        query = (
            "select customer_id, valid_from_date, valid_to_date, is_current, has_email_consent, country_code"
            ", rfm_segment from marts.dim_customers_history order by 1, 2"
        )
        return connection.execute(query.encode()).fetchall()


def change(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values)


def test_nights_are_remembered_and_none_twice(standing_warehouse_url: str, dbt: Dbt) -> None:
    url = standing_warehouse_url
    dbt(*EVERYTHING, *without_views(dbt))
    first = history(url)
    assert {row[1] for row in first} == {NIGHT}
    assert {row[3] for row in first} == {True}
    assert len(first) > 20
    dbt(*NIGHTLY)
    assert history(url) == first

    # The next night one customer withdraws, and the others are as they were.
    agreed = next(row[0] for row in first if row[4])
    change(url, "update ops.merchants set as_of_date = %s", NIGHT + timedelta(days=1))
    change(url, "update raw_files.customers set has_email_consent = false where customer_id = %s", agreed)
    dbt(*NIGHTLY)
    second = history(url)
    own = [row[1:5] for row in second if row[0] == agreed]
    assert own == [
        (NIGHT, NIGHT + timedelta(days=1), False, True),
        (NIGHT + timedelta(days=1), None, True, False),
    ]
    assert {row[:2] for row in first} < {row[:2] for row in second}
    unchanged = {row[0] for row in first} - {row[0] for row in second if row[1] > NIGHT}
    assert [row for row in second if row[0] in unchanged] == [row for row in first if row[0] in unchanged]
    assert unchanged

    # Somebody looks at the night before: what it recorded, and what stands on it, is as it was.
    change(url, "update ops.merchants set as_of_date = %s", NIGHT)
    dbt(*NIGHTLY)
    assert history(url) == second

    # It was a mistake, and the same night runs again: as if it had never been.
    change(url, "update ops.merchants set as_of_date = %s", NIGHT + timedelta(days=1))
    change(url, "update raw_files.customers set has_email_consent = true where customer_id = %s", agreed)
    dbt(*NIGHTLY)
    assert [row[1:5] for row in history(url) if row[0] == agreed] == [row[1:5] for row in first if row[0] == agreed]

    # Somebody looks at an earlier day: it is not remembered, and nothing is forgotten.
    before = history(url)
    change(url, "update ops.merchants set as_of_date = %s", NIGHT - timedelta(days=200))
    dbt(*NIGHTLY)
    assert history(url) == before
