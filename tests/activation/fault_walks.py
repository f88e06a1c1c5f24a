"""One walk through faults: a delivery that dies at a random line, a provider that misbehaves, and runs that go on.

A walk is one merchant with a few customers, each to be sent one thing. What was sent is read from the receiver's own
log. A destination joins by its harness in `destination_harnesses`; the ones that stand in for each other, here.
"""

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa
from activated_shop import Shop, Time, make_shop
from campaign_sends import occurrence, send
from destination_harnesses import HARNESSES, SENDING, Harness

from activation.actions import Action
from activation.gates.gate import Refused
from connectors.destination import Destination
from connectors.destinations.failover import FailoverDestination
from models.engine import create_engine

ROOT = Path(__file__).resolve().parents[2]
# What decides, writes and sends; what the rest does is only read from the warehouse.
_TRACED = tuple(
    str(ROOT / path)
    for path in (
        *(f"activation/{name}.py" for name in ("delivery", "ledger", "reading_back", "rendering", "sent_fields")),
        "activation/gates/",
        "activation/occurrences/",
        "connectors/destinations/",
    )
)
CUSTOMERS = 6
# A walk's customers have numbers of their own, by which the receivers of all walks tell them apart.
_NUMBERS_PER_WALK = 10


class KilledError(BaseException):
    """Stands for the end of the process, within it."""


@dataclass
class Executioner:
    """Counts the lines that run, and at one of them does what ends the delivery."""

    die_at: int
    ends: Callable[[], None]
    count: int = 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_TRACED):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.die_at:
                self.ends()
        return self


def failover(folder: Path) -> Iterator[Harness]:
    """Two mail providers that stand in for each other, each with a log of its own."""
    for name in ("first", "second"):
        (folder / name).mkdir()
    first, second = HARNESSES["ses"](folder / "first"), HARNESSES["sendgrid"](folder / "second")
    ses, sendgrid = next(first), next(second)
    chance = random.Random(1)

    def named(destination: Destination, name: str) -> Destination:
        destination.name = name
        return destination

    def mistreat(how: str) -> None:
        chosen = chance.choice([ses, sendgrid]).mistreat
        assert chosen is not None
        chosen(how)

    try:
        yield Harness(
            FailoverDestination("mail", [named(ses.destination, "ses"), named(sendgrid.destination, "sendgrid")]),
            lambda: [*ses.effects(), *sendgrid.effects()],
            FailoverDestination("mail", [ses.unreachable, named(sendgrid.unreachable, "other")]),
            ses.message,
            mistreat,
        )
    finally:
        first.close()
        second.close()


WALKED: dict[str, Callable[[Path], Iterator[Harness]]] = {
    **{name: HARNESSES[name] for name in SENDING},
    "failover": failover,
}
# These keep in memory what their other end needs, and cannot be walked in a process of their own.
IN_PROCESS = frozenset({"klaviyo_events"})


@dataclass
class Walk:
    """One walk.

    Attributes:
        harness: The destination and its other end, which other walks share.
        engine: The warehouse.
        database_url: The warehouse, for a process of its own.
        number: Which walk.
        is_in_process: Whether the end of the process is only played.
    """

    harness: Harness
    engine: sa.Engine
    database_url: str
    number: int
    is_in_process: bool

    def __post_init__(self) -> None:
        self.shop: Shop = make_shop(self.engine, f"walk{self.number}")
        self.shop.time = Time(datetime(2026, 1, 5, 1, 0, tzinfo=UTC))
        self.numbers = [self.number * _NUMBERS_PER_WALK + one for one in range(CUSTOMERS)]
        for number in self.numbers:
            self.shop.customer(f"c{number}")

    def run(self, shop: Shop) -> None:
        """Send everything that is not known to have been sent."""
        send(shop, self.harness.destination, *(occurrence(f"c{n}") for n in self.numbers), page=self)  # type: ignore[arg-type]

    def __call__(
        self, _connection: sa.Connection, actions: Sequence[Action], *, rendered_at: datetime
    ) -> Mapping[str, dict[str, Any] | Refused]:
        assert rendered_at.tzinfo is not None
        assert self.harness.message is not None
        return {a.action_key: self.harness.message(int(a.customer_id[1:])).payload for a in actions}

    def dies_at(self, line: int) -> int:
        """Run until that line; 0 lives. Says how many lines there were, 0 when it died."""
        return self._played(line) if self.is_in_process else self._forked(line)

    def _played(self, line: int) -> int:
        def ends() -> None:
            raise KilledError

        executioner = Executioner(line, ends)
        sys.settrace(executioner)
        try:
            self.run(self.shop)
        except KilledError:
            return 0
        finally:
            sys.settrace(None)
        return executioner.count

    def _forked(self, line: int) -> int:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                executioner = Executioner(line, lambda: os.kill(os.getpid(), signal.SIGKILL))
                engine = create_engine(self.database_url)
                shop = Shop(engine, self.shop.merchant_id, time=self.shop.time)
                sys.settrace(executioner)
                self.run(shop)
                sys.settrace(None)
                os.write(writing, str(executioner.count).encode())
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as told:
            count = told.read()
        _, status = os.waitpid(child, 0)
        was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert was_killed is not bool(count), "the delivery ended by an error of its own"
        return int(count or 0)

    def finish(self) -> None:
        """Two more runs, which live: the first goes on from where the process died, the second has nothing left."""
        for _ in range(2):
            # Longer than a provider asks to wait, and not so long that a signature is out of date.
            self.shop.time.now += timedelta(minutes=1)
            self.run(self.shop)

    def problems(self) -> list[str]:
        """What is wrong by the receiver's own log, read against the ledger; nothing when all is well."""
        mine = {f"c{number}" for number in self.numbers}
        taken = Counter(e["customer_id"] for e in self.harness.effects() if e["customer_id"] in mine)
        rows = self.shop.ledger()
        outcomes = {row.customer_id: row.outcome for row in rows}
        # Where a repeat is safe, by us or within the destination, a refusal of it says nothing about the first.
        is_repeated = self.harness.destination.is_idempotent
        repeated = {row.customer_id for row in rows if is_repeated or row.attempt_count > 1}
        wrong = [f"{name} was sent {count} times" for name, count in taken.items() if count > 1]
        for name in sorted(mine):
            outcome = outcomes.get(name, "unknown")
            if outcome == "accepted" and not taken[name]:
                wrong.append(f"{name} is accepted, and was not taken")
            if outcome in {"rejected", "withheld"} and taken[name] and name not in repeated:
                wrong.append(f"{name} is {outcome}, and was taken")
            if outcome not in {"accepted", "rejected", "maybe_sent"}:
                wrong.append(f"{name} is {outcome} after three runs")
        return wrong


def misbehave(harness: Harness, chance: random.Random) -> list[str]:
    """Have the provider answer some of the next requests badly, or none."""
    if harness.mistreat is None:
        return []
    faults = [chance.choice(["loses", "slow", "refuses"]) for _ in range(chance.choice([0, 1, 1, 2]))]
    for fault in faults:
        harness.mistreat(fault)
    return faults
