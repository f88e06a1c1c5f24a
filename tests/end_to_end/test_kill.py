"""Killed anywhere and run again, a run ends where an undisturbed one does, and nobody is told twice or not at all.

What is killed is the command itself, which leaves dbt to end by itself, or the whole process group as a machine that
goes down would, or the database. `make test` takes a few points in one home; the soak walks along the whole run.
"""

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installations import Installation
from synthetic_shops import sync, write_shop
from table_contents import Contents, contents, rows

from models.embedded import EmbeddedServer, EmbeddedSettings

CUSTOMERS = 300
SOAK_POINTS = 40
# What says when, and by which of several attempts, something happened is not part of the end state.
OPERATIONS = {
    "cursors": "select merchant_id, store_id, source, state, batch_id from ops.cursors",
    "batches": "select batch_id, row_counts, rejected_count, contract_passed, landed_at is null "
    "from ops.archive_batches",
    "merchants": "select merchant_id, as_of_date, withheld_reasons from ops.merchants",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class EndState:
    """What an installation comes to."""

    tables: Contents
    operations: dict[str, list[str]]
    archive: list[str]
    effects: Counter[str]
    exported: Counter[str]


@dataclass(frozen=True)
class Undisturbed:
    """The installation that nothing happened to."""

    state: EndState
    seconds: float


def installed(folder: Path, url: str | None, parsed_project: Path | None = None) -> Installation:
    """A small shop that tells two destinations about the better half of its customers, in many small batches."""
    installation = Installation(folder, url, parsed_project=parsed_project)
    merchant = write_shop(folder, "shop", customer_count=CUSTOMERS, seed=5)
    merchant["syncs"] = [sync("crm"), sync("exports")]
    crm = {
        "name": "crm",
        "type": "webhook",
        "url": "${PERENNIAL_RECEIVER_URL}",
        "secret": "${PERENNIAL_RECEIVER_SECRET}",
        "idempotency": "action_key",
        "batch_size": 2,
    }
    exports = {"name": "exports", "type": "file", "folder": "exports", "batch_size": 10}
    installation.declare({"merchants": [merchant], "destinations": [crm, exports]})
    return installation


def end_state(installation: Installation, url: str) -> EndState:
    """Everything that a run leaves, but for the time and the attempt."""
    files = [path for path in (installation.home / "archive").rglob("*") if path.is_file()]
    exported = [path for path in (installation.folder / "exports").rglob("*") if path.is_file()]
    lines = [line for path in exported for line in path.read_text(encoding="utf-8").splitlines()]
    return EndState(
        tables=contents(url),
        operations={name: sorted(map(str, rows(url, query))) for name, query in OPERATIONS.items()},
        archive=sorted(re.sub(r"day=[0-9-]+", "day", str(path.relative_to(installation.home))) for path in files),
        effects=Counter(told(effect) for effect in installation.receiver().effects()),
        exported=Counter(re.sub(r'"sent_at": ?"[^"]*",? ?', "", line) for line in lines),
    )


def told(effect: dict[str, Any]) -> str:
    return f"{effect['action_key']} {effect['operation']} {effect['customer_id']} {effect['payload']}"


def assert_same(found: EndState, undisturbed: EndState) -> None:
    """Nothing is missing, doubled or left behind."""
    assert undisturbed.tables.differences(found.tables) == {}
    assert found.operations == undisturbed.operations
    assert found.archive == undisturbed.archive
    assert found.exported == undisturbed.exported
    assert found.effects == undisturbed.effects
    assert set(found.effects.values()) == {1}
    assert found.effects.total() > 30


@pytest.fixture(scope="module")
def undisturbed(module_folder: Path, standing_warehouse_url: str, parsed_project: Path) -> Undisturbed:
    folder = module_folder / "undisturbed"
    folder.mkdir()
    installation = installed(folder, standing_warehouse_url, parsed_project)
    installation.succeed("demo", "--no-loop")
    [(seconds,)] = rows(
        standing_warehouse_url,
        "select extract(epoch from max(verdicts.finished_at) - min(syncs.started_at)) "
        "from ops.merchant_runs as verdicts, ops.sync_runs as syncs",
    )
    return Undisturbed(end_state(installation, standing_warehouse_url), float(str(seconds)))


def reach(process: "subprocess.Popen[str]", marker: str) -> None:
    """Read what the command prints until it says that it has come to a point."""
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if re.search(marker, line):
            return
    pytest.fail(f"it never came to {marker!r}: {''.join(printed)[-3000:]}")


def kill_at(installation: Installation, marker: str) -> None:
    """Start the demonstration and kill the command where it prints a marker."""
    with installation.running("demo", "--no-loop") as process:
        reach(process, marker)
        os.kill(process.pid, signal.SIGKILL)


def kill_while_sending(installation: Installation) -> int:
    """Start the demonstration and kill it after the receiver has taken some records but not all; says how many."""
    with installation.running("demo", "--no-loop") as process:
        reach(process, "Sending best_customers to crm")
        log = installation.home / "receiver" / "log.jsonl"
        while log.read_bytes().count(b'"kind": "effect"') < 6:
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
    return len(installation.receiver().effects())


def kill_database_at(installation: Installation, marker: str) -> subprocess.CompletedProcess[str]:
    """Start the demonstration, kill the database where it prints a marker, and let it come to its own end."""
    with installation.running("demo", "--no-loop") as process:
        reach(process, marker)
        pid = server_of(installation).status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=300)
        return subprocess.CompletedProcess([], process.returncode, output)


def server_of(installation: Installation) -> EmbeddedServer:
    return EmbeddedServer(EmbeddedSettings(home=installation.home))


@pytest.fixture(scope="module")
def embedded(module_folder: Path) -> Iterator[Installation]:
    """The same shop with a server of its own, which may be killed."""
    folder = module_folder / "killed"
    folder.mkdir(mode=0o755)
    installation = installed(folder, None)
    yield installation
    server_of(installation).stop()


def test_killed_at_three_points_it_ends_where_an_undisturbed_run_ends(
    undisturbed: Undisturbed, embedded: Installation
) -> None:
    database_killed = kill_database_at(embedded, "Landing shop/web")
    assert database_killed.returncode == 1
    assert "perennial: the warehouse went away during the run" in database_killed.stdout
    kill_at(embedded, r"Building \d+ transformed tables 40%")
    told_before = kill_while_sending(embedded)
    assert 0 < told_before < undisturbed.state.effects.total()
    embedded.succeed("demo", "--no-loop")
    assert_same(end_state(embedded, server_of(embedded).url()), undisturbed.state)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "marker",
    [
        "Reading shop/web",
        "Checking shop/web",
        r"Building \d+ transformed tables 40%",
        "Testing transformed tables",
        "Fitting and predicting shop",
        r"Building \d+ published tables",
        "Testing published tables",
        "Sending best_customers to crm",
    ],
)
def test_a_killed_database_loses_nothing(undisturbed: Undisturbed, module_folder: Path, marker: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=module_folder))
    folder.chmod(0o755)
    installation = installed(folder, None)
    try:
        assert kill_database_at(installation, marker).returncode == 1
        installation.succeed("demo", "--no-loop")
        assert_same(end_state(installation, server_of(installation).url()), undisturbed.state)
    finally:
        server_of(installation).stop()


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("point", range(SOAK_POINTS))
def test_killed_at_any_moment_it_ends_where_an_undisturbed_run_ends(
    undisturbed: Undisturbed, tmp_path: Path, database_url: str, point: int
) -> None:
    """The moments lie evenly along the run; every other one takes the whole process group down."""
    installation = installed(tmp_path, database_url)
    with installation.running("demo", "--no-loop") as process:
        reach(process, "Reading shop/web")
        try:
            process.communicate(timeout=undisturbed.seconds * (point + 0.5) / SOAK_POINTS)
        except subprocess.TimeoutExpired:
            (os.killpg if point % 2 else os.kill)(process.pid, signal.SIGKILL)
    installation.succeed("demo", "--no-loop")
    assert_same(end_state(installation, database_url), undisturbed.state)
