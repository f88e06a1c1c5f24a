"""The dbt manifest that Dagster's assets are defined by: parsed when the project's files have changed."""

import json
import os
from functools import cache
from typing import Any

from dagster_dbt import DbtCliResource, DbtProject

from orchestration.settings import Settings, current_settings
from orchestration.transformation import DBT_EXECUTABLE, dbt_project, prepare_manifest


def project_of(settings: Settings) -> DbtProject:
    """The dbt project of a deployment."""
    return dbt_project(settings.project_folder, settings.home.resolve() / "dbt")


@cache
def load_manifest() -> dict[str, Any]:
    """The manifest of this process's deployment; Dagster needs it to define the assets, before anything runs."""
    path = prepare_manifest(project_of(current_settings()), os.environ)
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def dbt_resource() -> DbtCliResource:
    """The dbt command line, by the executable that stands beside this interpreter."""
    return DbtCliResource(project_dir=project_of(current_settings()), dbt_executable=DBT_EXECUTABLE)
