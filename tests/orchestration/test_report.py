"""`perennial report`: the page from stored rows, and the command over tables as a run leaves them."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from PIL import Image
from typer.testing import CliRunner

from ml.forecasts.explanation import StoredRun
from models import ml
from models.engine import create_engine
from models.errors import MisconfiguredError, StopError
from orchestration import merchant_report, plots
from orchestration.cli import app
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.merchant_report import report_data, write_reports
from orchestration.plots.accuracy import coverage_rows
from orchestration.report_page import report_page
from orchestration.report_verdict import ReportData, publication, verdict
from orchestration.settings import Settings

AS_OF = date(2024, 6, 30)
AT = datetime(2024, 7, 1, 1, tzinfo=UTC)
ORIGINS = (date(2023, 9, 30), date(2023, 12, 31))
COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
HOSTILE = '<script>alert("1")</script> & Söhne'
FACTS: dict[str, Any] = {
    "champion_reasons": ["bg_nbd is the champion: over 2 origins its errors are 80.0% of the naive forecast's"],
    "standings": [
        {
            "model_name": name,
            "is_eligible": name != "naive",
            "origin_count": 2,
            "loss": loss,
            "loss_low": loss - 0.05,
            "loss_high": loss + 0.05,
            "mae_over_naive": loss,
            "rmse_over_naive": loss,
        }
        for name, loss in (("bg_nbd", 0.8), ("naive", 1.0))
    ],
    "refusals": [
        {
            "model_name": "seasonal_bg_nbd",
            "calibration_end_date": "2023-09-30",
            "holdout_days": 90,
            "reason": f"too short: {HOSTILE}",
        }
    ],
    "checks": [
        {"name": "fit_converged", "has_passed": True, "message": "bg_nbd: converged", "is_blocking": True},
        {"name": "age_days_is_stable", "has_passed": False, "message": "index 0.4 of a", "is_blocking": False},
    ],
    "prior_share": 0.0,
    "backtest_problem": None,
}
CARD: dict[str, Any] = {
    "settings": {"horizon_days": 365, "churn_horizon_days": 90},
    "data": {"repeat_customer_count": 40, "first_purchase_date": "2022-01-01", "as_of_date": "2024-06-30"},
    "fits": [
        {"model_name": "bg_nbd", "parameters": {"alpha": {"value": 30.9, "standard_error": 1.5, "unit": "days"}}},
    ],
    "facts": FACTS,
}


def backtest() -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for origin in ORIGINS:
        for model, mae, expected in (("bg_nbd", 0.8, 90.0), ("naive", 1.0, 150.0)):
            at = (model, origin, 90)
            rows += [
                (*at, "mae", mae, mae - 0.1, mae + 0.1),
                (*at, "order_auc", 0.7, None, None),
                (*at, "expected_purchases", expected, None, None),
                (*at, "actual_purchases", 100.0, None, None),
            ]
    latest = ("bg_nbd", ORIGINS[1], 90)
    rows += [
        (*latest, "coverage_clv_80", 0.7, 0.65, 0.75),
        (*latest, "coverage_purchase_count_95", 0.96, 0.95, 0.97),
        (*latest, "recalibrated_coverage_clv_80", 0.79, 0.75, 0.83),
    ]
    names = ["model_name", "calibration_end_date", "holdout_days", "metric", "value", "value_low", "value_high"]
    return pl.DataFrame(rows, schema=names, orient="row")


def deciles() -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("bg_nbd", quantity, ORIGINS[1], 90, tenth, 10, tenth / 10, tenth / 11)
            for quantity in ("purchase_count", "spend", "order_probability")
            for tenth in range(1, 11)
        ],
        schema=[
            "model_name",
            "quantity",
            "calibration_end_date",
            "holdout_days",
            "decile",
            "customer_count",
            "expected_value",
            "actual_value",
        ],
        orient="row",
    )


def weeks() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "week_number": [1, 2],
            "week_end_date": [date(2024, 1, 7), date(2024, 1, 14)],
            "actual_purchases": [10.0, 12.0],
            "expected_purchases": [11.0, 11.0],
        }
    )


def data(**changes: Any) -> ReportData:
    run = StoredRun("paper", "a" * 32, AS_OF, "bg_nbd", "bg_nbd", "model", True, {}, CARD)
    whole = ReportData(
        merchant_name=HOSTILE,
        currency_code="EUR",
        run=run,
        published_at=AT,
        superseded_at=None,
        totals={
            "customer_count": 100,
            "expected_purchases": 123.4,
            "clv_amount": 4567.0,
            "likely_churned_count": 60,
            "prior_share": 0.0,
        },
        values=pl.DataFrame({"clv_amount": [Decimal("10.0000"), Decimal("5.0000")], "currency_code": ["EUR", "EUR"]}),
        backtest=backtest(),
        deciles=deciles(),
        weeks=weeks(),
    )
    return replace(whole, **changes)


def with_facts(**facts: Any) -> ReportData:
    whole = data()
    return replace(whole, run=replace(whole.run, model_card={**CARD, "facts": {**FACTS, **facts}}))


class Page(HTMLParser):
    """The page as a browser would take it: its tags, what they refer to, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_page(data()))


@pytest.fixture(autouse=True)
def undrawn(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page has its pictures; drawing them for every other would be most of the time."""
    for name in ("calibration_by_decile", "clv_concentration", "holdout_forecast", "interval_coverage"):
        monkeypatch.setattr(plots, name, lambda *_, **__: b"")


def test_the_page_needs_nothing_else_and_runs_nothing(page: Page) -> None:
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert len(page.sources) == 4
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
    ("plot", "frame"), [(plots.calibration_by_decile, deciles()), (plots.interval_coverage, backtest())]
)
def test_pictures_of_accuracy_are_pictures(plot: Any, frame: pl.DataFrame) -> None:
    full, empty = plot(frame, caption="$1 paper"), plot(frame.clear())
    assert plot(frame.reverse(), caption="$1 paper") == full
    sizes = [Image.open(io.BytesIO(png)).size for png in (full, empty)]
    assert sizes[0][1] > sizes[1][1]  # "No data yet" is lower


def merchant(name: str) -> dict[str, Any]:
    return {
        "merchant_id": name,
        "merchant_name": f"The {name} shop",
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    opened = Deployment(settings, database_url)
    opened.__dict__["configuration"] = Configuration.model_validate({"merchants": [merchant("paper"), merchant("new")]})
    of_run = {"merchant_id": "paper", "model_run_id": "a" * 32}
    names = {"model_name": "bg_nbd", "base_model_name": "bg_nbd", "prediction_basis": "model", "as_of_date": AS_OF}
    run = {**of_run, **names, "parameters": {}, "model_card": CARD, "data_hash": "d", "code_hash": "c"}
    numbers = dict.fromkeys(("recency_days", "age_days", "probability_alive", "annual_discount_rate"), 0.5)
    amounts = {"expected_spend_amount": Decimal(1), "clv_amount": Decimal("12.5"), "currency_code": "EUR"}
    days = {"clv_horizon_days": 365, "churn_horizon_days": 90, "churn_probability": 0.75, "prior_share": 0.5}
    predicted = {**of_run, **names, **numbers, **amounts, **days, "frequency": 1, "expected_purchases": 1.5}
    tables: dict[sa.Table, list[dict[str, Any]]] = {
        ml.model_runs: [{**run, "customer_count": 2, "run_id": "run-1", "fitted_at": AT, "published_at": AT}],
        ml.predictions: [{**predicted, "customer_id": name} for name in ("c1", "c2")],
        ml.backtests: [{**of_run, **row} for row in backtest().to_dicts()],
        ml.calibration_deciles: [{**of_run, **row} for row in deciles().to_dicts()],
        ml.holdout_weeks: [{**of_run, **row} for row in weeks().to_dicts()],
    }
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for table, rows in tables.items():
            connection.execute(sa.insert(table), rows)
    engine.dispose()
    yield opened
    opened.transformer.dispose()


def test_stored_rows_make_the_page(deployment: Deployment) -> None:
    found = report_data(deployment, deployment.configuration.merchant("paper"))
    assert found.totals == {
        "customer_count": 2,
        "expected_purchases": 3.0,
        "clv_amount": 25.0,
        "likely_churned_count": 2,
        "prior_share": 0.5,
    }
    assert found.published_at is not None
    assert (found.backtest.height, found.deciles.height, found.weeks.height) == (19, 30, 2)
    assert "The paper shop" in report_page(found)


def test_the_command_writes_a_page_and_says_where(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merchant_report, "open_deployment", lambda _: deployment)
    folder = tmp_path / "pages"
    result = CliRunner().invoke(app, ["report", "--merchant", "paper", "--run", "aaaa", "--output", str(folder)])
    assert result.exit_code == 0, result.output
    assert str(folder / "paper.html") in result.output.replace("\n", "")
    assert (folder / "paper.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(StopError, match="merchant new has no model run yet"):
        write_reports(deployment.settings, ["new", "paper"], tmp_path / "all")
    assert (tmp_path / "all" / "paper.html").exists()
    with pytest.raises(MisconfiguredError, match="say which: paper, new"):
        write_reports(deployment.settings, [], folder, "aaaa")
