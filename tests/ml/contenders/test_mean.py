"""A mean is of those who say something, and has nobody say it twice."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
import pytest

from ml.contenders.mean import Mean
from ml.contenders.refusals import refusal
from ml.estimator import FitStatus, FloatArray, UnusableFitError
from ml.evaluation.contender import Forecast, forecast_once
from ml.histories.known_history import KnownHistory

HISTORY_DAYS = pl.DataFrame(
    {"customer_id": ["a", "b"], "purchase_date": [date(2026, 1, 1)] * 2, "amount": [1.0, 2.0]},
)


@dataclass(frozen=True)
class Says:
    name: str
    count: FloatArray | None = field(default=None, hash=False)
    spend: FloatArray | None = field(default=None, hash=False)
    asked: list[int] = field(default_factory=list, hash=False, compare=False)

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:  # noqa: ARG002  # the protocol's
        self.asked.append(horizon_days)
        if self.count is None and self.spend is None:
            raise refusal(self.name, FitStatus.HISTORY_TOO_SHORT, "nothing to say", history)
        return Forecast(self.name, np.zeros(2), np.array([0.2, 0.4]), self.count, self.spend)


def history() -> KnownHistory:
    return KnownHistory(HISTORY_DAYS, None, date(2026, 2, 1))


def test_means_are_over_those_who_say_the_figure() -> None:
    one = Says("one", np.array([1.0, 3.0]), np.array([10.0, 0.0]))
    two = Says("two", np.array([3.0, 5.0]))
    silent, value = Says("silent"), Says("value", spend=np.array([20.0, 4.0]))
    said = Mean((one, two, silent, value)).forecast(history(), horizon_days=90, order_horizon_days=30)
    assert said.purchase_count is not None
    assert said.purchase_count.tolist() == [2.0, 4.0]
    assert said.score.tolist() == [2.0, 4.0]
    assert said.spend is not None
    assert said.spend.tolist() == [15.0, 2.0]
    assert said.order_probability is not None
    assert said.order_probability.tolist() == pytest.approx([0.2, 0.4])


def test_a_member_is_asked_once_whoever_asks() -> None:
    one, two = Says("one", np.ones(2)), Says("two", np.ones(2))
    at = history()
    forecast_once(one, at, horizon_days=90, order_horizon_days=30)
    Mean((one, two)).forecast(at, horizon_days=90, order_horizon_days=30)
    assert (one.asked, two.asked) == ([90], [90])
    Mean((one, two)).forecast(at, horizon_days=60, order_horizon_days=30)
    assert one.asked == [90, 60]


def test_one_forecast_is_no_mean() -> None:
    with pytest.raises(UnusableFitError, match="1 of its 2 members"):
        Mean((Says("one", np.ones(2)), Says("silent"))).forecast(history(), horizon_days=90, order_horizon_days=30)
