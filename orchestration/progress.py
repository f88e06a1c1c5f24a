"""What a person sees while a run works: bars on a terminal, lines in a log, nothing where nobody looks.

The stages report through `current()`, so that the same asset shows bars under `make demo` and stays quiet under
Dagster's daemon, which has its own event log. Holds no state but which reporter is in use.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class Reporter(Protocol):
    """Shows how far a piece of work has come."""

    def task(self, description: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Show a piece of work while its block runs; call what it yields with the amount done since the last call."""
        ...


class SilentReporter:
    """Shows nothing."""

    @contextmanager
    def task(self, description: str, total: int | None = None) -> Iterator[Advance]:
        """Show nothing."""
        del description, total
        yield lambda _: None


class LineReporter:
    """One line when a piece of work begins and one for each fifth of it: what reads well in a log.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextmanager
    def task(self, description: str, total: int | None = None) -> Iterator[Advance]:
        """Write a line now, and one at each fifth of the total where there is one."""
        self._write(f"{description} ...")
        done, announced = 0, 0

        def advance(amount: int) -> None:
            nonlocal done, announced
            done += amount
            fifth = 5 * done // total if total else 0
            if announced < fifth < 5:
                announced = fifth
                self._write(f"{description} {20 * fifth}%")

        yield advance

    def _write(self, text: str) -> None:
        self._stream.write(f"  {text}\n")
        self._stream.flush()


class BarReporter:
    """Live bars on a terminal; a finished task keeps its line with a tick and the time it took.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description:<46}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def task(self, description: str, total: int | None = None) -> Iterator[Advance]:
        """Show a bar, of unknown length where there is no total."""
        task = self._progress.add_task(description, total=total)
        yield lambda amount: self._progress.advance(task, amount)
        self._progress.update(task, total=total or 1, completed=total or 1)


_CURRENT: ContextVar[Reporter] = ContextVar("reporter", default=SilentReporter())  # noqa: B039 - it has no state


def current() -> Reporter:
    """The reporter in use."""
    return _CURRENT.get()


@contextmanager
def reporting(stream: TextIO) -> Iterator[None]:
    """Report to a stream while the block runs: bars where it is a terminal, lines where it is not."""
    console = Console(file=stream)
    if console.is_terminal:
        with BarReporter(console) as bars:
            token = _CURRENT.set(bars)
            try:
                yield
            finally:
                _CURRENT.reset(token)
    else:
        token = _CURRENT.set(LineReporter(stream))
        try:
            yield
        finally:
            _CURRENT.reset(token)
