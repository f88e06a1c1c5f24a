"""A check of Dagster's says no more than what was found: nothing passes for a merchant that was left out."""

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import polars as pl
import pytest

from ml.forecasts.forecast_checks import ForecastCheck
from models.errors import StopError
from models.raw import SOURCE_STREAMS
from orchestration.declared_stores import DeclaredStore
from orchestration.forecast_reports import check_results, metrics_table
from orchestration.ingestion_reports import landing_results, raw_key
from orchestration.outcomes import Outcomes
from orchestration.store_landing import StoreLanding

KEY = dg.AssetKey(["ml", "model_runs"])


def forecast(*, has_passed: bool, is_blocking: bool = True) -> Any:
    return SimpleNamespace(checks=[ForecastCheck("fit_converged", has_passed, "as found", is_blocking)])


def verdict(outcomes: Outcomes[Any]) -> dg.AssetCheckResult:
    (result,) = check_results(KEY, ["fit_converged"], outcomes)
    return result


@pytest.mark.parametrize(
    ("outcomes", "passed", "severity"),
    [
        (Outcomes(results={"ink": forecast(has_passed=True)}), True, None),
        (
            Outcomes(results={"ink": forecast(has_passed=True), "pens": forecast(has_passed=False)}),
            False,
            dg.AssetCheckSeverity.ERROR,
        ),
        (
            Outcomes(results={"ink": forecast(has_passed=False, is_blocking=False)}),
            False,
            dg.AssetCheckSeverity.WARN,
        ),
        (Outcomes(failures={"ink": "no history"}), False, dg.AssetCheckSeverity.ERROR),
        (Outcomes(skipped=["ink"]), False, dg.AssetCheckSeverity.WARN),
    ],
)
def test_a_models_check_passes_when_somebodys_model_has_passed_it_and_nobodys_failed(
    outcomes: Outcomes[Any], passed: bool, severity: dg.AssetCheckSeverity | None
) -> None:
    result = verdict(outcomes)
    assert result.passed is passed
    assert severity is None or result.severity is severity


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "every batch landed whole"),
        (StopError("looks truncated"), "ink/web: looks truncated"),
        (ZeroDivisionError("division by zero"), "ink/web: unexpected ZeroDivisionError: division by zero"),
    ],
)
def test_a_batch_that_was_held_back_has_not_landed_whole(error: Exception | None, words: str) -> None:
    key = raw_key("files", SOURCE_STREAMS["files"][0])
    declared = cast("DeclaredStore", SimpleNamespace(system="files", label="ink/web"))
    landings = [StoreLanding(declared, error=error), StoreLanding(declared)]
    (result,) = landing_results({key}, landings, Outcomes())
    (check,) = result.check_results or ()
    assert check.passed is (error is None)
    assert check.description == words


def test_the_metrics_that_are_shown_are_the_latest_origins() -> None:
    origins = [date(2025, 3, 1), date(2025, 6, 1)]
    rows = [(day, name, "mae", day.month / 10) for day in origins for name in ("bg_nbd", "naive")]
    backtest = pl.DataFrame(rows, schema=["calibration_end_date", "model_name", "metric", "value"], orient="row")
    assert metrics_table(backtest).splitlines() == [
        "| metric | bg_nbd | naive |",
        "|---|---|---|",
        "| mae | 0.6000 | 0.6000 |",
    ]
