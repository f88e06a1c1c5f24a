import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from stored_explanations import AS_OF, BG, ONCE, REGULAR, STANDING, history, prediction, run

from ml.forecasts.explanation import SILENCE_DAYS, Explanation, comparable_frequencies, explain
from ml.forecasts.explanation_wording import model_title, with_titles, worded
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from models.errors import StopError


def explained(known: KnownHistory = REGULAR, **changes: Any) -> Explanation:
    return explain(run(), prediction(known, **changes), known, STANDING)


def outlook(explanation: Explanation, assumption: str) -> Any:
    (found,) = [one for one in explanation.outlooks if one.assumption == assumption]
    return found


def test_the_history_is_what_the_customer_did() -> None:
    past = explained().history
    assert past.first_purchase_date == AS_OF - timedelta(days=300)
    assert past.last_purchase_date == AS_OF - timedelta(days=90)
    assert (past.repeat_purchase_count, past.silent_days) == (4, 90)
    assert (past.usual_gap_days, past.longest_gap_days) == (55.0, 70)
    assert past.total_spend_amount == pytest.approx(200.0)
    assert past.mean_spend_amount == pytest.approx(45.0)  # of the repeat purchases
    assert not past.has_changed


def test_the_parts_multiply_to_the_whole() -> None:
    found = explained()
    stored = found.prediction
    assert stored["probability_alive"] * found.expected_purchases_while_alive == pytest.approx(
        stored["expected_purchases"]
    )
    mixed = found.own_spend_share * 45.0 + (1 - found.own_spend_share) * found.merchant_spend_amount
    assert mixed == pytest.approx(stored["expected_spend_amount"], abs=0.005)
    assert found.own_spend_share == pytest.approx(6.25 * 4 / (6.25 * 4 + 2.74))
    assert found.factor == pytest.approx(1.0)
    # On the day of the purchase nothing had been lost to silence.
    assert found.probability_alive_after_purchase > stored["probability_alive"] + 0.05


def test_what_would_change_goes_the_way_it_must() -> None:
    found = explained()
    now = outlook(found, "as_it_is")
    for name in ("probability_alive", "expected_purchases", "clv_amount", "churn_probability"):
        assert getattr(now, name) == pytest.approx(found.prediction[name]), name
    bought, silent = outlook(found, "bought_today"), outlook(found, "silent_for_longer")
    more = outlook(found, "bought_once_more")
    assert bought.clv_amount > now.clv_amount > silent.clv_amount
    assert bought.churn_probability < now.churn_probability < silent.churn_probability
    assert bought.probability_alive > now.probability_alive > silent.probability_alive
    # Who used to buy more often is more surely gone after the same silence.
    assert more.probability_alive < now.probability_alive
    bg = BetaGeometricNbd.from_parameters(**BG)
    later = pl.DataFrame({"frequency": [4], "recency_days": [210.0], "age_days": [300.0 + SILENCE_DAYS]})
    assert silent.probability_alive == pytest.approx(bg.probability_alive(later)[0])


def test_another_champion_scales_what_the_model_says() -> None:
    plain, twice = explained(), explained(factor=2.0, model_name="mean", churn_probability=0.3)
    assert twice.factor == pytest.approx(2.0)
    assert twice.base_expected_purchases == pytest.approx(plain.base_expected_purchases)
    for assumption in ("as_it_is", "bought_today", "silent_for_longer"):
        ours, theirs = outlook(twice, assumption), outlook(plain, assumption)
        assert ours.expected_purchases == pytest.approx(2 * theirs.expected_purchases)
        assert ours.clv_amount == pytest.approx(2 * theirs.clv_amount, rel=1e-3)  # what is stored is rounded
        assert ours.probability_alive == theirs.probability_alive
    assert outlook(twice, "as_it_is").churn_probability == pytest.approx(0.3)
    assert 0.3 < outlook(twice, "silent_for_longer").churn_probability < 1
    said = worded(twice)
    assert "makes it 2.00 times as many" in said["purchases to come"]
    assert "The mean of all contenders, over BG/NBD" in said["who says so"]


def test_days_that_cost_nothing_are_named() -> None:
    known = run()
    card = {**known.model_card, "facts": {**known.model_card["facts"], "spend_day_share": 0.8}}
    returned = explain(replace(known, model_card=card), prediction(REGULAR), REGULAR, STANDING)
    assert "80% of the merchant's repeat purchase days cost anything after refunds" in worded(returned)["spend"]
    assert "after refunds" not in worded(explained())["spend"]


def test_a_champion_who_believes_in_somebody_given_up_says_nothing_of_what_would_change() -> None:
    """The base's forecast after a purchase, times a hundred thousand, is nobody's."""
    found = explained(factor=1e5, model_name="mean", churn_probability=0.3)
    assert [one.assumption for one in found.outlooks] == ["as_it_is"]
    assert found.outlooks[0].expected_purchases == pytest.approx(found.prediction["expected_purchases"])
    said = worded(found)
    assert "expects far more than that" in said["purchases to come"]
    assert "times as many" not in said["purchases to come"]
    assert said["what would change"].startswith("Not known")
    assert len(explained(factor=3.9, model_name="mean").outlooks) > 2


def test_a_single_purchase_is_explained_without_a_rhythm() -> None:
    found = explained(ONCE, next_purchase_date=None)
    assert found.history.usual_gap_days is None
    assert found.own_spend_share == 0
    assert {one.assumption for one in found.outlooks} == {"as_it_is", "bought_today", "silent_for_longer"}
    said = worded(found)
    # The trap of P(alive) = 1 for everybody who bought once.
    assert "churn probability below is the one to read" in said["still a customer"]
    assert "fewer than half buy again" in said["next purchase"]
    assert "what the merchant's customers spend" in said["spend"]


def test_who_bought_on_the_last_day_cannot_buy_on_it_again() -> None:
    known = history([300, 250, 0], ["20", "30", "40"])
    found = explained(known)
    assert {one.assumption for one in found.outlooks} == {"as_it_is", "silent_for_longer", "bought_once_more"}
    assert found.probability_alive_after_purchase == pytest.approx(found.prediction["probability_alive"])


def test_free_purchases_leave_spend_to_the_merchant() -> None:
    found = explained(history([300, 200, 100], ["0", "0", "0"]))
    assert found.history.mean_spend_amount is None
    assert "none of the repeat purchases cost anything" in worded(found)["history"]
    assert outlook(found, "bought_today").clv_amount > 0


def test_a_spend_model_without_a_mean_stands_on_the_observed_one() -> None:
    card = dict(run().model_card)
    # Two standard errors reach q = 1: so it was when it predicted, and so it has to be when it is explained.
    card["fits"] = [{**card["fits"][0], "parameters": {"q": {"value": 3.74, "standard_error": 2.0}}}]
    found = explain(run(model_card=card), prediction(REGULAR), REGULAR, STANDING)
    assert found.merchant_spend_amount == 35.2
    assert found.own_spend_share == pytest.approx(25.0 / (25.0 + 3.74))


def test_the_words_say_the_numbers() -> None:
    said = worded(explained())
    for heading, text in (
        ("history", "First purchase on 2023-09-04, last on 2024-04-01, 90 days ago: 4 repeat purchases, 200.00 EUR"),
        ("history", "45.00 EUR on average after the first"),
        ("still a customer", "usual gap between purchases is 55 days and the longest was 70"),
        ("still a customer", "1.6 times the usual and longer than any before"),
        ("still a customer", "75% of them bought more recently"),
        ("purchases to come", "(0 to 7 for 80% of such customers)"),
        ("lifetime value", "discounted at 10% a year (0.00 EUR to 310.00 EUR for 80% of such customers)"),
        ("churn", "within 90 days"),
        ("next purchase", "By 2024-08-09 half"),
        ("standing", "than 75% of the merchant's 200 customers"),
        ("who says so", "BG/NBD, as of 2024-06-30 (model run 0123456789ab)."),
        ("what would change", "If they stay silent for 30 more days"),
    ):
        assert text in said[heading], heading


def test_the_words_say_what_to_beware_of() -> None:
    row = prediction(REGULAR, prediction_basis="naive", prior_share=0.25, recency_days=200.0, residual_clv_amount=None)
    said = worded(explain(run(is_in_force=False), row, REGULAR, STANDING))
    assert "25% of the rate of buying is other merchants' experience" in said["who says so"]
    assert "not published" in said["who says so"]
    assert "no model did better" in said["who says so"]
    assert "come in or gone since" in said["history"]
    assert "Without a discount rate" in said["lifetime value"]


def test_it_can_be_stored_as_json() -> None:
    found = explained()
    again = json.loads(json.dumps(found.as_json, allow_nan=False))
    assert again == found.as_json
    assert again["history"]["last_purchase_date"] == "2024-04-01"
    assert set(again) == set(asdict(found))


@pytest.mark.parametrize(("frequency", "expected"), [(0, (0, 0)), (1, (1, 1)), (4, (3, 5)), (37, (28, 46))])
def test_comparable_customers_buy_about_as_often(frequency: int, expected: tuple[int, int]) -> None:
    assert comparable_frequencies(frequency) == expected


def test_what_cannot_be_explained_says_why() -> None:
    with pytest.raises(StopError, match="merged with another customer, or erased"):
        explain(run(), prediction(REGULAR), REGULAR.before(1000), STANDING)
    with pytest.raises(StopError, match="run the pipeline once more"):
        explain(run(parameters={}), prediction(REGULAR), REGULAR, STANDING)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("pareto_nbd", "Pareto/NBD"),
        ("boosted_bg_nbd", "boosting on top of BG/NBD"),
        ("seasonal_mbg_nbd", "the season on top of MBG/NBD"),
        ("something_new", "something new"),
    ],
)
def test_contenders_have_names_for_readers(name: str, title: str) -> None:
    assert model_title(name) == title


def test_findings_are_told_with_names_for_readers() -> None:
    found = "boosted_bg_nbd is better than mbg_nbd by a mean of 2%"
    assert with_titles(found) == "boosting on top of BG/NBD is better than MBG/NBD by a mean of 2%"
