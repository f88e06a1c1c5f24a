"""Where the reading of a store stands: the cursor, as the source thinks of it.

A chain of readings goes through steps: the lists one after the other, then what is looked at again. Its upper bound is
the platform's time at its start. What was read to its end is remembered by the newest modification in it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.source import Cursor
from models.records.shopify import CUSTOMERS

_VERSION = 2
_WITHOUT_SMS_CONSENT = 1


@dataclass
class Progress:
    """The cursor.

    Attributes:
        newest: Per stream that was read to its end, the newest modification read.
        until: The upper bound of the chain under way; None between chains.
        asked_at: The time of the run that began that chain.
        steps: What the chain has still to do, the first being under way.
        place: How far that one has come; empty at its start.
        compared_at: The upper bound of the last chain that compared all ids.
        hidden: What the app may not see, as of the chain's start.
    """

    newest: dict[str, datetime] = field(default_factory=dict)
    until: datetime | None = None
    asked_at: datetime | None = None
    steps: list[str] = field(default_factory=list)
    place: dict[str, Any] = field(default_factory=dict)
    compared_at: datetime | None = None
    hidden: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, cursor: Cursor | None) -> "Progress":
        """The progress that a cursor stands for; a store that was never read has none."""
        if cursor and cursor.get("version") == _WITHOUT_SMS_CONSENT:
            # Customers were read without their consent to text messages, and the rest as now: they are read again.
            newest = {name: text for name, text in cursor["newest"].items() if name != CUSTOMERS.name}
            begun: Cursor = {"until": None, "asked_at": None, "steps": [], "place": {}}
            cursor = {**cursor, "version": _VERSION, "newest": newest, **begun}
        if not cursor or cursor.get("version") != _VERSION:
            return cls()
        return cls(
            newest={name: datetime.fromisoformat(text) for name, text in cursor["newest"].items()},
            until=_time(cursor["until"]),
            asked_at=_time(cursor["asked_at"]),
            steps=list(cursor["steps"]),
            place=dict(cursor["place"]),
            compared_at=_time(cursor["compared_at"]),
            hidden=list(cursor["hidden"]),
        )

    def cursor(self) -> Cursor:
        """The cursor that stands for it."""
        return {
            "version": _VERSION,
            "newest": {name: written(at) for name, at in sorted(self.newest.items())},
            "until": self.until and written(self.until),
            "asked_at": self.asked_at and self.asked_at.isoformat(),
            "steps": list(self.steps),
            "place": dict(self.place),
            "compared_at": self.compared_at and written(self.compared_at),
            "hidden": list(self.hidden),
        }

    def finish_step(self) -> None:
        """Go on to the next step."""
        self.steps.pop(0)
        self.place = {}

    def saw(self, stream: str, newest: datetime | None) -> None:
        """Remember that a stream was read to its end."""
        if newest is not None:
            before = self.newest.get(stream)
            self.newest[stream] = newest if before is None else max(before, newest)


def written(at: datetime) -> str:
    """A time as Shopify's filters take it: in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
