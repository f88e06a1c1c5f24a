"""Settings of deployments that the tests of this package work with."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from parsed_project import hand_out

with warnings.catch_warnings():
    # What Dagster and dbt are made of warns while it is imported, and a warning is an error in the tests.
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401

from orchestration.settings import PROJECT_FOLDER, Settings

RECEIVER = {
    "PERENNIAL_RECEIVER_URL": "http://127.0.0.1:8917/deliveries",
    "PERENNIAL_RECEIVER_SECRET": "0123456789abcdef",
}


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory, parsed_project: Path) -> Any:
    """What Dagster serves, loaded once, where no warehouse can be reached; dbt's project is parsed from its files."""
    home = tmp_path_factory.mktemp("home")
    hand_out(parsed_project, home / "dbt")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PERENNIAL_HOME", str(home))
        environment.setenv("PERENNIAL_WAREHOUSE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
        environment.setattr("orchestration.logs.configure_logs", lambda _: None)
        from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="session")
def manifest(definitions: Any) -> dict[str, Any]:
    """dbt's manifest, as the definitions were made from it."""
    from orchestration.manifest import load_manifest

    return load_manifest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment of the checkout's own perennial.yml with a home that is not there yet."""
    return Settings(
        project_folder=PROJECT_FOLDER,
        home=tmp_path / "home",
        config_path=PROJECT_FOLDER / "perennial.yml",
        references=RECEIVER,
    )
