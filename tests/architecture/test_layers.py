"""The layers hold, as import-linter sees them; the contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_layers_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([str(linter), "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout[-3000:]
    assert "0 broken" in checked.stdout
