"""The BG/BB as a contender: in turn for who sells by the box, and silent for who does not say so."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ml.contenders.opportunities import AtOpportunities, opportunities_fit
from ml.estimator import FitStatus, UnusableFitError
from ml.forecasts.forecasting import MerchantForecast, forecast_merchant
from ml.forecasts.settings import ForecastSettings
from ml.histories.known_history import KnownHistory
from ml.histories.opportunity_calendar import Opportunity, months_later
from ml.purchases.bg_bb import BetaGeometricBetaBernoulli

AS_OF = date(2025, 6, 20)
SETTINGS = ForecastSettings("box", AS_OF, has_challengers=False, opportunity=Opportunity.MONTH)


def boxes(customers: int, *, months: int, seed: int, extra: float = 0.0, leaving: float | None = None) -> pl.DataFrame:
    """A box a month around the tenth, which some always take and others let pass now and then, until they cancel."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(customers):
        takes, leaves = rng.beta(6.0, 1.5), rng.beta(1.0, 9.0) if leaving is None else leaving
        for month in range(int(rng.integers(0, months)), -1, -1):
            is_first = not rows or rows[-1][0] != f"c{person}"
            if not is_first and rng.random() < leaves:
                break
            if is_first or rng.random() < takes:
                day = months_later(date(2025, 6, 10), -month) + timedelta(days=int(rng.integers(-2, 3)))
                rows.append((f"c{person}", day, 30.0 + person % 7))
                if rng.random() < extra:
                    rows.append((f"c{person}", day + timedelta(days=3), 9.0))
    return pl.DataFrame(rows, schema=["customer_id", "purchase_date", "amount"], orient="row")


@pytest.fixture(scope="module")
def days() -> pl.DataFrame:
    return boxes(900, months=24, seed=3)


@pytest.fixture(scope="module")
def forecast(days: pl.DataFrame) -> MerchantForecast:
    return forecast_merchant(days, None, SETTINGS, "0" * 64)


def test_it_is_chosen_where_customers_buy_by_the_box(forecast: MerchantForecast) -> None:
    assert forecast.model_name == "bg_bb"
    assert forecast.base_model_name in {"bg_nbd", "mbg_nbd", "pareto_nbd"}
    assert forecast.is_publishable
    # Nobody gets more boxes than there are months.
    assert float(forecast.predictions["expected_purchases"].max()) < 12.0  # type: ignore[arg-type]  # floats
    kept = forecast.parameters["bg_bb"]
    assert kept["alpha"] / (kept["alpha"] + kept["beta"]) == pytest.approx(0.8, abs=0.03)
    assert kept["gamma"] / (kept["gamma"] + kept["delta"]) == pytest.approx(0.1, abs=0.03)
    card = json.loads(json.dumps(forecast.model_card, allow_nan=False))
    assert card == forecast.model_card
    assert card["settings"]["opportunity"] == "month"
    assert card["facts"]["champion_fit"]["facts"] == {"opportunity": "month", "purchase_days_per_opportunity": 1.0}


def test_it_does_not_take_part_where_none_is_declared(days: pl.DataFrame) -> None:
    small = days.head(400)
    found = forecast_merchant(small, None, replace(SETTINGS, opportunity=None), "0" * 64)
    assert "bg_bb" not in found.standings["model_name"].to_list()


def test_its_forecast_is_the_model_s_over_the_months_of_the_horizon(days: pl.DataFrame) -> None:
    history = KnownHistory(days, None, AS_OF)
    fit = opportunities_fit(history, Opportunity.MONTH)
    # 31 days from 20 June are a month of 30 days and a day of the next.
    said = AtOpportunities(Opportunity.MONTH).forecast(history, horizon_days=31, order_horizon_days=30)
    one, two = (fit.model.expected_purchases(fit.summary, months) for months in (1, 2))
    assert said.purchase_count is not None
    assert said.order_probability is not None
    np.testing.assert_allclose(said.purchase_count, one * 30 / 31 + two / 31, rtol=1e-12)
    np.testing.assert_allclose(
        said.order_probability, 1 - fit.model.probability_of_no_purchase(fit.summary, 1), rtol=1e-12
    )
    assert fit.summary["customer_id"].equals(history.summary["customer_id"])


def test_what_is_bought_beside_the_box_counts() -> None:
    history = KnownHistory(boxes(300, months=20, seed=4, extra=0.25), None, AS_OF)
    fit = opportunities_fit(history, Opportunity.MONTH)
    assert fit.days_per_purchase == pytest.approx(1.25, abs=0.03)
    said = AtOpportunities(Opportunity.MONTH).forecast(history, horizon_days=30, order_horizon_days=30)
    boxes_to_come = fit.model.expected_purchases(fit.summary, 1)
    np.testing.assert_allclose(said.purchase_count, fit.days_per_purchase * boxes_to_come, rtol=1e-12)  # type: ignore[arg-type]  # it says counts
    plain = KnownHistory(boxes(300, months=20, seed=4), None, AS_OF)
    assert opportunities_fit(plain, Opportunity.MONTH).days_per_purchase == 1.0


def test_total_of_the_months_held_back_is_met(days: pl.DataFrame) -> None:
    whole = KnownHistory(days, None, AS_OF)
    earlier = whole.at(date(2025, 2, 20))
    said = AtOpportunities(Opportunity.MONTH).forecast(earlier, horizon_days=120, order_horizon_days=90)
    came = whole.outcome_of(earlier, days=120).by_customer["purchase_count"].to_numpy()
    assert said.purchase_count is not None
    assert said.purchase_count.sum() == pytest.approx(came.sum(), rel=0.06)


def test_who_are_all_as_likely_to_leave_have_a_fit() -> None:
    """The likelihood alone rises for ever as gamma and delta do, and nothing but that is wrong with such a shop."""
    history = KnownHistory(boxes(500, months=18, seed=8, leaving=0.08), None, AS_OF)
    fit = opportunities_fit(history, Opportunity.MONTH)
    gamma, delta = fit.model.params_["gamma"], fit.model.params_["delta"]
    assert gamma / (gamma + delta) == pytest.approx(0.08, abs=0.02)
    with pytest.raises(UnusableFitError) as caught:
        BetaGeometricBetaBernoulli().fit(fit.summary)
    assert caught.value.report.status is FitStatus.SAME_DROPOUT_FOR_ALL
    assert "days" not in caught.value.report.message


def test_it_refuses_too_few_opportunities(days: pl.DataFrame) -> None:
    with pytest.raises(UnusableFitError, match="a shorter opportunity") as caught:
        AtOpportunities(Opportunity.YEAR).forecast(
            KnownHistory(days, None, AS_OF), horizon_days=365, order_horizon_days=90
        )
    assert caught.value.report.status is FitStatus.HISTORY_TOO_SHORT
    with pytest.raises(UnusableFitError):
        AtOpportunities(Opportunity.WEEK).forecast(
            KnownHistory(days.clear(), None, AS_OF), horizon_days=365, order_horizon_days=90
        )
