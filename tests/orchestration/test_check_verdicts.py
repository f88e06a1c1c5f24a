"""A check of Dagster's says no more than what was found: nothing passes for a merchant that was left out."""

from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from ml.forecast_checks import ForecastCheck
from models.landing import Landing
from models.raw import SOURCE_STREAMS
from orchestration.forecast_reports import check_results
from orchestration.ingestion_reports import landing_results
from orchestration.merchant_run import Outcomes

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
    ("outcomes", "words"),
    [
        (Outcomes(results={"ink": []}), "every batch landed whole"),
        (Outcomes(results={"ink": []}, skipped=["pens"]), "withheld before: pens"),
        (Outcomes(failures={"ink": "looks truncated"}, skipped=["pens"]), "looks truncated; withheld before: pens"),
    ],
)
def test_a_batch_that_was_held_back_has_not_landed_whole(outcomes: Outcomes[Any], words: str) -> None:
    results = landing_results("files", SOURCE_STREAMS["files"][:1], cast("Outcomes[list[Landing]]", outcomes))
    (check,) = next(results).check_results or ()
    assert check.passed is (words == "every batch landed whole")
    assert check.description == words
