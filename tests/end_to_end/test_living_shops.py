"""Shops that live while they are read, faults on the line, and the whole command killed: at the end nothing is wrong.

Three shops, one on each platform, in different time zones; everything goes through the real command into a real
warehouse. What the raw tables hold is compared with each shop's own books, row by row, and net revenue to the cent with
what each shop says that it earned. Part of the soak; `make test` does the same to each source by itself
(tests/contracts/test_platform_contract.py) and holds net revenue against the books in tests/dbt_project.
"""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from installations import Installation
from mirror import Mirror, RunningClock
from platform_harnesses import PlatformHarness, RunningShop, differences
from platforms import PLATFORMS
from psycopg import sql
from psycopg.rows import dict_row

from connectors.sandbox.faults import Fault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ZONES = ("America/New_York", "Asia/Kolkata", "Europe/Berlin")
FAULTS = (Fault(status=502), Fault(status=429, retry_after="0"), Fault(resets=True), Fault(cuts_after=60, resets=True))


@dataclass
class Town:
    """Shops that are open, and the installation that reads them."""

    shops: list[tuple[PlatformHarness, RunningShop]]
    installation: Installation
    url: str

    def mirror(self, harness: PlatformHarness, shop: RunningShop) -> Mirror:
        """What the raw tables hold of a shop."""
        mirror = Mirror(shop.source().streams)
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            for stream in mirror.streams:
                query = sql.SQL("select * from {} where store_id = %s and not is_deleted").format(
                    sql.Identifier(f"raw_{harness.name}", stream.name)
                )
                rows = connection.execute(query, [harness.name]).fetchall()
                mirror.tables[stream.name] = {tuple(row[name] for name in stream.key): row for row in rows}
        return mirror

    def wrongs(self) -> list[str]:
        """Where the warehouse is not what the shops' books say."""
        return [
            f"{harness.name}: {wrong}"
            for harness, shop in self.shops
            for wrong in differences(harness, shop, self.mirror(harness, shop))
        ]

    def run(self) -> "subprocess.CompletedProcess[str]":
        """The whole pipeline once; shops this small carry no forecast, so its exit code says little."""
        return self.installation.perennial("run", "--as-of", "2026-12-31")


@contextmanager
def opened(folder: Path, url: str, seed: int) -> Iterator[Town]:
    chance = random.Random(seed)
    installation = Installation(folder, url)
    with ExitStack() as stack:
        shops = [
            (harness, stack.enter_context(harness.open(RunningClock(), zone, chance)))
            for harness, zone in zip(PLATFORMS, ZONES, strict=False)
        ]
        merchant: dict[str, Any] = {
            "merchant_id": "town",
            "merchant_name": "Town",
            "time_zone": "America/New_York",
            "currency_code": "USD",
            "exchange_rates": {"EUR": 1.1},
            "stores": [
                {"store_id": harness.name, "source": {**shop.declaration(), "reconcile_after_hours": 0}}
                for harness, shop in shops
            ],
        }
        installation.declare({"merchants": [merchant]})
        yield Town(shops, installation, url)


@contextmanager
def living(town: Town, chance: random.Random) -> Iterator[None]:
    """Something happens at a shop before about every third request, and the line is bad; until the block ends."""
    lock = threading.Lock()
    for _, shop in town.shops:

        def live(_request: object, shop: RunningShop = shop) -> None:
            with lock:
                if chance.random() < 0.3:
                    shop.step()
                    shop.clock.advance(chance.choice((0, 0, 1, 5)))

        shop.server.faults.before_each = live
        shop.server.faults.draw(chance, 0.02, *FAULTS)
    yield
    for _, shop in town.shops:
        shop.server.faults.before_each = None
        shop.server.faults.clear()


def killed_after(town: Town, seconds: float, *, with_group: bool) -> None:
    with town.installation.running("run", "--as-of", "2026-12-31") as process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            (os.killpg if with_group else os.kill)(process.pid, signal.SIGKILL)


def check(folder: Path, url: str, *, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    with opened(folder, url, seed) as town:
        with living(town, chance):
            for number in range(rounds):
                killed_after(town, chance.uniform(4, 14), with_group=bool(number % 2))
                for _, shop in town.shops:
                    for _ in range(chance.randrange(15)):
                        shop.step()
                    shop.clock.advance(chance.choice((60, 3600, 90_000)))
            town.run()
        for _, shop in town.shops:
            shop.clock.advance(90_000)
        done = town.run()
        assert town.wrongs() == [], done.stdout[-2000:] + done.stderr[-2000:]
        for harness, shop in town.shops:
            assert net_revenue(url, harness.name) == shop.net_revenue(), harness.name


def net_revenue(url: str, store_id: str) -> dict[str, Any]:
    """Per day of the merchant, what eligible orders came to less refunds, in the store's own currency."""
    with psycopg.connect(url) as connection:
        [(total,)] = connection.execute(
            "select (select coalesce(sum(original_amount), 0) from intermediate.int_orders_unified "
            "where store_id = %(store)s and ineligible_reason is null and original_currency_code = 'USD') - "
            "(select coalesce(sum(original_amount), 0) from intermediate.int_refunds_unified "
            "where store_id = %(store)s and ineligible_reason is null and original_currency_code = 'USD')",
            {"store": store_id},
        ).fetchall()
    return total


@pytest.mark.soak
def test_living_shops_are_read_without_a_loss(tmp_path: Path, database_url: str) -> None:
    check(tmp_path, database_url, seed=11, rounds=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6))
def test_living_shops_are_read_without_a_loss_for_long(tmp_path: Path, database_url: str, seed: int) -> None:
    check(tmp_path, database_url, seed=seed, rounds=10)
