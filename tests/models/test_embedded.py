"""The embedded server in ordinary use: one server, its door, its port, its folders."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from models import embedded_process
from models.embedded import EmbeddedServer, EmbeddedSettings
from models.embedded_process import process_facts, server_leftovers
from models.errors import MisconfiguredError, StopError

PROJECT = Path(__file__).resolve().parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
Maker = Callable[..., EmbeddedServer]

START = """
import sys
from pathlib import Path
from models.embedded import EmbeddedServer, EmbeddedSettings
import structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
server = EmbeddedServer(EmbeddedSettings(Path(sys.argv[1])))
url = server.start()
print(server.status().pid, url)
"""


def start_elsewhere(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(home)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    pid, url = output.split()
    return int(pid), url


def value_of(url: str, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting(%s)", [setting]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedServer]:
    folder = Path(tempfile.mkdtemp(prefix="perennial-embedded-")).resolve()
    folder.chmod(0o755)
    server = EmbeddedServer(EmbeddedSettings(folder / "home"))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("major_version", [18, 16])
def test_server_starts_once_and_stops_cleanly(
    make_server: Maker, monkeypatch: pytest.MonkeyPatch, major_version: int
) -> None:
    server = make_server(major_version=major_version)
    assert not server.status().is_running
    assert not server.stop()

    with monkeypatch.context() as patch:  # the caller's environment is not the server's
        for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGOPTIONS": "-c nonsense=1", "LC_ALL": "xx"}.items():
            patch.setenv(name, value)
        url = server.start()
    first = server.status()
    assert (first.is_running, (first.version or "").split(".")[0]) == (True, str(major_version))
    assert server.start() == url == server.url()
    assert server.status() == first

    with psycopg.connect(url) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == ("perennial", "perennial")
    assert server.stop()
    assert not server.stop()
    stopped = server.status()
    assert (stopped.is_running, stopped.pid, stopped.port) == (False, None, first.port)
    assert not (first.data_folder / "postmaster.pid").exists()
    assert first.pid is not None
    facts = process_facts(first.pid)
    assert facts is None or facts.is_zombie


def test_other_processes_find_the_server_and_it_outlives_them(make_server: Maker, open_folder: Path) -> None:
    server = make_server()
    pid, url = answer_of(start_elsewhere(open_folder / "home"))
    assert server.status().pid == pid
    assert server.start() == url
    assert answer_of(start_elsewhere(open_folder / "home")) == (pid, url)
    assert os.getsid(pid) != os.getsid(0)


def test_processes_that_start_together_get_one_server(make_server: Maker, open_folder: Path) -> None:
    server = make_server()
    answers = {answer_of(process) for process in [start_elsewhere(open_folder / "home") for _ in range(3)]}
    assert len(answers) == 1
    assert answers == {(server.status().pid, server.url())}


def test_a_password_is_asked_for(shared: EmbeddedServer) -> None:
    url = shared.url()
    password = shared.role_password("owner")
    assert password in url
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "wrong"))
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(url.replace(f":{password}", ""), passfile="/dev/null")


def test_passwords_are_kept_and_shown_to_nobody(shared: EmbeddedServer) -> None:
    passwords = {role: shared.role_password(role) for role in ("owner", "loader", "transformer", "reader")}
    assert len(set(passwords.values())) == 4
    again = EmbeddedServer(EmbeddedSettings(shared.data_home))
    assert again.role_password("perennial_reader") == passwords["reader"]
    assert again.url(user="reader", database="my shop").startswith(
        f"postgresql://perennial_reader:{passwords['reader']}@127.0.0.1:{shared.status().port}/my%20shop"
    )
    with pytest.raises(MisconfiguredError, match="role's name"):
        shared.role_password("reader; drop")

    files = [path for path in shared.data_home.rglob("*") if path.is_file()]
    secrets = [password.encode() for password in passwords.values()]
    holders = [path for path in files if any(secret in path.read_bytes() for secret in secrets)]
    assert holders == [shared.data_home / "passwords.json"]
    assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600
    pid = shared.status().pid
    assert pid is not None
    facts = process_facts(pid)
    assert facts is not None
    assert not any(password in facts.command for password in passwords.values())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("lc_messages", "C"),
        ("TimeZone", "UTC"),
        ("jit", "off"),
    ],
)
def test_settings_are_in_force(shared: EmbeddedServer, setting: str, value: str) -> None:
    assert value_of(shared.url(), setting) == value


def test_text_sorts_by_code_point_and_knows_every_letter(shared: EmbeddedServer) -> None:
    with psycopg.connect(shared.url()) as connection:
        row = connection.execute("select 'Z' < 'a', 'z' < 'ä', lower('ÄÖ')").fetchone()
    assert row == (True, True, "äö")


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="there is no ps to compare with")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc to compare with")
def test_both_ways_to_look_at_processes_agree(shared: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    status = shared.status()
    uid = status.data_folder.stat().st_uid
    name = value_of(shared.url(), "cluster_name")
    by_proc = [process_facts(status.pid or 0), process_facts(os.getpid()), process_facts(2**22)]
    backends = server_leftovers(name, uid)
    assert by_proc[0] is not None
    assert str(status.data_folder) in by_proc[0].command
    assert backends
    monkeypatch.setattr(embedded_process, "_has_proc", lambda: False)
    assert [process_facts(status.pid or 0), process_facts(os.getpid()), process_facts(2**22)] == by_proc
    assert set(server_leftovers(name, uid)) & set(backends)
    assert not server_leftovers(name + "x", uid)
    assert shared.status() == status


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux answers on all of 127.0.0.0/8")
def test_server_listens_on_one_loopback_address_only(shared: EmbeddedServer) -> None:
    port = shared.status().port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_port_stays_until_somebody_else_takes_it(make_server: Maker) -> None:
    server = make_server()
    first_url = server.start()
    server.stop()
    assert server.start() == first_url
    server.stop()
    first_port = server.status().port
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", first_port))
        stranger.listen()
        moved_url = server.start()
    assert server.status().port != first_port
    assert value_of(moved_url, "port") == str(server.status().port)
    server.stop()
    assert server.start() == moved_url


@pytest.mark.parametrize("name", ["with space", "Übermut ☕", "o'b\"r$(x)`y`;z\\n", "-D 1", "long" * 40])
def test_any_path_will_do(make_server: Maker, open_folder: Path, name: str) -> None:
    server = make_server(Path(name) / "home")
    assert value_of(server.start(), "data_directory") == str(open_folder / name / "home" / "postgresql")
    assert server.status().is_running


def test_a_linked_home_is_the_same_home(make_server: Maker, open_folder: Path) -> None:
    (open_folder / "real").mkdir(mode=0o755)
    (open_folder / "link").symlink_to("real")
    assert make_server("real").start() == make_server("link").start()
    assert make_server("link").data_home == open_folder / "real"


@needs_root
def test_server_does_not_run_as_root(shared: EmbeddedServer) -> None:
    status = shared.status()
    assert status.pid is not None
    facts = process_facts(status.pid)
    assert facts is not None
    assert facts.uid not in {0, -1}
    assert status.data_folder.stat().st_uid == facts.uid
    assert stat.S_IMODE(status.data_folder.stat().st_mode) == 0o700


def test_home_must_be_a_folder(make_server: Maker, open_folder: Path) -> None:
    (open_folder / "file").write_text("")
    with pytest.raises(MisconfiguredError, match="PERENNIAL_HOME"):
        make_server("file").start()
    with pytest.raises(MisconfiguredError, match="control character"):
        make_server("two\nlines")


def test_platform_without_programs_is_told_the_way_out(make_server: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda _: None)
        with pytest.raises(MisconfiguredError, match=r"PERENNIAL_WAREHOUSE_URL: .* not installed"):
            make_server().start()
    with pytest.raises(MisconfiguredError, match="18 or 16, not 17"):
        make_server(major_version=17).start()


def test_url_needs_a_server_that_was_started_once(make_server: Maker) -> None:
    with pytest.raises(StopError, match="start it first"):
        make_server().url()


def test_settings_of_ones_own_count_and_a_wrong_one_is_shown(make_server: Maker, open_folder: Path) -> None:
    server = make_server()
    server.start()
    server.stop()
    own = open_folder / "home" / "postgresql.local.conf"
    own.write_text("work_mem = 7MB\n")
    own.chmod(0o644)
    assert value_of(server.start(), "work_mem") == "7MB"
    server.stop()
    own.write_text("work_mem = plenty\n")
    with pytest.raises(StopError, match=re.compile("log ends:.*work_mem.*plenty", re.DOTALL)):
        server.start()


def test_data_of_another_major_version_is_left_alone(make_server: Maker) -> None:
    make_server(major_version=16).start()
    with pytest.raises(StopError, match="holds data of PostgreSQL 16, and 18 is asked for"):
        make_server().start()
    assert make_server(major_version=16).status().is_running
