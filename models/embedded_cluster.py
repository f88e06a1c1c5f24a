"""The database cluster of the embedded server: its making, its settings, its port, its launch and its log.

It must not decide when a server is started or stopped, nor hold locks: `models.embedded` does, and calls these
under its lock.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from models.embedded_files import DATA_FOLDER, Binaries, add_password, path_digest, write_file
from models.embedded_process import ServerAccount, run_as
from models.errors import StopError
from models.whole_files import sync_folder

LOOPBACK = "127.0.0.1"
OWNER_ROLE = "perennial"

_SETTINGS_FILE = "postgresql.conf"
_HBA_FILE = "pg_hba.conf"
_STARTUP_LOG = "startup.log"
_LOG_LINES = 12
# Below the ports that systems hand to outgoing connections (from 32768 on Linux), so that ours is not taken in passing.
_FIRST_PORT, _PORT_COUNT, _PORT_TRIALS = 20_000, 12_000, 100
# The shell detaches the server: it ends at once, so that the server is nobody's child here and leaves no zombie.
_LAUNCH = """\
cd -- "$2" || exit 1
"$1" -D "$2" -c config_file="$3" -c hba_file="$4" -c ident_file="$2/pg_ident.conf" </dev/null >"$5" 2>&1 &
"""
_HBA = f"""\
# Written at every start. Passwords only, from this machine only.
host all all {LOOPBACK}/32 scram-sha-256
"""
_SETTINGS = """\
# Written by Perennial at every start; put settings of your own into postgresql.local.conf beside this file.
port = {port}
cluster_name = '{cluster_name}'         # in the titles of its processes: how leftovers of a killed server are known

# Who can connect: programs on this machine that know a password. No socket: its path may have 107 bytes at most.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'

# What was committed stays, also through a power cut.
fsync = on
full_page_writes = on
synchronous_commit = on

# A small machine that also runs the pipeline.
shared_buffers = 256MB                  # the hot part of a merchant's marts, a small part of a 4 GB machine
effective_cache_size = 1GB              # the system's file cache on such a machine; only guides the planner
work_mem = 16MB                         # customer-sized sorts in memory; times a few connections it stays harmless
maintenance_work_mem = 128MB            # index builds after a full load
random_page_cost = 1.1                  # solid-state disks
jit = off                               # compiling costs more than the queries here take
max_wal_size = 2GB                      # a load of a million rows without checkpoints in between
checkpoint_timeout = 15min              # fewer full-page images; bounds recovery after a crash all the same
wal_compression = on                    # smaller log of full-page images, for little CPU
wal_level = minimal                     # no replicas: tables filled in the transaction that makes them skip the log
max_wal_senders = 0                     # required by wal_level = minimal
dynamic_shared_memory_type = mmap       # containers have 64 MB of /dev/shm, and a logout may clear a user's part of it

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'                       # one language, whatever the machine's: errors are recognised by their words

# A week of logs, none of it data: no statements, no row values in details.
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u@%d '
log_statement = 'none'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'

include_if_exists = 'postgresql.local.conf'
"""

_log = structlog.get_logger(__name__)


def cluster_name(data_folder: Path) -> str:
    """The name of the cluster in this folder: PostgreSQL wants ASCII, so the path is in it as a digest."""
    return f"perennial-{path_digest(data_folder)}"


def holds_cluster(data_folder: Path) -> bool:
    """Whether the folder is a whole cluster. An absent or empty one is not.

    Raises:
        StopError: It holds something else, which is not ours to remove.
    """
    if (data_folder / "PG_VERSION").is_file() and (data_folder / "global" / "pg_control").is_file():
        return True
    if not data_folder.exists() or not any(data_folder.iterdir()):
        return False
    raise StopError(
        f"{data_folder} is not a whole PostgreSQL data folder (PG_VERSION or global/pg_control is missing); "
        "restore it from a backup, or move it aside to begin with an empty one"
    )


def check_major_version(data_folder: Path, wanted: int) -> None:
    """Refuse to start programs of one major version on the data of another.

    Raises:
        StopError: The data is of another major version.
    """
    found = (data_folder / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(wanted):
        raise StopError(
            f"{data_folder} holds data of PostgreSQL {found}, and {wanted} is asked for: ask for {found}, or move the "
            "data with pg_dump and psql into a new PERENNIAL_HOME"
        )


def initialise(binaries: Binaries, account: ServerAccount, data_home: Path) -> None:
    """Make a cluster in a folder aside and put it in place whole: a kill at any moment leaves nothing half-made behind.

    Raises:
        StopError: initdb failed; the message shows what it said.
    """
    for leftover in data_home.glob(f"{DATA_FOLDER}.init-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    password = add_password(data_home, OWNER_ROLE)  # stored first: a cluster without its password would be lost
    workshop = Path(tempfile.mkdtemp(prefix=f"{DATA_FOLDER}.init-", dir=data_home))
    try:
        password_file = workshop / "password"
        with os.fdopen(
            os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(password + "\n")
            os.fchown(file.fileno(), account.uid, account.gid)
        os.chown(workshop, account.uid, account.gid)
        # Byte order sorts the same on every machine; from 17 on PostgreSQL brings its own upper and lower case.
        is_builtin = int(binaries.version.partition(".")[0]) >= 17
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if is_builtin else []
        answer = run_as(
            account,
            [
                binaries.folder / "initdb",
                *("-D", workshop / "data", f"--username={OWNER_ROLE}", f"--pwfile={password_file}"),
                *(
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    *locale,
                    "--data-checksums",
                    "--no-instructions",
                ),
            ],
            timeout_seconds=300,
        )
        if answer.returncode != 0:
            raise StopError(
                f"PostgreSQL cannot make its data folder in {data_home}:\n{_end_of(answer.stdout + answer.stderr)}\n"
                "Correct what it names (free disk space, access for the user "
                f"{account.name!r}) and start again; nothing was left behind."
            )
        (workshop / "data").rename(data_home / DATA_FOLDER)
        sync_folder(data_home)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    _log.info(
        "embedded_cluster_made", version=binaries.version, data_folder=str(data_home / DATA_FOLDER), user=account.name
    )


def persisted_port(data_home: Path) -> int | None:
    """The port of the last start; None before the first."""
    try:
        text = (data_home / _SETTINGS_FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    found = re.search(r"^port = (\d+)", text, flags=re.MULTILINE)
    return int(found.group(1)) if found else None


def choose_port(data_home: Path) -> int:
    """The port of the last start or, at the first or when somebody else took it, a free one."""
    persisted = persisted_port(data_home)
    if persisted is not None and is_port_free(persisted):
        return persisted
    offset = int(path_digest(data_home), 16)
    candidates = (_FIRST_PORT + (offset + step) % _PORT_COUNT for step in range(_PORT_TRIALS))
    port = next((candidate for candidate in candidates if is_port_free(candidate)), None)
    if port is None:
        with socket.socket() as listener:
            listener.bind((LOOPBACK, 0))
            port = int(listener.getsockname()[1])
    if persisted is not None:
        _log.warning("embedded_port_moved", taken_port=persisted, port=port, data_home=str(data_home))
    return port


def is_port_free(port: int) -> bool:
    """Whether nobody listens on the loopback port: tried from both sides, as some systems let two bind one port."""
    with socket.socket() as caller:
        caller.settimeout(1)
        if caller.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket() as listener:
        # As PostgreSQL does: connections of the last server that linger do not keep the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def launch(binaries: Binaries, account: ServerAccount, data_home: Path, port: int, *, alive_lock: int) -> None:
    """Write the settings and set the server going; it is not ready yet when this returns.

    Args:
        binaries: PostgreSQL's programs.
        account: The account to run it as.
        data_home: The folder of the settings and the data folder.
        port: The loopback port.
        alive_lock: Descriptor of a held lock. The server and all its backends inherit it, so that the lock is free
            again exactly when the last of them is gone.

    Raises:
        StopError: The account cannot reach the data folder any more.
    """
    data_folder = data_home / DATA_FOLDER
    settings, hba = data_home / _SETTINGS_FILE, data_home / _HBA_FILE
    # Beside the data folder, not in it: root must not write where the server's user could lay a link in its way.
    write_file(settings, _SETTINGS.format(port=port, cluster_name=cluster_name(data_folder)), mode=0o644)
    write_file(hba, _HBA, mode=0o644)
    arguments: list[str | Path] = [
        "/bin/sh",
        "-c",
        _LAUNCH,
        "sh",
        binaries.folder / "postgres",
        data_folder,
        settings,
        hba,
        _STARTUP_LOG,
    ]
    answer = run_as(account, arguments, pass_fds=(alive_lock,), timeout_seconds=30)
    if answer.returncode != 0:
        raise StopError(
            f"the user {account.name!r}, which PostgreSQL runs as, cannot enter {data_folder}: "
            f"{answer.stderr.strip()}; give back the access that was taken, or move the home "
            "and its data to a folder that it can reach"
        )


def log_end(data_folder: Path) -> str:
    """The last lines that the server wrote to its logs since it was last set going."""
    # Until its log collector runs, a server writes to the file of the start; after that, to the newest of the others.
    files = [path for path in (data_folder / _STARTUP_LOG, *(data_folder / "log").glob("*.log")) if path.is_file()]
    logs = sorted(files, key=lambda path: path.stat().st_mtime_ns)[-1:]
    texts = [
        path.read_text(encoding="utf-8", errors="replace")
        for path in (data_folder / _STARTUP_LOG, *logs)
        if path.is_file()
    ]
    return _end_of("\n".join(texts))


def _end_of(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_LOG_LINES:])


@dataclass(frozen=True)
class Login:
    """The outcome of the owner's attempt to log in.

    Attributes:
        is_accepted: Whether the server is up; it may have had no connection to spare.
        version: The server's full version, if it let us in.
    """

    is_accepted: bool
    version: str | None


def login(port: int, password: str, database: str) -> Login:
    """Log in as the owner. Both sides prove that they know the password: no stranger on the port passes for ours.

    Raises:
        StopError: The server has another password for the owner.
    """
    try:
        with psycopg.connect(
            host=LOOPBACK,
            hostaddr=LOOPBACK,
            port=port,
            user=OWNER_ROLE,
            password=password,
            dbname=database,
            connect_timeout=10,
            sslmode="disable",
            gssencmode="disable",
            require_auth="scram-sha-256",
            options="",
        ) as connection:
            return Login(is_accepted=True, version=connection.info.parameter_status("server_version"))
    except psycopg.OperationalError as error:
        message = str(error)
    if "password authentication failed" in message:
        raise StopError(
            "the server refuses the owner's stored password; restore passwords.json from the time of the data"
        )
    return Login(is_accepted="too many clients" in message or "remaining connection slots" in message, version=None)


def create_database(binaries: Binaries, port: int, password: str, database: str) -> None:
    """Create the database, owned by the owner.

    Raises:
        StopError: It cannot be created, or exists already.
    """
    answer = subprocess.run(
        [binaries.folder / "createdb", "-h", LOOPBACK, "-p", str(port), "-U", OWNER_ROLE, "-w", database],
        # Run as ourselves, not as the server's account: nobody but us and root can read this environment.
        env={"LC_ALL": "C", "PGPASSWORD": password, "PGSSLMODE": "disable"},
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )
    if answer.returncode != 0:
        raise StopError(f"the database {database!r} cannot be created: {answer.stderr.strip()}")
