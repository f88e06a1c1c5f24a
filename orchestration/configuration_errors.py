"""What is wrong with a declaration, in its owner's words: the path of its key as it is written, and what is right."""

import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.errors import MisconfiguredError

# A model's own check begins with the key below it that is wrong, such as `columns.order_id: is needed`.
_KEY_IN_MESSAGE = re.compile(r"^([a-z_]+(?:\.[a-z_]+)*): (?=\S)")
_TYPE_TAGS = frozenset({"str", "int", "float", "bool", "date", "datetime", "decimal", "dict", "list", "none"})


def misconfigured(error: ValidationError, written: Any) -> MisconfiguredError:  # noqa: ANN401 - YAML holds anything
    """One error out of pydantic's list: the first key at fault, and how many more there are."""
    problems = [_problem(problem, written) for problem in error.errors(include_input=False)]
    # Where a key may take several shapes, what is wrong inside the shape that was written says more than that it is not
    # one of the others.
    inner = [key for key, _ in problems]
    problems = [
        (key, message)
        for key, message in problems
        if not any(other.startswith((f"{key}.", f"{key}[")) for other in inner)
    ]
    key, message = problems[0]
    others = "".join(f"\n  {other}: {text}" for other, text in problems[1:])
    return MisconfiguredError(key, message + (f"\nalso:{others}" if others else ""))


def _problem(problem: ErrorDetails, written: Any) -> tuple[str, str]:  # noqa: ANN401 - YAML holds anything
    """A problem's key and message."""
    key = key_path(problem["loc"], written, is_missing=problem["type"] == "missing")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"].startswith("union_tag_"):
        return f"{key}.{problem['ctx']['discriminator'].strip(chr(39))}", message
    named = _KEY_IN_MESSAGE.match(message) if problem["type"] == "value_error" else None
    return (f"{key}.{named.group(1)}".lstrip("."), message[named.end() :]) if named else (key, message)


def key_path(location: tuple[int | str, ...], written: Any, *, is_missing: bool = False) -> str:  # noqa: ANN401 - YAML holds anything
    """The path of a key as its owner would write it.

    Args:
        location: Pydantic's path, in which the tags of unions stand too; they stand in no file and are left out.
        written: What was validated.
        is_missing: Whether the path ends with a key that is not there and should be.
    """
    path, here = "", written
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        if isinstance(part, int):
            if isinstance(here, list):
                path += f"[{part}]"
                here = here[part] if part < len(here) else None
        elif isinstance(here, dict) and part in here:
            path += f".{part}"
            here = here[part]
        elif is_last and isinstance(here, dict) and (is_missing or not _is_tag(part, here)):
            path += f".{part}"
    return path.lstrip(".")


def _is_tag(part: str, here: dict[Any, Any]) -> bool:
    return part in _TYPE_TAGS or part == here.get("type") or not re.fullmatch(r"[a-z][a-z0-9_]*", part)
