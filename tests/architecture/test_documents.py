"""The documents hold what they say: links lead somewhere, commands exist, and they speak of the product only."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer.main

from orchestration.cli import app

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
]
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))
OF_ITS_MAKING = re.compile(
    r"\b(?:this|our|the) session\b|\bhelpers?\b|\bagents?\b|\bassistant\b|\bissue #?\d+|(?<![\w&/])#\d+\b|\btodo\b",
    re.IGNORECASE,
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def anchors(path: Path) -> set[str]:
    """What `#...` may lead to in a document, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        linked = (path.parent / file).resolve() if file else path
        is_there = linked.exists() and linked.is_relative_to(PROJECT)
        if not is_there or (anchor and linked.suffix == ".md" and anchor not in anchors(linked)):
            yield target


def shell_lines(path: Path) -> Iterator[str]:
    """The lines of a document's fenced blocks that a shell reads, and the commands that its text quotes."""
    text = path.read_text(encoding="utf-8")
    for language, block in FENCE.findall(text):
        if language in {"", "sh", "bash", "console", "shell"}:
            yield from block.splitlines()
    yield from re.findall(r"`((?:make|perennial|\.venv/bin/perennial) [^`\n]+)`", FENCE.sub("", text))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def unknown_part(words: list[str]) -> str | None:
    """The first word of a `perennial` command line that it does not know; None when it knows them all."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            option = word.split("=")[0]
            known = {
                "--help",
                *(n for parameter in command.params for n in (*parameter.opts, *parameter.secondary_opts)),
            }
            if option not in known:
                return word
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert list(broken_links(path)) == []


def test_every_document_can_be_found_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [PROJECT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        for target in re.findall(r"\]\(([^)\s#]+)", path.read_text(encoding="utf-8")):
            linked = (path.parent / target).resolve()
            if linked.is_dir():
                waiting += linked.glob("*.md")
            elif linked.exists():
                waiting.append(linked)
    assert {name_of(path) for path in DOCUMENTS} - {name_of(path) for path in seen} <= {"CHANGELOG.md"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_that_are_shown_exist(path: Path) -> None:
    unknown = []
    for line in shell_lines(path):
        command = re.sub(r"\s+#.*$", "", line).strip().removeprefix("$ ")
        if made := re.match(r"(?:\w+=\S+ )*make((?: [a-z]+)*)(?: \w+=\S*)*$", command):
            unknown += [f"make {target}" for target in made.group(1).split() if target not in make_targets()]
        elif called := re.match(r"(?:\w+=\S+ )*(?:\.venv/bin/)?perennial ([^|>&;]*)", command):
            part = unknown_part(called.group(1).split())
            unknown += [f"{command}: {part}"] if part else []
    assert unknown == []


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("run --as-of 2024-12-31 --merchant paper", None),
        ("warehouse url --role reader", None),
        ("warehouse ulr", "ulr"),
        ("run --as-off 2024-12-31", "--as-off"),
        ("rnu", "rnu"),
    ],
)
def test_a_command_that_does_not_exist_would_be_noticed(words: str, wrong: str | None) -> None:
    assert unknown_part(words.split()) == wrong
    readme = list(shell_lines(PROJECT / "README.md"))
    assert {"make demo", "make test"} <= {line.split("  ")[0].strip() for line in readme}


@pytest.mark.parametrize("path", [*DOCUMENTS, PROJECT / ".env.example", PROJECT / "perennial.yml"], ids=name_of)
def test_no_document_tells_how_it_was_made(path: Path) -> None:
    """A reader wants to know what the product does; who wrote it when, and in answer to which ticket, is history's."""
    told = OF_ITS_MAKING.findall(without_code(path.read_text(encoding="utf-8")))
    assert told == []


def test_decisions_are_numbered_without_gap_or_repeat() -> None:
    assert [path.name[:5] for path in DECISIONS] == [f"{number:04}-" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_was_decided_and_why(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.name[:4]} \w.+\n", text)
    assert "**Decided.**" in text
    assert "**Why.**" in text


def test_paths_that_documents_name_exist() -> None:
    """Text in backquotes that is written like a path of the checkout is one."""
    folders = {path.name for path in PROJECT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    missing = []
    for path in DOCUMENTS:
        for quoted in re.findall(r"`([\w./-]+)`", FENCE.sub("", path.read_text(encoding="utf-8"))):
            first, _, rest = quoted.partition("/")
            if first in folders and rest and not (PROJECT / quoted).exists():
                missing.append(f"{name_of(path)}: {quoted}")
    assert missing == []


def test_variables_that_documents_name_are_settings() -> None:
    known = set(re.findall(r"^(PERENNIAL_\w+)=", (PROJECT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    known |= {"PERENNIAL_RECEIVER_URL", "PERENNIAL_RECEIVER_SECRET"}  # made up by a deployment itself
    told = {
        variable
        for path in DOCUMENTS
        for variable in re.findall(r"PERENNIAL_[A-Z_]+", without_examples(path.read_text(encoding="utf-8")))
    }
    assert told - known == set()


def without_examples(text: str) -> str:
    """A document without its examples of perennial.yml, which refer to variables of their owner's."""
    return re.sub(r"\$\{\w+\}", "", text)


def test_the_makefiles_list_is_complete() -> None:
    listed = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True).stdout
    assert {f"make {target}" for target in make_targets()} == set(re.findall(r"\bmake [a-z]+", listed))
