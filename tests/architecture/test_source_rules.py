"""House rules over the source text: what a reviewer would otherwise have to remember."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("models", "connectors", "ml", "activation", "orchestration")
MAX_MODULE_LINES = 400
MAX_MODEL_LINES = 120
# What sqlfluff reads: a longer file it skips, and says so only in passing.
MAX_SQL_BYTES = 20_000
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
CLOCK_CALLS = {"now", "utcnow", "today"}
SQL_START = re.compile(
    r"^\s*(select|insert\s+into|update|delete\s+from|create\s+\w+|alter|drop|with\s+\w+\s+as)\b", re.IGNORECASE
)
# The shell may read the environment and the clock; nothing inside it may.
ENVIRONMENT_READERS = {
    "orchestration/settings.py",
    "orchestration/manifest.py",
    "orchestration/deployment.py",
    "orchestration/execution.py",
    "orchestration/sandbox_process.py",
    "orchestration/serving.py",
    "orchestration/closing_loop.py",
    "orchestration/definitions.py",
}


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in modules():
        yield name_of(path), ast.parse(path.read_text(encoding="utf-8"))


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the files that are committed cannot be listed")
    return listed.stdout.splitlines()


def test_modules_are_short_enough_to_read() -> None:
    too_long = {
        name_of(path): count
        for path in [
            *modules(),
            *sorted((PROJECT / "tests").rglob("*.py")),
            *sorted((PROJECT / "benchmarks").rglob("*.py")),
        ]
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_MODULE_LINES
    }
    assert too_long == {}


def test_sql_models_are_short_enough_to_read() -> None:
    folder = PROJECT / "dbt_project" / "models"
    too_long = [name_of(p) for p in folder.rglob("*.sql") if len(p.read_text().splitlines()) > MAX_MODEL_LINES]
    assert too_long == []


def test_sql_is_short_enough_to_read_and_to_be_linted() -> None:
    paths = [PROJECT / name for name in tracked_files() if name.endswith(".sql") and (PROJECT / name).is_file()]
    too_long = [
        name_of(path)
        for path in paths
        if len(path.read_text(encoding="utf-8").splitlines()) > MAX_MODULE_LINES or path.stat().st_size >= MAX_SQL_BYTES
    ]
    assert len(paths) > 100
    assert too_long == []


def test_modules_are_named_by_what_they_hold() -> None:
    assert [name_of(path) for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def test_every_module_says_what_its_job_is() -> None:
    assert [name for name, tree in trees() if not ast.get_docstring(tree)] == []


def test_the_environment_is_read_in_one_place() -> None:
    offenders = [
        name
        for name, tree in trees()
        if name not in ENVIRONMENT_READERS
        and any(
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and getattr(node.value, "id", "") == "os"
            for node in ast.walk(tree)
        )
    ]
    assert offenders == []


def test_nothing_inside_the_shell_looks_at_a_clock() -> None:
    offenders = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        if not name.startswith("orchestration/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK_CALLS
        and getattr(node.func.value, "id", getattr(node.func.value, "attr", "")) in {"datetime", "date"}
    ]
    assert offenders == []


def test_sql_is_not_put_together_in_python() -> None:
    """An f-string that starts like a statement is SQL that no linter sees and no parameter protects."""
    offenders = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and node.values
        and isinstance(node.values[0], ast.Constant)
        and SQL_START.match(str(node.values[0].value))
    ]
    assert offenders == []


def test_no_float_holds_money_in_a_table() -> None:
    from models import activation, ml, ops, raw  # noqa: F401 - registers the tables
    from models.schema import metadata

    floats = [
        f"{table.fullname}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith(("amount", "_amount", "rate_amount")) and "NUMERIC" not in str(column.type)
    ]
    assert floats == []


def test_every_key_starts_with_the_merchant() -> None:
    from models import activation, ml, ops, raw  # noqa: F401 - registers the tables
    from models.schema import metadata

    without = [
        table.fullname
        for table in metadata.tables.values()
        if table.schema and table.schema.startswith(("raw_", "ml")) and "merchant_id" not in table.primary_key.columns
    ]
    assert without == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (re.compile(r"/(?:work|home|Users|root)/[A-Za-z0-9_.-]+/"), "a path of somebody's machine"),
        (re.compile(r"https?://[^\s\"'<>)]*/simple\b"), "the address of a package index"),
        (re.compile(r"(?:files\.python|pypi)(?:hosted)?\.org"), "the host of a package index"),
    ],
)
def test_no_committed_file_holds(pattern: re.Pattern[str], why: str) -> None:
    offenders = []
    for name in tracked_files():
        path = PROJECT / name
        if path.suffix in {".png", ".parquet", ".gz", ".zst"} or not path.is_file() or path == Path(__file__).resolve():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        offenders += [f"{name}: {match.group(0)}" for match in pattern.finditer(text)]
    assert offenders == [], why


def test_the_lock_holds_hashes_and_no_index_and_the_other_lock_is_not_committed() -> None:
    files = tracked_files()
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert lock.count("--hash=sha256:") >= len(pinned)
    assert "index-url" not in lock
    assert "uv.lock" not in files
