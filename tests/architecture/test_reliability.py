"""The tests that the table of guards names are there, so that renaming or deleting one is noticed."""

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(
        r"`(tests/[\w/]+\.py)::(\w+)`", (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
    )
    assert len(named) > 60
    functions = {
        file: {
            node.name
            for node in ast.parse((PROJECT / file).read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        for file in {file for file, _ in named}
    }
    assert [f"{file}::{test}" for file, test in named if test not in functions[file]] == []
