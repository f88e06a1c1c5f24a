"""The dbt manifest that Dagster's assets are defined by: parsed when the project's files have changed."""

import json
import os
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any

from dagster_dbt import DbtCliInvocation, DbtCliResource, DbtProject
from packaging.version import Version

from orchestration.dbt_process import dbt_process
from orchestration.settings import Settings, current_settings
from orchestration.transformation import DBT_EXECUTABLE, compiled_models, dbt_project, prepare_manifest


def project_of(settings: Settings) -> DbtProject:
    """The dbt project of a deployment."""
    return dbt_project(settings.project_folder, settings.home.resolve() / "dbt")


@cache
def load_manifest() -> dict[str, Any]:
    """The manifest of this process's deployment; Dagster needs it to define the assets, before anything runs."""
    path = prepare_manifest(project_of(current_settings()), os.environ)
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


@cache
def load_compiled_models() -> dict[str, str]:
    """The SQL of each model of this process's deployment, by the model's path in the project."""
    load_manifest()
    return compiled_models(project_of(current_settings()), os.environ)


class DbtCommandLine(DbtCliResource):
    """dbt as a process of its own that is imported once for all invocations, and nothing of it in this one.

    Before every invocation dagster-dbt asks the executable for its version and loads dbt's adapter into the calling
    process, for queries about columns and rows that are not asked for here: a sixth of a run's CPU.
    """

    def cli(self, args: Sequence[str], **options: Any) -> DbtCliInvocation:  # noqa: ANN401 - dagster-dbt's own
        """Invoke dbt by the process that serves this one's invocations; see dagster-dbt for the options."""
        program, *first_arguments = dbt_process().command(self.dbt_executable)
        served = {"dbt_executable": program, "global_config_flags": [*first_arguments, *self.global_config_flags]}
        return DbtCliResource.cli(self.model_copy(update=served), args, **options)

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]  # none is wanted
        del args


def dbt_resource() -> DbtCommandLine:
    """The dbt command line, by the executable that stands beside this interpreter."""
    project = project_of(current_settings())
    return DbtCommandLine(
        project_dir=os.fspath(project.project_dir),
        profiles_dir=os.fspath(project.profiles_dir),
        dbt_executable=DBT_EXECUTABLE,
    )
