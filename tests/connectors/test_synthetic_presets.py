import subprocess
import sys
from datetime import UTC, date, datetime

import polars as pl
import pytest
from synthetic_samples import tables, with_people

from connectors.sandbox.merchants import (
    Acquisition,
    Bots,
    Guests,
    Refunds,
    Resellers,
    SyntheticMerchant,
    SyntheticStore,
)
from connectors.sandbox.presets import PRESETS, preset_merchant
from connectors.sandbox.purchase_process import PurchaseParameters, RegimeChange, SpendParameters
from models.errors import MisconfiguredError


def test_a_bot_is_tiny_and_tireless_and_a_reseller_huge_and_regular() -> None:
    orders = with_people(tables(preset_merchant("bot_and_reseller", customer_count=500)))
    bot = orders.filter(pl.col("kind") == "bot")
    per_day = bot.group_by(pl.col("ordered_at").dt.date()).len()["len"]
    assert per_day.mean() == pytest.approx(300, rel=0.05)
    assert bot["amount"].max() <= 1
    resellers = orders.filter(pl.col("kind") == "reseller").sort("customer_id", "ordered_at")
    gaps = resellers.select(pl.col("ordered_at").diff().over("customer_id").dt.total_hours() / 24).to_series()
    assert resellers["customer_id"].n_unique() == 2
    assert gaps.drop_nulls().is_between(5.6, 8.4).all()
    consumers = orders.filter(pl.col("kind") == "regular")["amount"].cast(pl.Float64)
    assert resellers["amount"].cast(pl.Float64).mean() > 50 * consumers.mean()


def test_every_preset_shows_what_it_is_there_for() -> None:
    made = {name: tables(preset_merchant(name, customer_count=None if name == "tiny" else 1_500)) for name in PRESETS}
    assert made["tiny"]["truth"].height == 20
    assert (made["one_order_each"]["truth"]["order_count"] == 1).all()
    assert made["model_following"]["truth"]["order_count"].max() > 5
    assert made["refunds_and_guests"]["refunds"].height > 100
    assert set(made["two_currencies"]["orders"]["currency_code"]) == {"EUR", "JPY"}
    monthly = made["seasonal"]["orders"].group_by(pl.col("ordered_at").dt.month().alias("month")).len()
    by_month = dict(monthly.iter_rows())
    assert by_month[12] > 1.5 * by_month[7]
    halves = [
        made[name]["orders"].filter(pl.col("ordered_at") >= datetime(2024, 7, 1, tzinfo=UTC)).height
        for name in ("regime_change", "model_following")
    ]
    assert halves[0] < 0.85 * halves[1]


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("customer_count", lambda: SyntheticMerchant(customer_count=0)),
        ("seed", lambda: SyntheticMerchant(seed=-1)),
        ("ends_on", lambda: SyntheticMerchant(ends_on=date(2020, 1, 1))),
        ("time_zone", lambda: SyntheticMerchant(time_zone="Mars/Olympus")),
        ("currency_code", lambda: SyntheticMerchant(currency_code="EURO")),
        ("month_paces", lambda: SyntheticMerchant(month_paces=(1.0,) * 11)),
        ("month_paces", lambda: SyntheticMerchant(month_paces=(-1.0,) * 12)),
        ("stores", lambda: SyntheticMerchant(stores=(SyntheticStore(), SyntheticStore()))),
        ("stores.store_id", lambda: SyntheticStore("../elsewhere")),
        ("stores.exchange_rate", lambda: SyntheticStore(exchange_rate=0)),
        ("purchases.b", lambda: PurchaseParameters(1, 1, 1, float("nan"))),
        ("purchases.alpha_days", lambda: PurchaseParameters(100, 1, 1, 1)),
        ("spend.q", lambda: SpendParameters(1, 1, 1)),
        ("refunds.rate", lambda: Refunds(rate=1.1)),
        ("guests.rate", lambda: Guests(rate=-0.1)),
        ("regime_change.factor", lambda: RegimeChange(date(2024, 1, 1), -1)),
        ("bots.orders_per_day", lambda: Bots(1, orders_per_day=1e6)),
        ("resellers.interval_days", lambda: Resellers(1, interval_days=0)),
        ("acquisition.growth", lambda: Acquisition(growth=0)),
        ("preset", lambda: preset_merchant("unheard_of")),
    ],
)
def test_an_impossible_merchant_is_refused_by_the_name_of_its_field(key: str, make: object) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        make()  # type: ignore[operator]  # a lambda
    assert caught.value.key == key


@pytest.mark.slow
def test_memory_does_not_grow_with_customers() -> None:
    program = (
        "import resource, sys\n"
        "from connectors.sandbox.histories import generate\n"
        "from connectors.sandbox.presets import preset_merchant\n"
        "merchant = preset_merchant('refunds_and_guests', customer_count=int(sys.argv[1]))\n"
        "rows = sum(piece.rows.height for piece in generate(merchant, piece_rows=50_000) if piece.table == 'orders')\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )

    def run(customers: int) -> tuple[int, int]:
        done = subprocess.run(
            [sys.executable, "-c", program, str(customers)], check=True, capture_output=True, text=True, timeout=300
        )
        rows, peak = done.stdout.split()
        return int(rows), int(peak)

    few, many = run(30_000), run(300_000)
    assert many[0] > 9 * few[0]
    assert many[1] < 1.25 * few[1]
