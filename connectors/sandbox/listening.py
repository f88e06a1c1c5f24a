"""A server on the loopback address, in a thread of this process where that is wanted. Must not know what it serves."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web


@contextmanager
def listening(listen: Callable[[Callable[[], None], asyncio.Event], Awaitable[None]], *, name: str) -> Iterator[None]:
    """Keep a server up for as long as the block lasts, in a thread with an event loop of its own.

    Args:
        listen: Serves until the event it is given is set; calls what it is given first once it can be reached.
        name: What the thread is called.

    Raises:
        BaseException: What `listen` raised before it could be reached, such as an OSError where the port is taken.
    """
    ready = threading.Event()
    stop: list[Callable[[], object]] = []
    failures: list[BaseException] = []

    async def main() -> None:
        until = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(until.set))
        await listen(ready.set, until)

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for it
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    ready.wait()
    if failures:
        raise failures[0]
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # the loop has already ended
            stop[0]()
        thread.join()


async def served(
    application: web.Application,
    port: int,
    on_ready: Callable[[str], None],
    until: asyncio.Event,
    *,
    cancels_handlers: bool = False,
) -> None:
    """Serve on the loopback address until an event.

    Args:
        application: What is served.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        on_ready: Told the address, without a path, once it can be reached.
        until: The event.
        cancels_handlers: Whether a request whose client went away is given up.

    Raises:
        OSError: The port is taken.
    """
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0, handler_cancellation=cancels_handlers)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        on_ready(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await until.wait()
    finally:
        await runner.cleanup()
