"""A redemption that is killed at any line: afterwards there is a code or the points are back, never both."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa
from code_shop import TODAY, BareShop, CodeShop, Counter, open_counter

from models.errors import PerennialError

_ROOT = Path(__file__).resolve().parents[2]
_TRACED = tuple(
    str(_ROOT / path)
    for path in (
        "activation/loyalty/redemptions.py",
        "activation/loyalty/endings.py",
        "activation/loyalty/withdrawals.py",
        "activation/loyalty/issuing.py",
        "activation/loyalty/ledger.py",
        "activation/occurrences",
        "activation/delivery.py",
        "activation/ledger.py",
        "tests/activation/code_shop.py",
    )
)


class Killed(BaseException):
    """Ends the work at a line; the server rolls back what was not committed, as it does after kill -9."""


@contextmanager
def dying_at(number: int) -> Iterator[list[int]]:
    """Die at the nth line of the traced modules; 0 lives. The list holds how many ran."""
    ran = [0]

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_TRACED):
            return None
        if event == "line":
            ran[0] += 1
            if ran[0] == number:
                raise Killed
        return trace

    sys.settrace(trace)
    try:
        yield ran
    finally:
        sys.settrace(None)


def redeem(counter: Counter) -> None:
    counter.ask()
    counter.issue()


def redeem_and_cancel(counter: Counter) -> None:
    redeem(counter)
    counter.cancel()
    counter.issue()
    counter.later(hours=2)
    counter.issue()


STORIES: dict[str, tuple[Callable[[Counter], None], Callable[[], CodeShop | BareShop]]] = {
    "issued": (redeem, CodeShop),
    "cancelled": (redeem_and_cancel, CodeShop),
    "issued at a shop that cannot be asked": (redeem, BareShop),
    "cancelled at a shop that cannot be asked": (redeem_and_cancel, BareShop),
}


def require_one_of_two(counter: Counter) -> None:
    """A code that works, or the points; and every balance follows from facts."""
    shop = counter.at if isinstance(counter.at, CodeShop) else counter.at.shop
    working = set(shop.codes) - shop.closed
    balance = counter.shop.balance("a")
    assert len(shop.made) <= 1
    assert balance["available"] == (50 if working else balance["available"])
    assert balance["available"] + balance.get("held", 0) == 100
    assert counter.shop.prove().holds


def survive(engine: sa.Engine, story: str, die_at: int) -> int:
    """Kill a story at a line and let the next nights go on; returns how many lines it has."""
    tell, make = STORIES[story]
    counter = open_counter(engine, f"m{story}{die_at}")
    counter.at = make()
    with dying_at(die_at) as ran, suppress(Killed, PerennialError):
        tell(counter)
    require_one_of_two(counter)
    if die_at % 2:  # somebody gives up on it, in every state that a death may leave
        with suppress(PerennialError):
            counter.cancel()
    for _ in range(2):
        counter.later(hours=2)
        with suppress(PerennialError):
            counter.night()
        require_one_of_two(counter)
    counter.later(days=40)
    counter.night(TODAY + timedelta(days=40))
    shop = counter.at if isinstance(counter.at, CodeShop) else counter.at.shop
    balance = counter.shop.balance("a")
    assert "held" not in balance, "nothing is held for ever"
    if balance["available"] == 100 and shop.codes and isinstance(counter.at, CodeShop):
        assert shop.closed or counter.shop.programme.rewards[0].returns_points
    assert counter.shop.prove().holds
    return ran[0]


@pytest.mark.parametrize("story", STORIES)
def test_a_death_leaves_a_code_or_the_points(engine: sa.Engine, story: str) -> None:
    draw = random.Random(story)
    count = survive(engine, story, 0)
    assert count > 100
    for die_at in draw.sample(range(1, count + 1), 2):
        survive(engine, story, die_at)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("story", STORIES)
def test_a_death_at_any_line_leaves_a_code_or_the_points(engine: sa.Engine, story: str, part: int) -> None:
    for die_at in range(1 + part, survive(engine, story, 0) + 1, 4):
        survive(engine, story, die_at)


def survive_the_end(engine: sa.Engine, used: int, die_at: int) -> int:
    """Kill the night in which a code is known to have run out, and let the next ones go on; says how many lines."""
    counter = open_counter(engine, f"end{used}{die_at}", returns_points=True)
    redeem(counter)
    assert isinstance(counter.at, CodeShop)
    counter.at.codes = dict.fromkeys(counter.at.codes, used)
    counter.later(days=40)
    night = TODAY + timedelta(days=40)
    counter.shop.post(night)
    with dying_at(die_at) as ran, suppress(Killed):
        counter.issue(night)
    assert counter.shop.balance("a").get("available") == (50 if used or counter.state() == "issued" else 100)
    counter.night(night)
    left = {"available": 50, "spent": 50} if used else {"available": 100}
    assert counter.shop.balance("a") == {"issued": -100, **left}
    assert counter.shop.prove().holds
    return ran[0]


def test_a_death_in_the_last_night_gives_no_points_back_for_a_used_code(engine: sa.Engine) -> None:
    count = survive_the_end(engine, 1, 0)
    survive_the_end(engine, 1, random.Random(7).randint(1, count))


@pytest.mark.soak
@pytest.mark.parametrize("used", [0, 1])
def test_a_death_at_any_line_of_the_last_night_gives_no_points_back_for_a_used_code(
    engine: sa.Engine, used: int
) -> None:
    for die_at in range(1, survive_the_end(engine, used, 0) + 1):
        survive_the_end(engine, used, die_at)
