"""The dbt project as a session's tests share it: parsed once, and its lasting views built once, in a template.

What an installation meets on its first run is tested where installations start from nothing (the demonstration, and
the short declaration of an own export).
"""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from dbt_command import Dbt
from parsed_project import PLACE_HOLDER, hand_out

with warnings.catch_warnings():
    # What Dagster and dbt are made of warns while it is imported, and a warning is an error in the tests.
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401

from models.engine import create_engine
from models.stage_builds import record_build
from orchestration.settings import PROJECT_FOLDER
from orchestration.standing_views import lasting_views, views_of
from orchestration.transformation import dbt_project, prepare_manifest, project_digest

STAGES = ("transformed_tables", "published_tables")


def parse(folder: Path) -> None:
    """Parse the project into a folder, as a first run does."""
    prepare_manifest(dbt_project(PROJECT_FOLDER, folder), {**os.environ, **PLACE_HOLDER})


def without_views(dbt: Dbt) -> tuple[str, ...]:
    """What to add to a command that leaves the views that stand, as every night after the first does."""
    return ("--exclude", *sorted(lasting_views(dbt.manifest()).values()))


def build_lasting_views(url: str, parsed: Path, target: Path) -> None:
    """Make the views that stand from run to run, and enter them as made."""
    hand_out(parsed, target, url)
    dbt = Dbt(url, target)
    dbt("run", "--select", *sorted(lasting_views(dbt.manifest()).values()))
    digest = project_digest(PROJECT_FOLDER / "dbt_project")
    engine = create_engine(url, application_name="perennial tests")
    with engine.begin() as connection:
        for stage in STAGES:
            record_build(
                connection, views_of(stage), digest, run_id="template", built_at=datetime(2026, 1, 1, tzinfo=UTC)
            )
        connection.execute(sa.text("analyze"))
    engine.dispose()
