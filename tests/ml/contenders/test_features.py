"""What a learner may know: figures by hand, and nothing of a later day."""

from datetime import date, timedelta

import polars as pl
import pytest
from cdnow_purchases import AS_OF, CALIBRATION_END, sample_purchase_days
from polars.testing import assert_frame_equal

from ml.contenders.features import FEATURES, FEATURES_SCHEMA, point_in_time_features
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd

LAST = date(2026, 6, 30)
DAYS = pl.DataFrame(
    [
        ("a", date(2025, 12, 20), 10.0),
        ("a", date(2026, 1, 9), 20.0),  # 20 days later
        ("a", date(2026, 6, 1), 30.0),  # 143 days later, 29 before the end
        ("a", date(2026, 7, 1), 99.0),  # not known yet
        ("b", date(2026, 5, 31), 0.0),  # 30 days before the end
    ],
    schema=["customer_id", "purchase_date", "amount"],
    orient="row",
)
REFUNDS = pl.DataFrame(
    [("a", date(2026, 1, 9), date(2026, 2, 1), 15.0), ("a", date(2026, 6, 1), date(2026, 7, 5), 30.0)],
    schema=["customer_id", "purchase_date", "refund_date", "amount"],
    orient="row",
)


def features(history: KnownHistory) -> pl.DataFrame:
    return point_in_time_features(history, horizon_days=90, order_horizon_days=30)


def test_figures_by_hand() -> None:
    table = features(KnownHistory(DAYS, REFUNDS, LAST))
    assert table.schema == FEATURES_SCHEMA
    a, b = table.rows(named=True)
    known = {name: value for name, value in a.items() if value is not None}
    assert known == {
        "customer_id": "a",
        "frequency": 2.0,
        "recency_days": 163.0,
        "age_days": 192.0,
        "silent_days": 29.0,
        "purchases_per_day": pytest.approx(2 / 192),
        "mean_gap_days": 81.5,
        "gap_deviation_days": pytest.approx(86.974, abs=1e-3),
        "last_gap_days": 143.0,
        "silence_in_gaps": pytest.approx(29 / 81.5),
        "first_month": 12.0,
        "last_month": 6.0,
        "end_month": 6.0,
        "mean_spend": 15.0,
        "first_spend": 10.0,
        "last_spend": 30.0,
        "refunded_share": 0.25,
        "purchases_30_days": 1.0,
        "purchases_90_days": 1.0,
        "purchases_180_days": 2.0,
        "spend_30_days": 30.0,
        "spend_90_days": 30.0,
        "spend_180_days": 35.0,
    }
    assert b["purchases_30_days"] == 0.0
    assert b["purchases_90_days"] == 1.0
    assert (b["mean_gap_days"], b["gap_deviation_days"], b["last_gap_days"], b["silence_in_gaps"]) == (None,) * 4
    assert b["refunded_share"] is None
    assert features(KnownHistory(DAYS, None, LAST))["refunded_share"].null_count() == 2


def test_the_future_changes_nothing() -> None:
    history = KnownHistory(sample_purchase_days(), None, AS_OF).at(CALIBRATION_END)
    past = sample_purchase_days().filter(pl.col("purchase_date") <= CALIBRATION_END)
    table = features(history)
    assert_frame_equal(table, features(KnownHistory(past, None, CALIBRATION_END)), check_exact=True)
    assert table["customer_id"].equals(history.summary["customer_id"])
    fitted = BetaGeometricNbd().fit(history.summary)
    expected = fitted.expected_purchases(history.summary, 90)
    assert table["bg_nbd_expected_purchases"].to_list() == expected.tolist()
    with_models = table.select(pl.col("^.*nbd.*$", "expected_spend"))
    assert with_models.null_count().row(0) == (0,) * 7


def test_nobody_has_no_features() -> None:
    empty = features(KnownHistory(DAYS, REFUNDS, LAST - timedelta(days=9999)))
    assert empty.height == 0
    assert empty.columns == ["customer_id", *FEATURES]
