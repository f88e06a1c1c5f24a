"""What a person sees while a run works: bars on a terminal, lines in a log, nothing where nobody looks.

The stages report through `current()`, so that the same asset shows bars under `make demo` and stays quiet under
Dagster's daemon, which has its own event log. Several threads may report at the same time. Holds no state but which
reporter is in use.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
Tell = Callable[[int, int | None], None]
"""Told how many records there are so far, and how many are expected in all, if that is known."""


class Reporter(Protocol):
    """Shows how far a piece of work has come."""

    def task(self, description: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Show a piece of work while its block runs; call what it yields with the amount done since the last call."""
        ...

    def records(self, description: str) -> AbstractContextManager[Tell]:
        """Show a reading while its block runs, whose length is known only as it goes."""
        ...


class SilentReporter:
    """Shows nothing."""

    @contextmanager
    def task(self, description: str, total: int | None = None) -> Iterator[Advance]:
        """Show nothing."""
        del description, total
        yield lambda _: None

    @contextmanager
    def records(self, description: str) -> Iterator[Tell]:
        """Show nothing."""
        del description
        yield lambda _, __: None


class LineReporter:
    """One line when a piece of work begins and one for each fifth of it: what reads well in a log.

    Args:
        stream: Where the lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    @contextmanager
    def task(self, description: str, total: int | None = None) -> Iterator[Advance]:
        """Write a line now, and one at each fifth of the total where there is one."""
        self._write(f"{description} ...")
        done, announced = 0, 0

        def advance(amount: int) -> None:
            nonlocal done, announced
            with self._lock:
                done += amount
                fifth = 5 * done // total if total else 0
                is_news = announced < fifth < 5
                announced = max(announced, fifth)
            if is_news:
                self._write(f"{description} {20 * fifth}%")

        yield advance

    @contextmanager
    def records(self, description: str) -> Iterator[Tell]:
        """Write a line now, one at each fifth of what is expected, and one that says how many there were."""
        self._write(f"{description} ...")
        announced, last = 0, 0

        def tell(read: int, expected: int | None) -> None:
            nonlocal announced, last
            last = read
            fifth = 5 * read // expected if expected else 0
            if announced < fifth < 5:
                announced = fifth
                self._write(f"{description} {20 * fifth}%, {_of(read, expected)}")

        yield tell
        self._write(f"{description}: {_of(last, None)}")

    def _write(self, text: str) -> None:
        with self._lock:
            self._stream.write(f"  {text}\n")
            self._stream.flush()


def _of(read: int, expected: int | None) -> str:
    if expected and expected >= read:
        return f"{read:,} of {expected:,} records"
    return f"{read:,} {'record' if read == 1 else 'records'}"


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

    @contextmanager
    def records(self, description: str) -> Iterator[Tell]:
        """Show a bar with the records so far, of unknown length until the source says how many there are."""
        task = self._progress.add_task(description, total=None)
        last = 0

        def tell(read: int, expected: int | None) -> None:
            nonlocal last
            last = read
            total = expected if expected and expected >= read else None
            self._progress.update(task, description=f"{description} {_of(read, expected)}", completed=read, total=total)

        yield tell
        self._progress.update(
            task, description=f"{description} {_of(last, None)}", total=last or 1, completed=last or 1
        )


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
