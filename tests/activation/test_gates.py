"""Gates: asked of what is about to be sent, in the order they stand in, and failing closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from activation.actions import Action, Cause, Target
from activation.gates.gate import ALLOWED, NO_ANSWER, Answer, Postponed, Refused, decisions
from connectors.destination import Operation

NOW = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
MORNING = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)
TARGET = Target("cdnow", "mail", None, is_idempotent=False, campaign="win_back")
NOWHERE: Any = None  # these gates read nothing


@dataclass
class Says:
    """A gate with its answers written down, which remembers what it was asked."""

    written: Mapping[str, Answer]
    asked: list[str] = field(default_factory=list)

    def answers(
        self, connection: Any, target: Target, actions: Sequence[Action], *, asked_at: datetime
    ) -> Mapping[str, Answer]:
        assert (connection, target, asked_at) == (NOWHERE, TARGET, NOW)
        self.asked += [action.action_key for action in actions]
        return self.written


def action(key: str, operation: Operation = Operation.SEND) -> Action:
    return Action(key, f"c-{key}", operation, {}, "", 0, Cause.TRIGGERED)


def test_each_gate_is_asked_about_what_the_ones_before_it_allowed() -> None:
    first = Says({"a": ALLOWED, "b": Refused("no consent"), "c": Postponed(MORNING, "quiet hours")})
    second = Says({"a": ALLOWED})
    kept_back = decisions([first, second], NOWHERE, TARGET, [action("a"), action("b"), action("c")], asked_at=NOW)
    assert kept_back == {"b": Refused("no consent"), "c": Postponed(MORNING, "quiet hours")}
    assert (first.asked, second.asked) == (["a", "b", "c"], ["a"])


def test_what_a_gate_says_nothing_about_is_refused() -> None:
    kept_back = decisions([Says({"a": ALLOWED})], NOWHERE, TARGET, [action("a"), action("b")], asked_at=NOW)
    assert kept_back == {"b": Refused(NO_ANSWER)}


def test_a_removal_is_kept_back_by_nothing() -> None:
    gate = Says({})
    removal = action("a", Operation.REMOVE)
    assert decisions([gate], NOWHERE, TARGET, [removal], asked_at=NOW) == {}
    assert gate.asked == []
