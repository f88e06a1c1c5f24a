"""Fixtures of the end-to-end tests. A module shares its runs among its tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def module_folder() -> Iterator[Path]:
    """A folder of the module's own, passable for the account that an embedded server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-e2e-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
