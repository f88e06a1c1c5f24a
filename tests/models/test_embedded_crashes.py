"""The embedded server after kills: nothing committed is lost, nothing dead counts as alive, nothing half-made stays."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from models import embedded_process
from models.embedded import EmbeddedServer
from models.embedded_process import exclusive_lock, postmaster_pid, process_facts
from models.errors import RetryLaterError, StopError

PROJECT = Path(__file__).resolve().parents[2]
Maker = Callable[..., EmbeddedServer]
PR_SET_CHILD_SUBREAPER = 36

# Starts a server, and is killed the moment the named step of the start has been taken.
START_UNTIL = """
import os, signal, sys
from pathlib import Path
from models import embedded, embedded_cluster
from models.embedded import EmbeddedServer, EmbeddedSettings
home, module, step = sys.argv[1:]
target = {"embedded": embedded, "embedded_cluster": embedded_cluster}[module]
taken = getattr(target, step)
def take(*arguments, **named):
    if step != "create_database":
        taken(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(target, step, take)
EmbeddedServer(EmbeddedSettings(Path(home))).start()
"""


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"not within 20 s: {what}"


def is_gone(pid: int) -> bool:
    facts = process_facts(pid)
    return facts is None or facts.is_zombie


def kill_server(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid), "the killed server is gone")
    return pid


def row_count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from orders").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Make this process the parent of orphans and one that reaps none, as many a container's first process is."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def test_committed_rows_survive_kill_9_and_open_ones_do_not(make_server: Maker) -> None:
    server = make_server()
    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table orders (order_id int primary key)")
        connection.execute("insert into orders select generate_series(1, 5000)")
        with psycopg.connect(url) as other:
            other.execute("insert into orders values (-1)")
            killed = kill_server(server)
            other.close()
    assert not server.status().is_running
    assert (server.status().data_folder / "postmaster.pid").exists()
    assert server.start() == url
    assert server.status().pid != killed
    assert row_count(url) == 5000


def test_busy_backends_of_a_killed_server_are_ended(make_server: Maker) -> None:
    server = make_server()
    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table orders (order_id int)")
    busy = psycopg.connect(url, autocommit=True)
    backend = busy.info.backend_pid
    # It computes without ever waiting, so that it does not notice that its server is gone.
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b")
    busy.pgconn.flush()
    with psycopg.connect(url) as watcher:
        until(
            lambda: (
                watcher.execute("select state from pg_stat_activity where pid = %s", [backend]).fetchone()
                == ("active",)
            ),
            "the backend is busy",
        )
    kill_server(server)
    assert not is_gone(backend)
    assert server.start() == url
    assert is_gone(backend)
    assert row_count(url) == 0
    busy.close()


def test_stop_ends_what_a_killed_server_left(make_server: Maker) -> None:
    server = make_server()
    busy = psycopg.connect(server.start(), autocommit=True)
    busy.pgconn.send_query(b"select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b")
    busy.pgconn.flush()
    kill_server(server)
    assert not server.stop()
    assert is_gone(busy.info.backend_pid)
    busy.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets a process adopt orphans")
def test_a_zombie_is_not_taken_for_a_server(make_server: Maker) -> None:
    server = make_server()
    with adopting_orphans():
        url = server.start()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table orders as select generate_series(1, 7) as order_id")
        zombie = kill_server(server)
        facts = process_facts(zombie)
        assert facts is not None
        assert facts.is_zombie
        assert not server.status().is_running
        assert server.start() == url
    assert server.status().pid != zombie
    assert row_count(url) == 7
    server.stop()
    os.waitpid(zombie, 0)


def test_a_process_that_got_the_dead_servers_number_is_not_taken_for_it(make_server: Maker) -> None:
    server = make_server()
    url = server.start()
    kill_server(server)
    pid_file = server.status().data_folder / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    assert not server.status().is_running
    assert not server.stop()
    assert server.start() == url
    assert server.status().pid != os.getpid()


def test_a_server_that_cannot_be_seen_keeps_its_folder(make_server: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    # As one in another container: its process cannot be seen from here, only that its lock is held.
    server = make_server()
    url = server.start()
    with monkeypatch.context() as patch:
        patch.setattr(embedded_process, "process_facts", lambda _: None)
        patch.setattr(embedded_process, "server_leftovers", lambda *_: [])
        patch.setattr(embedded_process, "_LEFTOVER_SECONDS", 0.1)
        with pytest.raises(StopError, match="still held by an earlier server"):
            server.start()
    assert server.start() == url
    assert server.status().is_running


@pytest.mark.parametrize(
    ("module", "step"),
    [
        ("embedded_cluster", "add_password"),
        ("embedded_cluster", "run_as"),
        ("embedded", "initialise"),
        ("embedded", "launch"),
        ("embedded", "create_database"),
    ],
)
def test_a_start_killed_at_any_step_is_completed_by_the_next(
    make_server: Maker, open_folder: Path, module: str, step: str
) -> None:
    server = make_server()
    killed = subprocess.run(
        [sys.executable, "-c", START_UNTIL, str(open_folder / "home"), module, step],
        cwd=PROJECT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    if step == "run_as":  # that is initdb, which has done its work, but not in the place that counts
        assert not (open_folder / "home" / "postgresql").exists()
        assert list((open_folder / "home").glob("postgresql.init-*"))
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select current_database()").fetchone() == ("perennial",)
    assert not list((open_folder / "home").glob("postgresql.init-*"))


def test_an_initdb_cut_short_leaves_nothing_that_counts(make_server: Maker, open_folder: Path) -> None:
    half_made = open_folder / "home" / "postgresql.init-abc" / "data"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    (open_folder / "home" / "postgresql").mkdir()
    server = make_server()
    server.start()
    assert server.status().is_running
    assert not half_made.parent.exists()


@pytest.mark.parametrize("lost", ["PG_VERSION", "global/pg_control"])
def test_a_damaged_data_folder_is_never_replaced(make_server: Maker, lost: str) -> None:
    server = make_server()
    server.start()
    server.stop()
    data_folder = server.status().data_folder
    (data_folder / lost).rename(data_folder / "away")
    before = sorted(data_folder.rglob("*"))
    with pytest.raises(StopError, match="not a whole PostgreSQL data folder"):
        server.start()
    assert sorted(data_folder.rglob("*")) == before
    (data_folder / "away").rename(data_folder / lost)
    assert server.start()


def test_lost_passwords_stop_before_anything_is_changed(make_server: Maker, open_folder: Path) -> None:
    server = make_server()
    url = server.start()
    server.stop()
    passwords = open_folder / "home" / "passwords.json"
    text = passwords.read_text()
    passwords.unlink()
    with pytest.raises(StopError, match=r"passwords\.json does not hold the password"):
        server.start()
    passwords.write_text(text.replace('": "', '": "x'))
    with pytest.raises(StopError, match="refuses the owner's stored password"):
        server.start()
    passwords.write_text("{")
    with pytest.raises(StopError, match="damaged"):
        server.start()
    passwords.write_text(text)
    assert server.start() == url


def test_a_full_disk_is_named(make_server: Maker, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "initdb: error: could not write: No space left on device\n")

    server = make_server()
    assert server.data_home == open_folder / "home"
    with monkeypatch.context() as patch:
        patch.setattr("models.embedded_cluster.run_as", full)
        with pytest.raises(StopError, match="No space left on device"):
            server.start()
    assert not list((open_folder / "home").glob("postgresql*"))
    assert server.start()


def test_a_lock_that_is_never_freed_is_not_waited_for_without_end(open_folder: Path) -> None:
    with (
        exclusive_lock(open_folder / "lock"),
        pytest.raises(RetryLaterError, match="held by another process"),
        exclusive_lock(open_folder / "lock", wait_seconds=0.05),
    ):
        pass


@pytest.mark.parametrize("content", ["", "x\n", "12", "99999999\n/data\n"])
def test_a_torn_pid_file_names_no_server(open_folder: Path, content: str) -> None:
    (open_folder / "postmaster.pid").write_text(content)
    if content == "12":  # the number of some process that is no PostgreSQL
        (open_folder / "postmaster.pid").write_text(str(os.getpid()))
    assert postmaster_pid(open_folder) is None
