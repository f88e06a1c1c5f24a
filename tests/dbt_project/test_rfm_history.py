"""What is recorded of scores and segments: a night that runs again changes nothing, an earlier one rewrites nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from dbt_histories import MERCHANTS, fill, raw_rows
from standing_project import without_views

pytestmark = pytest.mark.slow

MERCHANT = MERCHANTS[1]
NIGHT = MERCHANT.as_of_date - timedelta(days=60)
LATER = NIGHT + timedelta(days=40)
ADD_UP = ("test", "--select", "rfm_transitions", "rfm_history", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def dbt(standing_warehouse_url: str, dbt_on: Callable[[str], Dbt]) -> Dbt:
    fill(standing_warehouse_url, {MERCHANT: raw_rows(MERCHANT, customers=40, seed=5)})
    return dbt_on(standing_warehouse_url)


@pytest.fixture(scope="module")
def night(standing_warehouse_url: str, dbt: Dbt) -> Callable[[date], list[tuple[Any, ...]]]:
    """Run the models as of a day, the views left as they stand; returns what is recorded then."""
    url = standing_warehouse_url
    tables = ("--select", "+rfm_transitions", *without_views(dbt))

    def run(as_of: date) -> list[tuple[Any, ...]]:
        with psycopg.connect(url) as connection:
            connection.execute("update ops.merchants set as_of_date = %s", (as_of,))
        dbt("run", *tables)
        return rows(url, "select * from marts.rfm_history order by customer_id, changed_date")

    return run


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values)


def test_nights_are_recorded_and_none_twice(
    standing_warehouse_url: str, dbt: Dbt, night: Callable[[date], list[tuple[Any, ...]]]
) -> None:
    url = standing_warehouse_url
    first = night(NIGHT)
    buyers = rows(url, "select count(*) from marts.customer_rfm")[0][0]
    assert {row[2] for row in first} == {NIGHT}
    assert len(first) == buyers > 20
    assert night(NIGHT) == first

    # Later customers are added, and those whose scores or segments are as they were are not recorded again.
    second = night(LATER)
    assert [row for row in second if row[2] == NIGHT] == first
    assert {row[2] for row in second} == {NIGHT, LATER}
    assert {row[1] for row in first} - {row[1] for row in second if row[2] == LATER}
    for customer in {row[1] for row in second}:
        states = [row[3:] for row in second if row[1] == customer]
        assert all(one != other for one, other in pairwise(states))
    newest = {row[1]: row[3:] for row in second}
    columns = (
        "customer_id, recency_score, frequency_score, monetary_score, rfm_segment, weighted_frequency_score,"
        " weighted_monetary_score, weighted_rfm_segment"
    )
    published = rows(url, f"select {columns} from marts.customer_360 where rfm_segment is not null")
    assert newest == {row[0]: row[1:] for row in published}
    adds_up = dbt(*ADD_UP)
    assert adds_up["assert_rfm_transitions_add_up"] == "pass"
    stayed = rows(url, "select sum(customer_count) from marts.rfm_transitions where from_segment = to_segment")
    assert stayed[0][0] > 0

    # Somebody runs the earlier night again: what later nights recorded stands, and nothing is added to it.
    assert night(NIGHT) == second

    # The newest night runs again after a mistake was mended: it is as if the mistake had never been.
    gone = newest_of(second, LATER)
    execute(url, "update raw_files.orders set is_deleted = true where customer_id = %s", gone)
    execute(url, "delete from raw_files.order_lines where customer_id = %s", gone)
    mistaken = night(LATER)
    assert mistaken != second
    assert [row[3:] for row in mistaken if row[1] == gone][-1] == (None,) * 7
    assert [row for row in mistaken if row[2] == NIGHT] == first
    assert set(dbt(*ADD_UP).values()) == {"pass"}


def newest_of(recorded: list[tuple[Any, ...]], day: date) -> str:
    """A customer recorded on the day who had been recorded before."""
    earlier = {row[1] for row in recorded if row[2] < day}
    return next(str(row[1]) for row in recorded if row[2] == day and row[1] in earlier)
