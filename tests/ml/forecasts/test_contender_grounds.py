"""Why a champion with a model of its own differs on a customer, in numbers and in words."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from stored_explanations import AS_OF, REGULAR, STANDING, prediction, run

from ml.contenders.covariates import OTHERS, Encoding
from ml.forecasts.contender_grounds import Grounds, grounds_of, in_words
from ml.forecasts.explanation import explain
from ml.forecasts.explanation_wording import model_title, worded
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd

E = 2.718281828459045
ENCODING = Encoding(
    {"channel": "web", "has_discount": "no"},
    {"channel": ("pos", OTHERS), "has_discount": ("yes",)},
    {"channel": ("fair", "post"), "has_discount": ()},
)
PARAMETERS = {
    "r": 0.5,
    "alpha": 40.0,
    "a": 0.8,
    "b": 2.4,
    "alpha[channel=pos]": 0.4,
    f"alpha[channel={OTHERS}]": -0.2,
    "alpha[has_discount=yes]": -0.3,
    "a[channel=pos]": 0.0,
    f"a[channel={OTHERS}]": 0.1,
    "a[has_discount=yes]": 0.5,
    "b[channel=pos]": 0.0,
    f"b[channel={OTHERS}]": 0.0,
    "b[has_discount=yes]": 0.0,
}
COVARIATES: dict[str, Any] = {
    "parameters": {name: {"value": value} for name, value in PARAMETERS.items()},
    "facts": {"covariates": ENCODING.as_json},
}


def with_first_order(channel: str | None, *, has_discount: bool | None) -> KnownHistory:
    first = pl.DataFrame(
        {
            "customer_id": ["c1"],
            "purchase_date": [AS_OF - timedelta(days=300)],
            "channel": [channel],
            "has_discount": [has_discount],
            "country_code": [None],
        },
        schema_overrides={"channel": pl.String, "has_discount": pl.Boolean, "country_code": pl.String},
    )
    return KnownHistory(REGULAR.purchase_days, None, AS_OF, first_orders=first)


def grounds(history: KnownHistory) -> Grounds:
    return grounds_of("bg_nbd_covariates", COVARIATES, history, horizon_days=365)


def test_each_fact_s_effect_is_against_the_same_customer_without_it() -> None:
    channel, discount = grounds(with_first_order("pos", has_discount=True)).first_order

    def expected(alpha: float, a: float) -> float:
        model = BetaGeometricNbd.from_parameters(r=0.5, alpha=alpha, a=a, b=2.4)
        return float(model.expected_purchases(REGULAR.summary, 365)[0])

    as_it_is = expected(40.0 * E**-0.1, 0.8 * E**0.5)
    assert channel.factor == pytest.approx(as_it_is / expected(40.0 * E**0.3, 0.8 * E**0.5))
    assert discount.factor == pytest.approx(as_it_is / expected(40.0 * E**-0.4, 0.8))
    assert discount.factor < 0.95  # who came for a discount leaves sooner, and comes less often
    assert (channel.level, channel.reference) == ("pos", "web")


@pytest.mark.parametrize(
    ("channel", "has_discount", "said"),
    [
        ("web", False, "channel web, as of most; no discount, as of most."),
        ("post", False, "a rare channel makes it"),
        ("moon", False, "channel web, as of most"),  # nobody had it when the model was fitted
        (None, None, "channel web, as of most; no discount, as of most."),
        ("pos", True, "times as many as channel web would; a discount makes it"),
    ],
)
def test_a_first_order_in_words(channel: str | None, has_discount: bool | None, said: str) -> None:
    assert said in in_words(grounds(with_first_order(channel, has_discount=has_discount)))


def test_opportunities_in_words() -> None:
    fit = {"parameters": {}, "facts": {"opportunity": "month", "purchase_days_per_opportunity": 1.0}}
    found = grounds_of("bg_bb", fit, REGULAR, horizon_days=365)
    assert found.first_order == ()
    # 300, 250, 180, 120 and 90 days before 30 June; the last in the month to 30 April, and two since.
    assert in_words(found) == "Of 9 months since that of the first purchase they bought in 4, and let the last 2 pass."
    april = REGULAR.purchase_days.filter(pl.col("purchase_date") >= date(2024, 4, 1))
    new = KnownHistory(april, None, date(2024, 4, 5))
    assert "There has been no month since" in in_words(grounds_of("bg_bb", fit, new, horizon_days=365))
    always = KnownHistory(REGULAR.purchase_days, None, date(2024, 4, 5))
    assert "the last one among them" in in_words(grounds_of("bg_bb", fit, always, horizon_days=365))


def test_others_have_no_grounds_of_their_own() -> None:
    for name in ("bg_nbd", "boosting"):
        assert grounds_of(name, None, REGULAR, horizon_days=365) == Grounds()
    assert in_words(Grounds()) == ""


def test_an_explanation_says_them() -> None:
    history = with_first_order("pos", has_discount=True)
    card = run().model_card
    own = run(
        model_name="bg_nbd_covariates", model_card={**card, "facts": {**card["facts"], "champion_fit": COVARIATES}}
    )
    found = explain(own, prediction(history, model_name="bg_nbd_covariates", factor=1.4), history, STANDING)
    text = worded(found)["purchases to come"]
    assert "BG/NBD with covariates makes it 1.40 times as many. The first order, which the model under it" in text
    assert text.endswith("as no discount would.")
    assert found.as_json["grounds"]["first_order"][0]["level"] == "pos"
    assert model_title("bg_bb") == "BG/BB"
