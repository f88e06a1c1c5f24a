"""Codes that are taken back: one that the shop never says anything about keeps no other waiting."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from code_shop import TODAY, CodeShop, Counter, open_counter

from connectors.codes import CodeState
from models.errors import RetryLaterError


@dataclass
class SilentAboutSome(CodeShop):
    """Says nothing about some codes.

    Attributes:
        unsaid: Which.
        asked: About which codes it was asked.
    """

    unsaid: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def code_state(self, code: str, *, asked_at: datetime) -> CodeState | None:
        self.asked.append(code)
        if code in self.unsaid:
            raise RetryLaterError("the shop cannot end it")
        return super().code_state(code, asked_at=asked_at)


@pytest.fixture
def counter(engine: sa.Engine) -> Counter:
    counter = open_counter(engine, returns_points=True)
    counter.at = SilentAboutSome()
    return counter


def two_codes(counter: Counter) -> tuple[SilentAboutSome, str]:
    first = counter.ask("r1")
    counter.later(minutes=1)
    counter.ask("r2")
    counter.issue()
    assert isinstance(counter.at, SilentAboutSome)
    return counter.at, first.code


def test_a_code_that_the_shop_cannot_end_keeps_no_other_waiting(counter: Counter) -> None:
    shop, first = two_codes(counter)
    for name in ("r1", "r2"):
        counter.cancel(name)
    shop.unsaid = {first}
    for _ in range(2):
        with pytest.raises(RetryLaterError, match="cannot end it"):
            counter.issue()
        counter.later(hours=2)
    assert (counter.state("r1"), counter.state("r2")) == ("withdrawing", "cancelled")


def test_a_code_that_the_shop_cannot_end_keeps_none_waiting_that_ran_out(counter: Counter) -> None:
    shop, first = two_codes(counter)
    counter.cancel("r1")
    shop.unsaid = {first}
    counter.later(days=40)
    night = TODAY + timedelta(days=40)
    with pytest.raises(RetryLaterError, match="cannot end it"):
        counter.night(night)
    assert (counter.state("r1"), counter.state("r2")) == ("withdrawing", "expired")


def test_a_shop_that_says_nothing_at_all_is_left_alone(engine: sa.Engine) -> None:
    counter = open_counter(engine, points=10)
    counter.at = SilentAboutSome()
    for number in range(5):
        counter.ask(f"r{number}")
    counter.issue()
    for number in range(5):
        counter.cancel(f"r{number}")
    counter.at.unsaid = set(counter.at.codes)
    with pytest.raises(RetryLaterError, match="cannot end it"):
        counter.issue()
    assert len(counter.at.asked) == 3
