"""What the dbt project's tests share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt_command import NOWHERE, Dbt, hand_out


@pytest.fixture(scope="module")
def dbt_on(tmp_path_factory: pytest.TempPathFactory, parsed_project: Path) -> Callable[[str], Dbt]:
    """dbt for the database of a URL, with the project parsed."""

    def dbt(url: str) -> Dbt:
        target = tmp_path_factory.mktemp("dbt")
        hand_out(parsed_project, target)
        return Dbt(url, target)

    return dbt


@pytest.fixture(scope="session")
def manifest(parsed_project: Path) -> dict[str, Any]:
    """The project as dbt parses it where there is no database at all."""
    return Dbt(NOWHERE, parsed_project).manifest()
