"""dbt's failed tests held against merchants, and the manifest that is parsed when the project changes."""

import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_dbt import DbtCliResource, DbtProject

from models.engine import create_engine
from models.errors import StopError
from models.roles import TRANSFORMER
from orchestration import transformation
from orchestration.dbt_stages import merchants_at_fault, with_facts
from orchestration.manifest import DbtCommandLine
from orchestration.merchant_run import MerchantRun
from orchestration.transformation import FailedTest, WarehouseTranslator, failed_tests, prepare_manifest, stored_tables


def node(name: str, **values: Any) -> dict[str, Any]:
    return {
        "resource_type": "test",
        "name": name,
        "schema": "test_failures",
        "alias": name,
        "relation_name": name,
    } | values


MANIFEST = {
    "nodes": {
        "test.p.amounts": node("amounts"),
        "test.p.keys": node("keys", alias="keys_shortened"),
        "test.p.unstored": node("unstored", relation_name=None),
        "model.p.fct_orders": node("fct_orders", resource_type="model"),
    }
}


def results(folder: Path, *outcomes: tuple[str, str, str | None]) -> Path:
    written = [{"unique_id": name, "status": status, "message": message} for name, status, message in outcomes]
    (folder / "run_results.json").write_text(json.dumps({"results": written}))
    return folder


def test_a_failed_test_is_read_with_its_table_of_failures(tmp_path: Path) -> None:
    folder = results(tmp_path, ("test.p.amounts", "fail", "Got 3 results"), ("test.p.keys", "fail", "Got 1 result"))
    assert failed_tests(folder, MANIFEST) == [
        FailedTest("amounts", "Got 3 results", ("test_failures", "amounts")),
        FailedTest("keys", "Got 1 result", ("test_failures", "keys_shortened")),
    ]


@pytest.mark.parametrize("status", ["pass", "warn", "skipped"])
def test_what_only_warns_or_did_not_run_withholds_nobody(tmp_path: Path, status: str) -> None:
    assert failed_tests(results(tmp_path, ("test.p.amounts", status, None)), MANIFEST) == []


def test_a_test_that_broke_off_has_no_table(tmp_path: Path) -> None:
    folder = results(
        tmp_path, ("test.p.amounts", "error", "relation does not exist"), ("test.p.unstored", "fail", None)
    )
    assert failed_tests(folder, MANIFEST) == [
        FailedTest("amounts", "relation does not exist", None),
        FailedTest("unstored", "fail", None),
    ]


def test_models_and_nodes_of_other_projects_are_not_tests(tmp_path: Path) -> None:
    folder = results(tmp_path, ("model.p.fct_orders", "error", "x"), ("test.p.gone", "fail", "x"))
    assert failed_tests(folder, MANIFEST) == []


@pytest.fixture(scope="module")
def transformer(module_database_url: str) -> Iterator[sa.Engine]:
    """The transformer's engine on a warehouse where tests left their failing rows."""
    engine, owner = create_engine(module_database_url, role=TRANSFORMER), create_engine(module_database_url)
    with owner.begin() as connection:
        for statement in (
            "create schema test_failures authorization perennial_transformer",
            "create table test_failures.amounts as select unnest(array['paper', 'paper', 'pens']) as merchant_id",
            "create table test_failures.elsewhere as select 'other' as merchant_id",
            "create table test_failures.nobodys as select unnest(array['paper', null]) as merchant_id",
            "create table test_failures.empty as select 'x' as merchant_id where false",
            "grant select on all tables in schema test_failures to perennial_transformer",
        ):
            connection.execute(sa.text(statement))
    owner.dispose()
    yield engine
    engine.dispose()


def run_over(engine: sa.Engine, *merchant_ids: str) -> MerchantRun:
    merchants = [SimpleNamespace(merchant_id=merchant_id) for merchant_id in merchant_ids]
    deployment = SimpleNamespace(transformer=engine)
    started = datetime(2026, 1, 14, tzinfo=UTC)
    return MerchantRun(cast("Any", deployment), "run-1", cast("Any", merchants), {"paper": date(2026, 1, 13)}, started)


def failure(table: str | None, name: str = "amounts_add_up") -> FailedTest:
    return FailedTest(name, "Got 3 results", ("test_failures", table) if table else None)


def test_a_failed_test_is_held_against_the_merchants_whose_rows_failed(transformer: sa.Engine) -> None:
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper", "pens"), [failure("amounts")])
    message = ["amounts_add_up: Got 3 results"]
    assert at_fault == {"ink": [], "paper": message, "pens": message}


def test_failures_add_up_per_merchant(transformer: sa.Engine) -> None:
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper"), [failure("amounts"), failure(None, "keys")])
    assert at_fault == {
        "ink": ["keys: Got 3 results"],
        "paper": ["amounts_add_up: Got 3 results", "keys: Got 3 results"],
    }


def test_a_test_that_could_not_run_is_held_against_everybody(transformer: sa.Engine) -> None:
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper"), [failure(None)])
    assert all(at_fault.values())


def test_rows_of_nobody_are_held_against_everybody(transformer: sa.Engine) -> None:
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper"), [failure("nobodys")])
    assert all(at_fault.values())


def test_rows_of_merchants_outside_the_run_are_held_against_nobody_in_it(transformer: sa.Engine) -> None:
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper"), [failure("elsewhere"), failure("empty")])
    assert at_fault == {"ink": [], "paper": []}


def test_advice_is_given_about_the_merchants_own_row(transformer: sa.Engine) -> None:
    advised = FailedTest("amounts", "Got 3 results", ("test_failures", "amounts"), "tell {merchant_id} to mend it")
    at_fault = merchants_at_fault(run_over(transformer, "ink", "paper", "pens"), [advised])
    concerned = {merchant_id: messages for merchant_id, messages in at_fault.items() if messages}
    assert concerned == {
        merchant_id: [f"amounts: Got 3 results: tell {merchant_id} to mend it"] for merchant_id in concerned
    }
    assert concerned


def test_no_failure_leaves_everybody_in_good_standing(transformer: sa.Engine) -> None:
    assert merchants_at_fault(run_over(transformer, "ink"), []) == {"ink": []}


def test_a_built_table_says_its_rows_and_a_view_is_not_asked(transformer: sa.Engine) -> None:
    run, tables = run_over(transformer, "paper"), frozenset({dg.AssetKey(["test_failures", "amounts"])})
    counted = with_facts(dg.Output(None, output_name="test_failures__amounts"), run, tables)
    assert counted.metadata["dagster/row_count"] == dg.IntMetadataValue(3)
    # Nothing of that name is there: to count it would fail.
    view = with_facts(dg.AssetMaterialization(["test_failures", "a_view"]), run, tables)
    assert set(view.metadata) == {"window"}


# The manifest.


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbtProject:
    """A small project, and in dbt's place a program that notes each call and writes a manifest."""
    folder = tmp_path / "dbt_project"
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: p\nversion: '1.0'\nprofile: p\n")
    (folder / "models" / "one.sql").write_text("select 1")
    target = tmp_path / "target"
    program = tmp_path / "dbt"
    program.write_text(
        f"#!/bin/sh\necho call >> {tmp_path}/calls\n"
        f'if grep -rq broken models; then echo "one.sql: broken"; exit 2; fi\necho "{{}}" > {target}/manifest.json\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setattr(transformation, "DBT_EXECUTABLE", str(program))
    return DbtProject(project_dir=folder, profiles_dir=folder, target_path=target)


def calls(project: DbtProject) -> int:
    path = Path(project.project_dir).parent / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_the_project_is_parsed_once_while_nothing_changes(project: DbtProject) -> None:
    first = prepare_manifest(project, os.environ)
    assert first.read_text() == "{}\n"
    assert prepare_manifest(project, os.environ) == first
    assert calls(project) == 1


def test_the_project_is_parsed_again_when_a_file_changes_comes_or_goes(project: DbtProject) -> None:
    models = Path(project.project_dir) / "models"
    prepare_manifest(project, os.environ)
    steps = [
        lambda: (models / "one.sql").write_text("select 2"),
        lambda: (models / "two.yml").write_text("version: 2"),
        lambda: (models / "two.yml").rename(models / "three.yml"),
        (models / "three.yml").unlink,
        project.manifest_path.unlink,
    ]
    for number, step in enumerate(steps, start=2):
        step()
        prepare_manifest(project, os.environ)
        assert calls(project) == number


def test_what_is_no_part_of_the_project_does_not_parse_it_again(project: DbtProject) -> None:
    folder = Path(project.project_dir)
    prepare_manifest(project, os.environ)
    for path in (folder / "target" / "run.sql", folder / "logs" / "dbt.yml", folder / "models" / "notes.txt"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    prepare_manifest(project, os.environ)
    assert calls(project) == 1


def test_a_project_that_does_not_parse_says_so_and_is_tried_again(project: DbtProject) -> None:
    model = Path(project.project_dir) / "models" / "one.sql"
    prepare_manifest(project, os.environ)
    model.write_text("broken")
    for _ in range(2):
        with pytest.raises(StopError, match=r"does not parse:\none\.sql: broken"):
            prepare_manifest(project, os.environ)
    model.write_text("select 1")
    prepare_manifest(project, os.environ)
    assert calls(project) == 3, "the manifest of the last good parse was still there"


def test_what_a_renamed_file_left_in_dbts_cache_is_removed(project: DbtProject) -> None:
    left_over = project.manifest_path.parent / "stage" / "partial_parse.msgpack"
    left_over.parent.mkdir(parents=True)
    left_over.write_bytes(b"x")
    prepare_manifest(project, os.environ)
    assert not left_over.exists()


def test_rows_are_kept_of_models_that_are_no_views() -> None:
    nodes = {
        kind: node(f"a_{kind}", resource_type="model", schema="marts", config={"materialized": kind})
        for kind in ("table", "incremental", "view", "ephemeral")
    }
    nodes["test"] = node("a_test", config={"materialized": "table"})
    tables = {dg.AssetKey(["marts", "a_table"]), dg.AssetKey(["marts", "a_incremental"])}
    assert stored_tables({"nodes": nodes}) == tables


def test_an_asset_is_named_after_its_table() -> None:
    translator = WarehouseTranslator()
    properties = {"schema": "marts", "name": "customer_360", "resource_type": "model"}
    assert translator.get_asset_key(properties) == dg.AssetKey(["marts", "customer_360"])
    assert translator.get_group_name(properties) == "marts"
    assert translator.get_owners(properties) == ["team:analytics"]


@pytest.mark.parametrize("name", ["_cli_version", "_initialize_dbt_core_adapter"])
def test_what_is_replaced_of_dagster_s_command_line_is_still_called_that(name: str) -> None:
    """Both are dagster-dbt's own: under another name they would run again, and cost what was saved."""
    assert name in vars(DbtCliResource)
    assert name in vars(DbtCommandLine)
