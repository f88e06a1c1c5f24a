"""A synthetic merchant's calendar, currencies and stores, in the form that arrays need.

Must not draw anything at random: equal arguments, equal rows.
"""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox.draws import Floats
from connectors.sandbox.merchants import SyntheticMerchant
from connectors.sandbox.purchase_process import Integers, PurchaseClock
from connectors.sandbox.tables import MONEY, SCHEMAS, TIMESTAMP

_LARGEST_AMOUNT: Final = 10**12
_MICROSECONDS: Final = 1_000_000


class Shop:
    """One merchant's calendar, currencies and stores."""

    def __init__(self, merchant: SyntheticMerchant) -> None:
        self.merchant = merchant
        stores = merchant.stores
        self.store_ids = pl.Series([store.store_id for store in stores], dtype=pl.String)
        self.currencies = pl.Series([store.currency_code for store in stores], dtype=pl.String)
        self.digits = np.array([MINOR_DIGITS[store.currency_code] for store in stores], dtype=np.int64)
        self.rates = np.array([store.exchange_rate for store in stores])
        self.shares = np.array([store.share for store in stores]) / sum(store.share for store in stores)

    @cached_property
    def start(self) -> datetime:
        """The first local midnight, in UTC."""
        return self._midnight(self.merchant.starts_on)

    @cached_property
    def window_days(self) -> float:
        """From the first local midnight to the one after the last day; a day of clock changes is not 24 hours."""
        return self._days(self.merchant.ends_on + timedelta(days=1))

    @cached_property
    def clock(self) -> PurchaseClock:
        """The merchant's pace of purchases: by month, and by regime."""
        merchant, after = self.merchant, self.merchant.ends_on + timedelta(days=1)
        change = merchant.regime_change
        starts = {merchant.starts_on}
        month = merchant.starts_on.replace(day=1)
        while month < after:
            starts.add(month)
            month = (month + timedelta(days=32)).replace(day=1)
        if change is not None:
            starts.add(change.starts_on)
        days = sorted(day for day in starts if merchant.starts_on <= day < after)
        paces = [
            merchant.month_paces[day.month - 1] * (change.factor if change and day >= change.starts_on else 1.0)
            for day in days
        ]
        return PurchaseClock.from_paces([*(self._days(day) for day in days), self.window_days], paces)

    @property
    def expected_orders(self) -> float:
        """No fewer orders than the mean customer places."""
        purchases = self.merchant.purchases
        return 1.0 + purchases.r / purchases.alpha_days * float(self.clock.operational_days[-1])

    def _midnight(self, day: date) -> datetime:
        local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.merchant.time_zone))
        return local.astimezone(ZoneInfo("UTC"))

    def _days(self, day: date) -> float:
        return (self._midnight(day) - self.start).total_seconds() / 86_400

    def timestamps(self, days: Floats) -> pl.Series:
        """Points in time, in whole seconds and UTC; null for what is not finite."""
        seconds = np.floor(np.where(np.isfinite(days), days, 0.0) * 86_400).astype(np.int64)
        moments = pl.Series(seconds * _MICROSECONDS + int(self.start.timestamp()) * _MICROSECONDS)
        known = pl.Series(np.isfinite(days))
        return moments.set(~known, None).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")

    def minor_units(self, amounts: Floats, stores: Integers) -> Integers:
        """Amounts of the merchant's currency in the smallest units of each store's, at least one."""
        local = np.clip(amounts / self.rates[stores], 0.0, _LARGEST_AMOUNT)
        units: Integers = np.maximum(np.rint(local * 10.0 ** self.digits[stores]), 1.0).astype(np.int64)
        return units

    def money(self, minor_units: Integers, stores: Integers) -> pl.Series:
        """Smallest units of each store's currency as exact decimals."""
        ten_thousandths = pl.Series(minor_units * 10 ** (4 - self.digits[stores]))
        return (ten_thousandths.cast(pl.Decimal(38, 4)) * pl.Series(["0.0001"]).cast(pl.Decimal(38, 4))).cast(MONEY)

    def acquired_at_days(self, acquisition: Floats) -> Floats:
        """When customers at these places of the acquisition curve come, in days since the start."""
        curve = self.merchant.acquisition
        days = min(float(curve.days or self.window_days), self.window_days)
        if abs(curve.growth - 1.0) > 1e-9:
            acquisition = np.log1p(acquisition * (curve.growth - 1.0)) / np.log(curve.growth)
        return np.minimum(acquisition * days, np.nextafter(days, 0.0))

    def order_rows(
        self,
        *,
        order_ids: pl.Series,
        customer_ids: pl.Series,
        emails: pl.Series,
        at_days: Floats,
        units: Integers,
        stores: Integers,
        quantities: Integers,
        channels: pl.Series,
    ) -> pl.DataFrame:
        """Orders in their schema, none of them refunded."""
        store = pl.Series(stores)
        return pl.DataFrame(
            {
                "order_id": order_ids,
                "customer_id": customer_ids,
                "ordered_at": self.timestamps(at_days),
                "amount": self.money(units, stores),
                "currency_code": self.currencies.gather(store),
                "store_id": self.store_ids.gather(store),
                "quantity": quantities,
                "channel": channels,
                "email": emails,
                "refunded_amount": pl.Series([None], dtype=MONEY).new_from_index(0, len(order_ids)),
                "refunded_at": pl.Series([None], dtype=TIMESTAMP).new_from_index(0, len(order_ids)),
            },
            schema=SCHEMAS["orders"],
        )


def padded(numbers: pl.Expr | pl.Series, width: int) -> pl.Expr:
    """Numbers as text with leading zeros, so that ids sort as their numbers do."""
    expression = pl.lit(numbers) if isinstance(numbers, pl.Series) else numbers
    return expression.cast(pl.String).str.zfill(width)
