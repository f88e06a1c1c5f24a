"""Effect once: whatever point a delivery dies at, the next run neither doubles nor loses a message.

What was sent is read from the receiver's own log, never from our ledger.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import AUDIENCE, Shop, make_shop

from activation import ledger
from activation.audiences import refresh_audience
from connectors.destinations.webhook import WebhookDestination, WebhookSettings
from connectors.sandbox.receiver import Fault, Receiver, running_receiver

SECRET = "a secret of the test"
CUSTOMERS = 10
ROOT = Path(__file__).resolve().parents[2]


class KilledError(BaseException):
    """Stands for the end of the process, within it."""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with running_receiver(tmp_path / "receiver.jsonl", SECRET) as running:
        yield running


def webhook(receiver: Receiver, idempotency: str = "action_key") -> WebhookDestination:
    values = {"type": "webhook", "name": "crm", "url": receiver.url, "secret": SECRET, "idempotency": idempotency}
    return WebhookDestination(WebhookSettings.model_validate({**values, "batch_size": 4, "timeout_seconds": 5}))


def fill(shop: Shop) -> None:
    for number in range(CUSTOMERS):
        shop.customer(f"c{number}")


def effects(receiver: Receiver, shop: Shop) -> Counter[str]:
    return Counter(e["customer_id"] for e in receiver.effects() if e["merchant_id"] == shop.merchant_id)


def blocked(shop: Shop) -> set[str]:
    return {row.customer_id for row in shop.ledger() if row.outcome == "maybe_sent"}


EVERYONE = Counter(f"c{number}" for number in range(CUSTOMERS))


def dies(function: Callable[..., Any], *, after: bool, at_call: int) -> Callable[..., Any]:
    calls = 0

    def mortal(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at_call and not after:
            raise KilledError
        result = function(*arguments, **named)
        if calls == at_call:
            raise KilledError
        return result

    return mortal


@pytest.mark.parametrize("idempotency", ["action_key", "none"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "death",
    [("reserve", 1), ("claim", 1), ("claim", 3), ("send", 1), ("send", 3), ("record", 1), ("record", 3)],
    ids=lambda death: f"{death[0]}-{death[1]}",
)
def test_dying_at_any_step_neither_doubles_nor_loses(
    shop: Shop,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    *,
    death: tuple[str, int],
    after: bool,
    idempotency: str,
) -> None:
    step, at_call = death
    fill(shop)
    receiver.forgets = idempotency == "none"
    destination = webhook(receiver, idempotency)
    with monkeypatch.context() as patch:
        owner: Any = destination if step == "send" else ledger
        patch.setattr(owner, step, dies(getattr(owner, step), after=after, at_call=at_call))
        with pytest.raises(KilledError):
            shop.sync(destination)
    report = shop.sync(destination, run_id="second")
    if idempotency == "action_key":
        assert report.is_successful
        assert effects(receiver, shop) == EVERYONE
    else:
        # Where repeats are not told, what may have been sent is shown to a person instead.
        taken = effects(receiver, shop)
        assert max(taken.values()) == 1
        assert taken.keys() | blocked(shop) == EVERYONE.keys()
        assert report.is_successful is not bool(blocked(shop))
        in_doubt = step in {"send", "record"}
        assert len(blocked(shop)) == ((4 if at_call == 1 else 2) if in_doubt else 0)
    assert shop.sync(destination, run_id="third").plan.is_empty


@pytest.mark.parametrize(
    "fault",
    [
        Fault(takes=True, drops=True),
        Fault(drops=True),
        Fault(status=500, takes=True),
        Fault(status=500),
        Fault(status=429, retry_after="5"),
        Fault(takes=True, omits=frozenset({"c1"})),
        Fault(takes=True, body='{"results": [{"action_'),
        Fault(body='{"errors": ["something"]}'),
    ],
    ids=lambda fault: f"{fault.status}-takes-{fault.takes}-drops-{fault.drops}-{fault.body is not None}",
)
def test_a_lost_answer_doubles_nothing_and_loses_nothing(shop: Shop, receiver: Receiver, fault: Fault) -> None:
    fill(shop)
    receiver.faults.extend([fault, fault])
    report = shop.sync(webhook(receiver))
    assert report.is_successful
    assert effects(receiver, shop) == EVERYONE
    assert shop.sync(webhook(receiver)).plan.is_empty


def test_a_lost_answer_is_never_followed_by_a_repeat_where_repeats_are_not_told(shop: Shop, receiver: Receiver) -> None:
    fill(shop)
    receiver.forgets = True
    receiver.faults.append(Fault(takes=True, drops=True))
    report = shop.sync(webhook(receiver, "none"))
    assert report.outcomes == {"maybe_sent": 4, "accepted": 6}
    for _ in range(2):
        assert not shop.sync(webhook(receiver, "none")).is_successful
    assert effects(receiver, shop) == EVERYONE
    assert len(receiver.requests()) == 3


def test_dying_in_a_second_attempt_is_as_doubtful_as_in_the_first(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop)
    receiver.forgets = True
    receiver.faults.append(Fault(status=429))  # the first attempt was certainly not taken
    destination = webhook(receiver, "none")
    with monkeypatch.context() as patch:
        patch.setattr(destination, "send", dies(destination.send, after=True, at_call=2))
        with pytest.raises(KilledError):
            shop.sync(destination)
    assert shop.sync(destination).plan.blocked == ("c0", "c1", "c2", "c3")
    assert effects(receiver, shop) == EVERYONE


def test_a_receiver_that_was_away_gets_everything_later(shop: Shop, tmp_path: Path) -> None:
    fill(shop)
    with running_receiver(tmp_path / "log", SECRET) as first:
        port = int(first.url.split(":")[2].split("/")[0])
        destination = webhook(first)
    report = shop.sync(destination)
    assert report.outcomes == {"retry": CUSTOMERS}
    with running_receiver(tmp_path / "log", SECRET, port=port) as second:
        assert shop.sync(destination).is_successful
        assert effects(second, shop) == EVERYONE


def run_killed(database_url: str, receiver: Receiver, merchant_id: str, idempotency: str, die_at: int) -> str:
    script = Path(__file__).with_name("killed_delivery.py")
    finished = subprocess.run(
        [sys.executable, str(script), database_url, receiver.url, SECRET, merchant_id, idempotency, str(die_at)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == (-signal.SIGKILL if die_at else 0), finished.stderr
    return finished.stdout.splitlines()[-1] if finished.stdout else ""


@pytest.mark.slow
@pytest.mark.parametrize(("idempotency", "deaths"), [("action_key", 8), ("none", 4)])
def test_kill_9_at_random_lines_neither_doubles_nor_loses(
    engine: sa.Engine, database_url: str, receiver: Receiver, idempotency: str, deaths: int
) -> None:
    receiver.forgets = idempotency == "none"
    lines = 0
    draw = random.Random(20260105)
    for number in range(deaths + 1):
        shop = make_shop(engine, f"merchant_{number}")
        fill(shop)
        with engine.begin() as connection:
            refresh_audience(connection, AUDIENCE, merchant_id=shop.merchant_id, as_of=shop.as_of)
        if number == 0:
            lines = int(run_killed(database_url, receiver, shop.merchant_id, idempotency, 0))
            assert lines > 300
        else:
            at = draw.randrange(1, lines)
            run_killed(database_url, receiver, shop.merchant_id, idempotency, at)
        report = shop.sync(webhook(receiver, idempotency), refresh=False)
        taken = effects(receiver, shop)
        if idempotency == "action_key":
            assert report.is_successful
            assert taken == EVERYONE
        else:
            assert max(taken.values()) == 1
            assert taken.keys() | blocked(shop) == EVERYONE.keys()
        assert shop.sync(webhook(receiver, idempotency), refresh=False).plan.is_empty
