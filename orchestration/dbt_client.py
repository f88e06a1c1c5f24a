"""An invocation of dbt by the process that has imported dbt already, `dbt_server`; by dbt itself where that is gone.

Run as a program: `python -IS dbt_client.py <socket> <dbt's executable> <dbt's arguments>`. It stands in for dbt: what
it was started with goes to the server, which writes straight to where this process would; signals are handed on, and it
ends as the invocation ends. Of Python's library it imports next to nothing, for it starts with every invocation.
"""

import os
import signal
import socket
import sys

_HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(address: str, executable: str, arguments: list[str]) -> int:
    """Have the server invoke dbt.

    Args:
        address: The path of the server's socket.
        executable: dbt's own, which this process becomes when no server answers.
        arguments: dbt's.

    Returns:
        The exit code, as dbt's executable would have had it. A process that a signal ended is not returned from: the
        same signal ends this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with socket.socket(socket.AF_UNIX) as server:
        if not _has_begun(server, address, arguments):
            sys.stderr.write("dbt starts by itself, as nobody serves it\n")
            sys.stderr.flush()
            os.execv(executable, [executable, *arguments])  # noqa: S606 - dbt's own
        for number in _HANDED_ON:
            signal.signal(number, lambda number, _: server.send(bytes((number,))))
        answer = _rest(server)
        for number in _HANDED_ON:
            signal.signal(number, signal.SIG_DFL)
    if not answer:
        # Its tables are half-made: whoever asked for them decides what follows.
        sys.stderr.write("the process that served dbt died, and the invocation with it\n")
        return 1
    code = int(answer)
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


def _has_begun(server: socket.socket, address: str, arguments: list[str]) -> bool:
    """Hand the invocation over, and wait until it is its turn; False when nobody takes it."""
    parts = [os.fsencode(part) for part in (os.getcwd(), *arguments)]  # noqa: PTH109 - pathlib takes long to import
    environment = [name + b"=" + value for name, value in os.environb.items()]
    request = b"\0".join((b"%d" % len(parts), *parts, *environment))
    try:
        server.connect(address)
        socket.send_fds(server, [len(request).to_bytes(8, "big")], [1, 2])
        server.sendall(request)
        return server.recv(1) == b"+"
    except OSError:
        return False


def _rest(server: socket.socket) -> bytes:
    try:
        return b"".join(iter(lambda: server.recv(16), b""))
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
