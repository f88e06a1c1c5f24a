"""Homes for embedded servers: folders that the server's account can reach, and that no test leaves a server in."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models import embedded_files
from models.embedded import EmbeddedServer, EmbeddedSettings


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder open to passers-through, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-embedded-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def make_server(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., EmbeddedServer]]:
    """A maker of servers, `make_server(home="home", **settings)`; each is stopped at the end."""
    monkeypatch.setattr(embedded_files, "_LINUX_FALLBACK", open_folder / "fallback")
    monkeypatch.setattr(embedded_files, "_OTHER_FALLBACK", open_folder / "fallback")
    made: list[EmbeddedServer] = []

    def make(home: str | Path = "home", **settings: object) -> EmbeddedServer:
        server = EmbeddedServer(EmbeddedSettings(open_folder / home, **settings))  # type: ignore[arg-type]  # by name
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()
