"""Which days are unusual: the tables against a second computation, and how often that computation is right.

The second computation shares nothing with dbt but the rule. The tables are held to it row by row on a few merchants;
how rarely a healthy store is called unusual, and how soon a broken one, is shown with it on years of made-up days.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from dbt_command import Dbt

from connectors.sandbox.histories import generate
from connectors.sandbox.presets import preset_merchant

Floats = npt.NDArray[np.float64]
AS_OF = date(2024, 11, 29)
LINES = {"orders": 3.5, "revenue": 4.0, "refunds": 4.0}
WINDOWS = {"orders": (1, 2, 7), "revenue": (1, 2, 7), "refunds": (1,)}


def rooted(numbers: Floats) -> Floats:
    raised = numbers + 0.375
    return np.asarray(2 * np.sign(raised) * np.sqrt(np.abs(raised)))


def earlier(numbers: Floats, days: int) -> Floats:
    return np.concatenate([np.full(min(days, len(numbers)), np.nan), numbers[: max(0, len(numbers) - days)]])


@dataclass(frozen=True)
class Judged:
    """Of each day whether it was judged, whether it came to too little or too much, and what was expected."""

    observed: Floats
    expected: Floats
    is_judged: npt.NDArray[np.bool_]
    is_unusual: npt.NDArray[np.bool_]


def judge(daily: Floats, measure: str, window: int) -> Judged:
    sums = np.convolve(daily, np.ones(window))[: len(daily)]
    sums[: window - 1] = np.nan
    weeks = np.sort(np.stack([earlier(sums, days) for days in (7, 14, 21, 28)]), axis=0)
    weeks[:, np.isnan(weeks).any(axis=0)] = np.nan
    ordinary = np.maximum((weeks[1] + weeks[2]) / 2, 0)
    departure = rooted(sums) - rooted(ordinary)
    scale = np.full(len(daily), np.nan)
    for day in range(len(daily)):
        known = departure[max(0, day - 56) : day]
        known = np.abs(known[~np.isnan(known)])
        if len(known) >= 14:
            scale[day] = max(1.15, 1.4826 * float(np.median(known)))
    ratio = (np.maximum(sums, 0) + 5) / (ordinary + 5)
    ratios = np.stack(
        [
            np.where(np.abs(earlier(departure, days)) > 2 * scale, earlier(ratio, days), 1.0)
            for days in (357, 364, 365, 366, 371)
        ]
    )
    least, most = ratios.min(axis=0), ratios.max(axis=0)
    reach = LINES[measure] * scale
    is_low = rooted(sums) < rooted(ordinary * least) - reach * np.sqrt(np.maximum(least, 1))
    is_high = rooted(sums) > rooted(ordinary * most) + reach * np.sqrt(np.maximum(most, 1))
    unusual = (is_low & (measure != "refunds")) | (is_high & (window == 1))
    return Judged(sums, ordinary * np.median(ratios, axis=0), ~np.isnan(scale), unusual)


def unusual_days(daily: Floats, measure: str = "orders") -> npt.NDArray[np.bool_]:
    return np.any([judge(daily, measure, window).is_unusual for window in WINDOWS[measure]], axis=0)


def shop(seed: int, per_day: float, days: int = 800) -> Floats:
    """Orders of a healthy store: weekends, a year's swing, days of luck and a Black Friday, up to `AS_OF`."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(days)
    dates = [AS_OF - timedelta(days=days - 1 - int(n)) for n in numbers]
    pace = per_day * (1 + 0.3 * np.sin(2 * np.pi * numbers / 7)) * (1 + 0.25 * np.cos(2 * np.pi * numbers / 365))
    fridays = {date(2022, 11, 25), date(2023, 11, 24), date(2024, 11, 29)}
    pace = pace * np.array([4.0 if day in fridays else 1.0 for day in dates]) * rng.gamma(100, 1 / 100, days)
    return np.asarray(rng.poisson(pace), dtype=np.float64)


def broken(daily: Floats, *, day: int, factor: float) -> Floats:
    changed = daily.copy()
    changed[day:] *= factor
    return changed


def histories() -> dict[str, Floats]:
    """Orders per day up to the as-of date, of merchants that have one thing to tell apart each."""
    healthy = {f"healthy_{seed}": shop(seed, rate) for seed, rate in enumerate((1.0, 3.0, 20.0, 60.0, 300.0))}
    last = len(healthy["healthy_3"]) - 1
    twice = shop(8, 300.0)
    twice[-3] *= 2
    return {
        **healthy,
        "stopped": broken(shop(6, 20.0), day=last - 1, factor=0),
        "small_and_stopped": broken(shop(7, 5.0), day=last - 6, factor=0),
        "loaded_twice": twice,
        "young": shop(9, 30.0, days=60),
        "newborn": shop(10, 30.0, days=30),
    }


@pytest.fixture(scope="module")
def judged_url(marts_url: str, dbt_on: Callable[[str], Dbt]) -> str:
    """A database whose tables are of `histories` too, whose orders are worth 20 each, one in ten refunded."""
    with psycopg.connect(marts_url) as connection:
        for merchant_id, orders in histories().items():
            connection.execute(
                "insert into ops.merchants (merchant_id, merchant_name, time_zone, currency_code, as_of_date,"
                " counts_zero_amount_days, rfm_half_life_days, updated_at)"
                " values (%s, %s, 'UTC', 'EUR', %s, true, 180, now())",
                (merchant_id, merchant_id, AS_OF),
            )
            rows = [
                (
                    merchant_id,
                    AS_OF - timedelta(days=len(orders) - 1 - n),
                    int(count),
                    20 * int(count),
                    int(count) // 10,
                )
                for n, count in enumerate(orders)
                if count
            ]
            with connection.cursor() as cursor:
                cursor.executemany(
                    "insert into marts.store_day_reconciliation (merchant_id, store_id, revenue_date, order_count,"
                    " amount, refund_amount, net_amount, currency_code)"
                    " values (%s, 'main', %s, %s, %s, %s * 20, 0, 'EUR')",
                    rows,
                )
        connection.execute(
            "update marts.store_day_reconciliation set net_amount = amount - refund_amount where store_id = 'main'"
        )
    dbt = dbt_on(marts_url)
    done = dbt("run", "--select", "store_day_comparisons", "report_daily_anomalies")
    assert set(done.values()) == {"success"}
    return marts_url


@pytest.mark.slow
def test_the_table_is_what_a_second_computation_gives(judged_url: str) -> None:
    with psycopg.connect(judged_url) as connection:
        rows = connection.execute(
            "select merchant_id, measure_name, window_days, revenue_date, observed_value, expected_value, is_unusual"
            " from marts.report_daily_anomalies where store_id = 'main'"
        ).fetchall()
    found = {row[:4]: row[4:] for row in rows}
    wanted = {}
    for merchant_id, orders in histories().items():
        first = int(np.flatnonzero(orders)[0])
        sold = orders[first:]
        back = np.floor(sold / 10)
        series = {"orders": (sold, 1.0), "revenue": (sold - back, 20.0), "refunds": (back, 20.0)}
        for measure, (daily, worth) in series.items():
            for window in WINDOWS[measure]:
                judged = judge(daily, measure, window)
                for n in range(max(0, len(daily) - 14), len(daily)):
                    if judged.is_judged[n]:
                        day = AS_OF - timedelta(days=len(daily) - 1 - n)
                        values = (judged.observed[n] * worth, judged.expected[n] * worth, bool(judged.is_unusual[n]))
                        wanted[merchant_id, measure, window, day] = values
    assert found.keys() == wanted.keys()
    assert len(wanted) > 800
    assert {key[0] for key in wanted} == histories().keys() - {"newborn"}
    for key, (observed, expected, is_unusual) in wanted.items():
        assert [float(found[key][0]), float(found[key][1])] == pytest.approx([observed, expected], abs=1e-3), key
        assert found[key][2] == is_unusual, key


@pytest.mark.slow
def test_the_check_names_the_stores_that_broke_and_no_other(judged_url: str, dbt_on: Callable[[str], Dbt]) -> None:
    dbt_on(judged_url)("test", "--select", "assert_days_are_usual", expect_failure=True)
    with psycopg.connect(judged_url) as connection:
        rows = connection.execute(
            "select merchant_id, measure_name, finding from dbt_checks.assert_days_are_usual where store_id = 'main'"
        ).fetchall()
    # The young one has its first Black Friday.
    assert {row[0] for row in rows} == {"stopped", "small_and_stopped", "loaded_twice", "young"}
    of_orders = {merchant_id: finding for merchant_id, measure, finding in rows if measure == "orders"}
    number = r"[\d,]+"
    band = rf"expected were {number}, usual is "
    stopped = (
        rf"Store main, (?:the \d days up to )?Friday 2024-11-29: 0 orders, {band}(?:{number} to|at least) {number}"
    )
    assert re.fullmatch(stopped, of_orders["stopped"])
    assert re.fullmatch(
        rf"Store main, Wednesday 2024-11-27: {number} orders, {band}{number} to {number}", of_orders["loaded_twice"]
    )
    silent = rf"Store main, the [27] days up to Friday 2024-11-29: 0 orders, {band}at least {number}"
    assert re.fullmatch(silent, of_orders["small_and_stopped"])
    revenue = next(
        finding for merchant_id, measure, finding in rows if (merchant_id, measure) == ("stopped", "revenue")
    )
    assert " EUR of net revenue, " in revenue


@pytest.mark.parametrize("per_day", [1.0, 3.0, 20.0, 300.0])
def test_a_healthy_store_is_unusual_less_than_about_once_a_year(per_day: float) -> None:
    days, unusual = 0, {"orders": 0, "revenue": 0}
    for seed in range(6):
        orders = shop(100 + seed, per_day, days=1100)
        rng = np.random.default_rng(seed)
        revenue = np.array([rng.lognormal(-0.32, 0.8, int(count)).sum() for count in orders])
        days += 1100 - 43
        # The first Black Friday of a store is no false alarm.
        others = np.arange(1100) != 364
        unusual["orders"] += int(unusual_days(orders)[others].sum())
        unusual["revenue"] += int(unusual_days(revenue, "revenue")[others].sum())
    assert all(count / days * 365 <= 1.2 for count in unusual.values()), unusual
    assert unusual["orders"] > 0 or per_day < 20, "the line lies so far out that nothing could cross it"


def test_a_feed_that_stops_is_seen_within_two_days_and_a_small_stores_within_a_week() -> None:
    for per_day, at_most in ((3.0, 7), (20.0, 2), (300.0, 1)):
        waits = []
        for seed in range(5):
            for day in (500, 700):
                seen = unusual_days(broken(shop(seed, per_day), day=day, factor=0)[: day + 8])[day:]
                waits.append(int(np.argmax(seen)) + 1 if seen.any() else 99)
        assert np.quantile(waits, 0.9) <= at_most, (per_day, waits)


def test_a_day_that_came_twice_is_seen_where_it_is_more_than_chance() -> None:
    for per_day, at_least in ((60.0, 0.5), (300.0, 0.8)):
        seen = []
        for seed in range(10):
            for day in (500, 600, 700):
                orders = shop(seed, per_day)
                orders[day] *= 2
                seen.append(bool(judge(orders[: day + 1], "orders", 1).is_unusual[day]))
        assert np.mean(seen) >= at_least, (per_day, np.mean(seen))


def test_black_friday_is_explained_by_that_of_last_year_and_alarms_in_a_first_year() -> None:
    for seed in range(5):
        orders = shop(seed, 100.0)
        assert not judge(orders, "orders", 1).is_unusual[-1]
        assert judge(orders[-200:], "orders", 1).is_unusual[-1]


@pytest.mark.parametrize("preset", ["model_following", "seasonal", "regime_change"])
def test_merchants_of_the_catalogue_are_unusual_where_their_pace_leaps(preset: str) -> None:
    """The seasonal one does so from one day to the next each January, for a first time in its second year."""
    merchant = preset_merchant(preset, customer_count=3000, seed=5)
    days = [
        day
        for piece in generate(merchant)
        if piece.table == "orders"
        for day in piece.rows["ordered_at"].dt.convert_time_zone(merchant.time_zone).dt.date()
    ]
    span = (merchant.ends_on - merchant.starts_on).days + 1
    orders = np.bincount([(day - merchant.starts_on).days for day in days], minlength=span)[:span].astype(np.float64)
    unusual = unusual_days(orders)
    leaps = {"seasonal": date(2024, 1, 1), "regime_change": date(2024, 7, 1)}
    if preset in leaps:
        leap = (leaps[preset] - merchant.starts_on).days
        assert unusual[leap : leap + 28].any()
        assert not unusual[leap + 35 : leap + 120].any()
        unusual[leap : leap + 35] = False
    assert unusual.sum() <= 3
    assert unusual_days(broken(orders, day=span - 2, factor=0))[-2:].any()
