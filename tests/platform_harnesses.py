"""What the platform suite needs to know of each platform: its sandbox shop, and how its books compare with our streams.

A new platform adds a module with one `PlatformHarness` and its line in `PLATFORMS`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, Protocol

from mirror import Clock, Key, Mirror, Secrets

from connectors.sandbox.serving import SandboxServer
from connectors.source import Source

Row = dict[str, Any]


class RunningShop(Protocol):
    """A sandbox shop that is open for business.

    Attributes:
        server: Its HTTP end, with faults and log.
        clock: The shop's clock, which the source's waits move.
        secrets: The source's own secrets, which outlive it.
    """

    server: SandboxServer
    clock: Clock
    secrets: Secrets

    def declaration(self) -> dict[str, Any]:
        """The `source` of this shop in perennial.yml."""
        ...

    def source(self, **settings: Any) -> Source:
        """A fresh source of this shop."""
        ...

    def step(self) -> str:
        """One random thing that happens at a shop; its name."""
        ...

    def place_orders(self, count: int) -> list[Any]:
        """Orders placed at this very moment; their ids."""
        ...

    def delete_order(self, order_id: Any) -> None:
        """Remove an order so that lists do not show it any more."""
        ...

    def truth(self) -> dict[str, list[Row]]:
        """The shop's own books."""
        ...

    def net_revenue(self) -> Decimal:
        """What the shop says that it earned, in its own currency."""
        ...


@dataclass(frozen=True)
class Comparison:
    """How one table of a shop's books compares with one stream.

    Attributes:
        truth: The table in the books.
        key: Per column of the stream's key, the books' column.
        columns: Per column of the stream to compare, the books' column.
        where: Which of the books' rows the platform shows at all.
        ours: Which of the stream's rows stand against them, where a stream holds several tables.
    """

    truth: str
    key: Mapping[str, str]
    columns: Mapping[str, str]
    where: Callable[[Row], bool] = lambda _: True
    ours: Callable[[Row], bool] = lambda _: True


@dataclass(frozen=True)
class PlatformHarness:
    """One platform.

    Attributes:
        name: Its system name.
        open: Opens a shop with a little history; arguments are the clock, the shop's time zone, and chance.
        comparisons: Per stream, how it compares with the shop's books.
        key_setting: The setting that holds the secret, for the suite to spoil.
        list_path: Part of the path (or body) of the requests that list orders.
    """

    name: str
    open: Callable[[Clock, str, Random], AbstractContextManager[RunningShop]]
    comparisons: Mapping[str, Sequence[Comparison]]
    key_setting: str
    list_path: str


def comparable(value: Any) -> Any:
    """A value as it compares across type systems: ids as text, amounts without trailing zeros, nothing as None."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, Decimal):
        # Some platforms keep a line's amount with more places than their books show; to the cent is what is promised.
        return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP).normalize() + 0)
    if isinstance(value, int):
        return str(Decimal(value).normalize() + 0)
    if isinstance(value, str):
        if not value:
            return None
        try:
            return str(Decimal(value).normalize() + 0) if value.replace(".", "", 1).lstrip("-").isdigit() else value
        except ArithmeticError:
            return value
    return value


def differences(harness: PlatformHarness, shop: RunningShop, mirror: Mirror) -> list[str]:
    """Where the mirrored rows are not what the shop's books say; empty is what every test wants."""
    books = shop.truth()
    found = []
    for stream, comparisons in harness.comparisons.items():
        for comparison in comparisons:
            expected = {
                tuple(comparable(row[source]) for source in comparison.key.values()): {
                    ours: comparable(row[theirs]) for ours, theirs in comparison.columns.items()
                }
                for row in books[comparison.truth]
                if comparison.where(row)
            }
            actual: dict[Key, Row] = {
                tuple(comparable(row[name]) for name in comparison.key): {
                    name: comparable(row[name]) for name in comparison.columns
                }
                for row in mirror.tables[stream].values()
                if comparison.ours(row)
            }
            found += [f"{stream} {key} is missing" for key in sorted(expected.keys() - actual.keys())]
            found += [f"{stream} {key} should not be there" for key in sorted(actual.keys() - expected.keys())]
            found += [
                f"{stream} {key}: {name} is {actual[key][name]!r}, the shop has {value!r}"
                for key in sorted(expected.keys() & actual.keys())
                for name, value in expected[key].items()
                if actual[key][name] != value
            ]
    return found
