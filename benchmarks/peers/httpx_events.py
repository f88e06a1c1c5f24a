"""The peer of `benchmarks/sending.py`: the same events by httpx, one request after the other on one connection.

Usage: python httpx_events.py URL KEY COUNT; prints the CPU seconds of the requests as JSON.
"""

import json
import resource
import sys

import httpx


def body(number: int) -> bytes:
    """An event as Klaviyo takes it."""
    email = f"customer{number}@shop.example"
    attributes = {
        "metric": {"data": {"type": "metric", "attributes": {"name": "Perennial win-back"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": email}}},
        "properties": {"campaign": "win-back", "days_since_last_order": 41, "clv_amount": "919.00"},
        "time": "2026-01-05T00:00:00+00:00",
        "unique_id": f"{number:064x}",
        "backfill": False,
        "value": 19.90,
        "value_currency": "EUR",
    }
    return json.dumps({"data": {"type": "event", "attributes": attributes}}).encode()


def cpu_seconds() -> float:
    """Of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Post them."""
    url, key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    headers = {
        "Authorization": f"Klaviyo-API-Key {key}",
        "Accept": "application/vnd.api+json",
        "Content-Type": "application/vnd.api+json",
        "revision": "2026-07-15",
    }
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        before = cpu_seconds()
        for number in range(count):
            client.post("/api/events", content=body(number)).raise_for_status()
        print(json.dumps({"cpu_seconds": cpu_seconds() - before}))


if __name__ == "__main__":
    main()
