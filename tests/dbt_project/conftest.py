"""What the dbt project's tests share."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from dbt_built import HISTORIES
from dbt_command import NOWHERE, Dbt
from dbt_frames import KEY, frame
from dbt_histories import MERCHANTS, eligible_lines, eligible_orders, eligible_refunds
from dbt_money import customer_days
from parsed_project import hand_out


@pytest.fixture(scope="module")
def dbt_on(tmp_path_factory: pytest.TempPathFactory, parsed_project: Path) -> Callable[[str], Dbt]:
    """dbt for the database of a URL, with the project parsed."""

    def dbt(url: str) -> Dbt:
        target = tmp_path_factory.mktemp("dbt")
        hand_out(parsed_project, target, url)
        return Dbt(url, target)

    return dbt


@pytest.fixture(scope="session")
def manifest(parsed_project: Path) -> dict[str, Any]:
    """The project as dbt parses it where there is no database at all."""
    return Dbt(NOWHERE, parsed_project).manifest()


@pytest.fixture(scope="module")
def connection(marts_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(marts_url) as found:
        yield found


@pytest.fixture(scope="module")
def orders() -> pl.DataFrame:
    return pl.concat([frame(eligible_orders(merchant, rows)) for merchant, rows in HISTORIES.items()])


@pytest.fixture(scope="module")
def purchase_days(orders: pl.DataFrame) -> pl.DataFrame:
    ignoring = [m.merchant_id for m in MERCHANTS if not m.counts_zero_amount_days]
    days = orders.group_by([*KEY, "order_date"]).agg(pl.len().alias("order_count"), pl.col("amount").sum())
    counted = days.filter((pl.col("amount") > 0) | ~pl.col("merchant_id").is_in(ignoring))
    assert 0 < counted.filter(pl.col("amount") == 0).height < days.filter(pl.col("amount") == 0).height
    return counted.rename({"order_date": "purchase_date"})


@pytest.fixture(scope="module")
def refunds(orders: pl.DataFrame, purchase_days: pl.DataFrame) -> pl.DataFrame:
    """Each refund that counts, with the purchase day that it takes back."""
    days: dict[tuple[str, str], list[Any]] = {}
    for merchant_id, customer_id, day in purchase_days.select(*KEY, "purchase_date").sort("purchase_date").rows():
        days.setdefault((merchant_id, customer_id), []).append(day)
    order_days = {(r["merchant_id"], r["store_id"], r["order_id"]): r["order_date"] for r in orders.to_dicts()}
    found = []
    for merchant, rows in HISTORIES.items():
        for refund in eligible_refunds(merchant, rows):
            known = days.get((merchant.merchant_id, refund["customer_id"]), [])
            own = order_days.get((merchant.merchant_id, refund["store_id"], refund["order_id"]))
            earlier = bisect_right(known, refund["refund_date"])
            day = own if own in known else (known[earlier - 1] if earlier else None)
            found.append({**refund, "purchase_date": day})
    assert any(r["purchase_date"] is None for r in found)
    return frame(iter(found))


@pytest.fixture(scope="module")
def days(orders: pl.DataFrame, purchase_days: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    """What customers did, day by day."""
    lines = pl.concat([frame(eligible_lines(merchant, rows)) for merchant, rows in HISTORIES.items()])
    return customer_days(orders, lines, purchase_days, refunds)
