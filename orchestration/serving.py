"""Long-lived processes on this machine: the Dagster UI with its daemon, the demonstration's receiver, the warehouse."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import typer

from connectors.sandbox.receiver import running_receiver
from models.embedded import EmbeddedServer
from models.errors import MisconfiguredError
from orchestration.deployment import Deployment, embedded_server, open_deployment
from orchestration.references import RECEIVER_SECRET, RECEIVER_URL, references
from orchestration.sandbox_process import reads_from_sandbox, sandbox_command
from orchestration.settings import Settings
from orchestration.transformation import dbt_project, prepare_manifest

_BIN = Path(sys.executable).parent
_POLL_SECONDS = 0.5
_GRACE_SECONDS = 15


def serve_ui(settings: Settings) -> int:
    """Run the webserver and the daemon until one of them ends or Ctrl-C stops both.

    Returns:
        0 after Ctrl-C, else the exit code of the process that ended first.
    """
    deployment = _prepared(settings)
    commands = [_webserver(settings, "127.0.0.1"), _daemon(settings)]
    if _sends_to_receiver(deployment):
        commands.append([str(_BIN / "perennial"), "receiver"])
    if reads_from_sandbox(settings):
        commands.append(sandbox_command())
    typer.echo(f"Dagster UI: http://127.0.0.1:{settings.ui_port}   (Ctrl-C stops it; the warehouse stays up)")
    signal.signal(signal.SIGTERM, _as_interrupt)  # a supervisor's polite stop ends the children too
    processes = [subprocess.Popen(command, cwd=settings.project_folder) for command in commands]
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(_POLL_SECONDS)
        return next(process.returncode for process in processes if process.poll() is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def become_webserver(settings: Settings, host: str) -> None:
    """Replace this process by Dagster's webserver."""
    _prepared(settings)
    os.chdir(settings.project_folder)
    command = _webserver(settings, host)
    os.execv(command[0], command)  # noqa: S606 - a fixed list of arguments


def become_daemon(settings: Settings) -> None:
    """Replace this process by Dagster's daemon."""
    _prepared(settings)
    os.chdir(settings.project_folder)
    command = _daemon(settings)
    os.execv(command[0], command)  # noqa: S606 - a fixed list of arguments


def check_daemon(settings: Settings) -> int:
    """The exit code of Dagster's own liveness check of its daemon."""
    open_deployment(settings)
    return subprocess.run([str(_BIN / "dagster-daemon"), "liveness-check"], check=False).returncode


def _prepared(settings: Settings) -> Deployment:
    """A deployment whose dbt manifest is there, as Dagster's processes expect."""
    deployment = open_deployment(settings)
    prepare_manifest(dbt_project(settings.project_folder, deployment.dbt_target), os.environ)
    return deployment


def _webserver(settings: Settings, host: str) -> list[str]:
    workspace = str(settings.project_folder / "workspace.yaml")
    return [str(_BIN / "dagster-webserver"), "-w", workspace, "-h", host, "-p", str(settings.ui_port)]


def _daemon(settings: Settings) -> list[str]:
    return [str(_BIN / "dagster-daemon"), "run", "-w", str(settings.project_folder / "workspace.yaml")]


def _sends_to_receiver(deployment: Deployment) -> bool:
    own = references(deployment.settings)[RECEIVER_URL]
    return any(getattr(destination, "url", None) == own for destination in deployment.configuration.destinations)


def serve_receiver(settings: Settings) -> None:
    """Serve the demonstration's receiver until Ctrl-C; its log lies in the deployment's home."""
    log_path = receiver_log(settings)
    secret = references(settings)[RECEIVER_SECRET]
    with running_receiver(log_path, secret=secret, port=settings.receiver_port) as receiver:
        typer.echo(f"receiver: {receiver.url}   log: {log_path}")
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


def receiver_log(settings: Settings) -> Path:
    """Where the demonstration's receiver keeps its own log."""
    return settings.home / "receiver" / "log.jsonl"


def start_warehouse(settings: Settings) -> None:
    """Start the embedded server and migrate; says where it is."""
    open_deployment(settings)
    print_status(settings)


def stop_warehouse(settings: Settings) -> None:
    """Stop the embedded server."""
    if settings.warehouse_url is not None:
        typer.echo("PERENNIAL_WAREHOUSE_URL names a server of your own; it is not Perennial's to stop.")
        return
    typer.echo("stopped" if embedded_server(settings).stop() else "was not running")


def print_status(settings: Settings) -> None:
    """Print whether the warehouse runs and where its data is."""
    if settings.warehouse_url is not None:
        typer.echo("warehouse: the server that PERENNIAL_WAREHOUSE_URL names")
        return
    server: EmbeddedServer = embedded_server(settings)
    status = server.status()
    if not status.is_running:
        typer.echo(f"warehouse: stopped; data in {status.data_folder}")
        return
    typer.echo(f"warehouse: running, PostgreSQL {status.version}, 127.0.0.1:{status.port}, process {status.pid}")
    typer.echo(f"data:      {status.data_folder}")
    typer.echo("connect:   .venv/bin/perennial warehouse url [--role reader]")


def remove_home(settings: Settings) -> None:
    """Stop the embedded server and delete the deployment's home, the server's data included.

    Raises:
        MisconfiguredError: The home is a folder that holds more than what Perennial put there.
    """
    home = settings.home.resolve()
    for kept in (settings.project_folder.resolve(), settings.config_path.resolve(), Path.home().resolve()):
        if kept.is_relative_to(home):
            raise MisconfiguredError(
                "PERENNIAL_HOME", f"is {home}, which holds {kept} too; remove what you want to remove by hand"
            )
    if settings.warehouse_url is None:
        server = embedded_server(settings)
        server.stop()
        shutil.rmtree(server.data_home, ignore_errors=True)
    shutil.rmtree(settings.home.resolve(), ignore_errors=True)
    settings.home.unlink(missing_ok=True)  # where it was a link
    typer.echo(f"removed {settings.home}")
