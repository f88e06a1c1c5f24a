"""The mean of what others forecast: their errors partly cancel, and on some merchants it is better than any of them.

Must not know its members by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ml.contenders.refusals import refusal
from ml.estimator import FitStatus, FloatArray, UnusableFitError
from ml.evaluation.contender import Contender, Forecast, forecast_once
from ml.histories.known_history import KnownHistory


@dataclass(frozen=True)
class Mean:
    """Arithmetic means over those members that say something, each member's forecast being made once per history.

    Attributes:
        members: Whose forecasts are taken; one that refuses a history, or says nothing of a figure, is left out there.
    """

    members: tuple[Contender, ...]
    name: ClassVar[str] = "mean"

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; the score is the mean count.

        Raises:
            UnusableFitError: Fewer than two members say how often customers buy.
        """
        said: list[Forecast] = []
        for member in self.members:
            try:
                said.append(
                    forecast_once(member, history, horizon_days=horizon_days, order_horizon_days=order_horizon_days)
                )
            except UnusableFitError:
                continue
        counts = [forecast.purchase_count for forecast in said if forecast.purchase_count is not None]
        if len(counts) < 2:
            raise refusal(
                self.name,
                FitStatus.TOO_FEW_CUSTOMERS,
                f"a mean takes two forecasts, and {len(counts)} of its {len(self.members)} members can make one. Load "
                "more of the order history",
                history,
            )
        mean_count = np.mean(counts, axis=0)
        return Forecast(
            model_name=self.name,
            score=mean_count,
            order_probability=_mean([forecast.order_probability for forecast in said]),
            purchase_count=mean_count,
            spend=_mean([forecast.spend for forecast in said]),
        )


def _mean(said: Sequence[FloatArray | None]) -> FloatArray | None:
    """Shape (n,); None when nobody said anything."""
    figures = [figure for figure in said if figure is not None]
    return np.asarray(np.mean(figures, axis=0), dtype=np.float64) if figures else None
