"""What the tests of the WooCommerce and BigCommerce sandboxes share: a clock that is set, and requests without HTTP."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Platform


class Clock:
    """A shop's clock, which stands until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float = 1) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.body]


@dataclass(frozen=True)
class Caller:
    """Asks one platform, below a path, with some headers."""

    platform: Platform
    root: str
    headers: dict[str, str]

    def get(self, path: str, query: str = "", headers: dict[str, str] | None = None) -> Answer:
        sent = self.headers if headers is None else headers
        reply = self.platform(Request("GET", self.root + path, query, {"host": "shop.test", **sent}))
        assert isinstance(reply.body, bytes)
        return Answer(reply.status, json.loads(reply.body) if reply.body else None, dict(reply.headers))


def basic(key: str = "ck_sandbox", secret: str = "cs_sandbox") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
