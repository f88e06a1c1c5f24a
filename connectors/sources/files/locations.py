"""Which files a path of `perennial.yml` means: relative paths, globs, and data files inside installed packages.

Finds files and fingerprints their bytes; does not know what is in them.
"""

import difflib
import glob
import hashlib
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import MisconfiguredError, StopError

_PACKAGE = "package:"
_HASH_BYTES = 1 << 20


@dataclass(frozen=True)
class FoundFile:
    """One input file, as it was when the read began.

    Attributes:
        path: Where it lies.
        label: Its name, with as much of its folder as it takes to tell the files of one read apart.
        size: Its bytes, packed if it is.
        sha256: The digest of those bytes.
        modified_ns: Its modification time, to notice a writer.
    """

    path: Path
    label: str
    size: int
    sha256: str
    modified_ns: int


def find_files(paths: str | Sequence[str], *, base_folder: Path, key: str) -> list[FoundFile]:
    """The files that the paths mean, each once: in the order of the paths, and by name within a glob.

    Args:
        paths: One path or several, as written.
        base_folder: What relative paths are relative to.
        key: The key of `perennial.yml` that holds them.

    Raises:
        MisconfiguredError: A path matches no file; names the folder that was looked in and the nearest names.
        StopError: A file cannot be read.
    """
    found: dict[Path, Path] = {}
    for index, written in enumerate([paths] if isinstance(paths, str) else paths):
        own_key = key if isinstance(paths, str) else f"{key}[{index}]"
        for path in _matches(written, base_folder, own_key):
            found.setdefault(path.resolve(), path)
    shared = Path(os.path.commonpath([path.parent for path in found]))
    return [_fingerprinted(path, resolved.relative_to(shared).as_posix()) for resolved, path in found.items()]


def _matches(written: str, base_folder: Path, key: str) -> list[Path]:
    if written.startswith(_PACKAGE):
        folder, pattern = _package_folder(written, key)
    else:
        folder, pattern = base_folder, written
    literal = folder / pattern
    if literal.is_file():
        return [literal]
    if literal.is_dir():
        raise MisconfiguredError(key, f"{written} is a folder; name its files, such as {written.rstrip('/')}/*.csv")
    # Names are compared by code point, not by locale, so that the order is the same on every machine.
    # Path.glob takes no pattern that begins with a slash.
    names = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 - see above
    files = [folder / name for name in names if (folder / name).is_file()]
    if not files:
        raise MisconfiguredError(key, _missing(written, pattern, folder))
    return files


def _package_folder(written: str, key: str) -> tuple[Path, str]:
    package, _, pattern = written.removeprefix(_PACKAGE).partition("/")
    # Finding a top-level package reads its metadata and runs none of its code.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise MisconfiguredError(
            key, f"{written}: no package {package!r} is installed here; write package:<package>/<path inside it>"
        )
    return Path(spec.submodule_search_locations[0]), pattern


def _missing(written: str, pattern: str, folder: Path) -> str:
    """What to say of a path that matches nothing: where we looked, and what lies there instead."""
    looked_in = (folder / pattern).parent
    while any(sign in looked_in.name for sign in "*?[") and looked_in != looked_in.parent:
        looked_in = looked_in.parent
    message = f"no file matches {written!r}; looked in {looked_in}"
    if not looked_in.is_dir():
        return f"{message}, which is not a folder"
    names = sorted(entry.name for entry in looked_in.iterdir() if entry.is_file())
    near = difflib.get_close_matches(Path(pattern).name, names, n=3, cutoff=0.5) or names[:5]
    if not near:
        return f"{message}, which holds no files"
    return f"{message}; there are: {', '.join(near)}{', …' if len(names) > len(near) else ''}"


def _fingerprinted(path: Path, label: str) -> FoundFile:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            while data := file.read(_HASH_BYTES):
                digest.update(data)
    except OSError as error:
        raise StopError(f"{label}: cannot be read ({error.strerror}); nothing of this store was landed") from error
    return FoundFile(path, label, status.st_size, digest.hexdigest(), status.st_mtime_ns)
