"""One part of the dbt project as a stage of a run: build its tables, test them, and hold failures against merchants.

Tables are built first and tested after: `dbt build` would stop everything downstream of a failed test, for every
merchant. A failed test withholds the merchants whose rows failed it, which are read from the table that dbt keeps
them in; a test that could not run at all says nothing about anybody and therefore withholds everybody.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, redirect_stdout
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster_dbt import DbtCliResource

from models import stage_builds
from models.built_merchants import forget_built_merchants, record_built_merchants
from models.engine import connect
from models.schema import OPS
from models.statistics import measure_grown_tables
from orchestration import progress, standing_views, touched_rows
from orchestration.asset_plots import table_plots
from orchestration.deployment import told_to_children
from orchestration.failures import typed_failures
from orchestration.merchant_run import MerchantRun
from orchestration.purchase_history import HISTORY_TABLES
from orchestration.transformation import (
    FailedTest,
    building_versions,
    failed_tests,
    project_digest,
    results_path,
    sources_of,
    stored_tables,
)

# Unit tests are the project's, not the data's: they run in the test suite.
_BUILD = ["build", "--exclude-resource-type", "test", "unit_test"]
# A test that joins both parts of the project belongs to the part in which its last table is built.
_TEST = ["test", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
_SECONDS_TO_END = 30


def build_and_test(
    context: dg.AssetExecutionContext,
    dbt: DbtCliResource,
    run: MerchantRun,
    stage: str,
    manifest: dict[str, Any],
    *,
    reads_predictions: bool,
) -> Iterator[Any]:
    """Run one part of the project, unless its tables were built from the very same and passed every test.

    Args:
        context: The asset's context, which names the part.
        dbt: The dbt command line.
        run: The run's scope.
        stage: What the part is called in `ops.merchant_checks`.
        manifest: The parsed manifest.
        reads_predictions: Whether the part comes after the predictions, and publishes.

    Yields:
        dbt's events as Dagster's: materialisations with row counts, and check results.

    Raises:
        DagsterDbtCliRuntimeError: A model failed; its table and those after it are as they were.
        dg.Failure: The tests broke off, so that nobody is known to have passed them.
    """
    with typed_failures():
        run.require_alone()
    # Read once, before dbt reads the project: tables are never taken for those of a project that came after them.
    code_digest = project_digest(run.deployment.settings.project_folder / "dbt_project")
    digest = _inputs(run, context, code_digest, reads_predictions=reads_predictions)
    selected = context.selected_asset_keys
    views = {key: name for key, name in standing_views.lasting_views(manifest).items() if key in selected}
    read_later = standing_views.read_elsewhere(manifest, selected)
    tables = stored_tables(manifest) & selected
    if (reason := _why_not_needed(run, stage, digest)) is not None:
        yield from _as_they_are(context, run, stage, reason, tables=tables, told=(selected - views.keys()) | read_later)
        return
    # Somebody who asks for some models by hand gets those, views and all.
    is_whole = selected == context.assets_def.keys
    is_standing = is_whole and standing_views.are_standing(run, stage, views, code_digest=code_digest)
    rows = touched_rows.rows_to_write(run, stage, code_digest=code_digest) if is_whole else "all"
    _begin(run, stage, is_standing=is_standing, reads_predictions=reads_predictions)
    left_out = sorted(views.values()) if is_standing else []
    reporter = progress.current()
    model_count = len(selected) - len(left_out)
    # A folder per stage, used again by the next run: dbt finds the parsed project of the last one in it.
    target_path = run.deployment.dbt_target / stage
    if is_standing:
        kept = {"kept": "the view stands, as the project has not changed"}
        yield from _outputs(context, views.keys() & read_later, lambda _: kept)
    with ExitStack() as stack:
        advance = stack.enter_context(reporter.task(f"Building {model_count} {stage.replace('_', ' ')}", model_count))
        stack.enter_context(_dbt_output(reporter))
        build = [*_BUILD, "--exclude", " ".join(left_out)] if left_out else _BUILD
        with told_to_children(touched_rows.VARIABLE, rows):
            invocation = dbt.cli(build, context=context, target_path=target_path)
        stack.enter_context(ended_with_its_reader(invocation.process))
        for event in invocation.stream():
            advance(1)
            yield with_facts(event, run, tables)
    if is_whole:
        _remember(run, touched_rows.rows_of(stage), code_digest)
    if is_whole and not is_standing:
        _remember(run, standing_views.views_of(stage), code_digest)
    if is_whole and not reads_predictions:
        note_what_was_built(run, manifest, code_digest)
    # The build's results lie there: tests that never ran must not read like tests that found nothing.
    results_path(target_path).unlink(missing_ok=True)
    with reporter.task(f"Testing {stage.replace('_', ' ')}"), _dbt_output(reporter):
        invocation = dbt.cli(_TEST, context=context, target_path=target_path, raise_on_error=False)
        with ended_with_its_reader(invocation.process):
            yield from invocation.stream()
    with typed_failures():
        failures = failed_tests(target_path, manifest)
    for merchant_id, messages in merchants_at_fault(run, failures).items():
        run.check(merchant_id, stage, has_passed=not messages, message="; ".join(messages) or "every test passed")
    digest = _inputs(run, context, code_digest, reads_predictions=reads_predictions)
    if digest is not None and not failures:
        _remember(run, stage, digest)


def _begin(run: MerchantRun, stage: str, *, is_standing: bool, reads_predictions: bool) -> None:
    """Vouch for nothing that is about to change, and let the planner know what has landed."""
    with run.deployment.loader.begin() as connection:
        stage_builds.forget_build(connection, stage)
        stage_builds.forget_build(connection, touched_rows.rows_of(stage))
        if not is_standing:
            stage_builds.forget_build(connection, standing_views.views_of(stage))
        if not reads_predictions:
            forget_built_merchants(connection)
    with typed_failures(), connect(run.deployment.owner_url, autocommit=True) as connection:
        measure_grown_tables(connection)


def _remember(run: MerchantRun, what: str, digest: str) -> None:
    """Enter what the stage's tables, its rows or its views were built from."""
    with run.deployment.loader.begin() as connection:
        stage_builds.record_build(connection, what, digest, run_id=run.run_id, built_at=run.started_at)


def note_what_was_built(run: MerchantRun, manifest: Mapping[str, Any], code_digest: str) -> None:
    """Enter what every merchant's history has just been built from, for the model runs that will read it."""
    read = sources_of(manifest, HISTORY_TABLES) | {(OPS, "merchants")}
    with run.deployment.loader.begin() as connection:
        record_built_merchants(
            connection,
            [name for schema, name in read if schema == OPS],
            run_id=run.run_id,
            built_at=run.started_at,
            project_digest=code_digest,
            versions=building_versions(),
        )


def _inputs(
    run: MerchantRun, context: dg.AssetExecutionContext, code_digest: str, *, reads_predictions: bool
) -> str | None:
    """The digest of what the stage's tables are made from; None when one of them is not there yet."""
    tables = [(key.path[0], key.path[1]) for key in context.selected_asset_keys]
    with run.deployment.transformer.connect() as connection:
        return stage_builds.inputs_digest(
            connection,
            code_digest=code_digest,
            tables=tables,
            reads_predictions=reads_predictions,
        )


def _why_not_needed(run: MerchantRun, stage: str, digest: str | None) -> str | None:
    """Why the stage's tables can stay as they are; None when they have to be built."""
    if digest is None:
        return None
    if len(run.withheld()) == len(run.merchants):
        return "every merchant of the run was withheld before"
    with run.deployment.loader.connect() as connection:
        built_by = stage_builds.built_by(connection, stage, digest)
    return None if built_by is None else f"nothing has changed since run {built_by} built and tested them"


def _as_they_are(
    context: dg.AssetExecutionContext,
    run: MerchantRun,
    stage: str,
    reason: str,
    *,
    tables: frozenset[dg.AssetKey],
    told: AbstractSet[dg.AssetKey],
) -> Iterator[Any]:
    """Report what a stage has as it is, tables with their rows and plots, for those who look at the latest run."""
    with progress.current().task(f"Keeping {stage.replace('_', ' ')}: {reason}"):
        counts = _row_counts(run, tables)

        def facts(key: dg.AssetKey) -> dict[str, Any]:
            return {"kept": reason, "window": run.window()} | counts.get(key, {}) | table_plots(run, key)

        yield from _outputs(context, told, facts)
    withheld = run.withheld()
    for merchant in run.merchants:
        if merchant.merchant_id not in withheld:
            run.check(merchant.merchant_id, stage, has_passed=True, message=reason)


def _outputs(
    context: dg.AssetExecutionContext,
    keys: AbstractSet[dg.AssetKey],
    facts: Callable[[dg.AssetKey], dict[str, Any]],
) -> Iterator[Any]:
    names = {key: name for name, key in context.assets_def.keys_by_output_name.items()}
    for key in TopologicalSorter(context.assets_def.asset_deps).static_order():  # Dagster wants them in this order
        if key in keys:
            yield dg.Output(None, output_name=names[key], metadata=facts(key))


def _row_counts(run: MerchantRun, tables: frozenset[dg.AssetKey]) -> dict[dg.AssetKey, dict[str, int]]:
    """The rows of each table, as metadata."""
    if not tables:
        return {}
    with run.deployment.transformer.connect() as connection:
        return {key: {"dagster/row_count": connection.execute(_count(*key.path)).scalar_one()} for key in tables}


def _count(schema: str, name: str) -> sa.Select[tuple[int]]:
    return sa.select(sa.func.count()).select_from(sa.table(name, schema=schema))


@contextmanager
def _dbt_output(reporter: progress.Reporter) -> Iterator[None]:
    """Keep dbt's own lines off a screen that shows bars or lines of ours; its log file has them."""
    if isinstance(reporter, progress.SilentReporter):
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 - a device
        yield


@contextmanager
def ended_with_its_reader(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End dbt when whoever reads its events breaks off: a second attempt must not find the first still building."""
    try:
        yield
    except BaseException:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # dbt cancels its queries
            try:
                process.wait(timeout=_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        raise


def with_facts(event: Any, run: MerchantRun, tables: frozenset[dg.AssetKey]) -> Any:  # noqa: ANN401 - any event
    """The event of a built model, with its window, its rows and, where it has any, its plots in the metadata.

    Args:
        event: Any of Dagster's events; one that is not of a model comes back as it is.
        run: The run's scope.
        tables: The models to count. A view is not one: nobody keeps its rows, and they would be computed.
    """
    if not isinstance(event, dg.Output | dg.AssetMaterialization):
        return event
    metadata = event.metadata
    key = (
        event.asset_key if isinstance(event, dg.AssetMaterialization) else dg.AssetKey(event.output_name.split("__", 1))
    )
    counted = _row_counts(run, tables & {key}).get(key, {})
    return event.with_metadata({**metadata, "window": run.window(), **counted, **table_plots(run, key)})


def merchants_at_fault(run: MerchantRun, failures: list[FailedTest]) -> dict[str, list[str]]:
    """Per merchant of the run, what its rows failed; an empty list for those whose rows are good."""
    at_fault: dict[str, list[str]] = {merchant.merchant_id: [] for merchant in run.merchants}
    for failure in failures:
        rows = _failing_rows(run, failure)
        for merchant_id in at_fault if rows is None else rows.keys() & at_fault.keys():
            advice = failure.advice.format_map(rows[merchant_id]) if failure.advice and rows else ""
            at_fault[merchant_id].append(": ".join(part for part in (failure.name, failure.message, advice) if part))
    return at_fault


def _failing_rows(run: MerchantRun, failure: FailedTest) -> dict[str, dict[Any, Any]] | None:
    """A failing row of each merchant that has any; None when the test does not say whose they are."""
    if failure.failures_table is None:
        return None
    schema, name = failure.failures_table
    table = sa.table(name, sa.column("merchant_id"), schema=schema)
    one_each: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(table).distinct(table.c.merchant_id)
    with run.deployment.transformer.connect() as connection:
        rows = {row["merchant_id"]: dict(row) for row in connection.execute(one_each).mappings()}
    return None if None in rows else rows
