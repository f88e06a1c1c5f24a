"""The account's own record of what came and what it did, written in one go before anybody is answered.

Tests believe this file and nothing else about what was sent. Entries are only ever added.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from connectors.sandbox import journal

_encoded = msgspec.json.Encoder(decimal_format="number").encode
_decoded = msgspec.json.Decoder(float_hook=Decimal).decode


class Journal(journal.Journal):
    """A journal whose entries wait for the end of a request: an import has ten thousand of them.

    Args:
        path: The file; an existing one is continued.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._waiting: list[bytes] = []

    def note(self, kind: str, **facts: object) -> None:
        """Add an entry; it is on disk after the next `flush`."""
        self._waiting.append(_encoded({"kind": kind, **facts}))

    def flush(self) -> None:
        """Bring what was noted to disk."""
        if not self._waiting:
            return
        lines, self._waiting = b"\n".join(self._waiting) + b"\n", []
        with self.path.open("ab") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def noted(self, *kinds: str) -> list[dict[str, Any]]:
        """The entries of these kinds, or all of them, in the order of writing; fractions as `Decimal`."""
        with self.path.open("rb") as lines:
            found: list[dict[str, Any]] = [_decoded(line) for line in lines]
        return [entry for entry in found if not kinds or entry["kind"] in kinds]
