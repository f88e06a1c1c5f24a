from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import plain_backtest
import polars as pl
import pytest

from ml.contenders.baseline import Naive, Recency
from ml.estimator import FloatArray
from ml.evaluation.contender import Forecast
from ml.evaluation.rolling_origins import (
    CALIBRATION_SCHEMA,
    REFUSALS_SCHEMA,
    ROLLING_SCHEMA,
    RollingBacktest,
    plan_origins,
    rolling_backtest,
)
from ml.histories.known_history import KnownHistory
from models.errors import StopError

LAST = date(2026, 6, 30)


def shop(days: int = 120, customers: int = 60) -> KnownHistory:
    """Customers who come in at random days and buy at rates of their own."""
    rng = np.random.default_rng(5)
    rows = []
    for number in range(customers):
        first = 0 if number == 0 else int(rng.integers(0, days))
        bought = {first, *(day for day in range(first, days + 1) if rng.random() < rng.gamma(0.5, 0.05))}
        rows += [(f"c{number:03d}", LAST - timedelta(days=days - day), float(rng.integers(5, 50))) for day in bought]
    frame = pl.DataFrame(rows, schema=["customer_id", "purchase_date", "amount"], orient="row")
    return KnownHistory(frame, None, LAST)


SHOP = shop()


@dataclass(frozen=True)
class Says:
    """A contender that says what it is told."""

    name: str
    what: Callable[[KnownHistory], Forecast]

    def forecast(self, history: KnownHistory, **_: int) -> Forecast:
        return self.what(history)


def ones(history: KnownHistory) -> FloatArray:
    return np.ones(history.summary.height)


def refuse_early(history: KnownHistory) -> Forecast:
    if history.days < 60:
        raise StopError(f"{history.days} days are too few")
    return Forecast("late", ones(history))


@pytest.fixture(scope="module")
def rolling() -> RollingBacktest:
    return rolling_backtest(SHOP, [Naive(), Recency(), Says("late", refuse_early)], order_horizon_days=30)


@pytest.mark.parametrize("days", [*range(28, 90), 272, 539, 540, 541, 1_000, 5_000])
def test_the_past_reaches_as_far_back_as_a_forecast_looks(days: int) -> None:
    plan = plan_origins(days)
    assert plan is not None
    assert len(plan.calibration_days) == (3 if days >= 42 else 1)
    assert plan.calibration_days[-1] + plan.horizon_days == days
    assert plan.calibration_days[0] >= plan.horizon_days
    assert set(np.diff(plan.calibration_days)) <= {plan.horizon_days // 2}
    assert plan.horizon_days == min(180, days // 3 if days >= 42 else days // 2)


def test_more_origins_only_where_the_history_has_room_for_them() -> None:
    plan = plan_origins(725, most=6)
    assert plan is not None
    assert plan.calibration_days == (185, 275, 365, 455, 545)


def test_two_weeks_either_side_is_the_least() -> None:
    assert plan_origins(27) is None
    assert plan_origins(0) is None
    found = rolling_backtest(SHOP.at(LAST - timedelta(days=100)), [Naive()], order_horizon_days=30)
    assert found.origins == ()
    assert found.problem is not None
    assert "20 days" in found.problem
    assert found.table.schema == ROLLING_SCHEMA
    assert found.deciles.schema == CALIBRATION_SCHEMA
    assert found.refusals.schema == REFUSALS_SCHEMA


def test_a_horizon_that_is_asked_for_is_kept() -> None:
    half = plan_origins(545, horizon_days=273)
    assert half is not None
    assert half.horizon_days == 273
    assert half.calibration_days == (136, 272)
    assert plan_origins(545, horizon_days=364) is None
    short = plan_origins(100, horizon_days=7)
    assert short is not None
    assert short.calibration_days == (87, 90, 93)
    with pytest.raises(StopError, match="one day or more"):
        plan_origins(545, horizon_days=0)


def test_values_are_those_of_the_plain_backtest(rolling: RollingBacktest) -> None:
    assert rolling.table.schema == ROLLING_SCHEMA
    assert [origin.history.days for origin in rolling.origins] == [40, 60, 80]
    for origin in rolling.origins:
        split = plain_backtest.split_at_holdout(
            SHOP.purchase_days, None, as_of_date=origin.history.as_of_date + timedelta(days=40), holdout_days=40
        )
        plain = plain_backtest.backtest(
            split, plain_backtest.baseline_forecasts(split, order_horizon_days=30), order_horizon_days=30
        )
        both = plain.join(
            rolling.table, on=["model_name", "metric", "calibration_end_date", "holdout_days"], how="left"
        )
        assert both.height == plain.height
        assert both["value_right"].to_list() == pytest.approx(both["value"].to_list(), nan_ok=False)


def test_every_measure_lies_in_its_interval_and_totals_have_none(rolling: RollingBacktest) -> None:
    table = rolling.table.filter(pl.col("model_name") == "naive")
    facts = {
        *("customer_count", "actual_purchases", "actual_spend_amount", "actual_order_rate", "order_horizon_days"),
        *("expected_purchases", "expected_spend_amount"),
    }
    assert set(table.filter(pl.col("value_low").is_null())["metric"]) == facts
    measured = table.drop_nulls("value_low")
    assert {"wape", "normalised_gini", "spend_wape", "spend_normalised_gini"} <= set(measured["metric"])
    assert measured.filter(~pl.col("value").is_between("value_low", "value_high")).height == 0
    assert measured.filter(pl.col("value_low") >= pl.col("value_high")).height == 0
    assert table.select(pl.selectors.float().is_nan().sum()).row(0) == (0, 0, 0)


def test_deciles_are_per_origin_contender_and_quantity(rolling: RollingBacktest) -> None:
    assert rolling.deciles.schema == CALIBRATION_SCHEMA
    assert set(rolling.deciles["model_name"]) == {"naive"}
    assert set(rolling.deciles["quantity"]) == {"purchase_count", "spend", "order_probability"}
    latest = rolling.deciles.filter(
        (pl.col("calibration_end_date") == rolling.origins[-1].history.as_of_date)
        & (pl.col("quantity") == "purchase_count")
    )
    outcome = rolling.origins[-1].outcome.by_customer
    assert latest["customer_count"].sum() == outcome.height
    assert (latest["actual_value"] * latest["customer_count"]).sum() == pytest.approx(outcome["purchase_count"].sum())


def test_a_refusal_is_reported_and_the_rest_go_on(rolling: RollingBacktest) -> None:
    assert rolling.refusals.schema == REFUSALS_SCHEMA
    first = rolling.origins[0].history.as_of_date
    assert rolling.refusals.rows() == [("late", first, 40, "40 days are too few")]
    assert set(rolling.origins[0].forecasts) == {"naive", "recency"}
    assert set(rolling.origins[1].forecasts) == {"naive", "recency", "late"}


def test_a_mistake_in_the_code_is_raised() -> None:
    def broken(history: KnownHistory) -> Forecast:
        raise KeyError("frequncy")

    def short(history: KnownHistory) -> Forecast:
        return Forecast("short", ones(history)[1:])

    with pytest.raises(KeyError, match="frequncy"):
        rolling_backtest(SHOP, [Says("broken", broken)], order_horizon_days=30)
    with pytest.raises(ValueError, match="shape"):
        rolling_backtest(SHOP, [Says("short", short)], order_horizon_days=30)
    with pytest.raises(ValueError, match="share a name"):
        rolling_backtest(SHOP, [Naive(), Naive()], order_horizon_days=30)


def test_no_number_is_a_refusal_and_not_a_measure() -> None:
    def holes(history: KnownHistory) -> Forecast:
        counts = ones(history)
        counts[0] = np.nan
        return Forecast("holes", ones(history), purchase_count=counts)

    found = rolling_backtest(SHOP, [Says("holes", holes)], order_horizon_days=30, most_origins=1)
    assert found.table.height == 0
    assert "purchase_count is no finite number for 1 of" in found.refusals["reason"][0]


def test_no_contender_sees_the_future() -> None:
    seen: list[date] = []

    def look(history: KnownHistory) -> Forecast:
        seen.append(history.net_days["purchase_date"].max())  # type: ignore[arg-type]
        return Forecast("look", ones(history))

    found = rolling_backtest(SHOP, [Says("look", look)], order_horizon_days=30)
    assert all(day <= origin.history.as_of_date for day, origin in zip(seen, found.origins, strict=True))
    assert all(origin.history.as_of_date + timedelta(days=origin.outcome.days) <= LAST for origin in found.origins)


def test_the_order_of_rows_changes_no_bit(rolling: RollingBacktest) -> None:
    turned = replace(SHOP, purchase_days=SHOP.purchase_days.sample(fraction=1.0, shuffle=True, seed=3))
    again = rolling_backtest(turned, [Naive(), Recency(), Says("late", refuse_early)], order_horizon_days=30)
    assert again.table.equals(rolling.table)
    assert again.deciles.equals(rolling.deciles)


@pytest.mark.parametrize(
    "offsets",
    [
        {"only": [0, 90]},
        {"one": [0], "two": [20], "three": [60]},
        {"before": [0, 7, 14], "after": [13, 90]},
        {"daily": list(range(91)), "once": [0]},
    ],
    ids=["one customer", "one order each", "a gap", "a regular"],
)
def test_what_is_undefined_is_null_whatever_the_shop(offsets: dict[str, list[int]]) -> None:
    rows = [(who, LAST - timedelta(days=90 - day), 1.0) for who, days in offsets.items() for day in days]
    frame = pl.DataFrame(rows, schema=["customer_id", "purchase_date", "amount"], orient="row")
    found = rolling_backtest(KnownHistory(frame, None, LAST), [Naive(), Recency()], order_horizon_days=30)
    assert len(found.origins) == 3
    assert found.refusals.height == 0
    for name in ("value", "value_low", "value_high"):
        assert found.table[name].drop_nulls().is_finite().all()
    assert found.table.filter(pl.col("value").is_null() & pl.col("value_low").is_not_null()).height == 0
    assert found.deciles.null_count().sum_horizontal().item() == 0
