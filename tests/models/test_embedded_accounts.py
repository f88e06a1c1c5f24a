"""The embedded server started by root: another account, and folders that this account cannot reach."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from models import embedded_files
from models.embedded import EmbeddedServer
from models.embedded_process import process_facts
from models.errors import MisconfiguredError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
Maker = Callable[..., EmbeddedServer]


def start_as(user: pwd.struct_passwd, server: EmbeddedServer) -> tuple[int, str]:
    """Start it in a fork that became the user: an interpreter of its own may lie where the user cannot reach it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            answer = f"{server.start()} {server.status().pid}"
        except BaseException as error:  # noqa: BLE001 - the parent reports whatever it is; the fork must not go on
            answer = repr(error)
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert answer.startswith("postgresql://"), answer
    url, pid = answer.split()
    return int(pid), url


def value_of(url: str, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting(%s)", [setting]).fetchone()
    assert row is not None
    return str(row[0])


def test_home_that_the_account_cannot_reach_gets_its_data_elsewhere(make_server: Maker, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    before = closed.stat()
    server = make_server("closed/project/.perennial")
    url = server.start()
    after = closed.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert server.data_home.parent == open_folder / "fallback"
    assert str(server.data_home) in (closed / "project" / ".perennial" / "server.json").read_text()
    assert value_of(url, "data_directory") == str(server.data_home / "postgresql")

    # A cleaned checkout finds its data again; a project that moved keeps it; a copy beside it does not share it.
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (a int)")
    shutil.rmtree(closed / "project" / ".perennial")
    assert make_server("closed/project/.perennial").start() == url
    shutil.copytree(closed / "project", closed / "copy", ignore=shutil.ignore_patterns("server.lock"))
    assert make_server("closed/copy/.perennial").data_home != server.data_home
    (closed / "project").rename(closed / "moved")
    moved = make_server("closed/moved/.perennial")
    with psycopg.connect(moved.start()) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
    assert moved.stop()


def test_programs_that_the_account_cannot_reach_are_copied_once(
    make_server: Maker, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = embedded_files.installed_binaries(18).parent.parent
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    ignored = shutil.ignore_patterns("include", "pginstall")
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, closed / part.name, symlinks=True, ignore=ignored)
    closed_binaries = closed / package.name / "pginstall18" / "bin"
    monkeypatch.setattr(embedded_files, "installed_binaries", lambda _: closed_binaries)
    before = closed.stat()

    server = make_server()
    assert server.start()
    pid = server.status().pid
    assert pid is not None
    facts = process_facts(pid)
    assert facts is not None
    assert facts.command.startswith(f"{open_folder}/fallback/binaries/")
    assert server.data_home == open_folder / "home"
    assert (closed.stat().st_mode, closed.stat().st_uid) == (before.st_mode, before.st_uid)

    copied = next((open_folder / "fallback" / "binaries").glob("*/*/*/bin/postgres"))
    made = copied.stat()
    server.stop()
    server.start()
    assert (copied.stat().st_ino, copied.stat().st_ctime_ns) == (made.st_ino, made.st_ctime_ns)
    assert len(list((open_folder / "fallback" / "binaries").iterdir())) == 1


def test_root_runs_the_server_as_the_owner_of_the_data(make_server: Maker, open_folder: Path) -> None:
    owner = pwd.getpwnam("nobody")
    (open_folder / "home").mkdir(mode=0o755)
    os.chown(open_folder / "home", owner.pw_uid, owner.pw_gid)
    program = embedded_files.installed_binaries(18) / "postgres"
    if subprocess.run(["test", "-x", program], user="nobody", extra_groups=[], check=False).returncode != 0:
        pytest.skip("an unprivileged user cannot reach the programs in this project's folder")
    server = make_server()
    pid, url = start_as(owner, server)
    assert server.start() == url
    assert server.status().pid == pid
    assert server.stop()
    assert server.start() == url
    facts = process_facts(server.status().pid or 0)
    assert facts is not None
    assert facts.uid == owner.pw_uid
    # What root wrote meanwhile is still the user's to read.
    assert server.role_password("loader")
    assert start_as(owner, server) == (server.status().pid, url)
    with pytest.raises(MisconfiguredError, match="belongs to 'nobody'"):
        make_server(server_user="daemon").start()


@pytest.mark.parametrize(("user", "message"), [("no-such-user", "there is no user"), ("root", "does not run as root")])
def test_server_user_must_be_an_unprivileged_one(make_server: Maker, user: str, message: str) -> None:
    with pytest.raises(MisconfiguredError, match=message):
        make_server(server_user=user).start()
