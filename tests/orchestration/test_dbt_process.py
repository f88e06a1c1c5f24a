"""One process imports dbt for all invocations of a run: what each is given, how it ends, and what outlives whom.

dbt is a small program of that name here, but where the last test says so.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from orchestration import dbt_server, manifest
from orchestration.dbt_process import DbtProcess
from orchestration.manifest import DbtCommandLine
from orchestration.settings import PROJECT_FOLDER
from orchestration.transformation import DBT_EXECUTABLE

# Imported, it notes so. Waiting, it says so, and takes its time when it is told to end.
DBT = """
import os, signal, sys
from pathlib import Path

HERE = Path(__file__).parents[2]

def note(text):
    with (HERE / "notes").open("a") as notes:
        notes.write(text + "\\n")

note("imported")

def cli():
    asked, *rest = sys.argv[1:]
    if asked == "say":
        note("said")
        print(*rest, os.getcwd(), os.environ.get("TOLD"), os.environ.get("LEFT"), sep="|")
        print("careful", file=sys.stderr)
        os.environ["LEFT"] = "over"
    elif asked == "exit":
        sys.exit(int(rest[0]))
    elif asked == "wait":
        try:
            print("waiting", flush=True)
            signal.pause()
        except KeyboardInterrupt:
            if rest:
                open(rest[0]).close()
            note("cancelled")
            print("cancelled")
            sys.exit(1)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where that dbt lies, and its notes."""
    for name in ("dbt.cli.main", *dbt_server.IMPORTED_LATER):
        if name.startswith("dbt."):
            path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(DBT if name == "dbt.cli.main" else "")
    for package in [tmp_path / "dbt", *(path for path in (tmp_path / "dbt").rglob("*") if path.is_dir())]:
        (package / "__init__.py").touch()
    program = tmp_path / "plain"
    program.write_text('#!/bin/sh\necho plain "$@"\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


@pytest.fixture
def dbt(folder: Path) -> Iterator[DbtProcess]:
    process = DbtProcess()
    yield process
    process.end()


def started(dbt: DbtProcess, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [*dbt.command(str(folder / "plain")), *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def waiting(dbt: DbtProcess, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """An invocation that has come so far as to wait for its end."""
    process = started(dbt, folder, "wait", *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n", "what it prints is there while it works"
    return process


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().splitlines()


def ends(process: "subprocess.Popen[str]") -> tuple[int, str]:
    output, _ = process.communicate()
    return process.returncode, output


def test_dbt_is_imported_once_and_each_invocation_has_its_own_place_output_and_environment(
    dbt: DbtProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEFT", "to the server")
    for told in ("one", "t w\no"):
        (place := folder / told).mkdir()
        done = subprocess.run(
            [*dbt.command("/nowhere/dbt"), "say", "hello", ""],
            cwd=place,
            env={"PATH": "", "TOLD": told},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == (f"hello||{place}|{told}|None\n", "careful\n")
    assert notes(folder) == ["imported", "said", "said"]


def test_it_ends_with_dbts_exit_code(dbt: DbtProcess, folder: Path) -> None:
    assert [ends(started(dbt, folder, "exit", code)) for code in "021"] == [(0, ""), (2, ""), (1, "")]


def test_signals_reach_the_invocation_and_end_both_alike(dbt: DbtProcess, folder: Path) -> None:
    for number, end in ((signal.SIGINT, (1, "cancelled\n")), (signal.SIGTERM, (-signal.SIGTERM, ""))):
        process = waiting(dbt, folder)
        process.send_signal(number)
        assert ends(process) == end
    assert notes(folder) == ["imported", "cancelled"]


def test_whose_client_is_killed_is_cancelled_before_the_next_begins(dbt: DbtProcess, folder: Path) -> None:
    os.mkfifo(folder / "gate")
    killed = waiting(dbt, folder, str(folder / "gate"))
    killed.kill()
    following = started(dbt, folder, "say")
    (folder / "gate").write_bytes(b"")  # as soon as the invocation has been told to end
    assert ends(following)[0] == 0
    ends(killed)
    assert notes(folder) == ["imported", "cancelled", "said"]


def test_who_was_killed_while_waiting_is_passed_over(dbt: DbtProcess, folder: Path) -> None:
    first, killed = waiting(dbt, folder), started(dbt, folder, "say")
    killed.kill()
    ends(killed)
    first.send_signal(signal.SIGINT)
    ends(first)
    assert ends(started(dbt, folder, "exit", "0")) == (0, "")
    assert notes(folder) == ["imported", "cancelled"]


def test_what_does_not_end_on_being_asked_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_server, "_SECONDS_TO_CANCEL", 0.01)
    lifeline, ours = os.pipe()
    monkeypatch.setattr(dbt_server, "_LIFELINE", lifeline)
    ended, under_way = os.pipe()
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, pass_fds=[under_way]) as process:
        os.close(under_way)
        assert process.stdout is not None
        process.stdout.readline()
        connection, client = socket.socketpair()
        client.close()
        with connection:
            dbt_server._see_out(process.pid, ended, connection)
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)
    for descriptor in (lifeline, ours, ended):
        os.close(descriptor)


def test_all_of_it_ends_with_the_process_that_started_it(folder: Path) -> None:
    run = (
        "import subprocess\nfrom orchestration.dbt_process import DbtProcess\ndbt = DbtProcess()\n"
        "command = dbt.command('/nowhere/dbt')\nprint(dbt._folder, flush=True)\nsubprocess.run([*command, 'wait'])\n"
    )
    # The invocation prints to this process's output, which therefore ends with the last of them.
    with subprocess.Popen(
        [sys.executable, "-c", run], cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        place = Path(process.stdout.readline().strip())
        assert process.stdout.readline() == "waiting\n"
        process.kill()
        assert process.stdout.read() == "cancelled\n"
    assert notes(folder) == ["imported", "cancelled"]
    while place.exists():
        os.sched_yield()


def test_where_no_server_comes_up_dbt_starts_by_itself(
    dbt: DbtProcess, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "dbt" / "cli" / "main.py").write_text("raise ImportError")
    note = "dbt starts by itself, as nobody serves it\n"
    assert ends(started(dbt, folder, "build", "--fast")) == (3, f"{note}plain build --fast\n")
    monkeypatch.setattr("tempfile.tempdir", str(folder / ("long" * 30)))
    dbt.end()
    (folder / ("long" * 30)).mkdir()
    assert dbt.command("/bin/dbt") == ["/bin/dbt"], "a socket has no such long path"


def test_an_invocation_ends_with_its_server_and_the_next_has_a_new_one(dbt: DbtProcess, folder: Path) -> None:
    process = waiting(dbt, folder)
    assert dbt._running is not None
    dbt._running.kill()
    code, output = ends(process)
    assert (code, output) == (1, "the process that served dbt died, and the invocation with it\n")
    dbt._running.wait()
    assert ends(started(dbt, folder, "exit", "2")) == (2, "")
    assert notes(folder) == ["imported", "imported"]


def test_dagsters_invocations_are_served(
    dbt: DbtProcess, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "dbt_process", lambda: dbt)
    project = os.fspath(PROJECT_FOLDER / "dbt_project")
    command_line = DbtCommandLine(project_dir=project, profiles_dir=project, dbt_executable=DBT_EXECUTABLE)
    for code in (0, 2):
        invocation = command_line.cli(["exit", str(code)], target_path=tmp_path / "target", raise_on_error=False)
        assert invocation.is_successful() == (code == 0)
        assert invocation.process.returncode == code
    assert notes(folder) == ["imported"]


def test_dbt_itself_can_be_served() -> None:
    dbt = DbtProcess()
    told = subprocess.run([*dbt.command("/nowhere/dbt"), "--version"], capture_output=True, text=True, check=False)
    dbt.end()
    assert (told.returncode, told.stderr) == (0, "")
    assert version("dbt-core") in told.stdout
