"""What Dagster serves, read as it reads it: no warehouse runs, and dbt's project is parsed from its files."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import orchestration
from models import activation, ml, raw  # noqa: F401 - they declare the tables
from models.schema import metadata
from orchestration.standing_views import lasting_views

STAGES = {"ingest", "transform", "marts", "predict", "activate"}


@pytest.fixture
def defs(definitions: dg.Definitions) -> dg.Definitions:
    return definitions


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> Any:
    return definitions.resolve_asset_graph()


def names(keys: Any) -> set[str]:
    return {key.to_user_string() for key in keys}


def test_everything_that_is_defined_can_be_loaded(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_every_table_is_an_asset_under_its_own_name(graph: Any, manifest: dict[str, Any]) -> None:
    models = {f"{n['schema']}/{n['name']}" for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    assert len(models) > 20
    tables = {f"{t.schema}/{t.name}" for t in metadata.tables.values() if t.schema not in {None, "ops"}}
    # Kept by commands, or beside another table by the asset that writes that one.
    beside = {
        f"activation/{name}"
        for name in (
            "suppressions",
            "list_readings",
            "campaign_versions",
            "sent_fields",
            "customer_states",
            "sync_cursors",
        )
    }
    assert beside < tables
    promised = {
        *(tables - beside),
        "ml/customer_lifetime_value",
        "ops/merchants",
        "ops/exchange_rates",
        "ops/stores",
        "ops/identity_decisions",
        "ops/segments",
        "ops/segment_queries",
        "ops/merchant_runs",
    }
    archived = {f"archive/{system}/{s.name}" for system, streams in raw.SOURCE_STREAMS.items() for s in streams}
    assert {"ml/predictions", "activation/deliveries", "raw_files/orders"} < tables
    assert names(graph.materializable_asset_keys) == models | promised | archived


def test_nothing_is_read_that_no_asset_writes(graph: Any) -> None:
    written = names(graph.materializable_asset_keys)
    read = names(graph.external_asset_keys)
    # Views show tonight's rows as soon as they stand, and are made before them.
    assert [name for name in read if name.replace("/earlier_", "/") not in written] == []
    assert all("/earlier_" in name for name in read)


def test_every_asset_says_what_it_is_who_answers_for_it_and_how_old_it_may_be(
    graph: Any, manifest: dict[str, Any]
) -> None:
    standing = lasting_views(manifest)
    wanting = {
        key.to_user_string(): missing
        for key in graph.materializable_asset_keys
        for node in [graph.get(key)]
        if (
            missing := [
                name
                for name, is_there in {
                    "description": bool((node.description or "").strip()),
                    "group": node.group_name in STAGES,
                    "owners": bool(node.owners),
                    "kinds": bool(node.kinds),
                    "freshness": (node.freshness_policy is None) == (key in standing),
                }.items()
                if not is_there
            ]
        )
    }
    assert wanting == {}


def test_every_tables_description_says_what_a_row_is(graph: Any) -> None:
    vague = [
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if not (graph.get(key).description or "").startswith(("One row per", "One record per"))
    ]
    assert vague == []


def test_checks_stand_on_the_assets_that_they_are_about(graph: Any) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert {key for key, _ in checks} <= names(graph.materializable_asset_keys)
    for stream in raw.SOURCE_STREAMS["files"]:
        assert (f"archive/files/{stream.name}", "data_contract") in checks
        assert (f"archive/files/{stream.name}", "rejected_share") in checks
        assert (f"raw_files/{stream.name}", "landed_whole") in checks
    assert {name for key, name in checks if key == "ml/model_runs"} >= {"fit_converged", "beats_naive_mae"}
    assert ("activation/deliveries", "nothing_failed") in checks


def test_every_data_test_of_dbt_is_a_check(graph: Any, manifest: dict[str, Any]) -> None:
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert len(tests) > 50
    checks = {key.name for key in graph.asset_check_keys}
    assert sorted(tests - checks) == []


def test_the_nightly_job_works_on_everything(defs: dg.Definitions, graph: Any) -> None:
    job = defs.resolve_job_def("nightly")
    assert job.asset_layer.executable_asset_keys == graph.materializable_asset_keys
    assert {key.name for key in job.asset_layer.asset_graph.asset_check_keys} == {
        key.name for key in graph.asset_check_keys
    }
    assert job.executor_def.name == "in_process"


def test_each_part_of_dbt_is_one_step_of_the_night(defs: dg.Definitions) -> None:
    """What reads a table that the run writes later would split it, and dbt would start for each of the pieces."""
    steps = [node.name for node in defs.resolve_job_def("nightly").nodes if node.name.startswith("dbt_")]
    assert sorted(steps) == ["dbt_after_ml", "dbt_before_ml"]


def test_the_night_begins_by_itself_and_its_failure_is_told(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    sensor = defs.resolve_sensor_def("failed_run_alert")
    assert schedule.job_name == "nightly"
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_lineage_leads_from_the_order_to_the_delivery(graph: Any) -> None:
    def upstream(key: dg.AssetKey) -> set[str]:
        seen: set[dg.AssetKey] = set()
        waiting = [key]
        while waiting:
            for parent in graph.get(waiting.pop()).parent_keys:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return names(seen)

    behind_deliveries = upstream(dg.AssetKey(["activation", "deliveries"]))
    assert behind_deliveries >= {
        "ops/merchants",
        "archive/files/orders",
        "raw_files/orders",
        "intermediate/int_purchase_days_aggregated",
        "ml/predictions",
        "ml/customer_lifetime_value",
        "marts/customer_360",
        "activation/audience_members",
        "vault/customer_contacts",
    }
    assert "activation/deliveries" in upstream(dg.AssetKey(["ops", "merchant_runs"]))


def test_every_stage_has_a_folder_whose_modules_are_loaded(graph: Any) -> None:
    folder = Path(str(orchestration.__file__)).parent / "defs"
    stages = {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}
    assert stages == {"ingest", "transform", "predict", "activate"}
    assert {graph.get(key).group_name for key in graph.materializable_asset_keys} == STAGES


def test_no_failed_check_of_dbt_ends_the_run_for_every_merchant(graph: Any, manifest: dict[str, Any]) -> None:
    """A blocking check would: failed tests withhold the merchants whose rows failed, and nobody else."""
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = [graph.get(key) for key in graph.asset_check_keys if key.name in tests]
    assert len(checks) > 50
    assert [check.key.name for check in checks if check.blocking] == []
