"""What every sandbox that takes mail keeps: its messages, and the addresses that take none. Must not know a vendor."""

from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.serving import JournaledPlatform


@dataclass
class MailPlatform(JournaledPlatform):
    """An account that takes messages; its journal's entries are of the kinds `effect` and `suppression`."""

    _count: int = field(default=0, init=False)
    _suppressed: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._count = len(self.effects())
        self._suppressed = {row["email"].lower() for row in self.journal.entries("suppression")}

    def effects(self) -> list[dict[str, Any]]:
        """Every message that it took, to whomever: one entry per recipient."""
        return self.journal.entries("effect")

    def _suppress(self, row: dict[str, Any]) -> None:
        """Drop what is sent to the row's address from now on."""
        self.journal.write("suppression", row)
        self._suppressed.add(row["email"].lower())
