"""Files that are whole or not there, through failures at every step."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.whole_files import write_once, write_whole

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
