"""What the archive's assets say about allowances, and about what the owners of stores have to know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from fake_platform import Night, Platform, opened_night

from connectors.source import Notice
from models import ops
from models.errors import StopError
from models.raw import SOURCE_STREAMS
from models.records.woocommerce import ORDERS
from orchestration.batch_archiving import StoreReading, TooManyRejectsError
from orchestration.defs.ingest.sources import archive
from orchestration.execution import _notices
from orchestration.ingestion_reports import archive_key, archive_results
from orchestration.outcomes import Outcomes
from orchestration.store_reading import archive_store

STORES = ("ink/web", "ink/outlet", "pens/web")
ORDERS_KEY = archive_key("woocommerce", ORDERS)
TEXT = "Orders older than 60 days are missing."


@pytest.fixture
def night(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    platforms = {name: Platform() for name in STORES}
    for number, platform in enumerate(platforms.values()):
        platform.put(*range(10 * number, 10 * number + 4))
    opened = opened_night(tmp_path, database_url, monkeypatch, platforms)
    yield opened
    opened.run.deployment.loader.dispose()


def read(night: Night) -> tuple[Outcomes[list[StoreReading]], list[StoreReading]]:
    run = night.begin()
    readings = [StoreReading(store) for store in night.stores()]
    outcomes = run.each_store(
        "archive", readings, lambda reading: archive_store(run, reading), at_once=8, retry_number=2
    )
    return outcomes, readings


def checks(night: Night, readings: list[StoreReading], outcomes: Any) -> dict[str, dg.AssetCheckResult]:
    (result,) = archive_results({ORDERS_KEY}, readings, outcomes)
    return {str(check.check_name): check for check in result.check_results or ()}


def test_who_has_to_know_something_is_told_in_the_assets_check_and_metadata(night: Night) -> None:
    night.platforms["pens/web"].notices = [Notice("history_cut", TEXT)]
    outcomes, readings = read(night)
    (result,) = archive_results({ORDERS_KEY}, readings, outcomes)
    assert result.metadata is not None
    assert result.metadata["notices"] == dg.MetadataValue.json({"pens/web": [TEXT]})
    access = checks(night, readings, outcomes)["store_access"]
    assert (access.passed, access.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert access.description == f"pens/web: {TEXT}"
    assert outcomes.failures == {}, "a warning withholds nobody"


@pytest.mark.parametrize(("peak", "passed"), [(0.79, True), (0.8, False), (1.0, False)])
def test_an_allowance_used_to_four_fifths_is_a_warning(night: Night, peak: float, passed: bool) -> None:
    night.platforms["ink/outlet"].peak_rate = peak
    outcomes, readings = read(night)
    budget = checks(night, readings, outcomes)["api_budget"]
    assert (budget.passed, budget.severity) == (passed, dg.AssetCheckSeverity.WARN)
    assert passed or str(budget.description) == f"ink/outlet: calls at {peak:.0%} of its limit"
    table = ops.api_budget
    rates = {(r.merchant_id, r.store_id): r.peak_rate for r in night.rows(sa.select(table))}
    assert rates == {("ink", "web"): 0.25, ("ink", "outlet"): peak, ("pens", "web"): 0.25}


def test_an_untroubled_night_passes_every_check(night: Night) -> None:
    outcomes, readings = read(night)
    found = checks(night, readings, outcomes)
    assert set(found) == {"data_contract", "rejected_share", "api_budget", "store_access"}
    assert all(check.passed for check in found.values())


def test_the_share_of_rejects_is_told_by_its_kind_and_not_by_its_words(night: Night) -> None:
    night.platforms["pens/web"].failures = {0: StopError("max_rejected_rate is not what this is about")}
    outcomes, readings = read(night)
    found = checks(night, readings, outcomes)
    assert found["rejected_share"].passed
    assert not found["data_contract"].passed
    readings[0].error = TooManyRejectsError("whatever it says")
    assert not checks(night, readings, outcomes)["rejected_share"].passed


def test_the_notices_of_a_store_that_failed_are_told_too(night: Night) -> None:
    night.platforms["pens/web"].notices = [Notice("history_cut", TEXT)]
    night.platforms["pens/web"].failures = {0: StopError("is closed")}
    outcomes, readings = read(night)
    assert not checks(night, readings, outcomes)["store_access"].passed


def test_a_notice_that_every_reading_repeats_is_told_once(night: Night) -> None:
    night.platforms["pens/web"].reading_rows = 1
    night.platforms["pens/web"].notices = [Notice("history_cut", TEXT)]
    outcomes, readings = read(night)
    assert len(readings[2].batches) == 4
    assert checks(night, readings, outcomes)["store_access"].metadata["notices"].value == {"pens/web": [TEXT]}


def test_the_runs_summary_takes_the_notices_from_the_checks(night: Night) -> None:
    night.platforms["pens/web"].notices = [Notice("history_cut", TEXT)]
    outcomes, readings = read(night)
    evaluations = [
        dg.AssetCheckEvaluation(
            asset_key=ORDERS_KEY, check_name=name, passed=check.passed, metadata=dict(check.metadata)
        )
        for name, check in checks(night, readings, outcomes).items()
    ]
    assert _notices(evaluations) == {"pens/web": [TEXT]}


def test_each_platform_has_its_checks_once_and_files_have_none() -> None:
    named = {(spec.asset_key.to_user_string(), spec.name) for spec in archive.check_specs}
    for name in ("api_budget", "store_access"):
        assert {key for key, check in named if check == name} == {
            f"archive/{system}/orders" for system in SOURCE_STREAMS if system != "files"
        }
