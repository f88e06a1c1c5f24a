"""dbt's tests when dbt itself breaks off: nobody has passed what did not run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from orchestration.dbt_stages import build_and_test
from orchestration.merchant_run import MerchantRun

BUILT = '{"results": [{"unique_id": "model.p.fct_orders", "status": "success", "message": "SELECT 3"}]}'
TESTED = '{"results": []}'


class Dbt:
    """A dbt that writes what it is told to, for building and for testing; None is a dbt that breaks off."""

    def __init__(self, built: str, tested: str | None) -> None:
        self._writes = {"build": built, "test": tested}

    def cli(self, arguments: list[str], *, target_path: Path, **_: Any) -> Any:
        class Events(list[Any]):
            def fetch_row_counts(self) -> Iterator[Any]:
                return iter(self)

        def stream() -> Events:
            written = self._writes[arguments[0]]
            if written is not None:
                target_path.mkdir(parents=True, exist_ok=True)
                (target_path / "run_results.json").write_text(written)
            return Events()

        return SimpleNamespace(stream=stream)


class Books:
    """What was recorded about a merchant."""

    def __init__(self) -> None:
        self.passed: list[bool] = []

    def check(self, _: str, __: str, *, has_passed: bool, message: str) -> None:
        del message
        self.passed.append(has_passed)


def carried_out(folder: Path, tested: str | None) -> list[bool]:
    books = Books()
    run = MerchantRun(
        cast("Any", SimpleNamespace(dbt_target=folder)),
        "run-1",
        cast("Any", [SimpleNamespace(merchant_id="ink")]),
        {"ink": date(2026, 1, 13)},
        datetime(2026, 1, 14, tzinfo=UTC),
    )
    object.__setattr__(run, "check", books.check)
    context: Any = SimpleNamespace(selected_asset_keys={"marts/fct_orders"})
    list(build_and_test(context, cast("Any", Dbt(BUILT, tested)), run, "transformed_tables", {"nodes": {}}))
    return books.passed


def test_tests_that_ran_and_found_nothing_are_passed(tmp_path: Path) -> None:
    assert carried_out(tmp_path, TESTED) == [True]


def test_tests_that_never_ran_are_not_passed_by_anybody(tmp_path: Path) -> None:
    carried_out(tmp_path, TESTED)  # an earlier run's results lie there too
    with pytest.raises(dg.Failure, match="left no test results") as failure:
        carried_out(tmp_path, None)
    assert failure.value.allow_retries
