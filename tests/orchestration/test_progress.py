"""What a person sees of a run: lines in a log, bars on a terminal, nothing elsewhere."""

import io

import pytest

from orchestration import progress
from orchestration.progress import LineReporter, SilentReporter


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def lines(total: int | None, amounts: list[int]) -> list[str]:
    stream = io.StringIO()
    with LineReporter(stream).task("Reading", total) as advance:
        for amount in amounts:
            advance(amount)
    return stream.getvalue().splitlines()


def test_a_line_is_written_at_the_beginning_and_at_each_fifth() -> None:
    written = ["  Reading ...", "  Reading 20%", "  Reading 40%", "  Reading 60%", "  Reading 80%"]
    assert lines(100, [1] * 100) == written
    assert lines(5, [1] * 5) == written


@pytest.mark.parametrize(
    ("total", "amounts", "percentages"),
    [
        (100, [70, 1, 29], ["60%"]),
        (100, [100], []),
        (100, [19, 1, 19], ["20%"]),
        (100, [50, 100], ["40%"]),
        (3, [1, 1, 1], ["20%", "60%"]),
        (0, [5], []),
        (None, [5, 5], []),
        (100, [], []),
    ],
)
def test_no_fifth_is_told_twice_or_before_its_time(
    total: int | None, amounts: list[int], percentages: list[str]
) -> None:
    assert lines(total, amounts) == ["  Reading ...", *(f"  Reading {percentage}" for percentage in percentages)]


def test_nothing_is_shown_where_nobody_looks() -> None:
    assert isinstance(progress.current(), SilentReporter)
    with progress.current().task("Reading", 10) as advance:
        advance(5)


def test_a_log_gets_lines_and_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        with progress.reporting(stream):
            with progress.current().task("Reading", 10) as advance:
                advance(4)
                advance(6)
            with progress.current().task("Starting") as advance:
                advance(1)
        assert isinstance(progress.current(), SilentReporter), "the reporter of before is in use again"
    assert log.getvalue().splitlines() == ["  Reading ...", "  Reading 40%", "  Starting ..."]
    shown = terminal.getvalue()
    assert "Reading" in shown
    assert "100%" in shown
    assert "✓" in shown
    assert "\x1b[" in shown


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_failure_passes_through_and_leaves_no_reporter_behind(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")

    def fail() -> None:
        with progress.reporting(stream), progress.current().task("Reading", 0) as advance:
            advance(1)
            _ = 1 // 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert isinstance(progress.current(), SilentReporter)
    with progress.reporting(stream), progress.current().task("Again", 1) as advance:
        advance(1)
    assert "Again" in stream.getvalue()


def test_tasks_may_lie_within_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    with (
        progress.reporting(terminal),
        progress.current().task("Outer", 2) as outer,
        progress.current().task("Inner [web]", 3) as inner,
    ):
        inner(3)
        outer(2)
    assert "Outer" in terminal.getvalue()
