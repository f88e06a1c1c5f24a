"""The BG/NBD with covariates as a contender: who it tells apart, when it speaks, and what it leaves behind."""

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF as CDNOW_AS_OF
from cdnow_purchases import sample_purchase_days
from simulated_customers import simulate_purchase_days

from ml.contenders.covariates import FEWEST_CUSTOMERS, OTHERS, Encoding, WithCovariates, covariates_fit
from ml.estimator import FitStatus, UnusableFitError
from ml.forecasts.forecasting import MerchantForecast, forecast_merchant
from ml.forecasts.model_card import fit_reports
from ml.forecasts.settings import ForecastSettings, Incumbent
from ml.histories.first_orders import FIRST_ORDERS_SCHEMA, UNKNOWN
from ml.histories.known_history import KnownHistory
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import FitWithPrior

AS_OF = date(2025, 6, 30)
SETTINGS = ForecastSettings("shop", AS_OF)


def first_orders(days: pl.DataFrame, **facts: pl.Expr) -> pl.DataFrame:
    """First orders with some facts, the others unknown."""
    said = {name: pl.lit(None, dtype=FIRST_ORDERS_SCHEMA[name]) for name in ("channel", "has_discount", "country_code")}
    return (
        days.group_by("customer_id")
        .agg(pl.col("purchase_date").min())
        .sort("customer_id")
        .with_columns(**(said | facts))
        .select(FIRST_ORDERS_SCHEMA.names())
        .cast(dict(FIRST_ORDERS_SCHEMA))  # type: ignore[arg-type]  # a schema is a mapping of names to types
    )


@pytest.fixture(scope="module")
def days() -> pl.DataFrame:
    """Customers of a shop's till come often and stay; those whom a give-away brought hardly do."""
    rng = np.random.default_rng(5)
    return pl.concat(
        [
            simulate_purchase_days(rng, 1_500, as_of=AS_OF, r=1.5, alpha=60.0, a=0.5, b=4.0, prefix="till-"),
            simulate_purchase_days(rng, 1_500, as_of=AS_OF, r=1.5, alpha=450.0, a=1.5, b=2.0, prefix="gift-"),
        ]
    )


def channels(days: pl.DataFrame) -> pl.DataFrame:
    return first_orders(days, channel=pl.col("customer_id").str.head(4))


@pytest.fixture(scope="module")
def forecast(days: pl.DataFrame) -> MerchantForecast:
    return forecast_merchant(days, None, SETTINGS, "0" * 64, first_orders=channels(days))


def test_it_is_chosen_where_first_orders_tell_customers_apart(days: pl.DataFrame, forecast: MerchantForecast) -> None:
    assert forecast.model_name == "bg_nbd_covariates"
    assert forecast.base_model_name != forecast.model_name
    assert forecast.is_publishable
    history = KnownHistory(days, None, AS_OF, FitWithPrior(shipped_prior()), channels(days))
    said = WithCovariates().forecast(history, horizon_days=365, order_horizon_days=90)
    assert said.purchase_count is not None
    np.testing.assert_allclose(forecast.predictions["expected_purchases"], said.purchase_count, rtol=1e-12)


def test_its_parameters_and_what_they_mean_are_kept(days: pl.DataFrame, forecast: MerchantForecast) -> None:
    kept = forecast.parameters["bg_nbd_covariates"]
    history = KnownHistory(days, None, AS_OF, None, channels(days))
    assert kept == covariates_fit(history).model.params_
    # Of as many customers the till's come first by name: the give-away is compared with the more common one.
    (column,) = Encoding.from_json(forecast.model_card["facts"]["champion_fit"]["facts"]["covariates"]).columns
    sign = 1.0 if column == "channel=till" else -1.0
    assert sign * kept[f"alpha[{column}]"] == pytest.approx(np.log(450 / 60), rel=0.15)
    card = json.loads(json.dumps(forecast.model_card, allow_nan=False))
    assert card == forecast.model_card
    entry = card["facts"]["champion_fit"]
    assert entry["parameters"]["alpha"]["unit"] == "days"
    assert entry["parameters"][f"alpha[{column}]"]["standard_error"] > 0
    # Priors are learnt from the models that they speak of.
    assert [fit.model_name for fit in fit_reports(card)] == [forecast.base_model_name, "gamma_gamma"]


def test_it_is_not_chosen_where_they_tell_nothing(days: pl.DataFrame) -> None:
    coin = first_orders(days, has_discount=pl.col("customer_id").str.slice(5).cast(pl.Int64) % 2 == 0)
    found = forecast_merchant(days, None, SETTINGS, "0" * 64, first_orders=coin)
    row = found.standings.row(by_predicate=pl.col("model_name") == "bg_nbd_covariates", named=True)
    assert row["is_eligible"]
    assert found.model_name != "bg_nbd_covariates"
    assert "bg_nbd_covariates" not in found.parameters


def test_who_holds_the_place_keeps_it_by_the_same_rule(days: pl.DataFrame) -> None:
    coin = first_orders(days, has_discount=pl.col("customer_id").str.slice(5).cast(pl.Int64) % 2 == 0)
    held = Incumbent("before", "bg_nbd_covariates", "bg_nbd")
    few = replace(SETTINGS, holdout_days=120)
    found = forecast_merchant(days, None, few, "0" * 64, first_orders=coin, incumbent=held)
    assert found.model_name == "bg_nbd_covariates"
    said = found.model_card["facts"]["champion_reasons"]
    assert [one for one in said if one.startswith("bg_nbd is no better than bg_nbd_covariates: worse by 0.0")]
    assert forecast_merchant(days, None, few, "0" * 64, first_orders=coin).model_name == "bg_nbd"


def test_other_facts_are_another_run(days: pl.DataFrame) -> None:
    small = days.filter(pl.col("customer_id").str.slice(5).cast(pl.Int64) < 60)
    runs = {
        forecast_merchant(small, None, SETTINGS, "0" * 64, first_orders=first).model_run_id
        for first in (None, channels(small), first_orders(small), first_orders(small, channel=pl.lit("web")))
    }
    assert len(runs) == 3  # nothing known of anybody is the same as no frame


def test_only_first_orders_up_to_the_day_are_known(days: pl.DataFrame) -> None:
    history = KnownHistory(days, None, AS_OF, None, channels(days))
    earlier = history.at(AS_OF - timedelta(days=200))
    assert earlier.facts is not None
    assert earlier.facts["channel"].to_list() == earlier.summary["customer_id"].str.head(4).to_list()
    # What is dated later is not known, whatever the purchase days say.
    late = channels(days).with_columns(pl.lit(AS_OF - timedelta(days=100)).alias("purchase_date"))
    assert KnownHistory(days, None, AS_OF, None, late).at(AS_OF - timedelta(days=101)).facts is None


def some_facts(*groups: tuple[int, int, str | None]) -> tuple[pl.DataFrame, pl.Series]:
    """Customers, of whom so many came back, and their channel."""
    level = [name or UNKNOWN for count, _, name in groups for _ in range(count)]
    frequency = [int(place < repeat) for count, repeat, _ in groups for place in range(count)]
    facts = pl.DataFrame(
        {"channel": level, "has_discount": [UNKNOWN] * len(level), "country_code": ["DE"] * len(level)}
    )
    return facts, pl.Series(frequency)


def test_rare_levels_are_pooled_and_what_nobody_had_is_the_reference() -> None:
    enough = FEWEST_CUSTOMERS
    facts, frequency = some_facts(
        (900, 300, "web"), (enough, 50, "pos"), (enough, 19, "fair"), (90, 9, "post"), (300, 40, None)
    )
    encoding = Encoding.of(facts, frequency)
    assert encoding.reference == {"channel": "web"}  # a fact that is the same for all tells nobody apart
    assert encoding.columns == ("channel=(unknown)", "channel=pos", f"channel={OTHERS}")
    assert [encoding.level_of("channel", name) for name in ("web", "fair", "post", "moon", UNKNOWN)] == [
        "web",
        OTHERS,
        OTHERS,
        "web",
        UNKNOWN,
    ]
    asked = pl.DataFrame(
        {"channel": ["web", "fair", "moon", "pos", UNKNOWN], "has_discount": "no", "country_code": "FR"}
    )
    assert encoding.design(asked).rows() == [(0, 0, 0), (0, 0, 1), (0, 0, 0), (0, 1, 0), (1, 0, 0)]
    assert Encoding.from_json(json.loads(json.dumps(encoding.as_json))) == encoding
    # Too few even together: they count as the most common.
    facts, frequency = some_facts((900, 300, "web"), (enough, 50, "pos"), (40, 9, "post"))
    assert Encoding.of(facts, frequency).columns == ("channel=pos",)
    assert Encoding.of(facts, frequency).level_of("channel", "post") == "web"
    # Never more than a handful, however many there are.
    facts, frequency = some_facts(*((300 - place, 50, f"{place:02}") for place in range(12)))
    assert Encoding.of(facts, frequency).columns == (
        *(f"channel={place:02}" for place in range(1, 5)),
        f"channel={OTHERS}",
    )


def refusal_of(history: KnownHistory) -> UnusableFitError:
    with pytest.raises(UnusableFitError) as caught:
        WithCovariates().forecast(history, horizon_days=365, order_horizon_days=90)
    assert caught.value.report.status is FitStatus.TOO_FEW_CUSTOMERS
    return caught.value


def test_it_refuses_what_says_nothing_or_too_little(days: pl.DataFrame) -> None:
    fits = FitWithPrior(shipped_prior())
    plain = sample_purchase_days()
    assert "nothing is known" in str(refusal_of(KnownHistory(plain, None, CDNOW_AS_OF, fits)))
    assert "nothing is known" in str(refusal_of(KnownHistory(plain, None, CDNOW_AS_OF, fits, first_orders(plain))))
    rare = first_orders(plain, channel=pl.when(pl.int_range(pl.len()) < 150).then(pl.lit("a")).otherwise(pl.lit("b")))
    assert "no two groups" in str(refusal_of(KnownHistory(plain, None, CDNOW_AS_OF, fits, rare)))
    young = days.filter(pl.col("purchase_date").min().over("customer_id") > AS_OF - timedelta(days=170))
    assert "own data do not carry" in str(refusal_of(KnownHistory(young, None, AS_OF, fits, channels(young))))
