"""CDNOW purchase days, read line by line from the files inside the lifetimes wheel, which is not imported."""

from datetime import date, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from ml.histories.purchase_summary import summarise_purchases

CALIBRATION_END = date(1997, 9, 30)  # Week 39: the customers were acquired in its first twelve weeks.
AS_OF = date(1998, 6, 30)


def _folder() -> Path:
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets"


@cache
def _purchase_days(name: str, customer: int, day: int, amount: int) -> pl.DataFrame:
    lines = [line.split() for line in (_folder() / name).read_text(encoding="ascii").splitlines()]
    rows = [line for line in lines if line and line[day].isdigit() and len(line[day]) == 8]
    return (
        pl.DataFrame(
            {
                "customer_id": [row[customer] for row in rows],
                "purchase_date": [datetime.strptime(row[day], "%Y%m%d").date() for row in rows],  # noqa: DTZ007  # a calendar date in the shop's own zone
                "amount": [row[amount] for row in rows],
            }
        )
        .with_columns(pl.col("amount").cast(pl.Decimal(18, 4)))
        .group_by("customer_id", "purchase_date")
        .agg(pl.col("amount").sum())
        .sort("customer_id", "purchase_date")
    )


def sample_purchase_days() -> pl.DataFrame:
    """The 1/10 sample of the published fits: 2,357 customers."""
    return _purchase_days("CDNOW_sample.txt", 1, 2, 4)


def all_purchase_days() -> pl.DataFrame:
    """The full file: 23,570 customers."""
    return _purchase_days("CDNOW_master.txt", 0, 1, 3)


def sample_calibration() -> pl.DataFrame:
    """The published calibration: the sample's first 39 weeks."""
    return summarise_purchases(sample_purchase_days(), None, as_of_date=CALIBRATION_END)


def sample_summary_table() -> pl.DataFrame:
    """The sample's spend as a summary table inside the wheel has it: number of repeat purchases and their mean."""
    lines = (_folder() / "cdnow_customers_summary_with_transactions.csv").read_text(encoding="ascii").splitlines()
    header, *rows = [line.split(",") for line in lines if line]
    x, mean = header.index("x"), header.index("zbar")
    return pl.DataFrame(
        {"spend_day_count": [int(row[x]) for row in rows], "monetary_value": [float(row[mean]) for row in rows]}
    ).with_columns(pl.when(pl.col("spend_day_count") > 0).then("monetary_value"))
