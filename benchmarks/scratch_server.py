"""A database server for one benchmark, removed afterwards, and the CPU that it takes: read from /proc, Linux only."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.embedded import EmbeddedServer, EmbeddedSettings

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class ScratchServer:
    """A running server.

    Attributes:
        url: Its address.
        folder: Where it lies, with room for more.
        home: The home of Perennial that it belongs to, inside the folder.
        pid: Its first process.
    """

    url: str
    folder: Path
    home: Path
    pid: int


@contextmanager
def scratch_server() -> Iterator[ScratchServer]:
    """An embedded server for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="pb_") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedServer(EmbeddedSettings(home=folder / "home"))
        try:
            url = server.start()
            pid = server.status().pid
            assert pid is not None
            yield ScratchServer(url, folder, folder / "home", pid)
        finally:
            server.stop()


def server_cpu_seconds(pid: int) -> float:
    """CPU seconds of a server's first process and of all its children so far, those that have ended included."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if int(stat.parent.name) == pid:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13]))
    return total / CLOCK_TICKS
