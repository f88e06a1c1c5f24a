"""dbt in a process that stays: what serves one invocation after another, so that dbt is imported once.

Run as a program it reads invocations from its input, a JSON object a line, and answers each with one. What dbt prints
goes to a file, for its own output carries the answers.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Invoked:
    """What became of an invocation.

    Attributes:
        is_success: Whether dbt says so.
        output: What it printed.
    """

    is_success: bool
    output: str


def invoke(arguments: Sequence[str], environment: Mapping[str, str]) -> Invoked:
    """Run a dbt command as if in a process of its own."""
    serving = _serving()
    asked = json.dumps({"arguments": list(arguments), "environment": {**os.environ, **environment}})
    assert serving.stdin is not None
    assert serving.stdout is not None
    serving.stdin.write(asked + "\n")
    serving.stdin.flush()
    answer = serving.stdout.readline()
    assert answer, "dbt's process ended"
    return Invoked(**json.loads(answer))


@cache
def _serving() -> subprocess.Popen[str]:
    # Ends when its input does, which is when this process ends, however that comes about.
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _serve() -> None:
    from dbt.cli.main import dbtRunner

    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryDirectory() as folder:
        printed = Path(folder) / "printed"
        for line in sys.stdin:
            asked: dict[str, Any] = json.loads(line)
            os.environ.clear()
            os.environ.update(asked["environment"])
            with printed.open("w+", encoding="utf-8") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                    result = dbtRunner().invoke(asked["arguments"])
                    if result.exception is not None:
                        output.write(str(result.exception))
            text = printed.read_text(encoding="utf-8", errors="replace")
            answers.write(json.dumps({"is_success": result.success, "output": text}) + "\n")
            answers.flush()


if __name__ == "__main__":
    _serve()
