"""The page of `perennial report`, from stored rows."""

import io
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
import pytest
from PIL import Image
from stored_reports import AT, FACTS, Page, backtest, cohorts, data, deciles, weeks, with_facts

from orchestration import plots
from orchestration.plots.accuracy import coverage_rows
from orchestration.report_page import report_page
from orchestration.report_verdict import publication, verdict


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_page(data()))


@pytest.fixture(autouse=True)
def undrawn(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page has its pictures; drawing them for every other would be most of the time."""
    for name in (
        "calibration_by_decile",
        "clv_concentration",
        "cohort_totals",
        "holdout_forecast",
        "interval_coverage",
    ):
        monkeypatch.setattr(plots, name, lambda *_, **__: b"")


def test_the_page_needs_nothing_else_and_runs_nothing(page: Page) -> None:
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert len(page.sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert "url(" not in report_page(data())


def test_what_comes_from_outside_is_text(page: Page) -> None:
    assert page.text.count('<script>alert("1")</script> & Söhne') >= 3  # the title, the heading, a refusal


def test_the_page_says_what_was_measured(page: Page) -> None:
    text = " ".join(page.text.split())
    for said in (
        "BG/NBD speaks for",
        "2023-12-31 90 90 100 -10.0%",
        "At the latest origin, 2023-12-31; the champion is marked.",
        "BG/NBD 0.800 0.700 to 0.900",
        "CLV recalibrated 80.0% 79.0% 75.0% to 83.0% -1.0",
        "age days is stable look at it index 0.4 of a",
        "the season on top of BG/NBD 2023-09-30 too short",
        "BG/NBD alpha 30.9 1.5 days",
        "all 60 62 41 to 93 2,283 1,522 to 3,424 2022-02 60",
        "None: the merchant's own history carries the models.",
        "Mean absolute error: by how many purchase days",
    ):
        assert said in text, said


def test_the_verdict_comes_first_and_in_words() -> None:
    texts = verdict(data())
    assert texts[1] == (
        "Over 2 origins its errors are 80.0% of the naive forecast's (95% interval 75.0% to 85.0%): better, whichever "
        "customers are drawn."
    )
    assert texts[2] == "At the latest origin it expected 90 purchase days in 90 days and 100 came: 10% too few."
    assert texts[3] == "Its 80% intervals of CLV enclosed 79.0% of the customers' outcomes."
    assert texts[4].startswith("Published on 2024-07-01")
    assert texts[5] == "To be looked at, below: age days is stable."


@pytest.mark.parametrize(
    ("loss", "low", "high", "said"),
    [
        (1.02, 0.97, 1.08, "no better beyond chance"),
        (1.2, 1.1, 1.3, "worse, whichever customers are drawn"),
        (0.9, None, None, "too few customers"),
    ],
)
def test_the_verdict_does_not_praise_what_may_be_chance(
    loss: float, low: float | None, high: float | None, said: str
) -> None:
    row = {**FACTS["standings"][0], "loss": loss, "loss_low": low, "loss_high": high}
    assert said in verdict(with_facts(standings=[row]))[1]


def test_why_a_run_is_not_in_force_is_said() -> None:
    failed = {"name": "not_worse_than_naive", "has_passed": False, "message": "bg_nbd is worse", "is_blocking": True}
    withheld = replace(with_facts(checks=[failed]), published_at=None)
    assert publication(withheld).is_good is False
    assert "Not worse than naive: BG/NBD is worse" in publication(withheld).message
    assert 'class="verdict bad"' in report_page(withheld)
    assert publication(data(superseded_at=AT)).is_good is None
    assert "replaced on 2024-07-01" in publication(data(superseded_at=AT)).message
    assert publication(data(published_at=None)).is_good is False


@pytest.mark.parametrize(
    ("coverage", "low", "high", "said"),
    [
        (0.79, 0.75, 0.83, "of the customers' outcomes."),
        (0.7, 0.66, 0.79, "of the customers' outcomes."),  # another draw of customers might have been tolerable
        (0.7, 0.68, 0.72, "too few, beyond chance"),
        (0.9, 0.88, 0.92, "too many, beyond chance"),
        (0.5, None, None, "of the customers' outcomes."),
    ],
)
def test_intervals_that_do_not_hold_are_said_not_to(
    coverage: float, low: float | None, high: float | None, said: str
) -> None:
    is_it = pl.col("metric") == "recalibrated_coverage_clv_80"
    found = backtest().with_columns(
        pl.when(is_it).then(pl.lit(value, dtype=pl.Float64)).otherwise(pl.col(name)).alias(name)
        for name, value in (("value", coverage), ("value_low", low), ("value_high", high))
    )
    assert said in verdict(data(backtest=found))[3]


def test_of_many_months_the_latest_are_listed() -> None:
    text = " ".join(Page(report_page(data(cohorts=cohorts(30)))).text.split())
    assert "6 earlier months are in the figure" in text
    assert "2022-07 60" in text
    assert "2022-06 60" not in text


def test_a_champion_with_a_fit_of_its_own_shows_it() -> None:
    own = {
        "model_name": "bg_nbd_covariates",
        "parameters": {"alpha[channel=pos]": {"value": 0.25, "standard_error": 0.05, "unit": "1"}},
    }
    text = " ".join(Page(report_page(with_facts(champion_fit=own))).text.split())
    assert "BG/NBD with covariates alpha[channel=pos] 0.25 0.05" in text


def test_a_fallback_and_another_champion_are_named() -> None:
    run = replace(data().run, model_name="naive", prediction_basis="naive")
    texts = verdict(data(run=run))
    assert texts[0].startswith("The naive forecast speaks for")
    assert "come from BG/NBD under it" in texts[1]
    assert "No model did better" in texts[2]


def test_a_history_too_short_for_a_backtest_has_a_page() -> None:
    short = with_facts(
        backtest_problem="the history has 20 days", standings=[], refusals=[], checks=[], prior_share=0.6
    )
    short = replace(
        short,
        backtest=backtest().clear(),
        deciles=deciles().clear(),
        weeks=weeks().clear(),
        cohorts=cohorts().clear(),
        totals={**short.totals, "prior_share": 0.4},
    )
    text = Page(report_page(short)).text
    assert "Nothing to show: the history has 20 days" in text
    assert "60% of what is known of the model's parameters" in text
    assert "Nothing: every contender forecast at every origin." in text
    assert "Trust the ranking before the amounts" in text


def test_an_old_card_has_a_page() -> None:
    old = data(run=replace(data().run, model_card={}))
    assert "The run kept no findings of this kind." in Page(report_page(old)).text


def test_coverage_is_found_among_other_metrics() -> None:
    found = coverage_rows(backtest())
    assert found.select("measure", "is_recalibrated", "level", "coverage").rows() == [
        ("clv", False, 0.8, 0.7),
        ("clv", True, 0.8, 0.79),
        ("purchase_count", False, 0.95, 0.96),
    ]


@pytest.mark.parametrize(
    ("plot", "frame"),
    [
        (plots.calibration_by_decile, deciles()),
        (plots.interval_coverage, backtest()),
        (partial(plots.cohort_totals, currency_code="EUR", horizon_days=365, level=0.8), cohorts(60)),
    ],
)
def test_pictures_of_accuracy_are_pictures(plot: Any, frame: pl.DataFrame) -> None:
    full, empty = plot(frame, caption="$1 paper"), plot(frame.clear())
    assert plot(frame.reverse(), caption="$1 paper") == full
    sizes = [Image.open(io.BytesIO(png)).size for png in (full, empty)]
    assert sizes[0][1] > sizes[1][1]  # "No data yet" is lower
