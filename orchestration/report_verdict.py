"""What a report is made of, and its verdict: who speaks, how good they are, whether it is published, and why not.

Must not read the warehouse, and knows no HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from ml.evaluation.baselines import NAIVE
from ml.forecasts.explanation import StoredRun
from ml.forecasts.explanation_wording import capital, model_title, with_titles
from ml.forecasts.predictions import INTERVAL_LEVEL
from orchestration.plots.accuracy import coverage_rows

# Points by which coverage may be off the level before the page says that it is.
TOLERATED_MISS = 0.02


@dataclass(frozen=True)
class ReportData:
    """What a report is made of.

    Attributes:
        merchant_name: For the heading.
        currency_code: Of the amounts.
        run: The model run.
        published_at: When it was put in force; None when it never was.
        superseded_at: When another took its place.
        totals: `customer_count`, `expected_purchases`, `clv_amount`, `likely_churned_count`, `prior_share` (mean).
        values: `clv_amount` and `currency_code` per customer.
        backtest: Rows of `ml.backtests` of the run.
        deciles: Rows of `ml.calibration_deciles` of the run.
        weeks: Rows of `ml.holdout_weeks` of the run.
        cohorts: Rows of `ml.cohort_forecasts` of the run.
    """

    merchant_name: str
    currency_code: str
    run: StoredRun
    published_at: datetime | None
    superseded_at: datetime | None
    totals: Mapping[str, float | None]
    values: pl.DataFrame
    backtest: pl.DataFrame
    deciles: pl.DataFrame
    weeks: pl.DataFrame
    cohorts: pl.DataFrame

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the model card says beside the fits; empty of runs that said nothing."""
        facts: Mapping[str, Any] = self.run.model_card.get("facts", {})
        return facts

    @property
    def failed_checks(self) -> list[Mapping[str, Any]]:
        """What was found wrong, blocking findings first."""
        failed = [check for check in self.facts.get("checks", ()) if not check["has_passed"]]
        return sorted(failed, key=lambda check: not check["is_blocking"])

    @property
    def standing(self) -> Mapping[str, Any] | None:
        """The champion's row of the standings; None where nothing was measured."""
        rows = self.facts.get("standings", ())
        return next((row for row in rows if row["model_name"] == self.run.model_name), None)


@dataclass(frozen=True)
class Publication:
    """Whether a run's numbers are out.

    Attributes:
        is_good: Whether they are in force; None where they were and others took their place.
        message: The same in words, with the reason.
    """

    is_good: bool | None
    message: str


def verdict(data: ReportData) -> list[str]:
    """What to know before reading on, one text per paragraph, the first the shortest."""
    texts = [f"{capital(model_title(data.run.model_name))} speaks for {data.merchant_name}."]
    if data.run.model_name != data.run.base_model_name:
        texts.append(
            f"Probabilities, intervals and discounting come from {model_title(data.run.base_model_name)} under it."
        )
    if data.run.prediction_basis == NAIVE:
        texts.append("No model did better than that, so take its numbers for no more than a continuation of the past.")
    texts += [_trust(data), *_level(data), *_reach(data), publication(data).message]
    warnings = [check for check in data.failed_checks if not check["is_blocking"]]
    if warnings:
        texts.append(f"To be looked at, below: {', '.join(words(check['name']) for check in warnings)}.")
    return texts


def publication(data: ReportData) -> Publication:
    """Whether the run is in force, and why not."""
    blocking = [check for check in data.failed_checks if check["is_blocking"]]
    if data.published_at is not None and data.superseded_at is None:
        return Publication(True, f"Published on {data.published_at:%Y-%m-%d}: its numbers are the ones in the marts.")
    if data.published_at is not None:
        return Publication(
            None,
            f"Not in force any more: published on {data.published_at:%Y-%m-%d}, replaced on "
            f"{data.superseded_at:%Y-%m-%d}.",
        )
    if blocking:
        why = "; ".join(f"{words(check['name'])}: {with_titles(check['message'])}" for check in blocking)
        return Publication(False, f"Not published, because it failed a check. {capital(why)}")
    return Publication(
        False, "Not published, although its own checks passed: the pipeline run that made it stopped before or after."
    )


def _trust(data: ReportData) -> str:
    row = data.standing
    if row is None or row["loss"] is None:
        problem = data.facts.get("backtest_problem") or "nothing could be measured"
        return f"It could not be held against the past: {problem}. Trust the ranking before the amounts."
    origins = "1 origin" if row["origin_count"] == 1 else f"{row['origin_count']} origins"
    text = f"Over {origins} its errors are {row['loss']:.1%} of the naive forecast's"
    low, high = row["loss_low"], row["loss_high"]
    if low is None or high is None:
        return f"{text}; there are too few customers to say how far that is chance."
    text += f" (95% interval {low:.1%} to {high:.1%})"
    if high < 1:
        return f"{text}: better, whichever customers are drawn."
    return f"{text}: {'worse, whichever customers are drawn' if low > 1 else 'no better beyond chance'}."


def _level(data: ReportData) -> list[str]:
    """How the champion's total at the latest origin compares with what came; nothing where none was measured."""
    totals = data.backtest.filter(
        pl.col("model_name") == data.run.model_name,
        pl.col("calibration_end_date") == pl.col("calibration_end_date").max(),
    )
    value = dict(totals.select("metric", "value").iter_rows())
    said, came = value.get("expected_purchases"), value.get("actual_purchases")
    if said is None or not came:
        return []
    off = f"{abs(said / came - 1):.0%} too {'few' if said < came else 'many'}"
    days = f"{totals['holdout_days'][0]:,} days"
    return [f"At the latest origin it expected {said:,.0f} purchase days in {days} and {came:,.0f} came: {off}."]


def _reach(data: ReportData) -> list[str]:
    """What the published intervals enclosed, after recalibration where that could be measured."""
    rows = coverage_rows(data.backtest).filter(pl.col("measure") == "clv", pl.col("level") == INTERVAL_LEVEL)
    if rows.is_empty():
        return []
    one = rows.row(-1, named=True)  # recalibrated comes last
    how = "" if one["is_recalibrated"] else ", before the correction that the published ones have had since"
    said = f"Its {one['level']:.0%} intervals of CLV enclosed {one['coverage']:.1%} of the customers' outcomes{how}"
    return [f"{said}{_missed(one['level'], one['coverage_low'], one['coverage_high'])}."]


def _missed(level: float, low: float | None, high: float | None) -> str:
    """What to make of a coverage that is off by more than is tolerated, whichever customers are drawn."""
    if high is not None and high < level - TOLERATED_MISS:
        return ": too few, beyond chance, so these customers do not follow the model and outcomes spread further"
    if low is not None and low > level + TOLERATED_MISS:
        return ": too many, beyond chance, so these customers do not follow the model and outcomes spread less far"
    return ""


def words(name: str) -> str:
    """A check's name for readers."""
    return name.replace("_", " ")
