"""Files that are whole or not there, through failures at every step."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.whole_files import write_once, write_whole, written_whole

Write = Callable[[Path, bytes], None]
WRITERS = pytest.mark.parametrize("write", [write_whole, write_once])


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process whose files everybody may read and write unless it says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


@WRITERS
@pytest.mark.usefixtures("open_umask")
def test_a_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "secret", b"\x00\xff\n")
    assert (tmp_path / "secret").read_bytes() == b"\x00\xff\n"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert names(tmp_path) == {"secret"}


def test_a_file_is_as_open_as_it_is_said_to_be(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "settings", b"x", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "settings").stat().st_mode) == 0o644


def test_what_stood_in_its_place_is_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", b"a long first text")
    write_whole(tmp_path / "a", b"short")
    assert (tmp_path / "a").read_bytes() == b"short"


def test_what_is_written_once_stays(tmp_path: Path) -> None:
    write_once(tmp_path / "a", b"first")
    write_once(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == {"a"}


@WRITERS
def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write(tmp_path / "a", b"x")
    assert names(tmp_path) == set()


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a", b"first")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            write_whole(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == {"a"}


@WRITERS
def test_all_of_it_is_on_disk_before_it_takes_its_place_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    seen: list[tuple[str, int, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        facts = os.fstat(descriptor)
        kind = "folder" if stat.S_ISDIR(facts.st_mode) else "file"
        seen.append((kind, 0 if kind == "folder" else facts.st_size, (tmp_path / "a").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write(tmp_path / "a", b"x" * 100_000)
    assert seen == [("file", 100_000, False), ("folder", 0, True)]


def test_the_only_writer_removes_what_a_killed_one_left_of_the_same_file(tmp_path: Path) -> None:
    for name in (".a.x1y2", ".a.b.x1y2", ".ab.x1y2", "a.x1y2", ".a"):
        (tmp_path / name).write_bytes(b"half of i")
    write_whole(tmp_path / "a", b"x")
    others = {".a.b.x1y2", ".ab.x1y2", "a.x1y2", ".a"}
    assert names(tmp_path) == {"a", ".a.x1y2"} | others, "another may be writing it"
    write_whole(tmp_path / "a", b"x", is_only_writer=True)
    assert names(tmp_path) == {"a"} | others


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files in other users' folders")
@pytest.mark.parametrize(("takes_folders_owner", "owner"), [(True, 12345), (False, 0)])
def test_root_gives_a_file_to_its_folders_owner_when_asked(
    tmp_path: Path, takes_folders_owner: bool, owner: int
) -> None:
    os.chown(tmp_path, 12345, 12345)
    write_whole(tmp_path / "a", b"x", takes_folders_owner=takes_folders_owner)
    assert (tmp_path / "a").stat().st_uid == owner


@pytest.mark.parametrize("replaces", [True, False])
@pytest.mark.usefixtures("open_umask")
def test_what_is_written_piece_by_piece_is_there_when_it_is_whole(tmp_path: Path, replaces: bool) -> None:
    with written_whole(tmp_path / "a", replaces=replaces) as file:
        for _ in range(3):
            file.write(b"x" * 100_000)
            assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").stat().st_size == 300_000
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert names(tmp_path) == {"a"}


def test_a_failure_on_the_way_leaves_what_stood_there(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        with written_whole(path, replaces=True) as file:
            file.write(b"half of i")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half(tmp_path / "a")
    assert names(tmp_path) == set()
    write_whole(tmp_path / "a", b"first")
    with pytest.raises(KeyboardInterrupt):
        half(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == {"a"}


@pytest.mark.parametrize("knows_links", [True, False])
def test_nobody_is_replaced_who_came_in_the_meantime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knows_links: bool
) -> None:
    def unable(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not knows_links:
        monkeypatch.setattr(os, "link", unable)

    def late(path: Path) -> None:
        with written_whole(path, replaces=False) as file:
            file.write(b"second")
            path.write_bytes(b"first")

    with pytest.raises(FileExistsError):
        late(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"first"
    with written_whole(tmp_path / "b", replaces=False) as file:
        file.write(b"x")
    assert names(tmp_path) == {"a", "b"}


def test_a_killed_writer_leaves_no_part_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from models.whole_files import written_whole\n"
        "with written_whole(Path(sys.argv[1]), replaces=True) as file:\n"
        "    file.write(b'x' * 100_000)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a"], cwd=Path(__file__).parents[2], timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    assert left.startswith(".a.")
    with written_whole(tmp_path / "a", replaces=False) as living:
        (own,) = names(tmp_path)
        living.write(b"first")
        with written_whole(tmp_path / "a", replaces=True) as other:
            assert own in names(tmp_path), "its writer lives"
            other.write(b"second")
        (tmp_path / "a").unlink()
    assert names(tmp_path) == {"a"}
    assert (tmp_path / "a").read_bytes() == b"first"
