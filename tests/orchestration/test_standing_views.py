"""What a run need not make anew: views that stand, and rows that nothing touched."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
import sqlalchemy as sa

from orchestration.dbt_stages import build_and_test
from orchestration.manifest import load_manifest
from orchestration.merchant_run import MerchantRun
from orchestration.standing_views import lasting_views, read_elsewhere
from orchestration.touched_rows import VARIABLE


def model(name: str, materialized: str, *parents: str, schema: str = "staging") -> dict[str, Any]:
    return {
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "config": {"materialized": materialized},
        "depends_on": {"nodes": [*(f"model.p.{parent}" for parent in parents), "source.p.raw.orders", "macro.p.x"]},
    }


MODELS = (
    model("stg_orders", "view"),
    model("int_orders", "view", "stg_orders", schema="intermediate"),
    model("fct_orders", "table", "int_orders", schema="marts"),
    model("recent_orders", "view", "fct_orders", schema="marts"),
    model("customer_360", "incremental", "fct_orders", "stg_orders", schema="marts"),
)
MANIFEST: dict[str, Any] = {"nodes": {f"model.p.{node['name']}": node for node in MODELS}}
STG, INT, FCT, RECENT = (
    dg.AssetKey(path)
    for path in (
        ["staging", "stg_orders"],
        ["intermediate", "int_orders"],
        ["marts", "fct_orders"],
        ["marts", "recent_orders"],
    )
)
STAGE = frozenset({STG, INT, FCT, RECENT})


def test_a_view_over_a_table_falls_with_every_build_of_the_table() -> None:
    assert lasting_views(MANIFEST) == {STG: "stg_orders", INT: "int_orders"}


def test_what_a_later_part_reads_is_told_to_dagster() -> None:
    assert read_elsewhere(MANIFEST, STAGE) == {STG, FCT}


def test_most_of_the_project_lasts() -> None:
    manifest = load_manifest()
    views = [
        n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n["config"]["materialized"] == "view"
    ]
    assert len(lasting_views(manifest)) > 0.9 * len(views)


class Runs:
    """Whole runs of one part of a small project: what dbt was told to leave out, and what Dagster was told."""

    def __init__(self, folder: Path, engine: sa.Engine, owner_url: str) -> None:
        self._folder, self._engine, self._owner_url = folder, engine, owner_url
        self.project = folder / "project"
        self.rows_written: list[str] = []
        (self.project / "dbt_project").mkdir(parents=True)

    def execute(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def __call__(self, selected: frozenset[dg.AssetKey] = STAGE) -> tuple[list[str], list[str]]:
        left_out: list[str] = []

        def cli(arguments: list[str], *, target_path: Path, **_: Any) -> Any:
            if arguments[0] == "build":
                self.rows_written.append(os.environ[VARIABLE])
                left_out.extend(arguments[arguments.index("--exclude") + 1].split() if "--exclude" in arguments else [])
            target_path.mkdir(parents=True, exist_ok=True)
            (target_path / "run_results.json").write_text('{"results": []}')
            return SimpleNamespace(stream=lambda: iter(()), process=SimpleNamespace(poll=lambda: 0))

        settings = SimpleNamespace(project_folder=self.project)
        engine = self._engine
        deployment = SimpleNamespace(
            dbt_target=self._folder, loader=engine, transformer=engine, settings=settings, owner_url=self._owner_url
        )
        merchants = cast("Any", [SimpleNamespace(merchant_id="ink")])
        started_at = datetime(2026, 1, 14, tzinfo=UTC)
        run = MerchantRun(cast("Any", deployment), "run-1", merchants, {"ink": date(2026, 1, 13)}, started_at)
        object.__setattr__(run, "check", lambda *_, **__: None)
        names = {f"{key.path[0]}__{key.path[1]}": key for key in STAGE}
        assets = SimpleNamespace(
            keys=STAGE, keys_by_output_name=names, asset_deps={STG: set(), INT: {STG}, FCT: {INT}, RECENT: {FCT}}
        )
        context: Any = SimpleNamespace(selected_asset_keys=selected, assets_def=assets)
        events = build_and_test(
            context, cast("Any", SimpleNamespace(cli=cli)), run, "transformed_tables", MANIFEST, reads_predictions=True
        )
        told = [event.output_name for event in events if isinstance(event, dg.Output)]
        return left_out, told


@pytest.fixture
def runs(tmp_path: Path, engine: sa.Engine, database_url: str) -> Iterator[Runs]:
    runs = Runs(tmp_path, engine, database_url)
    runs.execute(
        "create schema if not exists staging",
        "create schema if not exists intermediate",
        "create view staging.stg_orders as select 1 as one",
        "create view intermediate.int_orders as select one from staging.stg_orders",
    )
    yield runs
    runs.execute("drop view if exists staging.stg_orders cascade")


def test_a_second_run_leaves_the_views_and_tells_of_those_that_are_read_later(runs: Runs) -> None:
    assert runs() == ([], [])
    assert runs() == (["int_orders", "stg_orders"], ["staging__stg_orders"])


def test_another_project_makes_every_view_again(runs: Runs) -> None:
    runs()
    (runs.project / "dbt_project" / "stg_orders.sql").write_text("select 2 as one")
    assert runs()[0] == []
    assert runs()[0] == ["int_orders", "stg_orders"]


def test_a_view_that_is_gone_is_made_again(runs: Runs) -> None:
    runs()
    runs.execute("drop view intermediate.int_orders")
    assert runs()[0] == []


def test_views_that_somebody_asks_for_are_made_and_vouch_for_no_others(runs: Runs) -> None:
    assert runs(frozenset({STG}))[0] == []
    assert runs()[0] == [], "nobody has made all of them yet"
    assert runs(frozenset({STG, INT}))[0] == []


def test_a_build_that_breaks_off_vouches_for_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.dbt_stages.with_facts", lambda *_: None)
    runs()
    (runs.project / "dbt_project" / "stg_orders.sql").write_text("select 2 as one")
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.dbt_stages._dbt_output", lambda _: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            runs()
    (runs.project / "dbt_project" / "stg_orders.sql").unlink()
    assert runs()[0] == [], "some of the views may be the other project's"


# Rows.


def test_touched_rows_alone_are_written_after_a_whole_build_of_the_same_project(runs: Runs) -> None:
    for _ in range(3):
        runs()
    assert runs.rows_written == ["all", "touched", "touched"]
    assert VARIABLE not in os.environ


def test_another_project_builds_every_row_anew(runs: Runs) -> None:
    runs()
    (runs.project / "dbt_project" / "fct_orders.sql").write_text("select 2 as one")
    runs()
    runs()
    assert runs.rows_written == ["all", "all", "touched"]


def test_what_somebody_built_by_hand_is_built_anew(runs: Runs) -> None:
    runs()
    runs(frozenset({FCT}))
    runs()
    assert runs.rows_written == ["all", "all", "all"]


def test_what_a_build_that_broke_off_left_is_built_anew(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs()
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.dbt_stages._dbt_output", lambda _: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            runs()
    runs()
    assert runs.rows_written == ["all", "all"]
