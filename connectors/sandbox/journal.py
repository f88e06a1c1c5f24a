"""A sandbox's own log: what it did, written down before it answers. Must not know who writes it."""

import json
import os
import threading
from pathlib import Path
from typing import Any


class Journal:
    """An append-only file of JSON objects, one per line, each with its `kind`; an existing one is continued.

    Args:
        path: The file; its folder is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        content = path.read_bytes()
        # The end of a file whose writer was killed in the middle of a line: nobody was answered on it.
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(path, len(whole))

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The entries of a kind, oldest first."""
        with self.path.open(encoding="utf-8") as lines:
            logged = [json.loads(line) for line in lines]
        return [entry for entry in logged if entry["kind"] == kind]

    def write(self, kind: str, *entries: dict[str, Any]) -> None:
        """Add entries; they are on the disk when this returns."""
        if not entries:
            return
        lines = b"".join(json.dumps({"kind": kind, **e}, ensure_ascii=False).encode() + b"\n" for e in entries)
        with self._lock, self.path.open("ab") as log:
            log.write(lines)
            log.flush()
            os.fsync(log.fileno())
