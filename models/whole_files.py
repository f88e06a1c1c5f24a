"""Small files that are there whole or not at all, whatever is killed and whenever the power goes.

Content is written aside, under a temporary name in the same folder, and brought to disk before it takes its place.
Must not know what is in a file.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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
    prefix = _prefix(path)
    for other in path.parent.iterdir():
        # No dot in what follows: beside `a` there may be somebody's unfinished `a.b`.
        if other.name.startswith(prefix) and "." not in other.name.removeprefix(prefix):
            other.unlink(missing_ok=True)
