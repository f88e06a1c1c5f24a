"""One part of the dbt project as a stage of a run: build its tables, test them, and hold failures against merchants.

Tables are built first and tested after: `dbt build` would stop everything downstream of a failed test, for every merchant.
A failed test withholds the merchants whose rows failed it, which are read from the table that dbt keeps them in; a test that
could not run at all says nothing about anybody and therefore withholds everybody.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster_dbt import DbtCliResource

from orchestration import progress
from orchestration.merchant_run import MerchantRun
from orchestration.transformation import FailedTest, failed_tests

# Unit tests are the project's, not the data's: they run in the test suite.
_BUILD = ["build", "--exclude-resource-type", "test", "unit_test"]
_TEST = ["test", "--exclude-resource-type", "unit_test"]


def build_and_test(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, run: MerchantRun, stage: str, manifest: dict[str, Any]
) -> Iterator[Any]:
    """Run one part of the project.

    Args:
        context: The asset's context, which names the part.
        dbt: The dbt command line.
        run: The run's scope.
        stage: What the part is called in `ops.merchant_checks`.
        manifest: The parsed manifest.

    Yields:
        dbt's events as Dagster's: materialisations with row counts, and check results.

    Raises:
        DagsterDbtCliRuntimeError: A model failed; its table and those after it are as they were.
    """
    reporter = progress.current()
    model_count = len(context.selected_asset_keys)
    with reporter.task(f"Building {model_count} tables ({stage.replace('_', ' ')})", model_count) as advance:
        for event in dbt.cli(_BUILD, context=context).stream().fetch_row_counts():
            advance(1)
            yield event
    with reporter.task(f"Testing them ({stage.replace('_', ' ')})"):
        invocation = dbt.cli(_TEST, context=context, raise_on_error=False)
        yield from invocation.stream()
    failures = failed_tests(invocation.target_path, manifest)
    for merchant_id, messages in merchants_at_fault(run, failures).items():
        run.check(merchant_id, stage, has_passed=not messages, message="; ".join(messages) or "every test passed")


def merchants_at_fault(run: MerchantRun, failures: list[FailedTest]) -> dict[str, list[str]]:
    """Per merchant of the run, what its rows failed; an empty list for those whose rows are good."""
    at_fault: dict[str, list[str]] = {merchant.merchant_id: [] for merchant in run.merchants}
    for failure in failures:
        concerned = _failing_merchants(run, failure)
        for merchant_id in at_fault if concerned is None else concerned & at_fault.keys():
            at_fault[merchant_id].append(f"{failure.name}: {failure.message}")
    return at_fault


def _failing_merchants(run: MerchantRun, failure: FailedTest) -> set[str] | None:
    """The merchants whose rows are in the test's table of failures; None when there is no such table."""
    if failure.failures_table is None:
        return None
    schema, name = failure.failures_table
    table = sa.table(name, sa.column("merchant_id"), schema=schema)
    with run.deployment.transformer.connect() as connection:
        return set(connection.scalars(sa.select(sa.distinct(table.c.merchant_id))))
