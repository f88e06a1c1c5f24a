"""Shops unlike the published data sets: each gets numbers that mean something, and says what they stand on.

Small histories with known causes, through the summary, the fits and the predictions. Every check that would withhold a
publish has to pass, whatever the shop.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.forecasts.forecast_checks import fit_checks, prediction_checks
from ml.forecasts.forecasting import forecast_merchant
from ml.forecasts.predictions import Speaker, predict
from ml.forecasts.settings import ForecastSettings
from ml.histories.known_history import KnownHistory
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import fit_purchases, fit_spend, mean_spend
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma

AS_OF = date(2025, 6, 30)
PRIOR = shipped_prior()
MODELS: tuple[type[LikelihoodEstimator], ...] = (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)
SCHEMA = {"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Float64}


def days_ago(days: int) -> date:
    return AS_OF - timedelta(days=int(days))


def purchases(*rows: tuple[int, int, float]) -> pl.DataFrame:
    """Customer, days ago and amount of each purchase; several on a day are one."""
    frame = pl.DataFrame(
        [(f"c{customer:05}", days_ago(day), float(amount)) for customer, day, amount in rows], SCHEMA, orient="row"
    )
    return frame.group_by("customer_id", "purchase_date").agg(pl.col("amount").sum())


def at_random(
    rng: np.random.Generator,
    customers: int,
    *,
    oldest: int,
    per_day: float,
    stays: float,
    pace: np.ndarray | None = None,
) -> list[tuple[int, int, float]]:
    """Customers who buy at rates around `per_day`, stay with a probability at each purchase, and spend around 40.

    `pace` makes days of the calendar count for more or less, by days ago.
    """
    rows = []
    weight = np.ones(oldest + 1) if pace is None else pace
    for customer, rate in enumerate(rng.gamma(1.5, per_day / 1.5, customers)):
        day = int(rng.integers(oldest // 3, oldest + 1))
        usual = 40.0 * rng.gamma(4.0) / 4.0
        rows.append((customer, day, usual))
        while day > 0:
            day -= 1
            if rng.random() < rate * weight[day]:
                rows.append((customer, day, usual * rng.gamma(5.0) / 5.0))
                if rng.random() > stays:
                    break
    return rows


def one_strong_season() -> pl.DataFrame:
    """Ten times as many purchases in the ten weeks before the year's end as in the rest of three years."""
    calendar = np.array([days_ago(day).timetuple().tm_yday for day in range(1001)])
    pace = np.where(calendar > 295, 5.0, 0.5)
    return purchases(*at_random(np.random.default_rng(1), 200, oldest=1000, per_day=0.006, stays=0.8, pace=pace))


def grocery() -> pl.DataFrame:
    """Once a week, give or take a day: more regular than chance."""
    rng = np.random.default_rng(2)
    return purchases(
        *(
            (customer, day + int(rng.integers(-1, 2)), 30.0 * rng.gamma(9.0) / 9.0)
            for customer in range(520)
            for day in range(8 + customer % 4, 190 + customer % 7, 7)
        )
    )


def twenty_customers() -> pl.DataFrame:
    return purchases(*at_random(np.random.default_rng(3), 20, oldest=300, per_day=0.01, stays=0.8))


def one_order_each() -> pl.DataFrame:
    return purchases(*((customer, 20 + customer % 400, 20.0 + customer % 50) for customer in range(800)))


def a_gap_of_a_year() -> pl.DataFrame:
    """Nothing at all between 500 and 135 days ago: closed, then opened again."""
    rows = at_random(np.random.default_rng(4), 200, oldest=900, per_day=0.02, stays=0.9)
    return purchases(*(row for row in rows if not 135 <= row[1] < 500))


def a_single_day() -> pl.DataFrame:
    return purchases(*((customer, 0, 15.0 + customer) for customer in range(40)))


def one_customer() -> pl.DataFrame:
    return purchases((0, 90, 60.0))


def everybody_drops_out() -> pl.DataFrame:
    """Two purchases in the first fortnight three years ago, and silence."""
    return purchases(
        *(
            (customer, 1000 - second * (3 + customer % 11), 40.0 + customer % 9)
            for customer in range(520)
            for second in (0, 1)
        )
    )


def nobody_drops_out() -> pl.DataFrame:
    return purchases(*at_random(np.random.default_rng(5), 200, oldest=500, per_day=0.03, stays=1.0))


def identical_spends() -> pl.DataFrame:
    rows = at_random(np.random.default_rng(6), 200, oldest=500, per_day=0.02, stays=0.8)
    return purchases(*{(customer, day, 19.9) for customer, day, _ in rows})


def refunded(days: pl.DataFrame, *, share: float) -> pl.DataFrame:
    """Every `1 / share`-th purchase day was given back a little more than it had cost."""
    every = round(1 / share)
    return (
        days.sort("customer_id", "purchase_date")
        .gather_every(every)
        .select("customer_id", "purchase_date", pl.lit(AS_OF).alias("refund_date"), pl.col("amount") * 1.1)
    )


def history(days: pl.DataFrame, refunds: pl.DataFrame | None = None) -> KnownHistory:
    return KnownHistory(days, refunds, AS_OF)


RETURNED = at_random(np.random.default_rng(7), 120, oldest=400, per_day=0.02, stays=0.8)
SHOPS = {
    "one strong season": lambda: history(one_strong_season()),
    "grocery": lambda: history(grocery()),
    "twenty customers": lambda: history(twenty_customers()),
    "one order each": lambda: history(one_order_each()),
    "a gap of a year": lambda: history(a_gap_of_a_year()),
    "a single day": lambda: history(a_single_day()),
    "one customer": lambda: history(one_customer()),
    "everybody drops out": lambda: history(everybody_drops_out()),
    "nobody drops out": lambda: history(nobody_drops_out()),
    "identical spends": lambda: history(identical_spends()),
    "half of it returned": lambda: history(purchases(*RETURNED), refunded(purchases(*RETURNED), share=0.5)),
    "all of it returned": lambda: history(purchases(*RETURNED), refunded(purchases(*RETURNED), share=1.0)),
}


@cache
def shop_of(name: str) -> KnownHistory:
    return SHOPS[name]()


@cache
def forecast_of(
    name: str, model: type[LikelihoodEstimator] = BetaGeometricNbd
) -> tuple[pl.DataFrame, LikelihoodEstimator, GammaGamma]:
    shop = shop_of(name)
    fitted = fit_purchases(model, shop.summary, PRIOR)
    spend = fit_spend(shop.summary, PRIOR, mean_spend=mean_spend(shop.net_days))
    speaker = Speaker(fitted.name, "model", fitted, spend, forecast=None, recalibrations={})
    return predict(shop.summary, speaker, ForecastSettings("shop", AS_OF)), fitted, spend


@pytest.mark.parametrize("name", SHOPS)
def test_every_shop_gets_a_forecast_that_may_be_published_and_names_its_ground(name: str) -> None:
    shop = shop_of(name)
    settings = ForecastSettings("shop", AS_OF, has_challengers=False)
    found = forecast_merchant(shop.purchase_days, shop.refunds, settings, "0" * 64)
    assert [check for check in found.checks if check.is_blocking and not check.has_passed] == []
    assert found.predictions.height == shop.summary.height
    assert found.prediction_basis in {"model", "prior", "naive"}
    assert found.model_card["facts"]["champion_reasons"]


@pytest.mark.parametrize("name", SHOPS)
@pytest.mark.parametrize("model", MODELS)
def test_every_shop_gets_numbers_that_mean_something(name: str, model: type[LikelihoodEstimator]) -> None:
    shop, summary = shop_of(name), shop_of(name).summary
    predictions, fitted, spend = forecast_of(name, model)
    found = [*fit_checks(summary, fitted, spend), *prediction_checks(summary, predictions, fitted, 365)]
    assert [check for check in found if check.is_blocking and not check.has_passed] == []
    for report in (fitted.report_, spend.report_):
        assert report is not None
        assert 0 <= report.prior_share <= 1
        assert bool(report.prior_version) is bool(report.message) is (report.prior_share > 0)
    # Nobody is expected to spend more than ten times what anybody did so far, nor to come more often than daily.
    highest = float(shop.net_days["units"].max() or 0) / 10_000  # type: ignore[arg-type]  # a column of integers
    assert float(predictions["expected_spend_amount"].max()) <= 10 * highest  # type: ignore[arg-type]  # amounts
    assert float(predictions["expected_purchases"].max()) <= 365  # type: ignore[arg-type]  # floats


@pytest.mark.parametrize("model", MODELS)
def test_a_weekly_grocery_is_expected_weekly(model: type[LikelihoodEstimator]) -> None:
    predictions, fitted, _ = forecast_of("grocery", model)
    assert predictions["expected_purchases"].mean() == pytest.approx(52, rel=0.08)
    assert fitted.report_ is not None
    assert "same rate" in fitted.report_.message or "nobody ever leaves" in fitted.report_.message


@pytest.mark.parametrize("model", MODELS)
def test_who_all_left_is_not_expected(model: type[LikelihoodEstimator]) -> None:
    predictions, _, _ = forecast_of("everybody drops out", model)
    assert float(predictions["expected_purchases"].mean()) < 0.05  # type: ignore[arg-type]  # floats
    assert float(predictions["churn_probability"].min()) > 0.95  # type: ignore[arg-type]  # floats


@pytest.mark.parametrize("model", MODELS)
def test_who_all_stay_are_expected_at_their_rate(model: type[LikelihoodEstimator]) -> None:
    predictions, _, _ = forecast_of("nobody drops out", model)
    rate = float(predictions["frequency"].sum()) / float(predictions["age_days"].sum())
    assert predictions["expected_purchases"].mean() == pytest.approx(365 * rate, rel=0.12)
    assert float(predictions["probability_alive"].mean()) > 0.9  # type: ignore[arg-type]  # floats


def test_one_order_each_promises_little_and_costs_what_it_did() -> None:
    predictions, fitted, _ = forecast_of("one order each")
    assert float(predictions["expected_purchases"].max()) < 0.02  # type: ignore[arg-type]  # floats
    assert predictions["expected_spend_amount"].cast(pl.Float64).mean() == pytest.approx(44.5, abs=0.01)
    assert fitted.report_ is not None
    assert 0.3 < fitted.report_.prior_share < 1


def test_a_single_day_is_the_prior_s_answer_in_the_shop_s_currency() -> None:
    predictions, fitted, _ = forecast_of("a single day")
    assert fitted.report_ is not None
    assert fitted.report_.prior_share == pytest.approx(1.0)
    assert predictions["expected_purchases"].n_unique() == 1
    assert predictions["expected_spend_amount"].cast(pl.Float64).to_list() == [34.5] * 40


def test_what_was_all_returned_is_worth_nothing_and_still_counts_as_coming() -> None:
    all_returned, _, _ = forecast_of("all of it returned")
    half_returned, _, _ = forecast_of("half of it returned")
    assert float(all_returned["clv_amount"].sum()) == 0.0
    assert float(half_returned["clv_amount"].sum()) > 0.0
    assert all_returned["expected_purchases"].equals(half_returned["expected_purchases"])


def test_identical_spends_are_expected_to_the_cent_or_so() -> None:
    predictions, _, _ = forecast_of("identical spends")
    amounts = predictions["expected_spend_amount"].cast(pl.Float64).to_numpy()
    np.testing.assert_allclose(amounts, 19.9, rtol=0.005)


@pytest.mark.parametrize("name", ["one strong season", "a gap of a year"])
def test_a_season_or_a_gap_leaves_the_year_s_level_plausible(name: str) -> None:
    """Over a whole year ahead the level is between half and twice that of the year before, by customer."""
    shop = shop_of(name)
    predictions, _, _ = forecast_of(name)
    earlier = shop.before(365)
    before = shop.outcome_of(earlier).by_customer["purchase_count"].sum()
    per_customer = float(before) / earlier.summary.height
    assert 0.4 * per_customer < float(predictions["expected_purchases"].mean()) < 2 * per_customer + 0.5  # type: ignore[arg-type]  # floats


def test_twenty_customers_say_which_prior_they_stand_on_and_why() -> None:
    _, fitted, _ = forecast_of("twenty customers")
    assert fitted.report_ is not None
    assert fitted.report_.prior_version == PRIOR.identity
    assert "customers: 20, days: 281" in fitted.report_.message
