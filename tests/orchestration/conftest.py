"""Settings of deployments that the tests of this package work with."""

import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():
    # What Dagster and dbt are made of warns while it is imported, and a warning is an error in the tests.
    warnings.simplefilter("ignore")
    import dagster_dbt  # noqa: F401

from orchestration.settings import PROJECT_FOLDER, Settings

RECEIVER = {
    "PERENNIAL_RECEIVER_URL": "http://127.0.0.1:8917/deliveries",
    "PERENNIAL_RECEIVER_SECRET": "0123456789abcdef",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment of the checkout's own perennial.yml with a home that is not there yet."""
    return Settings(
        project_folder=PROJECT_FOLDER,
        home=tmp_path / "home",
        config_path=PROJECT_FOLDER / "perennial.yml",
        references=RECEIVER,
    )
