"""Whatever can say what a merchant's customers will do next: models, boosting, baselines, and means of them.

One protocol, so that a backtest and the choice of a champion treat all alike. Must not know a contender by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ml.estimator import FitReport, FloatArray
from ml.histories.known_history import KnownHistory


@dataclass(frozen=True)
class Forecast:
    """What one contender said at a history's end, one number per customer; None where it says nothing.

    Attributes:
        model_name: Who said it.
        score: A ranking by expected activity.
        order_probability: P(orders again within the order horizon).
        purchase_count: Expected purchase days within the horizon.
        spend: Expected spend within the horizon, in the merchant's currency, not discounted.
    """

    model_name: str
    score: FloatArray
    order_probability: FloatArray | None = None
    purchase_count: FloatArray | None = None
    spend: FloatArray | None = None


class Contender(Protocol):
    """Learns from a history, which it may cut as often as it likes, and says what comes after it.

    Equal contenders say the same, so that a history can keep what they said (`forecast_once`).
    """

    @property
    def name(self) -> str:
        """Under which its figures are stored; no two contenders share one."""
        ...

    def __hash__(self) -> int: ...

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """What comes after a history, for every row of its summary, in its order.

        Deterministic: the same history gives the same bits, whatever the order of its rows.

        Args:
            history: All that may be known.
            horizon_days: Of counts and spend; may be longer than the history.
            order_horizon_days: Of the probability to order again; at most `horizon_days`.

        Raises:
            UnusableFitError: The history does not carry it; the others go on without it.
        """
        ...


@dataclass(frozen=True)
class OwnFit:
    """What a contender fitted that is no base under others: kept with the run, so that its numbers can be explained.

    Attributes:
        report: How the fit ended.
        units: Parameter to unit, of those that have one.
        facts: What the parameters mean, JSON-ready.
    """

    report: FitReport
    units: Mapping[str, str]
    facts: Mapping[str, Any]


@runtime_checkable
class FitsOwnModel(Protocol):
    """A contender with parameters of its own."""

    def own_fit(self, history: KnownHistory) -> OwnFit:
        """The fit under its forecasts of a history.

        Raises:
            UnusableFitError: The history does not carry it.
        """
        ...


def forecast_once(
    contender: Contender, history: KnownHistory, *, horizon_days: int, order_horizon_days: int
) -> Forecast:
    """A contender's forecast, made once per history and horizons and kept as long as the history is.

    Raises:
        UnusableFitError: The history does not carry it; the same error each time.
    """
    return history.once(
        (contender, horizon_days, order_horizon_days),
        lambda: contender.forecast(history, horizon_days=horizon_days, order_horizon_days=order_horizon_days),
    )
