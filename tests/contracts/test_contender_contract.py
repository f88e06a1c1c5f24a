"""What every contender keeps, however it forecasts. A new one joins by its line in the catalogue."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import AS_OF, sample_purchase_days

from ml.contenders.catalogue import contenders_of
from ml.estimator import UnusableFitError
from ml.evaluation.contender import Contender, Forecast, forecast_once
from ml.histories.known_history import KnownHistory
from ml.histories.opportunity_calendar import Opportunity

HORIZON, ORDER_HORIZON = 270, 90
LAST = date(2026, 6, 30)
EVERYBODY = contenders_of(has_challengers=True, opportunity=Opportunity.MONTH)
EVERY = pytest.mark.parametrize("contender", EVERYBODY, ids=lambda contender: contender.name)


def first_orders(days: pl.DataFrame) -> pl.DataFrame:
    """What first orders could say: three channels, one of them rare, and a discount that some sources do not tell."""
    number = pl.col("customer_id").cast(pl.Int64)
    channel = pl.when(number % 5 < 2).then(pl.lit("web")).when(number % 97 == 0).then(pl.lit("fair"))
    return (
        days.group_by("customer_id")
        .agg(pl.col("purchase_date").min())
        .with_columns(
            channel.otherwise(pl.lit("pos")).alias("channel"),
            pl.when(number % 3 > 0).then(number % 3 == 1).alias("has_discount"),
            pl.lit(None, dtype=pl.String).alias("country_code"),
        )
    )


# Long enough for a season; what comes after it is in the frame, and must not be seen.
END = date(1998, 5, 1)
CDNOW = KnownHistory(sample_purchase_days(), None, AS_OF, first_orders=first_orders(sample_purchase_days())).at(END)


def shop(*gaps: list[int]) -> KnownHistory:
    """One customer per list: days back from the end on which they bought, at growing amounts."""
    rows = [
        (f"c{number:02}", LAST - timedelta(days=back), 10.0 + number + place)
        for number, days in enumerate(gaps)
        for place, back in enumerate(days)
    ]
    schema = {"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Float64}
    return KnownHistory(pl.DataFrame(rows, schema=schema, orient="row"), None, LAST)


SMALL_SHOPS = {
    "nobody": shop(),
    "one_customer": shop([40]),
    "one_day": shop(*[[0]] * 30),
    "one_order_each": shop(*[[day * 7] for day in range(40)]),
    "twenty_customers": shop(*[[700 - 30 * n, *range(400 - 20 * n, 0, -(30 + 5 * n))] for n in range(20)]),
    "a_gap_of_a_year": shop(*[[800 - n, 780 - 2 * n, *([100 - n] if n % 3 else [])] for n in range(60)]),
    "free_of_charge": KnownHistory(CDNOW.purchase_days.head(900).with_columns(amount=pl.lit(0.0)), None, AS_OF),
}


@cache
def shuffled_with_another_future() -> KnownHistory:
    past = CDNOW.purchase_days.filter(pl.col("purchase_date") <= END)
    wild = past.with_columns(pl.col("purchase_date") + timedelta(days=500), amount=pl.lit(999).cast(pl.Decimal(18, 4)))
    days = pl.concat([wild, past]).sample(fraction=1.0, shuffle=True, seed=3)
    # In another future their first orders are those of other days.
    first = pl.concat(
        [
            first_orders(past),
            first_orders(wild).with_columns(pl.col("customer_id") + "-later", pl.lit("wild").alias("channel")),
        ]
    )
    return KnownHistory(days, None, END, first_orders=first.sample(fraction=1.0, shuffle=True, seed=4))


def numbers(forecast: Forecast) -> dict[str, np.ndarray]:
    named = {
        "score": forecast.score,
        "order_probability": forecast.order_probability,
        "purchase_count": forecast.purchase_count,
        "spend": forecast.spend,
    }
    return {name: values for name, values in named.items() if values is not None}


def forecast_of(contender: Contender, history: KnownHistory) -> Forecast:
    return forecast_once(contender, history, horizon_days=HORIZON, order_horizon_days=ORDER_HORIZON)


def keeps_its_word(contender: Contender, forecast: Forecast, customers: int) -> None:
    assert forecast.model_name == contender.name
    found = numbers(forecast)
    for name, values in found.items():
        assert values.shape == (customers,), name
        assert values.dtype == np.float64, name
        assert np.isfinite(values).all(), name
        assert name == "score" or (values >= 0).all(), name
    assert (found.get("order_probability", np.zeros(0)) <= 1).all()


def test_names_are_not_shared_and_equal_contenders_are_one_key() -> None:
    assert len({contender.name for contender in EVERYBODY}) == len(EVERYBODY)
    assert len(set(EVERYBODY)) == len(EVERYBODY)
    undeclared = contenders_of(has_challengers=True, opportunity=None)
    assert [contender.name for contender in EVERYBODY if contender not in undeclared] == ["bg_bb", "mean"]
    assert len(undeclared) == len(EVERYBODY) - 1


@EVERY
def test_says_one_sound_number_per_customer(contender: Contender) -> None:
    forecast = forecast_of(contender, CDNOW)
    keeps_its_word(contender, forecast, CDNOW.summary.height)
    for name, values in numbers(forecast).items():
        assert values.std() > 0, f"{name} is the same for all"


@EVERY
def test_neither_the_order_of_rows_nor_the_future_changes_a_bit(contender: Contender) -> None:
    other = numbers(forecast_of(contender, shuffled_with_another_future()))
    for name, values in numbers(forecast_of(contender, CDNOW)).items():
        assert values.tobytes() == other[name].tobytes(), name


@EVERY
@pytest.mark.parametrize("name", SMALL_SHOPS)
def test_small_shops_get_numbers_or_a_reason(contender: Contender, name: str) -> None:
    history = SMALL_SHOPS[name]
    refusal: UnusableFitError | None = None
    try:
        keeps_its_word(contender, forecast_of(contender, history), history.summary.height)
    except UnusableFitError as error:
        refusal = error
    if refusal is not None:
        assert not refusal.report.is_usable
        assert len(refusal.report.message) > 40


@EVERY
def test_a_forecast_or_its_refusal_is_made_once(contender: Contender) -> None:
    assert forecast_of(contender, CDNOW) is forecast_of(contender, CDNOW)
