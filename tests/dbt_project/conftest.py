"""What the dbt project's tests share."""

from collections.abc import Callable
from typing import Any

import pytest
from dbt_command import NOWHERE, Dbt


@pytest.fixture(scope="module")
def dbt_on(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Dbt]:
    """dbt for the database of a URL."""
    return lambda url: Dbt(url, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The project as dbt parses it where there is no database at all."""
    dbt = Dbt(NOWHERE, tmp_path_factory.mktemp("dbt_parse"))
    dbt("parse")
    return dbt.manifest()
