"""The BG/BB as a contender, for merchants who say that they sell by the week, the month, the quarter or the year.

Counts opportunities that were used, and turns the ones to come into purchase days. Must not hold the model's
mathematics, nor know the calendar.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from ml.contenders.parametric import spend_per_day
from ml.contenders.refusals import refusal
from ml.estimator import FitStatus, FloatArray
from ml.evaluation.contender import Forecast, OwnFit
from ml.histories.known_history import KnownHistory
from ml.histories.opportunity_calendar import Opportunity, opportunities_ahead, opportunity_number
from ml.histories.opportunity_summary import summarise_opportunities
from ml.purchases.bg_bb import BetaGeometricBetaBernoulli

# With fewer since the first purchase, nobody's silence tells leaving from letting pass.
FEWEST_OPPORTUNITIES = 3
# As if the parameters' logarithms were Normal around 0 with a variance of 10, a standard deviation of a factor of 24:
# enough for customers who are all as likely to leave to have a fit, and too little to show in any other.
PENALTY = 0.05
_HISTORY = ("frequency", "recency_opportunities", "opportunity_count")


@dataclass(frozen=True)
class OpportunitiesFit:
    """What was fitted on a history.

    Attributes:
        model: The model.
        summary: `ml.histories.opportunity_summary.OPPORTUNITY_SCHEMA`, the history's customers in their order.
        days_per_purchase: Purchase days of an opportunity that is used, on average.
    """

    model: BetaGeometricBetaBernoulli
    summary: pl.DataFrame
    days_per_purchase: float


def opportunities_fit(history: KnownHistory, opportunity: Opportunity) -> OpportunitiesFit:
    """The model fitted on a history, once.

    Raises:
        UnusableFitError: There were too few opportunities, or the model has no fit on them.
    """
    return history.once(("opportunities", opportunity), lambda: _fitted(history, opportunity))


def _fitted(history: KnownHistory, opportunity: Opportunity) -> OpportunitiesFit:
    at = history.net_days.select(
        "customer_id", opportunity_number(opportunity, as_of_date=history.as_of_date).alias("opportunity")
    )
    summary = summarise_opportunities(at, last_opportunity=0)
    longest = int(summary["opportunity_count"].to_numpy().max(initial=0))
    if longest < FEWEST_OPPORTUNITIES:
        raise refusal(
            BetaGeometricBetaBernoulli.name,
            FitStatus.HISTORY_TOO_SHORT,
            f"nobody has had more than {longest} opportunities of a {opportunity} after the one of the first purchase; "
            f"it takes {FEWEST_OPPORTUNITIES}. Load an earlier history, or declare a shorter opportunity",
            history,
        )
    histories = summary.group_by(_HISTORY).agg(pl.len().cast(pl.Float64).alias("weight")).sort(_HISTORY)
    model = BetaGeometricBetaBernoulli(penalty=PENALTY).fit(histories)
    later = at.filter(pl.col("opportunity") > pl.col("opportunity").min().over("customer_id")).height
    return OpportunitiesFit(model, summary, later / float(summary["frequency"].sum()))


@dataclass(frozen=True)
class AtOpportunities:
    """The BG/BB over opportunities of a declared length, with the Gamma-Gamma model of spend.

    Attributes:
        opportunity: How long each is.
    """

    opportunity: Opportunity
    name: ClassVar[str] = BetaGeometricBetaBernoulli.name

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; spend is expected purchase days times expected spend.

        A horizon that ends within an opportunity has it with the share that lies inside, as a chance (eq. 62).
        """
        fit = opportunities_fit(history, self.opportunity)
        model = fit.model
        counts = fit.days_per_purchase * self._within(history, fit, horizon_days, model.expected_purchases)
        silent = self._within(history, fit, order_horizon_days, model.probability_of_no_purchase)
        per_day = spend_per_day(history)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=1.0 - np.clip(silent, 0.0, 1.0),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )

    def _within(
        self,
        history: KnownHistory,
        fit: OpportunitiesFit,
        horizon_days: int,
        ask: Callable[[pl.DataFrame, int], FloatArray],
    ) -> FloatArray:
        whole, share = opportunities_ahead(self.opportunity, as_of_date=history.as_of_date, horizon_days=horizon_days)
        distinct = fit.summary.select(_HISTORY).unique().sort(_HISTORY)
        answer = (1.0 - share) * ask(distinct, whole)
        if share:
            answer = answer + share * ask(distinct, whole + 1)
        answered = distinct.with_columns(pl.Series("answer", answer))
        each = fit.summary.join(answered, on=list(_HISTORY), how="left", maintain_order="left")
        found: FloatArray = each["answer"].to_numpy()
        return found

    def own_fit(self, history: KnownHistory) -> OwnFit:
        """See `ml.evaluation.contender.FitsOwnModel`."""
        fit = opportunities_fit(history, self.opportunity)
        if fit.model.report_ is None:
            raise AssertionError("a fit returned without its report")
        said = {"opportunity": self.opportunity.value, "purchase_days_per_opportunity": fit.days_per_purchase}
        return OwnFit(fit.model.report_, {}, said)
