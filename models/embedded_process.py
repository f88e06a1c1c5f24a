"""The embedded server as the operating system sees it: accounts, processes, locks.

It answers whether a process is the server of a given data folder, whether leftovers of a killed one are still
about, and runs commands as the account that PostgreSQL is run by. It must not know where data lies or how PostgreSQL
is configured.
"""

import fcntl
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import MisconfiguredError, RetryLaterError, StopError
from models.whole_files import keep_folder_owner

# Handed to every child instead of our own environment: PGDATA or a locale there would change what the server does.
MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}
POLL_SECONDS = 0.02
_LOCK_SECONDS = 180.0
_LEFTOVER_SECONDS = 10.0


@dataclass(frozen=True)
class ServerAccount:
    """The account that the server runs as.

    Attributes:
        name: Its name in the user database (or the number, where it has none).
        uid: Its user id.
        gid: Its primary group.
        is_switched: Whether this is not the caller's own account, so that commands must change to it (only root can).
    """

    name: str
    uid: int
    gid: int
    is_switched: bool


def server_account(requested: str | None, owner_uid: int | None) -> ServerAccount:
    """The account to run the server as; PostgreSQL refuses to run as root.

    Args:
        requested: A user name that root may ask for; an ordinary user always runs the server as itself.
        owner_uid: The owner of the data folder, when there is one already; root then runs the server as that owner.

    Raises:
        MisconfiguredError: The requested user does not exist, is root, or is not the owner of the data there is.
    """
    own_uid = os.geteuid()
    if own_uid != 0:
        return _account_of(own_uid, is_switched=False)
    requested_entry = _requested_entry(requested)
    if owner_uid is not None and owner_uid != 0:
        if requested_entry is not None and requested_entry.pw_uid != owner_uid:
            owner = _account_of(owner_uid, is_switched=True)
            raise MisconfiguredError(
                "PERENNIAL_SERVER_USER",
                f"the data folder belongs to {owner.name!r}, not to {requested!r}; unset it or choose "
                "another PERENNIAL_HOME",
            )
        return _account_of(owner_uid, is_switched=True)
    if requested_entry is not None:
        return ServerAccount(requested_entry.pw_name, requested_entry.pw_uid, requested_entry.pw_gid, is_switched=True)
    for name in ("postgres", "nobody"):
        entry = _entry(name)
        # macOS gives `nobody` the user id -2, which Python reports as 4294967294: a usable id all the same.
        if entry is not None and entry.pw_uid != 0:
            return ServerAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, is_switched=True)
    raise MisconfiguredError(
        "PERENNIAL_SERVER_USER",
        "PostgreSQL does not run as root and this machine has neither a user 'postgres' nor 'nobody'; "
        "name one that exists",
    )


def _requested_entry(requested: str | None) -> pwd.struct_passwd | None:
    if requested is None:
        return None
    entry = _entry(requested)
    if entry is None:
        raise MisconfiguredError("PERENNIAL_SERVER_USER", f"there is no user {requested!r} on this machine")
    if entry.pw_uid == 0:
        raise MisconfiguredError("PERENNIAL_SERVER_USER", "PostgreSQL does not run as root; name an unprivileged user")
    return entry


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _account_of(uid: int, *, is_switched: bool) -> ServerAccount:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # a container started with a bare --user number
        return ServerAccount(str(uid), uid, os.getegid() if not is_switched else uid, is_switched)
    return ServerAccount(entry.pw_name, uid, entry.pw_gid, is_switched)


def run_as(
    account: ServerAccount,
    arguments: Sequence[str | Path],
    *,
    pass_fds: Sequence[int] = (),
    timeout_seconds: float = 120.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command as the account, from `/` (the caller's folder may be closed to it), and capture what it says."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        user=account.uid if account.is_switched else None,
        group=account.gid if account.is_switched else None,
        extra_groups=[] if account.is_switched else None,
        cwd="/",
        env=MINIMAL_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=pass_fds,
        # A session of its own: the terminal's Ctrl-C and hang-up are not for the server.
        start_new_session=True,
        timeout=timeout_seconds,
        check=False,
    )


@contextmanager
def exclusive_lock(path: Path, *, wait_seconds: float = _LOCK_SECONDS) -> Iterator[int]:
    """Hold an advisory lock on `path`, shared by all processes and threads of this machine; yields its file descriptor.

    A child that is given the descriptor keeps the lock for as long as the child lives, whatever becomes of the caller.

    Raises:
        RetryLaterError: Somebody else still holds it after `wait_seconds`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        keep_folder_owner(descriptor, path.parent)
        deadline = time.monotonic() + wait_seconds
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise RetryLaterError(
                    f"{path} is held by another process for more than {wait_seconds:.0f} s; "
                    "if no other run is starting or stopping the server, one in another container may use this folder"
                )
            time.sleep(POLL_SECONDS)  # bounded by the deadline; flock has no wait of its own that could end
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock on `path`. A dead process holds none, nor does a zombie."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True)
class ProcessFacts:
    """One process of this machine.

    Attributes:
        pid: Its id.
        uid: Its effective user.
        is_zombie: Whether it has ended and only waits to be reaped by its parent.
        command: Its arguments, or the title it gave itself; empty where the system does not tell.
    """

    pid: int
    uid: int
    is_zombie: bool
    command: str


def process_facts(pid: int) -> ProcessFacts | None:
    """What is known of the process, or None when there is none."""
    if _has_proc():
        return _facts_from_proc(pid)
    return next(iter(_facts_from_ps(["-p", str(pid)])), None)


def server_leftovers(cluster_name: str, uid: int) -> list[int]:
    """Ids of the live backends of a cluster, by the title that PostgreSQL gives them (`postgres: <cluster>: …`)."""
    if _has_proc():
        found = (_facts_from_proc(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        processes = [facts for facts in found if facts is not None]
    else:
        processes = _facts_from_ps(["-ax"])
    title = f"postgres: {cluster_name}: "
    return [p.pid for p in processes if p.uid == uid and not p.is_zombie and p.command.startswith(title)]


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _facts_from_proc(pid: int) -> ProcessFacts | None:
    folder = Path("/proc") / str(pid)
    try:
        # The name stands in brackets and may hold anything, a bracket included; the state follows the last one.
        state = (folder / "stat").read_text(errors="surrogateescape").rpartition(")")[2].split()[0]
        uid = folder.stat().st_uid
        command = os.fsdecode((folder / "cmdline").read_bytes().rstrip(b"\0")).replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except PermissionError:  # /proc mounted with hidepid
        return ProcessFacts(pid, -1, is_zombie=False, command="")
    return ProcessFacts(pid, uid, is_zombie=state in {"Z", "X"}, command=command)


def _facts_from_ps(selection: list[str]) -> list[ProcessFacts]:
    listing = subprocess.run(
        # One option for each column: to macOS, what follows the first equals sign would all be a header.
        ["/bin/ps", "-ww", "-o", "pid=", "-o", "uid=", "-o", "stat=", "-o", "command=", *selection],
        capture_output=True,
        env=MINIMAL_ENVIRONMENT,
        timeout=30,
        check=False,
    )
    facts = []
    for line in os.fsdecode(listing.stdout).splitlines():
        pid, uid, state, *command = line.split(None, 3)
        facts.append(ProcessFacts(int(pid), int(uid), state.startswith("Z"), "".join(command)))
    return facts


@dataclass(frozen=True)
class PostmasterFile:
    """What a running (or killed) server left in `postmaster.pid`.

    Attributes:
        pid: The process that wrote it.
        port: The TCP port it listens on, once it does.
        is_ready: Whether it says that it accepts connections.
    """

    pid: int
    port: int | None
    is_ready: bool


def postmaster_file(data_folder: Path) -> PostmasterFile | None:
    """The content of `postmaster.pid`, or None when there is none or it is still being written."""
    try:
        lines = (data_folder / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().lstrip("-").isdigit():
        return None
    port = lines[3].strip() if len(lines) > 3 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return PostmasterFile(abs(int(lines[0])), int(port) if port.isdigit() else None, is_ready=status == "ready")


def postmaster_pid(data_folder: Path) -> int | None:
    """The id of the live server of this data folder, or None.

    The file alone proves nothing: after a kill -9 it stays, and its number may belong to a zombie that a parent has
    not reaped (a container's first process often never does) or, after a restart of the machine, to a stranger.
    """
    file = postmaster_file(data_folder)
    facts = process_facts(file.pid) if file is not None else None
    if facts is None or facts.is_zombie:
        return None
    if facts.command:
        if facts.uid != data_folder.stat().st_uid or facts.command.startswith("postgres: "):
            return None
        # Started by hand, the path may be written otherwise: only another absolute folder clears a `postgres`.
        program, _, folder = facts.command.partition(" -D ")
        if "postgres" not in Path(program).name and f"{data_folder}" not in facts.command:
            return None
        if folder.startswith("/") and not (folder + " ").startswith(f"{data_folder} "):
            return None
    return facts.pid


def end_leftovers(data_folder: Path, cluster_name: str, alive_lock: Path) -> list[int]:
    """End what a killed server left behind, so that a new one can take its place; returns the ids of those ended.

    To be called under the start lock and only when there is no live postmaster. Without one a backend only holds the
    shared memory, which keeps a new server from starting; SIGQUIT is what a crashing postmaster sends its backends.
    Committed work is in the write-ahead log already.

    Raises:
        StopError: Processes that cannot be seen from here still hold the folder.
    """
    ended: set[int] = set()
    deadline = time.monotonic() + _LEFTOVER_SECONDS
    uid = data_folder.stat().st_uid
    while (leftovers := server_leftovers(cluster_name, uid)) or is_locked(alive_lock):
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            named = postmaster_file(data_folder)
            raise StopError(
                f"{data_folder} is still held by an earlier server: one started before the folder was moved, or in "
                f"another container. postmaster.pid names process {named.pid if named else 'none'}; "
                f"leftovers seen from here are {leftovers or 'none'}; end them with SIGINT and try again"
            )
        for pid in leftovers:
            try:
                os.kill(pid, signal.SIGKILL if left_seconds < _LEFTOVER_SECONDS / 2 else signal.SIGQUIT)
                ended.add(pid)
            except ProcessLookupError:
                continue
        time.sleep(POLL_SECONDS)  # bounded by the deadline above
    file = postmaster_file(data_folder)
    if file is not None and process_facts(file.pid) is not None:
        # PostgreSQL would take the zombie or the stranger behind this number for a server and refuse to start.
        (data_folder / "postmaster.pid").unlink(missing_ok=True)
    return sorted(ended)
