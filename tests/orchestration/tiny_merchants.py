"""Merchants with a dozen customers each, for tests of what is done with many of them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from ml.forecasts.forecasting import MerchantForecast
from ml.forecasts.settings import ForecastSettings
from orchestration.forecast_tasks import ForecastTask, software

AS_OF = date(2026, 1, 13)
REFUNDS = pl.DataFrame(
    schema={
        "customer_id": pl.String,
        "purchase_date": pl.Date,
        "refund_date": pl.Date,
        "amount": pl.Decimal(18, 4),
    }
)
HISTORY = sa.MetaData(schema="intermediate")
DAYS = sa.Table(
    "int_purchase_days_aggregated",
    HISTORY,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
    sa.Column("purchase_date", sa.Date),
    sa.Column("amount", sa.Numeric(18, 4)),
)
sa.Table(
    "int_refunds_attributed",
    HISTORY,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
    *(sa.Column(name, sa.Date) for name in ("purchase_date", "refund_date")),
    sa.Column("amount", sa.Numeric(18, 4)),
)

sa.Table(
    "int_first_orders_described",
    HISTORY,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id", "channel", "country_code")),
    sa.Column("purchase_date", sa.Date),
    sa.Column("has_discount", sa.Boolean),
)


def tiny_history(seed: int, *, customers: int = 12) -> pl.DataFrame:
    """A dozen customers of the last days, too few of both for a backtest."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"customer-{number}", AS_OF - timedelta(days=int(ago)), Decimal(int(cents)) / 100)
        for number in range(customers)
        for ago, cents in zip(
            rng.choice(np.arange(1, 12), size=rng.integers(1, 5), replace=False),
            rng.integers(500, 9_000, 5),
            strict=False,
        )
    ]
    schema = {"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Decimal(18, 4)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def task(seed: int = 1, **changes: Any) -> ForecastTask:
    settings = ForecastSettings(f"m{seed}", AS_OF, has_challengers=False)
    return replace(ForecastTask(tiny_history(seed), REFUNDS, settings, software()), **changes)


def assert_same_bits(ours: MerchantForecast, theirs: MerchantForecast) -> None:
    for name, value in vars(ours).items():
        other = getattr(theirs, name)
        if isinstance(value, pl.DataFrame):
            assert_frame_equal(value, other, check_exact=True)
        else:
            assert value == other, name
