"""Walks through faults over every destination that sends: nobody is sent twice, and nobody is lost.

`make soak` takes more than five hundred; here are a few of each kind.
"""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from fault_walks import IN_PROCESS, WALKED, Walk, misbehave

from connectors.destination import ReadsBack

# A death that is played within this process leaves connections open that a real one takes along.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_SAMPLE = 2
_SOAK = 70
_PER_ACCOUNT = 10  # a sandbox whose clock stands still gives no more allowance


def walk_all(name: str, folder: Path, engine: sa.Engine, database_url: str, count: int) -> Iterator[Walk]:
    chance = random.Random(f"{name} {count}")
    is_in_process, lines, killed = name in IN_PROCESS, 0, 0
    for first in range(1, count + 1, _PER_ACCOUNT):
        account = folder / str(first)
        account.mkdir()
        with closing(WALKED[name](account)) as harnesses:
            harness = next(harnesses)
            if not lines:
                living = Walk(harness, engine, database_url, 0, is_in_process)
                lines = living.dies_at(0)
                assert lines > 100
                living.finish()
                assert living.problems() == []
                assert len(harness.effects()) == len(living.numbers)
            for number in range(first, min(first + _PER_ACCOUNT, count + 1)):
                walk = Walk(harness, engine, database_url, number, is_in_process)
                faults = misbehave(harness, chance)
                line = chance.randint(1, lines)
                killed += walk.dies_at(line) == 0
                faults += misbehave(harness, chance)
                walk.finish()
                assert walk.problems() == [], f"walk {number} of {name}, killed at line {line} with {faults}"
                yield walk
    assert killed >= count / 2


def waiting(walk: Walk) -> set[str]:
    return {row.customer_id for row in walk.shop.ledger() if row.outcome == "maybe_sent"}


def walked(name: str, folder: Path, engine: sa.Engine, database_url: str, count: int) -> None:
    blocked = 0
    for walk in walk_all(name, folder, engine, database_url, count):
        blocked += len(waiting(walk))
        destination = walk.harness.destination
        if destination.is_idempotent or isinstance(destination, ReadsBack):
            # What takes repeats, or can be asked, leaves nothing to a person; a failover can only ask all of its own.
            assert name == "failover" or blocked == 0


@pytest.mark.parametrize("name", WALKED)
def test_whatever_dies_and_whatever_fails_nobody_is_sent_twice_or_lost(
    name: str, tmp_path: Path, engine: sa.Engine, database_url: str
) -> None:
    walked(name, tmp_path, engine, database_url, _SAMPLE)


@pytest.mark.soak
@pytest.mark.parametrize("name", WALKED)
def test_a_long_walk_sends_nobody_twice_and_loses_nobody(
    name: str, tmp_path: Path, engine: sa.Engine, database_url: str
) -> None:
    walked(name, tmp_path, engine, database_url, _SOAK)
