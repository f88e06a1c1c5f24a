"""The process that imports dbt once and carries out one invocation after another, each in a fork of itself.

Run as a program, by `dbt_process`: `python -Pu dbt_server.py <descriptor of the listening socket>`. A fork is a process
as dbt's executable is: its memory, environment, logging and exit code are its own, and nothing of it reaches the next.

It ends when its input does, which is when the process that started it ends, however that comes about. What then is
being carried out, or is when its client is gone, gets the signal on which dbt cancels its queries, and some seconds for
it. The next invocation begins when the last has ended and not before.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

# What every invocation imports when it is under way.
IMPORTED_LATER = ("dbt.adapters.postgres", "dbt.include.postgres", "dbt.task.build", "dbt.task.test", "sqlparse")
_LIFELINE = 0
_SECONDS_TO_CANCEL = 10
_PR_SET_PDEATHSIG = 1


def main(listener: socket.socket) -> int:
    """Serve, and in each fork invoke dbt; returns there, with dbt's exit code.

    It returns 1 in the server itself when that has threads: a fork would keep their locks and not them.
    """
    from dbt.cli.main import cli

    for name in IMPORTED_LATER:
        importlib.import_module(name)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        return 1
    gc.collect()
    gc.freeze()  # a fork shares these objects' pages for as long as it does not write into them
    libc = ctypes.CDLL(None)
    server = os.getpid()
    sys.argv = ["dbt", *_next_invocation(listener)]
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        return 1
    cli()
    return 0


def _next_invocation(listener: socket.socket) -> list[str]:
    """The arguments of dbt, in a process forked for them; in the server itself this does not return."""
    while True:
        if _LIFELINE in select.select([listener, _LIFELINE], [], [])[0]:
            shutil.rmtree(Path(listener.getsockname()).parent, ignore_errors=True)
            os._exit(0)
        connection, _ = listener.accept()
        with connection:
            received = _received(connection)
            if received is None:
                continue
            request, outputs = received
            ended, under_way = os.pipe()
            pid = os.fork()
            if pid == 0:
                # `under_way` stays open for as long as this process lives, and tells the server by its end.
                os.close(ended)
                listener.close()
                return _become(request, outputs)
            for descriptor in (under_way, *outputs):
                os.close(descriptor)
            _see_out(pid, ended, connection)
            os.close(ended)


def _received(connection: socket.socket) -> tuple[list[bytes], list[int]] | None:
    """A client's request, and the descriptors of its output and its errors; None when it has gone in between."""
    outputs: list[int] = []
    try:
        head, outputs, _, _ = socket.recv_fds(connection, 8, 2)
        size = int.from_bytes(head, "big")
        request = bytearray()
        while len(request) < size and (more := connection.recv(size - len(request))):
            request += more
        if len(outputs) == 2 and len(request) == size > 0:
            connection.send(b"+")
            return bytes(request).split(b"\0"), outputs
    except OSError:
        pass
    for descriptor in outputs:
        os.close(descriptor)
    return None


def _become(request: list[bytes], outputs: list[int]) -> list[str]:
    """Take on a client's folder, environment and output; returns its arguments."""
    count = int(request[0])
    folder, *arguments = request[1 : 1 + count]
    os.environb.clear()
    os.environb.update(dict(entry.split(b"=", 1) for entry in request[1 + count :]))
    time.tzset()
    # Whoever started the run may ignore them, as a shell does for what runs in the background, and a process inherits
    # that; what is handed on has to end the invocation all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nothing, *outputs), (0, 1, 2), strict=True):
        os.dup2(source, target)
        os.close(source)
    os.chdir(folder)
    return [os.fsdecode(argument) for argument in arguments]


def _see_out(pid: int, ended: int, connection: socket.socket) -> None:
    """Wait for the end of an invocation, and tell its client; hand on the client's signals until then."""
    watched: list[int | socket.socket] = [ended, connection, _LIFELINE]
    patience: float | None = None
    while ended not in (ready := select.select(watched, [], [], patience)[0]):
        if not ready:
            os.kill(pid, signal.SIGKILL)
            patience = None
        elif _LIFELINE in ready or not (handed_on := _signals(connection)):
            os.kill(pid, signal.SIGINT)
            watched, patience = [ended], _SECONDS_TO_CANCEL
        else:
            for number in handed_on:
                os.kill(pid, number)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(b"%d" % code)


def _signals(connection: socket.socket) -> bytes:
    """The signals that a client hands on; none when it is gone."""
    try:
        return connection.recv(16)
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=int(sys.argv[1]))))
