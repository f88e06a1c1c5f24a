"""What a merchant's forecast is asked for, and who spoke for the merchant before."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from ml.histories.opportunity_calendar import Opportunity
from models.errors import MisconfiguredError


@dataclass(frozen=True)
class ForecastSettings:
    """What a merchant's forecast is asked for.

    Attributes:
        merchant_id: Whose customers.
        as_of_date: The last day of the history.
        currency_minor_digits: Decimal places of the merchant's currency, 0 to 4.
        horizon_days: Over which purchases and lifetime value are expected.
        annual_discount_rate: A share a year.
        churn_horizon_days: Churn is no purchase within so many days.
        holdout_days: How far the backtests look; None is up to half a year, shorter where the history is.
        currency_code: Of the amounts; the same figures in another currency are another forecast.
        has_challengers: Whether contenders that have to be trained take part; the parametric models and the baselines
            always do.
        opportunity: What the merchant sells by, where customers buy once in each or let it pass; None otherwise.
    """

    merchant_id: str
    as_of_date: date
    currency_minor_digits: int = 2
    horizon_days: int = 365
    annual_discount_rate: float = 0.10
    churn_horizon_days: int = 90
    holdout_days: int | None = None
    currency_code: str = ""
    has_challengers: bool = True
    opportunity: Opportunity | None = None

    def __post_init__(self) -> None:
        at = f"merchants[{self.merchant_id}]"
        if not 0 <= self.currency_minor_digits <= 4:
            raise MisconfiguredError(
                f"{at}.currency_code", f"a currency has 0 to 4 decimal places, not {self.currency_minor_digits}"
            )
        for name in ("horizon_days", "churn_horizon_days", "holdout_days"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 36_500:
                raise MisconfiguredError(f"{at}.prediction.{name}", f"{value} is not between 1 and 36500 days")
        if not (np.isfinite(self.annual_discount_rate) and 0 <= self.annual_discount_rate <= 10):
            raise MisconfiguredError(
                f"{at}.prediction.annual_discount_rate",
                f"{self.annual_discount_rate} is no share a year between 0 and 10 (write 10% as 0.10)",
            )

    @property
    def as_json(self) -> dict[str, Any]:
        """The settings, JSON-ready."""
        return {**asdict(self), "as_of_date": self.as_of_date.isoformat()}


@dataclass(frozen=True)
class Incumbent:
    """Who spoke for the merchant in the last published run of an earlier day.

    Attributes:
        model_run_id: That run's.
        champion: Whose counts it published.
        base: The parametric model under them.
        input_sketch: What its customers looked like (`ml.forecasts.drift.input_sketch`); None of a run that kept none.
    """

    model_run_id: str
    champion: str
    base: str
    input_sketch: Mapping[str, Any] | None = None
