"""`make demo`: real purchases, from a clean folder to a summary worth reading; then one customer around the loop."""

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from connectors.sandbox.receiver import running_receiver
from orchestration import progress
from orchestration.closing_loop import close_the_loop
from orchestration.deployment import open_deployment
from orchestration.execution import execute
from orchestration.references import RECEIVER_SECRET, references
from orchestration.sandbox_process import sandbox_process
from orchestration.serving import receiver_log
from orchestration.settings import Settings
from orchestration.summary import print_next, print_notices, print_summary, summary_console


@contextmanager
def _receiver(settings: Settings) -> Iterator[None]:
    """The receiver while the block runs: one of our own, or the one that `make ui` has up."""
    secret = references(settings)[RECEIVER_SECRET]
    with ExitStack() as stack:
        try:
            stack.enter_context(running_receiver(receiver_log(settings), secret=secret, port=settings.receiver_port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        yield


def run_demo(settings: Settings, *, closes_loop: bool = True) -> int:
    """Run the pipeline for everything that `perennial.yml` declares, with the receiver up, and print what came of it.

    Then the loop is closed at a small shop of its own, once per home.

    Returns:
        0 when every merchant was published, else 1.
    """
    console = summary_console()
    console.print("[bold]Perennial[/bold]: real purchases, from the archive to the message that follows from them.\n")
    with progress.reporting(sys.stderr), sandbox_process(settings) as wait_for_shops:
        with progress.current().task("Starting the warehouse"):
            deployment = open_deployment(settings)
        with _receiver(settings):
            finished = execute(deployment, [], None, when_loaded=wait_for_shops)
    print_summary(deployment, console, finished.run_id if finished.has_published_everybody else None)
    print_notices(console, finished.notices)
    if closes_loop and finished.has_published_everybody:
        with progress.reporting(sys.stderr):
            close_the_loop(settings, console, deployment.clock)
    print_next(console)
    return 0 if finished.has_published_everybody else 1
