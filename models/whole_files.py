"""Files that are there whole or not at all, whatever is killed and whenever the power goes.

Content is written aside, under a temporary name in the same folder, and brought to disk before it takes its place.
Must not know what is in a file.
"""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_whole(
    path: Path,
    content: bytes,
    *,
    mode: int = 0o600,
    takes_folders_owner: bool = False,
    is_only_writer: bool = False,
) -> None:
    """Put a file in its place, instead of what stood there; it is on disk when this returns.

    Args:
        path: Its place, in a folder that is there.
        content: All of it.
        mode: Who may read it, whatever the umask: its owner alone unless something else is said.
        takes_folders_owner: Whether a file that root writes belongs to the folder's owner.
        is_only_writer: Whether nobody else writes this file now. What a killed write of it left behind is then removed.

    Raises:
        OSError: It could not be written. What stood in its place still does.
    """
    if is_only_writer:
        _remove_left_behind(path)
    with _written_aside(path, content, mode, takes_folders_owner=takes_folders_owner) as temporary:
        temporary.replace(path)
        sync_folder(path.parent)


def write_once(path: Path, content: bytes) -> None:
    """Put a file in its place unless one is there; of two processes that do so at once, one wins for both.

    Its owner alone may read it, and it is on disk when this returns.

    Args:
        path: Its place, in a folder that is there.
        content: All of it.

    Raises:
        OSError: It could not be written.
    """
    with _written_aside(path, content, 0o600) as temporary:
        with suppress(FileExistsError):
            os.link(temporary, path)
        sync_folder(path.parent)


@contextmanager
def written_whole(path: Path, *, replaces: bool) -> Iterator[BinaryIO]:
    """A file to write piece by piece, for what is too big to be held; it is in its place when the block has ended well.

    Its owner alone may read it. What writers of the same file left behind when they were killed is removed.

    Args:
        path: Its place, in a folder that is there.
        replaces: Whether it takes the place of a file that is there by then.

    Yields:
        The file, under a temporary name in the same folder; gone when the block fails.

    Raises:
        FileExistsError: A file is there that it does not replace.
        OSError: It could not be written. What stood in its place still does.
    """
    temporary, file = _claimed(path)
    try:
        with file:
            _remove_abandoned(path)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if replaces:
                temporary.replace(path)
            else:
                _place_beside_nobody(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, path: Path) -> None:
    """Give a complete file its final name, so that it is there after a crash, whole."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's names to disk: those that came, those that changed and those that went."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_folder_owner(descriptor: int, folder: Path) -> None:
    """Give a file that root makes in a user's folder to that user, who could not read it otherwise."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


@contextmanager
def _written_aside(path: Path, content: bytes, mode: int, *, takes_folders_owner: bool = False) -> Iterator[Path]:
    """The content on disk under a temporary name beside its place; what still has that name at the end is removed."""
    descriptor, name = tempfile.mkstemp(prefix=_prefix(path), dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, mode)
            if takes_folders_owner:
                keep_folder_owner(descriptor, path.parent)
            os.fsync(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _remove_left_behind(path: Path) -> None:
    for other in _left_behind(path):
        other.unlink(missing_ok=True)


def _left_behind(path: Path) -> list[Path]:
    """What has a temporary name of a file's."""
    prefix = _prefix(path)
    # No dot in what follows: beside `a` there may be somebody's unfinished `a.b`.
    return [
        other
        for other in path.parent.iterdir()
        if other.name.startswith(prefix) and "." not in other.name.removeprefix(prefix)
    ]


def _claimed(path: Path) -> tuple[Path, BinaryIO]:
    """A temporary file beside a place, locked for as long as it is open: so others know that its writer lives."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_prefix(path), dir=path.parent)
        file = os.fdopen(descriptor, "wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        # Another writer may have taken it for abandoned before it was locked.
        if os.fstat(descriptor).st_nlink:
            return Path(name), file
        file.close()


def _place_beside_nobody(temporary: Path, path: Path) -> None:
    """Give a file its name unless somebody has it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # Sticks and some shares know no links: there, who looks first and who renames last are a moment apart.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        temporary.replace(path)


def _remove_abandoned(path: Path) -> None:
    for other in _left_behind(path):
        with suppress(OSError), other.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            other.unlink(missing_ok=True)
