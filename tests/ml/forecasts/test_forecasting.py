import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa
from cdnow_purchases import AS_OF, sample_purchase_days

from ml.evaluation.holdout_course import HOLDOUT_WEEKS_SCHEMA
from ml.evaluation.rolling_origins import CALIBRATION_SCHEMA, ROLLING_SCHEMA
from ml.forecasts.backtesting import base_named
from ml.forecasts.forecasting import MerchantForecast, forecast_merchant
from ml.forecasts.predictions import COHORTS_SCHEMA, PREDICTIONS_SCHEMA, SUMMARIES_SCHEMA, rounded_amount
from ml.forecasts.settings import ForecastSettings, Incumbent
from ml.histories.known_history import KnownHistory
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import FitWithPrior
from ml.value.churn import churn_probability
from models import ml as tables
from models.errors import MisconfiguredError, StopError

SETTINGS = ForecastSettings("cdnow", AS_OF, holdout_days=273, has_challengers=False)
CODE = "0" * 64


@pytest.fixture(scope="module")
def forecast() -> MerchantForecast:
    return forecast_merchant(sample_purchase_days(), None, SETTINGS, CODE)


@pytest.mark.parametrize(
    ("schema", "table", "added_later"),
    [
        (SUMMARIES_SCHEMA, tables.purchase_summaries, {"merchant_id"}),
        (PREDICTIONS_SCHEMA, tables.predictions, {"merchant_id", "model_run_id", "currency_code"}),
        (ROLLING_SCHEMA, tables.backtests, {"merchant_id", "model_run_id"}),
        (CALIBRATION_SCHEMA, tables.calibration_deciles, {"merchant_id", "model_run_id"}),
        (COHORTS_SCHEMA, tables.cohort_forecasts, {"merchant_id", "model_run_id"}),
        (HOLDOUT_WEEKS_SCHEMA, tables.holdout_weeks, {"merchant_id", "model_run_id"}),
    ],
)
def test_frames_have_the_columns_of_their_tables(schema: pl.Schema, table: sa.Table, added_later: set[str]) -> None:
    assert schema.names() == [column.name for column in table.columns if column.name not in added_later]


def test_frames_have_their_schemas_and_one_row_per_customer(forecast: MerchantForecast) -> None:
    assert forecast.summary.schema == SUMMARIES_SCHEMA
    assert forecast.predictions.schema == PREDICTIONS_SCHEMA
    assert forecast.backtest.schema == ROLLING_SCHEMA
    assert forecast.deciles.schema == CALIBRATION_SCHEMA
    assert forecast.holdout_weeks.schema == HOLDOUT_WEEKS_SCHEMA
    assert forecast.predictions.height == 2357
    assert forecast.predictions["customer_id"].equals(forecast.summary["customer_id"])
    assert sum(forecast.predictions.drop("next_purchase_date").null_count().row(0)) == 0
    assert 0 < forecast.predictions["next_purchase_date"].null_count() < 2357


def test_every_check_passes_on_the_sample(forecast: MerchantForecast) -> None:
    assert [check for check in forecast.checks if not check.has_passed] == []
    assert forecast.is_publishable
    assert {check.name for check in forecast.checks if check.is_blocking} == {
        "fit_converged",
        "parameters_in_range",
        "one_prediction_per_customer",
        "no_missing_numbers",
        "intervals_in_order",
        "not_worse_than_naive",
        "probabilities_in_range",
        "nothing_negative",
        "totals_add_up",
    }


def test_the_card_is_json_and_says_what_it_stands_on(forecast: MerchantForecast) -> None:
    card = json.loads(json.dumps(forecast.model_card, allow_nan=False))
    assert card == forecast.model_card
    assert card["data"]["first_purchase_date"] == "1997-01-01"
    assert card["data"]["customer_count"] == 2357
    assert card["fits"][0]["parameters"]["alpha"]["unit"] == "days"
    assert card["fits"][0]["parameters"]["alpha"]["standard_error"] > 0
    assert card["backtest"]["calibration_end_date"] == "1997-09-30"
    assert card["backtest"]["metrics"]["bg_nbd"]["mae"] < card["backtest"]["metrics"]["naive"]["mae"]
    assert card["code_hash"] == CODE
    assert card["model_run_id"] == forecast.model_run_id


def test_a_repeat_is_the_same_run_to_the_last_bit_whatever_the_order(forecast: MerchantForecast) -> None:
    shuffled = sample_purchase_days().sample(fraction=1.0, shuffle=True, seed=2)
    again = forecast_merchant(shuffled, None, SETTINGS, CODE)
    assert again.model_run_id == forecast.model_run_id
    assert again.model_card == forecast.model_card
    assert again.predictions.equals(forecast.predictions)
    assert again.backtest.equals(forecast.backtest)
    assert again.holdout_weeks.equals(forecast.holdout_weeks)


def test_floats_and_decimals_of_the_same_money_are_the_same_run(forecast: MerchantForecast) -> None:
    floats = sample_purchase_days().with_columns(pl.col("amount").cast(pl.Float64))
    assert forecast_merchant(floats, None, SETTINGS, CODE).model_run_id == forecast.model_run_id


def test_any_change_is_another_run(forecast: MerchantForecast) -> None:
    days = sample_purchase_days()
    amounts = days["amount"].to_list()
    amounts[1] += 1
    dearer = days.with_columns(pl.Series("amount", amounts, dtype=pl.Decimal(18, 4)))
    others = [
        forecast_merchant(dearer, None, SETTINGS, CODE),
        forecast_merchant(days, None, replace(SETTINGS, merchant_id="other"), CODE),
        forecast_merchant(days, None, replace(SETTINGS, holdout_days=200), CODE),
        forecast_merchant(days, None, replace(SETTINGS, currency_code="EUR"), CODE),
        forecast_merchant(days, None, SETTINGS, "1" * 64),
        forecast_merchant(days, None, SETTINGS, CODE, prior=replace(shipped_prior(), version="another")),
        forecast_merchant(days, None, SETTINGS, CODE, incumbent=Incumbent("before", "bg_nbd", "bg_nbd")),
    ]
    assert len({forecast.model_run_id, *(other.model_run_id for other in others)}) == 8


def test_refunds_lower_value_and_not_frequency(forecast: MerchantForecast) -> None:
    days = sample_purchase_days()
    back = days.with_columns(pl.col("purchase_date").alias("refund_date"), pl.col("amount") / 2)
    halved = forecast_merchant(days, back, SETTINGS, CODE)
    assert halved.summary["frequency"].equals(forecast.summary["frequency"])
    ratio = float(halved.predictions["clv_amount"].sum()) / float(forecast.predictions["clv_amount"].sum())
    assert ratio == pytest.approx(0.5, abs=0.001)


def test_a_history_too_short_for_its_holdout_still_gets_a_forecast() -> None:
    settings = replace(SETTINGS, as_of_date=date(1997, 9, 30), holdout_days=300)
    short = forecast_merchant(sample_purchase_days(), None, settings, CODE)
    assert short.backtest.is_empty()
    assert short.holdout_weeks.is_empty()
    assert short.backtest.schema == ROLLING_SCHEMA
    check = next(check for check in short.checks if check.name == "backtest_possible")
    assert not check.has_passed
    assert not check.is_blocking
    assert "the history has 272 days" in check.message
    assert short.is_publishable
    assert short.model_card["backtest"] is None
    assert short.predictions.height == 2357


def test_three_origins_of_half_a_year_unless_asked_otherwise() -> None:
    settings = ForecastSettings("cdnow", AS_OF, has_challengers=False)
    found = forecast_merchant(sample_purchase_days(), None, settings, CODE).backtest
    assert found["holdout_days"].unique().to_list() == [180]
    assert found["calibration_end_date"].n_unique() == 3


def test_the_champion_speaks_and_the_card_says_why(forecast: MerchantForecast) -> None:
    assert forecast.model_name == forecast.standings["model_name"][0]
    assert forecast.prediction_basis == "model"
    assert forecast.predictions["model_name"].unique().to_list() == [forecast.model_name]
    assert forecast.predictions["prior_share"].max() == 0.0
    reasons = forecast.model_card["facts"]["champion_reasons"]
    assert reasons[0].startswith(f"{forecast.model_name} is the champion: over 2 origins")


def test_who_held_the_place_keeps_it_when_about_as_good() -> None:
    settings = replace(SETTINGS, holdout_days=None)
    first = forecast_merchant(sample_purchase_days(), None, settings, CODE)
    other = next(name for name in ("mbg_nbd", "pareto_nbd") if name != first.model_name)
    incumbent = Incumbent("before", other, other)
    held = forecast_merchant(sample_purchase_days(), None, settings, CODE, incumbent=incumbent)
    assert held.model_name == other
    assert held.predictions["base_model_name"].unique().to_list() == [other]
    assert held.model_card["settings"]["incumbent"]["champion"] == other
    assert held.model_card["facts"]["champion_reasons"][0].startswith(f"{other} keeps the place")


def test_intervals_enclose_their_means_and_most_customers(forecast: MerchantForecast) -> None:
    found = forecast.predictions
    assert (found["clv_low_amount"] <= found["clv_amount"]).mean() > 0.99  # type: ignore[operator]  # of booleans
    assert (found["residual_clv_amount"] >= found["clv_amount"]).all()
    table = forecast.backtest.filter(pl.col("metric") == "coverage_purchase_count_80")
    assert table["value"].item() == pytest.approx(0.8, abs=0.05)


def test_cohorts_add_up_to_all_and_all_to_the_customers(forecast: MerchantForecast) -> None:
    found = forecast.cohort_forecasts
    assert found.schema == COHORTS_SCHEMA
    for quantity, column in (("purchase_count", "expected_purchases"), ("clv", "clv_amount")):
        rows = found.filter(pl.col("quantity") == quantity)
        months, everybody = rows.filter(pl.col("cohort") != "all"), rows.filter(pl.col("cohort") == "all")
        assert months["cohort"].to_list() == ["1997-01", "1997-02", "1997-03"]
        assert months["expected"].sum() == pytest.approx(everybody["expected"].item())
        total = float(forecast.predictions[column].cast(pl.Float64).sum())
        assert everybody["expected"].item() == pytest.approx(total, rel=1e-3)
        assert everybody["low"].item() < total < everybody["high"].item()
        assert everybody["customer_count"].item() == 2357


def test_without_discounting_all_the_future_has_no_value() -> None:
    found = forecast_merchant(sample_purchase_days(), None, replace(SETTINGS, annual_discount_rate=0.0), CODE)
    assert found.is_publishable
    assert found.predictions["residual_clv_amount"].null_count() == 2357


def test_a_forecast_worse_than_naive_is_not_published_while_another_is() -> None:
    incumbent = Incumbent("before", "bg_nbd", "bg_nbd")
    held = forecast_merchant(closed_for_a_while(), None, CLOSED, CODE, incumbent=incumbent)
    check = next(check for check in held.checks if check.name == "not_worse_than_naive")
    assert check.is_blocking
    assert not check.has_passed
    assert "worse than no model at all" in check.message
    assert not held.is_publishable


def test_where_nobody_spoke_before_the_naive_forecast_speaks_by_its_name() -> None:
    first = forecast_merchant(closed_for_a_while(), None, CLOSED, CODE)
    assert first.is_publishable
    assert (first.model_name, first.prediction_basis) == ("naive", "naive")
    rate = first.predictions["frequency"] / first.predictions["age_days"]
    assert first.predictions["expected_purchases"].to_numpy() == pytest.approx((365 * rate).to_numpy())
    assert (first.predictions["clv_low_amount"] <= first.predictions["clv_high_amount"]).all()


def test_churn_beyond_the_horizon_of_counts_is_the_base_model_s() -> None:
    """The naive forecast speaks here, but of 30 days only: what it says of those is not what happens within 90."""
    short = forecast_merchant(closed_for_a_while(), None, replace(CLOSED, horizon_days=30), CODE)
    assert (short.model_name, short.predictions["churn_horizon_days"][0]) == ("naive", 90)
    history = KnownHistory(closed_for_a_while(), None, AS_OF, FitWithPrior(shipped_prior()))
    base = history.fitted(base_named(short.base_model_name))
    expected = churn_probability(base, history.summary, horizon_days=90)
    assert short.predictions["churn_probability"].to_numpy() == pytest.approx(expected)


CLOSED = replace(SETTINGS, holdout_days=60)


def closed_for_a_while() -> pl.DataFrame:
    """600 customers who come every nine to eleven days; the shop was closed before the days that are held out."""
    rng = np.random.default_rng(4)
    rows = []
    for customer in range(600):
        open_days = np.cumsum(rng.integers(9, 12, size=20))
        days = np.where(open_days > 110, open_days + 80, open_days)
        rows += [
            (f"c{customer:03}", AS_OF - timedelta(days=int(250 - day)), 10.0 + customer % 7)
            for day in days
            if day <= 250
        ]
    return pl.DataFrame(rows, schema=["customer_id", "purchase_date", "amount"], orient="row")


def test_without_repeat_buyers_the_prior_speaks() -> None:
    days = sample_purchase_days().group_by("customer_id").first().sort("customer_id")
    found = forecast_merchant(days, None, SETTINGS, CODE)
    assert found.is_publishable
    assert found.prediction_basis == "prior"
    assert found.model_card["facts"]["prior_share"] > 0
    assert found.predictions["expected_purchases"].is_between(0.0, 1.0).all()


def test_days_that_were_free_are_worth_nothing() -> None:
    days = sample_purchase_days().with_columns(amount=pl.lit(0.0))
    found = forecast_merchant(days, None, SETTINGS, CODE)
    assert found.is_publishable
    assert float(found.predictions["clv_amount"].sum()) == 0.0


def test_a_merchant_without_orders_stops_with_the_reason() -> None:
    with pytest.raises(StopError, match="merchant cdnow: nobody bought anything up to 1996-01-01"):
        forecast_merchant(sample_purchase_days(), None, ForecastSettings("cdnow", date(1996, 1, 1)), CODE)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"horizon_days": 0}, "prediction.horizon_days"),
        ({"holdout_days": -1}, "prediction.holdout_days"),
        ({"churn_horizon_days": 10**6}, "prediction.churn_horizon_days"),
        ({"annual_discount_rate": -0.1}, "prediction.annual_discount_rate"),
        ({"annual_discount_rate": float("nan")}, "prediction.annual_discount_rate"),
        ({"currency_minor_digits": 5}, "currency_code"),
    ],
)
def test_settings_without_meaning_name_their_key(change: dict[str, float], key: str) -> None:
    with pytest.raises(MisconfiguredError, match=key):
        ForecastSettings("m", AS_OF, **change)  # type: ignore[arg-type]  # wrong on purpose


def test_amounts_round_half_to_even_in_the_currencys_own_digits() -> None:
    values = np.array([0.125, 0.375, 2.5, 1e9 + 0.25])
    assert rounded_amount(values, 2).to_list()[:3] == [Decimal("0.12"), Decimal("0.38"), Decimal("2.50")]
    assert rounded_amount(values, 0).to_list() == [Decimal(0), Decimal(0), Decimal(2), Decimal(10**9)]
    assert rounded_amount(values, 3).to_list()[0] == Decimal("0.125")
    assert rounded_amount(values, 4).dtype == pl.Decimal(18, 4)


def test_a_holdout_shorter_than_the_churn_horizon_is_judged_on_its_own_days() -> None:
    settings = replace(SETTINGS, holdout_days=60, churn_horizon_days=90)
    table = forecast_merchant(sample_purchase_days(), None, settings, CODE).backtest
    assert table.filter(pl.col("metric") == "order_horizon_days")["value"].unique().to_list() == [60.0]


def test_customers_of_the_last_day_are_forecast_too() -> None:
    new = pl.DataFrame({"customer_id": ["new"], "purchase_date": [AS_OF], "amount": [Decimal("5.0000")]}).cast(
        {"amount": pl.Decimal(18, 4)}
    )
    later = new.with_columns(pl.lit("later").alias("customer_id"), pl.col("purchase_date") + timedelta(days=1))
    found = forecast_merchant(pl.concat([sample_purchase_days(), new, later]), None, SETTINGS, CODE).predictions
    row = found.filter(pl.col("customer_id") == "new").row(0, named=True)
    assert row["age_days"] == 0.0
    assert row["expected_purchases"] > 0
    assert "later" not in found["customer_id"]
