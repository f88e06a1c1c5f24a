"""A process that syncs an audience to a webhook and kills itself, without warning, at a given line of the code.

Arguments: the database's URL, the receiver's URL, its secret, the merchant, the destination's idempotency, and the line
event to die at, counted over the modules that write and send; 0 lives, and prints how many there were.
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from activated_shop import Shop, Time

from connectors.destinations.webhook import WebhookDestination, WebhookSettings
from models.engine import create_engine

_ROOT = Path(__file__).resolve().parents[2]
# The modules that write and send; what the others do before is only read from the warehouse.
_TRACED = tuple(
    str(_ROOT / path) for path in ("activation/delivery.py", "activation/ledger.py", "connectors/destinations/webhook")
)


class Executioner:
    """Counts the lines that run, and ends the process at one of them as `kill -9` does."""

    def __init__(self, die_at: int) -> None:
        self.die_at = die_at
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_TRACED):
            return None
        if event == "line":
            self.count += 1
            if self.count == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def main(arguments: list[str]) -> None:
    database_url, receiver_url, secret, merchant_id, idempotency, die_at = arguments
    values = {"type": "webhook", "name": "crm", "url": receiver_url, "secret": secret, "idempotency": idempotency}
    destination = WebhookDestination(WebhookSettings.model_validate({**values, "batch_size": 4}))
    shop = Shop(create_engine(database_url), merchant_id, time=Time(datetime(2026, 1, 5, 1, 0, tzinfo=UTC)))
    executioner = Executioner(int(die_at))
    sys.settrace(executioner)
    shop.sync(destination, refresh=False)
    sys.settrace(None)
    print(executioner.count)  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    main(sys.argv[1:])
