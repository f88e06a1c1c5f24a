"""The process of dbt that serves all of a process's invocations, so that a run imports dbt once and not each time."""

import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CLIENT = Path(__file__).parent / "dbt_client.py"
_SERVER = Path(__file__).parent / "dbt_server.py"


@dataclass
class DbtProcess:
    """At most one server, started when it is first asked for; it ends with this process, however this process ends.

    Where there are no processes to fork or no sockets to be had, dbt starts by itself each time.
    """

    _running: "subprocess.Popen[bytes] | None" = None
    _folder: Path | None = None

    def command(self, executable: str) -> list[str]:
        """What invokes dbt when its arguments are put behind it.

        Args:
            executable: dbt's own, which is what is invoked where no server can be had.
        """
        # Elsewhere a fork of a process that has loaded the system's frameworks may crash.
        if sys.platform != "linux":
            return [executable]
        if self._running is None or self._running.poll() is not None:
            try:
                self._start()
            except OSError:
                self.end()
                return [executable]
        return [sys.executable, "-IS", str(_CLIENT), str(self._folder and self._folder / "socket"), executable]

    def end(self) -> None:
        """End the server, and whatever it is carrying out."""
        if self._running is not None:
            if self._running.stdin is not None:
                self._running.stdin.close()
            self._running.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._running = self._folder = None

    def _start(self) -> None:
        self.end()
        # Nobody else may enter it. The path of a socket is short, so it does not lie in the deployment's home.
        self._folder = Path(tempfile.mkdtemp(prefix="perennial-dbt-"))
        with socket.socket(socket.AF_UNIX) as listener:
            # Clients may come from now on: they wait until dbt is imported, and go on by themselves if it never is.
            listener.bind(str(self._folder / "socket"))
            listener.listen()
            self._running = subprocess.Popen(
                [sys.executable, "-Pu", str(_SERVER), str(listener.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                # The terminal's signals reach the clients, which hand them on.
                process_group=0,
            )


@cache
def dbt_process() -> DbtProcess:
    """This process's own."""
    return DbtProcess()
