"""dbt as Dagster sees it: where the project lies, what its assets are called, and which tests failed."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from models.errors import RetryLaterError, StopError
from orchestration.column_lineage import lineage_metadata

DBT_EXECUTABLE = str(Path(sys.executable).parent / "dbt")
_GROUPS = {"staging": "transform", "intermediate": "transform", "marts": "marts", "vault": "marts"}
_OFFLINE = str(Path(__file__).with_name("dbt_offline.py"))
_COMPILE = ["--quiet", "compile", "--no-introspect", "--no-populate-cache"]
_COMPILE += ["--select", "resource_type:model", "--indirect-selection", "empty"]
_STORED = {"table", "incremental"}
_BUILDERS = ("dbt-core", "dbt-postgres", "duckdb", "pyarrow")
_HASHED_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md"}


def dbt_project(project_folder: Path, target_folder: Path) -> DbtProject:
    """The dbt project, with its compiled artefacts outside the checkout."""
    folder = project_folder / "dbt_project"
    return DbtProject(project_dir=folder, profiles_dir=folder, target_path=target_folder)


def prepare_manifest(project: DbtProject, environment: Mapping[str, str]) -> Path:
    """The manifest's path; dbt parses the project first when its files are not those of the last parse.

    Parsing needs no database. The digest of the project's files stands beside the manifest.

    Raises:
        StopError: The project does not parse; the message ends with what dbt said.
    """
    manifest, stamp = project.manifest_path, project.manifest_path.parent / "project.sha256"
    digest = project_digest(Path(project.project_dir))
    if manifest.exists() and stamp.exists() and stamp.read_text() == digest:
        return manifest
    manifest.parent.mkdir(parents=True, exist_ok=True)
    # Partial parsing keeps nodes alive whose files were renamed.
    for left_over in manifest.parent.rglob("partial_parse.msgpack"):
        left_over.unlink()
    parsed = subprocess.run(
        [DBT_EXECUTABLE, "--quiet", "parse", "--target-path", str(manifest.parent), "--log-path", str(manifest.parent)],
        cwd=project.project_dir,
        env={**environment, "DBT_PROFILES_DIR": str(project.profiles_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode != 0:
        raise StopError(f"the dbt project does not parse:\n{(parsed.stdout + parsed.stderr)[-2000:]}")
    stamp.write_text(digest)
    return manifest


def compiled_models(project: DbtProject, environment: Mapping[str, str]) -> dict[str, str]:
    """The SQL of each model, as dbt sends it where no table is there yet, by the model's path in the project.

    It needs no database. Of a project that was not prepared with the same variables, dbt parses all files again.

    Raises:
        StopError: The project does not compile; the message ends with what dbt said.
    """
    with tempfile.TemporaryDirectory(prefix="perennial-compiled-") as folder:
        parsed = project.manifest_path.parent / "partial_parse.msgpack"
        if parsed.exists():
            shutil.copy(parsed, folder)
        compiled = subprocess.run(
            [sys.executable, "-Ps", _OFFLINE, *_COMPILE, "--target-path", folder, "--log-path", folder],
            cwd=project.project_dir,
            env={**environment, "DBT_PROFILES_DIR": str(project.profiles_dir)},
            capture_output=True,
            text=True,
            check=False,
        )
        if compiled.returncode != 0:
            raise StopError(f"the dbt project does not compile:\n{(compiled.stdout + compiled.stderr)[-2000:]}")
        models = Path(folder) / "compiled" / project.name
        return {str(path.relative_to(models)): path.read_text(encoding="utf-8") for path in models.rglob("*.sql")}


def project_digest(folder: Path) -> str:
    """Digest of the dbt project's files and of the dbt that builds it."""
    digest = hashlib.sha256(f"{version('dbt-core')} {version('dbt-postgres')}".encode())
    for path in sorted(folder.rglob("*")):
        if path.suffix in _HASHED_SUFFIXES and "target" not in path.parts and "logs" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def building_versions() -> dict[str, str]:
    """The libraries that raw tables and purchase histories are made with, and their versions."""
    return {name: version(name) for name in _BUILDERS}


def sources_of(manifest: Mapping[str, Any], models: Collection[str]) -> set[tuple[str, str]]:
    """The tables outside dbt, as schema and name, that some models stand on, by way of whichever others."""
    names = {unique_id: node["name"] for unique_id, node in manifest["nodes"].items()}
    waiting = [unique_id for unique_id, name in names.items() if unique_id.startswith("model.") and name in models]
    seen, found = set(waiting), set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id in manifest["sources"]:
            source = manifest["sources"][unique_id]
            found.add((source["schema"], source["name"]))
        parents = set(manifest["parent_map"].get(unique_id, ())) - seen
        seen |= parents
        waiting += parents
    return found


class WarehouseTranslator(DagsterDbtTranslator):
    """Names each dbt asset after its table: the key of `marts.customer_360` is `marts/customer_360`."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The table's schema and name; of what a run reads before it writes it, the key that the source declares.

        A source under the key of a table that the same run writes later would make Dagster run dbt in pieces.
        """
        declared = (dbt_resource_props.get("meta") or {}).get("dagster", {}).get("asset_key")
        if declared is not None and dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey(declared)
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The stage of the pipeline that the table belongs to; the predictions' staging belongs to the predictions."""
        if dbt_resource_props["name"].startswith("stg_ml__"):
            return "predict"
        return _GROUPS.get(dbt_resource_props["schema"], "transform")

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is known of the table, with what its columns are made of."""
        return lineage_metadata(self.get_asset_key(dbt_resource_props), super().get_metadata(dbt_resource_props))

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The check of a dbt test, which never blocks.

        A blocking check that fails ends the run for every merchant; ours withholds those whose rows failed it.
        """
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec._replace(blocking=False) if spec else None

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str] | None:
        """Who answers for the table."""
        del dbt_resource_props
        return ["team:analytics"]


def model_keys(manifest: Mapping[str, Any]) -> dict[str, dg.AssetKey]:
    """The asset that each of the project's models is, by the model's unique id."""
    key_of = WarehouseTranslator().get_asset_key
    return {name: key_of(node) for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def stored_tables(manifest: Mapping[str, Any]) -> frozenset[dg.AssetKey]:
    """The models that the warehouse holds rows of; every other is a view, computed when somebody reads it."""
    nodes = manifest["nodes"]
    return frozenset(
        key for name, key in model_keys(manifest).items() if nodes[name]["config"]["materialized"] in _STORED
    )


@dataclass(frozen=True)
class FailedTest:
    """A dbt data test that failed, and where its failing rows are.

    Attributes:
        name: The test's name.
        message: dbt's own words.
        failures_table: Schema and name of the table with the failing rows, or None when dbt could not run the test.
        advice: What to do about it, from the test's own `meta.advice`; may refer to columns of a failing row.
    """

    name: str
    message: str
    failures_table: tuple[str, str] | None
    advice: str | None = None


def results_path(target_folder: Path) -> Path:
    """Where dbt writes what became of each node of an invocation."""
    return target_folder / "run_results.json"


def failed_tests(target_folder: Path, manifest: Mapping[str, Any]) -> list[FailedTest]:
    """The data tests that failed in the invocation whose artefacts lie in a folder.

    Args:
        target_folder: Where dbt wrote `run_results.json`.
        manifest: The parsed manifest, which names each test's table of failures.

    Raises:
        RetryLaterError: dbt ended before it had results to write: that nothing failed is then not known.
    """
    path = results_path(target_folder)
    if not path.exists():
        raise RetryLaterError(f"dbt broke off and left no test results; {target_folder.name}/dbt.log says why")
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    failed = []
    for result in results:
        node = manifest["nodes"].get(result["unique_id"], {})
        if node.get("resource_type") != "test" or result["status"] not in {"fail", "error"}:
            continue
        has_table = result["status"] == "fail" and node.get("relation_name")
        failed.append(
            FailedTest(
                name=node["name"],
                message=result.get("message") or result["status"],
                failures_table=(node["schema"], node.get("alias") or node["name"]) if has_table else None,
                advice=node.get("config", {}).get("meta", {}).get("advice"),
            )
        )
    return failed
