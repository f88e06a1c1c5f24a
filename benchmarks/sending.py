"""What sending costs: a million profiles in bulk imports to the Klaviyo sandbox, and events one by one beside httpx.

Usage: python benchmarks/sending.py [--profiles 1000000] [--events 20000]

The sandbox runs in a process of its own, with Klaviyo's limits. Time is shared and simulated: it goes on only when the
destination waits, so that an hour at Klaviyo takes as long as the requests do. CPU seconds and the peak of memory are
the sending process's own. One customer in 5,000 has an address that is none, for the imports' errors to be read. A
quarter of the profiles goes first: memory must not grow with them.

Events are posted to a sandbox without limits by the destination, 16 at a time, and by httpx, one after the other, in
the peers' environment; both send the same bodies.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from connectors.destination import Delivery, Operation  # noqa: E402  # run as a script, from any folder
from connectors.destinations.klaviyo import KlaviyoDestination, KlaviyoSettings, Pacing  # noqa: E402
from connectors.outgoing import Event  # noqa: E402
from connectors.sandbox.faults import Request  # noqa: E402
from connectors.sandbox.klaviyo import SCOPES, running_klaviyo  # noqa: E402

PEER = ROOT / ".venv-peers" / "bin" / "python"
KEY = "pk_of_the_benchmark"
LIST_ID = "LiSt01"
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
BAD_EVERY = 5_000


class Seconds(Protocol):
    """A time that two processes share."""

    value: float


@dataclass
class Account:
    """The sandbox in its process.

    Attributes:
        url: Its address.
        seconds: The time that both ends share.
        pipe: To it.
    """

    url: str
    seconds: Seconds
    pipe: Connection

    def counts(self) -> dict[str, int]:
        """What it holds and was asked, by its own books."""
        self.pipe.send("counts")
        found: dict[str, int] = self.pipe.recv()
        return found

    async def sleep(self, seconds: float) -> None:
        """Who waits at the same time waits together."""
        until = self.seconds.value + seconds
        await asyncio.sleep(0)
        self.seconds.value = max(self.seconds.value, until)

    @property
    def pacing(self) -> Pacing:
        """The destination's waiting, in the shared time."""
        return Pacing(self.sleep, lambda: self.seconds.value, random.Random(7))


def serve(journal: str, seconds: Seconds, pipe: Connection, is_limited: bool) -> None:
    """The sandbox's process."""

    def clock() -> datetime:
        return BEGAN + timedelta(seconds=seconds.value)

    keys = {KEY: SCOPES}
    with running_klaviyo(Path(journal), clock, keys=keys, lists=(LIST_ID,), is_limited=is_limited) as running:
        requests: Counter[str] = Counter()

        def count(request: Request) -> None:
            requests[request.method] += 1
            running.server.log.clear()  # bodies of 3 MB each

        running.faults.before_each = count
        pipe.send(running.url)
        while pipe.recv() == "counts":
            limits = running.api.limits
            pipe.send(
                {
                    "profiles": running.account.profile_count,
                    "members": len(running.account.lists[LIST_ID]),
                    "events": running.account.event_count,
                    "jobs": len(running.jobs.all("profile-bulk-import-job")),
                    "requests": requests.total(),
                    "refused_in_a_second": limits.refused["second"] if limits else 0,
                    "refused_in_a_minute": limits.refused["minute"] if limits else 0,
                }
            )


@contextmanager
def account(folder: Path, *, is_limited: bool = True) -> Iterator[Account]:
    """A sandbox, for as long as the block lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    seconds = context.Value("d", 0.0, lock=False)
    journal = str(folder / "klaviyo.jsonl")
    process = context.Process(target=serve, args=(journal, seconds, theirs, is_limited), daemon=True)
    process.start()
    try:
        yield Account(ours.recv(), seconds, ours)
    finally:
        ours.send("end")
        process.join()


def customers(first: int, count: int) -> list[Delivery]:
    """Customers with the twelve fields that a sync of everything about value has."""
    return [
        Delivery(
            f"{number:064x}",
            "paper_and_ink",
            "everybody",
            f"woocommerce:{number}",
            Operation.UPSERT,
            {
                "email": f"customer{number}@shop.example" if number % BAD_EVERY else f"customer{number}",
                "first_name": "Zoë",
                "last_name": f"Buyer {number}",
                "rfm_segment": "loyal_customers",
                "lifecycle_stage": "active",
                "order_count": number % 40,
                "clv_amount": f"{number % 900}.50",
                "total_clv_amount": f"{number % 1900}.50",
                "currency_code": "EUR",
                "churn_probability": number % 1000 / 1000,
                "next_purchase_date": "2026-03-01",
                "expected_purchases": number % 70 / 10,
            },
        )
        for number in range(first, first + count)
    ]


def cpu_seconds() -> float:
    """Of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure_profiles(count: int) -> dict[str, Any]:
    """Send profiles; returns what it took."""
    with tempfile.TemporaryDirectory(prefix="perennial_sending_") as folder, account(Path(folder)) as running:
        values = {"type": "klaviyo", "name": "klaviyo", "private_key": KEY, "url": running.url, "list_id": LIST_ID}
        settings = KlaviyoSettings.model_validate(values)
        destination = KlaviyoDestination(settings, running.pacing)
        outcomes: Counter[str] = Counter()
        used = 0.0
        for first in range(1, count + 1, destination.batch_size):
            batch = customers(first, min(destination.batch_size, count + 1 - first))
            before = cpu_seconds()
            results = destination.send(batch, sent_at=BEGAN + timedelta(seconds=running.seconds.value))
            used += cpu_seconds() - before
            outcomes.update(result.outcome.value for result in results)
        counts = running.counts()
        assert counts["profiles"] == counts["members"] == outcomes["accepted"] == count - count // BAD_EVERY
        return {
            "profiles": count,
            "cpu_seconds": used,
            "klaviyos_minutes": running.seconds.value / 60,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            **outcomes,
            **{name: counts[name] for name in ("jobs", "requests", "refused_in_a_second", "refused_in_a_minute")},
        }


def happened(number: int) -> Delivery:
    """An event of one customer."""
    properties = {"campaign": "win-back", "days_since_last_order": 41, "clv_amount": "919.00"}
    email = f"customer{number}@shop.example"
    event = Event("Perennial win-back", email, BEGAN.isoformat(), properties, "19.90", "EUR")
    key = f"{number:064x}"
    return Delivery(key, "paper_and_ink", "win-back", f"woocommerce:{number}", Operation.SEND, event.payload())


def measure_events(count: int) -> list[dict[str, Any]]:
    """Post events by the destination and by the peer; returns what each took."""
    found = []
    with tempfile.TemporaryDirectory(prefix="perennial_sending_") as folder:
        with account(Path(folder), is_limited=False) as running:
            values = {"type": "klaviyo", "name": "klaviyo", "private_key": KEY, "url": running.url, "object": "events"}
            destination = KlaviyoDestination(KlaviyoSettings.model_validate(values), running.pacing)
            used = 0.0
            for first in range(0, count, destination.batch_size):
                batch = [happened(number) for number in range(first, min(first + destination.batch_size, count))]
                before = cpu_seconds()
                destination.send(batch, sent_at=BEGAN)
                used += cpu_seconds() - before
            assert running.counts()["events"] == count
            found.append({"arm": "Perennial, 16 at a time", "events": count, "cpu_seconds": used})
        if not PEER.exists():
            print("httpx is left out: .venv-peers is not there (make bench makes it)")
            return found
        (Path(folder) / "other").mkdir()
        with account(Path(folder) / "other", is_limited=False) as running:
            script = ROOT / "benchmarks" / "peers" / "httpx_events.py"
            command = [str(PEER), str(script), running.url, KEY, str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert running.counts()["events"] == count
            found.append({"arm": "httpx, one at a time", "events": count, **json.loads(done.stdout)})
    return found


def report(result: dict[str, Any], what: str) -> None:
    """Print a measurement as a JSON line."""
    result[f"{what}_per_cpu_second"] = result[what] / result["cpu_seconds"]
    print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in result.items()}), flush=True)


def main() -> None:
    """Print a JSON line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000)
    arguments = parser.parse_args()
    for count in (arguments.profiles // 4, arguments.profiles):
        if count:
            report(measure_profiles(count), "profiles")
    if arguments.events:
        for result in measure_events(arguments.events):
            report(result, "events")


if __name__ == "__main__":
    main()
