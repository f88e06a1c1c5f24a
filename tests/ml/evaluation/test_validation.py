from datetime import date, timedelta

import numpy as np
import plain_backtest as validation
import polars as pl
import pytest

from ml.evaluation.baselines import own_mean_spend, recency_score, same_rate_order_probability, same_rate_purchases
from ml.evaluation.holdout_course import HOLDOUT_WEEKS_SCHEMA, frequency_buckets, holdout_weeks
from ml.histories.known_history import KnownHistory, Outcome
from ml.purchases.bg_nbd import BetaGeometricNbd
from models.errors import StopError

AS_OF = date(2026, 3, 31)
END = date(2026, 1, 31)  # 59 days held out
MODEL = BetaGeometricNbd.from_parameters(r=0.5, alpha=30.0, a=0.8, b=2.4)

DAYS = pl.DataFrame(
    [
        ("early", date(2026, 1, 1), 10.0),
        ("early", date(2026, 1, 31), 20.0),  # The last day of calibration.
        ("early", date(2026, 2, 1), 30.0),  # The first day of the holdout.
        ("early", date(2026, 3, 31), 40.0),
        ("silent", date(2026, 1, 10), 50.0),
        ("silent", date(2026, 1, 20), 60.0),
        ("late", date(2026, 2, 10), 70.0),  # Acquired in the holdout: nobody could have forecast them.
        ("late", date(2026, 2, 20), 80.0),
        ("future", date(2026, 4, 1), 90.0),
    ],
    schema={"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Float64},
    orient="row",
)
REFUNDS = pl.DataFrame(
    [
        ("silent", date(2026, 1, 20), date(2026, 2, 5), 60.0),  # Not known when calibration ended.
        ("early", date(2026, 1, 31), date(2026, 1, 31), 5.0),
        ("early", date(2026, 2, 1), date(2026, 3, 1), 12.0),
    ],
    schema={"customer_id": pl.String, "purchase_date": pl.Date, "refund_date": pl.Date, "amount": pl.Float64},
    orient="row",
)


def split() -> validation.Split:
    return validation.split_at_holdout(DAYS, REFUNDS, as_of_date=AS_OF, holdout_days=59)


def test_calibration_is_what_was_known_then() -> None:
    cut = split()
    assert cut.calibration_end_date == END
    assert cut.calibration["customer_id"].to_list() == ["early", "silent"]
    assert cut.calibration["frequency"].to_list() == [1, 1]
    assert cut.calibration["monetary_value"].to_list() == [15.0, 60.0]


def test_outcome_counts_the_holdout_of_customers_known_then() -> None:
    cut = split()
    assert cut.outcome.to_dict(as_series=False) == {
        "customer_id": ["early", "silent"],
        "purchase_count": [2.0, 0.0],
        "spend": [58.0, 0.0],
        "days_to_next": [1.0, None],
    }
    assert cut.actual_by_day.size == 59
    assert np.flatnonzero(cut.actual_by_day).tolist() == [0, 58]


def test_weeks_add_up_on_both_sides() -> None:
    history = KnownHistory(DAYS, REFUNDS, AS_OF)
    earlier = history.at(END)
    weeks = holdout_weeks(earlier, history.outcome_of(earlier), MODEL)
    assert weeks.schema == HOLDOUT_WEEKS_SCHEMA
    assert weeks["week_number"].to_list() == list(range(1, 10))
    assert weeks["week_end_date"].to_list()[:2] == [END + timedelta(days=7), END + timedelta(days=14)]
    assert weeks["week_end_date"][-1] == AS_OF  # The ninth week has three days.
    assert weeks["actual_purchases"].to_list() == [1.0, *[0.0] * 7, 1.0]
    ages = split().calibration["age_days"].to_numpy()
    course = MODEL.expected_repeat_purchases(ages + 59) - MODEL.expected_repeat_purchases(ages)
    assert weeks["expected_purchases"].sum() == pytest.approx(course.sum(), rel=1e-9)


def test_backtest_by_hand() -> None:
    cut = split()
    forecasts = [
        validation.model_forecast(cut, MODEL, None, order_horizon_days=30),
        *validation.baseline_forecasts(cut, order_horizon_days=30),
    ]
    table = validation.backtest(cut, forecasts, order_horizon_days=30)
    assert table.schema == validation.BACKTEST_SCHEMA
    value = {(row["model_name"], row["metric"]): row["value"] for row in table.iter_rows(named=True)}
    naive = np.array([1 / 30 * 59, 1 / 21 * 59])
    actual = np.array([2.0, 0.0])
    assert value["naive", "mae"] == pytest.approx(np.abs(naive - actual).mean())
    assert value["naive", "rmse"] == pytest.approx(np.sqrt(((naive - actual) ** 2).mean()))
    assert value["naive", "bias"] == pytest.approx((naive - actual).mean())
    assert value["naive", "spend_mae"] == pytest.approx(np.abs(naive * [15.0, 60.0] - [58.0, 0.0]).mean())
    assert value["naive", "order_auc"] == 0.0
    assert value["recency", "order_auc"] == 1.0
    assert value["bg_nbd", "actual_order_rate"] == 0.5
    assert value["bg_nbd", "actual_spend_amount"] == 58.0
    assert value["bg_nbd", "spend_mae"] is None
    assert ("recency", "mae") not in value
    assert table["value"].is_nan().sum() == 0


def test_undefined_is_null_and_not_nan() -> None:
    cut = validation.split_at_holdout(DAYS, None, as_of_date=date(2026, 1, 30), holdout_days=5)
    table = validation.backtest(cut, validation.baseline_forecasts(cut, order_horizon_days=5), order_horizon_days=5)
    assert table.filter(pl.col("metric") == "order_auc")["value"].to_list() == [None, None]
    empty = validation.split_at_holdout(DAYS, None, as_of_date=AS_OF, holdout_days=400)
    rows = validation.backtest(empty, validation.baseline_forecasts(empty, order_horizon_days=5), order_horizon_days=5)
    assert rows.filter(pl.col("metric") == "mae")["value"].to_list() == [None]


def test_refuses_a_holdout_that_shows_nothing() -> None:
    with pytest.raises(StopError, match="one day or more"):
        validation.split_at_holdout(DAYS, None, as_of_date=AS_OF, holdout_days=0)
    with pytest.raises(StopError, match="cannot be seen"):
        validation.backtest(split(), [], order_horizon_days=60)


def test_baselines_by_hand() -> None:
    summary = pl.DataFrame(
        {
            "frequency": [0, 4, 0],
            "recency_days": [0.0, 30.0, 0.0],
            "age_days": [40.0, 40.0, 0.0],
            "spend_day_count": [0, 2, 0],
            "monetary_value": [None, 12.5, None],
        }
    )
    assert same_rate_purchases(summary, horizon_days=20).tolist() == [0.0, 2.0, 0.0]
    assert same_rate_order_probability(summary, horizon_days=20)[1] == pytest.approx(1 - np.exp(-2))
    assert recency_score(summary).tolist() == [-40.0, -10.0, 0.0]
    own = own_mean_spend(summary)
    assert own is not None
    assert own.tolist() == [12.5, 12.5, 12.5]
    assert own_mean_spend(summary[:1]) is None


def test_frequency_buckets_are_plain_means_and_gather_the_frequent_in_one() -> None:
    times = dict(zip("abcde", [0, 0, 2, 7, 12], strict=True))
    days = [(name, END - timedelta(days=day), 1.0) for name, repeats in times.items() for day in range(repeats + 1)]
    earlier = KnownHistory(pl.DataFrame(days, schema=DAYS.schema, orient="row"), None, END)
    by_customer = pl.DataFrame({"customer_id": list("abcde"), "purchase_count": [0.0, 1.0, 3.0, 4.0, 8.0]})

    buckets = frequency_buckets(earlier, Outcome(by_customer, np.zeros(7), 7), np.array([0.2, 0.4, 1.0, 5.0, 9.0]))

    assert buckets["calibration_frequency"].to_list() == [0, 2, 7]
    assert buckets["customer_count"].to_list() == [2, 1, 2]
    assert buckets["actual_purchases"].to_list() == [0.5, 3.0, 6.0]
    assert buckets["expected_purchases"].to_list() == pytest.approx([0.3, 1.0, 7.0])
