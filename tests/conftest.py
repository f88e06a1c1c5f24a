"""What tests share: a real PostgreSQL with one migrated template database, and skips that are counted.

The server is the one that PERENNIAL_WAREHOUSE_URL names, or else an embedded one that lives as long as the session.
Test workers share it: the first to come starts it and migrates the template, the controlling process removes both at
the end.
"""

import fcntl
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import sqlalchemy as sa
from database_urls import url_of_database
from psycopg import sql

from models.engine import create_engine
from models.migration import migrate

hypothesis.settings.register_profile("test", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("test")

_SESSION_FOLDER = "perennial_session_folder"


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        folder = Path(config.workerinput[_SESSION_FOLDER])
    else:
        # Short, for a server's socket may lie below it, and open to the unprivileged user that a server started by root
        # runs as.
        folder = Path(tempfile.mkdtemp(prefix="pt_", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        folder.chmod(0o755)
    setattr(config, _SESSION_FOLDER, folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the longest files first: one that comes last leaves the other workers idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the session's folder to a test worker."""
    node.workerinput[_SESSION_FOLDER] = str(getattr(node.config, _SESSION_FOLDER))


def pytest_unconfigure(config: pytest.Config) -> None:
    folder: Path | None = getattr(config, _SESSION_FOLDER, None)
    if folder is None or hasattr(config, "workerinput"):
        return
    state = _read_state(folder)
    if "template" in state:
        _drop_databases(state["url"], state["prefix"])
    if state.get("is_embedded"):
        _embedded_server(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def warehouse_url(request: pytest.FixtureRequest) -> str:
    """A superuser's or owner's URL of the server that the session's databases live on."""
    folder: Path = getattr(request.config, _SESSION_FOLDER)
    with _shared_state(folder) as state:
        if "url" not in state:
            given = os.environ.get("PERENNIAL_WAREHOUSE_URL")
            state["is_embedded"] = given is None
            state["url"] = given or _forgetful(_embedded_server(folder).start())
            # Copied as files where nothing waits for the disk, which is faster. A server of somebody's own may hold
            # much that is not yet on disk, and a copy of files would wait for all of it.
            state["strategy"] = "wal_log" if given else "file_copy"
            state["prefix"] = f"pt_{uuid.uuid4().hex[:10]}_"
        return str(state["url"])


@pytest.fixture(scope="session")
def template_database(warehouse_url: str, request: pytest.FixtureRequest) -> str:
    """The name of the session's migrated database, from which each test's own is copied."""
    with _shared_state(getattr(request.config, _SESSION_FOLDER)) as state:
        if "template" not in state:
            name = f"{state['prefix']}template"
            _create_database(warehouse_url, state, name)
            migrate(url_of_database(warehouse_url, name))
            state["template"] = name
        return str(state["template"])


@pytest.fixture(scope="session")
def parsed_project(request: pytest.FixtureRequest) -> Path:
    """A folder with the dbt project as it was parsed once for the session."""
    from standing_project import parse

    folder: Path = getattr(request.config, _SESSION_FOLDER)
    with _shared_state(folder):
        parse(folder / "dbt")
    return folder / "dbt"


@pytest.fixture(scope="session")
def template_with_views(
    warehouse_url: str, template_database: str, parsed_project: Path, request: pytest.FixtureRequest
) -> str:
    """The name of a copy of the migrated database in which dbt's lasting views stand already."""
    from standing_project import build_lasting_views

    with _shared_state(getattr(request.config, _SESSION_FOLDER)) as state:
        if "template_with_views" not in state:
            name = f"{state['prefix']}template_with_views"
            _create_database(warehouse_url, state, name, template_database)
            folder = getattr(request.config, _SESSION_FOLDER) / "views"
            build_lasting_views(url_of_database(warehouse_url, name), parsed_project, folder)
            state["template_with_views"] = name
        return str(state["template_with_views"])


@pytest.fixture(scope="session")
def template_with_marts(
    warehouse_url: str, template_database: str, parsed_project: Path, request: pytest.FixtureRequest
) -> tuple[str, dict[str, str]]:
    """The name of a copy of the migrated database with every table of dbt's, and what building them said of each node.

    Nobody connects to it, for a database that somebody reads cannot be copied.
    """
    from dbt_built import build

    folder: Path = getattr(request.config, _SESSION_FOLDER)
    name, said = f"{_read_state(folder)['prefix']}template_with_marts", folder / "built.json"
    # Under a lock of its own: other workers need not wait for their databases meanwhile.
    with (folder / "built.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            _create_database(warehouse_url, _read_state(folder), name, template_database)
            statuses = build(url_of_database(warehouse_url, name), parsed_project, folder / "built")
            said.write_text(json.dumps(statuses), encoding="utf-8")
    found: dict[str, str] = json.loads(said.read_text(encoding="utf-8"))
    return name, found


@pytest.fixture(scope="session")
def built_folder(template_with_marts: tuple[str, dict[str, str]], request: pytest.FixtureRequest) -> Path:
    """Where dbt left the SQL that it ran to build `template_with_marts`."""
    folder: Path = getattr(request.config, _SESSION_FOLDER)
    return folder / "built"


@pytest.fixture(scope="module")
def marts_url(
    warehouse_url: str, template_with_marts: tuple[str, dict[str, str]], request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a module's own copy of the database that dbt has built on the histories of `dbt_built`."""
    yield from _database(warehouse_url, getattr(request.config, _SESSION_FOLDER), template=template_with_marts[0])


@pytest.fixture(scope="module")
def standing_warehouse_url(
    warehouse_url: str, template_with_views: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database for a module's runs, in which dbt's lasting views stand already."""
    yield from _database(warehouse_url, getattr(request.config, _SESSION_FOLDER), template=template_with_views)


@pytest.fixture
def empty_database_url(warehouse_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of the test's own with nothing in it."""
    yield from _database(warehouse_url, getattr(request.config, _SESSION_FOLDER), template=None)


@pytest.fixture
def database_url(warehouse_url: str, template_database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database of the test's own."""
    yield from _database(warehouse_url, getattr(request.config, _SESSION_FOLDER), template=template_database)


@pytest.fixture(scope="module")
def module_database_url(warehouse_url: str, template_database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database that one module's tests share; they keep apart by merchant."""
    yield from _database(warehouse_url, getattr(request.config, _SESSION_FOLDER), template=template_database)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The owner's engine on `database_url`."""
    created = create_engine(database_url, application_name="perennial tests")
    yield created
    created.dispose()


@pytest.fixture(scope="session")
def contracts_folder() -> Path:
    """The platforms' published interface descriptions, where a checkout has them beside it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "contracts"
    if not folder.is_dir():
        pytest.skip("the platforms' interface descriptions are not here: ../shared/contracts is absent")
    return folder


def _database(url: str, folder: Path, *, template: str | None) -> Generator[str, None, None]:
    state = _read_state(folder)
    name = f"{state['prefix']}{uuid.uuid4().hex[:12]}"
    _create_database(url, state, name, template or "template0")
    try:
        yield url_of_database(url, name)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _create_database(url: str, state: dict[str, Any], name: str, template: str = "template1") -> None:
    create = sql.SQL("create database {} template {} strategy {}")
    names = (sql.Identifier(name), sql.Identifier(template), sql.SQL(state["strategy"]))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(create.format(*names))


def _drop_databases(url: str, prefix: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "select datname from pg_database where starts_with(datname, %s)", (prefix,)
        ).fetchall()
        for (name,) in rows:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _forgetful(url: str) -> str:
    """Let a server that no test's data outlives never wait for the disk; returns its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        connection.execute("select pg_reload_conf()")
    return url


def _embedded_server(folder: Path) -> Any:
    from models.embedded import EmbeddedServer, EmbeddedSettings

    return EmbeddedServer(EmbeddedSettings(home=folder / "home"))


def _read_state(folder: Path) -> dict[str, Any]:
    path = folder / "state.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


@contextmanager
def _shared_state(folder: Path) -> Iterator[dict[str, Any]]:
    """What the session's workers agree on, while no other worker looks at it."""
    with (folder / "state.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _read_state(folder)
        yield state
        # Renamed into place: others read without the lock.
        (folder / "state.json.new").write_text(json.dumps(state), encoding="utf-8")
        (folder / "state.json.new").replace(folder / "state.json")


# Skips: counted and listed at the end of every session; failures when PERENNIAL_NO_SKIPS=1.


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    _refuse_skip(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, None]:
    outcome = yield
    _refuse_skip(outcome.get_result())


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("PERENNIAL_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"PERENNIAL_NO_SKIPS=1, and this skipped: {_skip_reason(report)}"


def _skip_reason(report: Any) -> str:
    longrepr = report.longrepr
    return str(longrepr[2]).removeprefix("Skipped: ") if isinstance(longrepr, tuple) else str(longrepr)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.section(f"skips: {len(skipped)}")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {_skip_reason(report)}")
