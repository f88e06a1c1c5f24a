"""Installations of Perennial for tests that run it whole: a folder with a perennial.yml, a home, and the real command.

Nothing of the project's own home is touched, and nothing of this process's environment is handed on but what programs
need to start at all.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from parsed_project import hand_out

from connectors.sandbox.receiver import Receiver

COMMAND = Path(sys.executable).parent / "perennial"
RUN_SECONDS = 900


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Installation:
    """One deployment, apart from every other.

    Attributes:
        folder: Where perennial.yml lies, with the home below it; passable for other accounts when the server is
        embedded. warehouse_url: The database; None for an embedded server of its own.
        receiver_port: Where the demonstration's receiver listens.
        sandbox_ports: Where the sandbox's platforms listen.
        parsed_project: A folder with the dbt project parsed; None for an installation that parses it by itself.
    """

    folder: Path
    warehouse_url: str | None = None
    receiver_port: int = field(default_factory=free_port)
    sandbox_ports: dict[str, int] = field(
        default_factory=lambda: {name: free_port() for name in ("SHOPIFY", "BIGCOMMERCE", "WOOCOMMERCE")}
    )

    parsed_project: Path | None = None

    def __post_init__(self) -> None:
        if self.parsed_project is not None:
            hand_out(self.parsed_project, self.home / "dbt", self.warehouse_url)

    @property
    def config_path(self) -> Path:
        return self.folder / "perennial.yml"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """All that the command is told."""
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ
        }
        return {
            **kept,
            "PERENNIAL_HOME": str(self.home),
            "PERENNIAL_CONFIG": str(self.config_path),
            "PERENNIAL_WAREHOUSE_URL": self.warehouse_url or "",
            "PERENNIAL_RECEIVER_PORT": str(self.receiver_port),
            **{f"PERENNIAL_SANDBOX_{name}_PORT": str(port) for name, port in self.sandbox_ports.items()},
            "PERENNIAL_LOG_LEVEL": "error",
        }

    def declare(self, declarations: dict[str, Any]) -> None:
        """Write perennial.yml."""
        self.config_path.write_text(yaml.safe_dump(declarations, sort_keys=False), encoding="utf-8")

    def perennial(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [COMMAND, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def succeed(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, which must be a good one."""
        done = self.perennial(*arguments)
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """The command under way, its output in one stream; whatever is left of it at the end is killed."""
        with subprocess.Popen(
            [COMMAND, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def receiver(self) -> Receiver:
        """The receiver's log, to be read; nothing listens."""
        return Receiver(self.home / "receiver" / "log.jsonl", secret="unused")
