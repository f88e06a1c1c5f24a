"""What every destination promises to activation, tried on each of them.

A new destination joins by a harness: how to build it, what its receiving side really took, and how to break it.
"""

import csv
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.destination import Delivery, Destination, Operation, Outcome
from connectors.destinations import build_destination
from connectors.destinations.file import FileSettings
from connectors.destinations.webhook import WebhookSettings
from connectors.sandbox.receiver import running_receiver

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SECRET = "a secret of the contract"
SHORT_BATCH = 5


@dataclass
class Harness:
    """A destination and its other end.

    Attributes:
        destination: The destination, with a batch size of `SHORT_BATCH`.
        effects: What the receiving side took, in order: action key, customer, operation and payload.
        unreachable: The same destination with nothing at its other end.
    """

    destination: Destination
    effects: Callable[[], list[dict[str, Any]]]
    unreachable: Destination


def webhook(folder: Path) -> Iterator[Harness]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/deliveries"
        with running_receiver(folder / "receiver.jsonl", SECRET) as receiver:

            def build(url: str) -> Destination:
                settings = {"type": "webhook", "name": "crm", "url": url, "secret": SECRET}
                more = {"batch_size": SHORT_BATCH, "idempotency": "action_key"}
                return build_destination(WebhookSettings.model_validate(settings | more), folder)

            yield Harness(build(receiver.url), receiver.effects, build(nowhere))


def file(folder: Path, *, format_: str) -> Iterator[Harness]:
    blocked = folder / "blocked"
    blocked.write_text("a file where the folder should be")

    def build(path: Path) -> Destination:
        settings = {"type": "file", "name": "export", "folder": path, "format": format_, "batch_size": SHORT_BATCH}
        return build_destination(FileSettings.model_validate(settings), folder)

    def effects() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        paths = [path for path in (folder / "exports").rglob("*") if path.is_file()]
        for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns):
            with path.open(encoding="utf-8", newline="") as lines:
                if format_ == "jsonl":
                    found += [json.loads(line) for line in lines]
                    continue
                identity = ("action_key", "merchant_id", "audience", "customer_id", "operation", "sent_at")
                for row in csv.DictReader(lines):
                    payload = {name: value for name, value in row.items() if name not in identity and value != ""}
                    found.append({**{name: row[name] for name in identity}, "payload": payload})
        return found

    yield Harness(build(Path("exports")), effects, build(blocked / "exports"))


HARNESSES: dict[str, Callable[[Path], Iterator[Harness]]] = {
    "webhook": webhook,
    "file_jsonl": lambda folder: file(folder, format_="jsonl"),
    "file_csv": lambda folder: file(folder, format_="csv"),
}


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    yield from HARNESSES[request.param](tmp_path)


def delivery(number: int, *, operation: Operation = Operation.UPSERT, **values: Any) -> Delivery:
    payload = {"email": f"c{number}@shop.example", "clv_amount": "12.50", **values}
    if operation is Operation.REMOVE:
        payload = {"customer_id": f"c{number}"}
    return Delivery(f"{operation}-{number:060d}", "cdnow", "at_risk", f"c{number}", operation, payload)


def taken(harness: Harness) -> list[tuple[str, str, str]]:
    return [(effect["action_key"], effect["customer_id"], effect["operation"]) for effect in harness.effects()]


def test_it_says_what_it_is(harness: Harness) -> None:
    destination = harness.destination
    assert destination.kind
    assert destination.name
    assert destination.batch_size == SHORT_BATCH
    assert destination.is_idempotent is True


def test_every_record_gets_one_result_and_one_effect(harness: Harness) -> None:
    batch = [delivery(number) for number in range(SHORT_BATCH)]
    results = harness.destination.send(batch, sent_at=SENT_AT)
    assert [result.action_key for result in results] == [d.action_key for d in batch]
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert sorted(taken(harness)) == [(d.action_key, d.customer_id, "upsert") for d in batch]


def test_nothing_to_send_is_nothing_sent(harness: Harness) -> None:
    assert harness.destination.send([], sent_at=SENT_AT) == []
    assert harness.effects() == []


def test_more_than_a_batch_is_a_mistake_of_the_caller(harness: Harness) -> None:
    with pytest.raises(ValueError, match=str(SHORT_BATCH)):
        harness.destination.send([delivery(n) for n in range(SHORT_BATCH + 1)], sent_at=SENT_AT)
    assert harness.effects() == []


def test_a_repeated_key_has_no_second_effect(harness: Harness) -> None:
    first = [delivery(1), delivery(2)]
    harness.destination.send(first, sent_at=SENT_AT)
    again = harness.destination.send(first, sent_at=SENT_AT)
    other_company = harness.destination.send([delivery(2), delivery(3)], sent_at=SENT_AT)
    assert {result.outcome for result in [*again, *other_company]} == {Outcome.ACCEPTED}
    assert [customer for _, customer, _ in taken(harness)] == ["c1", "c2", "c3"]


def test_a_removal_follows_its_upsert_and_holds_identifiers_only(harness: Harness) -> None:
    harness.destination.send([delivery(1)], sent_at=SENT_AT)
    harness.destination.send([delivery(1, operation=Operation.REMOVE)], sent_at=SENT_AT)
    upsert, removal = harness.effects()
    assert (upsert["operation"], removal["operation"]) == ("upsert", "remove")
    assert "shop.example" in json.dumps(upsert)
    assert "shop.example" not in json.dumps(removal)


def test_values_arrive_as_they_were_sent(harness: Harness) -> None:
    strange = 'Zoë "the" O\'Neil,\n名前; \\ </script> 🎂'
    harness.destination.send([delivery(1, first_name=strange, rfm_segment="at risk")], sent_at=SENT_AT)
    [effect] = harness.effects()
    expected = {"email": "c1@shop.example", "clv_amount": "12.50", "first_name": strange, "rfm_segment": "at risk"}
    assert effect["payload"] == expected


def test_merchants_and_audiences_keep_their_names(harness: Harness) -> None:
    place = Delivery("key", "../other & co", "at/risk", "c1", Operation.UPSERT, {"rfm_segment": "x"})
    [result] = harness.destination.send([place], sent_at=SENT_AT)
    assert result.outcome is Outcome.ACCEPTED
    [effect] = harness.effects()
    assert (effect["merchant_id"], effect["audience"]) == ("../other & co", "at/risk")


def test_an_unreachable_other_end_is_a_result_and_not_an_exception(harness: Harness) -> None:
    results = harness.unreachable.send([delivery(1), delivery(2)], sent_at=SENT_AT)
    assert [result.outcome for result in results] == [Outcome.RETRY] * 2
    for result in results:
        assert result.reason
        assert "shop.example" not in result.reason


def test_no_value_stands_in_a_results_or_a_deliverys_text(harness: Harness) -> None:
    sent = delivery(1)
    results = harness.destination.send([sent], sent_at=SENT_AT)
    assert "shop.example" not in repr(results) + repr(sent)
    assert SECRET not in repr(harness.destination)
