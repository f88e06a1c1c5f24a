"""The season of a merchant whose season is known, and none where there is none."""

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from connectors.sandbox.histories import generate
from connectors.sandbox.presets import PRESETS, preset_merchant
from ml.contenders import seasonal
from ml.contenders.parametric import Parametric
from ml.contenders.seasonal import MINIMUM_DAYS, Seasonal, _months_ahead, horizon_level, month_index
from ml.estimator import FitStatus, UnusableFitError
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd

LAST = date(2025, 12, 31)
BEFORE_THE_FEASTS = date(2025, 9, 30)


@cache
def merchant(name: str, customer_count: int = 4000) -> KnownHistory:
    """Three years of a synthetic merchant."""
    made = replace(preset_merchant(name, customer_count=customer_count, seed=2), ends_on=LAST)
    orders = pl.concat([piece.rows for piece in generate(made) if piece.table == "orders"])
    days = orders.group_by("customer_id", purchase_date=pl.col("ordered_at").dt.date()).agg(pl.col("amount").sum())
    return KnownHistory(days, None, LAST)


def test_finds_the_months_that_sell() -> None:
    history = merchant("seasonal").at(BEFORE_THE_FEASTS)
    index = month_index(history, history.fitted(BetaGeometricNbd))
    paces = np.array(PRESETS["seasonal"].merchant.month_paces)
    assert np.corrcoef(index, paces)[0, 1] > 0.95
    # Drawn to 1: no further out than the truth is.
    truth = paces / paces.mean()
    assert (np.abs(np.log(index[[6, 10, 11]])) < np.abs(np.log(truth[[6, 10, 11]]))).all()
    assert index[10:].min() > 1.25
    assert index[:3].max() < 0.9


def test_a_season_ahead_lifts_the_forecast_towards_what_happens() -> None:
    whole = merchant("seasonal")
    history = whole.at(BEFORE_THE_FEASTS)
    asked = {"horizon_days": 92, "order_horizon_days": 31}
    plain = Parametric(BetaGeometricNbd).forecast(history, **asked)
    lifted = Seasonal().forecast(history, **asked)
    happened = whole.outcome_of(history).by_customer["purchase_count"].sum()
    assert plain.purchase_count is not None
    assert lifted.purchase_count is not None
    missed, still_missed = happened - plain.purchase_count.sum(), happened - lifted.purchase_count.sum()
    assert missed > 0.2 * happened
    assert abs(still_missed) < 0.7 * missed
    assert lifted.order_probability is not None
    assert plain.order_probability is not None
    assert (lifted.order_probability >= plain.order_probability).all()
    assert np.argmax(lifted.score) == np.argmax(plain.score)


def test_a_month_seen_twice_counts_two_thirds(monkeypatch: pytest.MonkeyPatch) -> None:
    history = merchant("seasonal").at(date(2024, 12, 31))
    days = pl.date_range(date(2023, 1, 1), date(2024, 12, 31), eager=True)[-history.days - 1 :]
    expected = np.full(days.len(), 1e4)
    made = np.where(days.dt.month().to_numpy() == 12, 3.0, 1.0) * expected
    monkeypatch.setattr(seasonal, "_repeat_purchases_by_day", lambda *_: (made, expected))
    ratio = 3.0 / (made.sum() / expected.sum())
    index = month_index(history, history.fitted(BetaGeometricNbd))
    assert index[11] - 1.0 == pytest.approx((ratio - 1.0) * 2 / 3, rel=0.02)


def test_without_a_season_there_is_next_to_none() -> None:
    history = merchant("model_following")
    index = month_index(history, history.fitted(BetaGeometricNbd))
    np.testing.assert_allclose(index, 1.0, atol=0.06)


def test_a_whole_year_has_every_season() -> None:
    history = merchant("seasonal").at(BEFORE_THE_FEASTS)
    model = history.fitted(BetaGeometricNbd)
    index = month_index(history, model)
    assert horizon_level(history, model, index, horizon_days=365) == pytest.approx(1.0, abs=0.08)
    assert horizon_level(history, model, index, horizon_days=31) == pytest.approx(index[9])
    even = horizon_level(history, model, np.ones(12), horizon_days=3650)
    assert even == pytest.approx(1.0, rel=1e-12)


def test_months_ahead_end_with_the_horizon() -> None:
    months, ends = _months_ahead(date(2025, 11, 20), 60)
    assert (months.tolist(), ends.tolist()) == ([10, 11, 0], [10.0, 41.0, 60.0])
    months, ends = _months_ahead(date(2025, 12, 31), 3650)
    assert (months[0], months[-1], ends[0], ends[-1], months.size) == (0, 12, 31.0, 3650.0, 26)


def test_one_year_is_no_season() -> None:
    history = merchant("seasonal").at(date(2024, 1, 15))
    assert history.days < MINIMUM_DAYS
    with pytest.raises(UnusableFitError, match="season") as caught:
        Seasonal().forecast(history, horizon_days=90, order_horizon_days=90)
    assert caught.value.report.status is FitStatus.HISTORY_TOO_SHORT
