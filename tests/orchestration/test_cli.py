"""The command line: quick to answer, complete, and one message where something is wrong."""

import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
import typer.main

from orchestration.cli import app, main
from orchestration.settings import PROJECT_FOLDER

PERENNIAL = Path(sys.executable).parent / "perennial"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment of the test's own deployment, on a warehouse that is not there."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PERENNIAL_", "DAGSTER_"))},
        "PERENNIAL_HOME": str(tmp_path / "home"),
        "PERENNIAL_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "COLUMNS": "200",
        "TERM": "dumb",
    }


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """Calls a command in this process, where Dagster is loaded already, under an environment of its own."""

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def call(environment: dict[str, str], *arguments: str) -> Done:
        monkeypatch.setattr("os.environ", dict(environment))
        monkeypatch.setattr("sys.argv", ["perennial", *arguments])
        capfd.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        written = capfd.readouterr()
        return Done(int(str(code or 0)), written.out, written.err)

    yield call
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def perennial(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PERENNIAL), *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def commands() -> dict[tuple[str, ...], Any]:
    """Every command and group, by the words that call it."""
    found: dict[tuple[str, ...], Any] = {}

    def visit(group: Any, path: tuple[str, ...]) -> None:
        for name, command in group.commands.items():
            found[*path, name] = command
            if hasattr(command, "commands"):
                visit(command, (*path, name))

    visit(typer.main.get_command(app), ())
    return found


def test_help_lists_every_command_without_loading_dagster() -> None:
    program = (
        "import sys\n"
        "from orchestration.cli import main\n"
        "sys.argv = ['perennial', '--help']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "heavy = {'dagster', 'dbt', 'pandas', 'polars', 'great_expectations', 'matplotlib', 'scipy', 'duckdb'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "loaded: []" in done.stdout
    for name in (path[0] for path in commands()):
        assert re.search(rf"\b{name}\b", done.stdout), name


def test_every_command_explains_itself() -> None:
    assert len(commands()) > 15
    assert [path for path, command in commands().items() if not (command.help or "").strip().endswith(".")] == []


def test_a_failure_of_ours_is_one_message_and_no_traceback(environment: dict[str, str]) -> None:
    done = perennial({**environment, "PERENNIAL_UI_PORT": "eighty"}, "warehouse", "url")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "perennial: PERENNIAL_UI_PORT: 'eighty' is not a port; give a number from 1 to 65535\n"


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"PERENNIAL_CONFIG": "gone.yml"}, ("check-config",), "gone.yml: no such file in "),
        ({"PERENNIAL_LOG_LEVEL": "loud"}, ("demo",), "PERENNIAL_LOG_LEVEL: 'loud'"),
        ({}, ("warehouse", "url", "--role", "admin"), "--role: 'admin'; use owner or reader"),
        ({}, ("run", "--merchant", "gone"), "127.0.0.1:1"),
        ({}, ("rejects",), "127.0.0.1:1"),
        ({}, ("synthesize", "folder", "--preset", "gone"), "preset: 'gone' is not one of"),
    ],
)
def test_what_is_wrong_is_named(
    command: Callable[..., Done],
    environment: dict[str, str],
    change: dict[str, str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    done = command({**environment, **change}, *arguments)
    assert done.code == 1
    assert done.err.startswith("perennial: ")
    assert message in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("synthesize",), ("run", "--as-of", "yesterday"), ("nonsense",)])
def test_what_was_typed_wrong_is_a_usage_error(
    command: Callable[..., Done], environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = command(environment, *arguments)
    assert done.code == 2
    assert re.search(r"^Usage: .*perennial", done.err)


def test_presets_are_listed_without_a_folder(command: Callable[..., Done], environment: dict[str, str]) -> None:
    done = command(environment, "synthesize", "--list")
    assert done.code == 0
    assert done.out.startswith("model_following ")


def test_the_shipped_declarations_are_checked_without_a_warehouse(
    command: Callable[..., Done], environment: dict[str, str]
) -> None:
    """The demonstration's shops are up while it reads."""
    for platform in ("SHOPIFY", "BIGCOMMERCE", "WOOCOMMERCE"):
        environment[f"PERENNIAL_SANDBOX_{platform}_PORT"] = str(free_port())
    done = command(environment, "check-config")
    assert done.code == 0, done.err
    first, *lines = done.out.splitlines()
    assert first == "perennial.yml: 1 merchant"
    stores = [line for line in lines if line.startswith("cdnow/")]
    assert [re.match(r"cdnow/(\w+): 'CDNOW \(\1\)', of the first", line) is not None for line in stores] == [True] * 3
    assert all(" and 0 bad rows" in line for line in stores)
    assert any(re.search(r"for example customer \d+, 1997-01-01 12:00, \d+\.\d\d USD", line) for line in lines)
    assert "note:" not in done.out


def test_the_warehouses_url_is_one_line_that_connects(
    command: Callable[..., Done], environment: dict[str, str], tmp_path: Path
) -> None:
    """On an embedded server of the test's own, which is removed at the end."""
    del environment["PERENNIAL_WAREHOUSE_URL"]
    try:
        fresh = perennial(environment, "warehouse", "url")
        assert fresh.returncode == 0, fresh.stderr
        (url,) = fresh.stdout.splitlines()
        with psycopg.connect(url) as connection:
            assert connection.info.user == "perennial"
        reader = command(environment, "warehouse", "url", "--role", "reader")
        with psycopg.connect(reader.out.rstrip("\n")) as connection:
            assert connection.info.user == "perennial_reader"
        assert command(environment, "warehouse", "status").out.startswith("warehouse: running, PostgreSQL 18")
        assert command(environment, "warehouse", "stop").out == "stopped\n"
        assert command(environment, "warehouse", "stop").out == "was not running\n"
        assert command(environment, "warehouse", "status").out.startswith("warehouse: stopped")
    finally:
        cleaned = command(environment, "clean")
    assert cleaned.code == 0
    assert not (tmp_path / "home").exists()


def test_the_makefile_calls_commands_that_there_are() -> None:
    makefile = (PROJECT_FOLDER / "Makefile").read_text(encoding="utf-8")
    called = set(re.findall(r"\$\(PERENNIAL\) ([a-z][a-z-]*)", makefile))
    assert called
    assert called <= {path[0] for path in commands()}
