"""What a report is made of, as runs store it, and the page as a browser would take it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import polars as pl

from ml.forecasts.explanation import StoredRun
from orchestration.report_verdict import ReportData

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


def cohorts(months: int = 2) -> pl.DataFrame:
    """Totals of the latest months, and of all."""
    rows = [
        (quantity, name, day, 60, expected, expected / 1.5, expected * 1.5)
        for quantity, expected in (("purchase_count", 61.7), ("clv", 2283.0))
        for name, day in (
            *((f"{2022 + at // 12}-{at % 12 + 1:02}", date(2022 + at // 12, at % 12 + 1, 1)) for at in range(months)),
            ("all", None),
        )
    ]
    names = ["quantity", "cohort", "cohort_month", "customer_count", "expected", "low", "high"]
    return pl.DataFrame(rows, schema=names, orient="row")


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
        cohorts=cohorts(),
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
