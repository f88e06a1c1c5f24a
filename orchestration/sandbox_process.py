"""The sandbox's platforms in a process of their own, for as long as the demonstration or the UI needs them.

Of their own, so that the shops do not compete with their readers for one interpreter. It ends with the process that
started it, however that ends: its standard input is a pipe from there.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import StopError
from orchestration import progress
from orchestration.deployment import read_configuration
from orchestration.references import sandbox_access
from orchestration.settings import Settings

READY = "The platforms are up."


def sandbox_command() -> list[str]:
    """The command that serves the demonstration's shops."""
    return [str(Path(sys.executable).parent / "perennial"), "sandbox", "--demonstration"]


def reads_from_sandbox(settings: Settings) -> bool:
    """Whether a store that `perennial.yml` declares is one of the sandbox's.

    Raises:
        MisconfiguredError: A key of `perennial.yml` is wrong.
    """
    own = sandbox_access(settings).urls
    stores = (store for merchant in read_configuration(settings).merchants for store in merchant.stores)
    return any(getattr(store.source, "url", None) in own for store in stores)


@contextmanager
def sandbox_process(settings: Settings) -> Iterator[Callable[[], None]]:
    """The demonstration's shops while the block runs, if `perennial.yml` reads from them.

    Yields:
        Waits until the shops can be read; it takes them some seconds to come up.

    Raises:
        MisconfiguredError: A key of `perennial.yml` is wrong.
    """
    if not reads_from_sandbox(settings):
        yield lambda: None
        return
    command = [*sandbox_command(), "--until-input-ends"]
    environment = {
        **os.environ,
        "PERENNIAL_HOME": str(settings.home.resolve()),
        "PERENNIAL_SANDBOX_SHOPIFY_PORT": str(settings.sandbox_shopify_port),
        "PERENNIAL_SANDBOX_BIGCOMMERCE_PORT": str(settings.sandbox_bigcommerce_port),
        "PERENNIAL_SANDBOX_WOOCOMMERCE_PORT": str(settings.sandbox_woocommerce_port),
    }
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def wait() -> None:
            with progress.current().task("Opening the sandbox's shops"):
                for line in process.stdout or ():
                    if line.startswith(READY):
                        return
            raise StopError("the sandbox's shops did not come up; `perennial sandbox --demonstration` says why")

        try:
            yield wait
        finally:
            process.terminate()
