"""R12 and failure mode 15: a bulk file of any size is read in the same memory."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from shopify_scripted import ScriptedShop, bag, bulk_order, child, job, line, scripted_shop, started

from connectors.sandbox.serving import Reply

READER = """
import random, resource, sys, time
from datetime import UTC, datetime
from connectors.source import ReadRequest, SourceRuntime
from connectors.sources.shopify import ShopifySettings, ShopifySource

settings = ShopifySettings.model_validate({"type": "shopify", "url": sys.argv[1], "access_token": "shpat_static"})
runtime = SourceRuntime(lambda: datetime.now(UTC), time.sleep, random.Random(1), None)
source = ShopifySource(settings, runtime=runtime, time_zone="America/New_York", key="source")
reading = source.read(ReadRequest("shop", "web", None, datetime.now(UTC)))
count = sum(page.records.num_rows for page in reading.pages)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
KIBIBYTES = 1 if sys.platform != "darwin" else 1024
NAMES = (
    "subtotalPriceSet",
    "totalTaxSet",
    "totalDiscountsSet",
    "totalReceivedSet",
    "netPaymentSet",
    "totalRefundedSet",
)
LINES = 3
ROOTS_AT_ONCE = 40


def template() -> tuple[bytes, bytes]:
    """An order and a line of it, with places for their numbers."""
    sets = {name: bag("21.75", "29.10") for name in NAMES}
    tags = [f"tag number {number}" for number in range(60)]
    order = {**bulk_order(7777777), **sets, "tags": tags, "transactions": [], "note": "x" * 500}
    part = child(line(8888888), "gid://shopify/Order/7777777")
    written = [json.dumps(each, separators=(",", ":")).replace("/", "\\/").encode() for each in (order, part)]
    return written[0] + b"\n", written[1] + b"\n"


def pieces(orders: int) -> Iterator[bytes]:
    """The file, a batch of orders and then their lines at a time."""
    order, part = template()
    for start in range(1, orders + 1, ROOTS_AT_ONCE):
        numbers = [b"%d" % number for number in range(start, min(start + ROOTS_AT_ONCE, orders + 1))]
        yield b"".join(order.replace(b"7777777", number) for number in numbers)
        yield b"".join(
            part.replace(b"7777777", number).replace(b"8888888", number + b"%d" % place)
            for number in numbers
            for place in range(LINES)
        )


def peak_megabytes(shop: ScriptedShop, orders: int) -> float:
    shop.files["/orders.jsonl"] = [Reply(pieces(orders), content_type="application/jsonl")]
    done = job("COMPLETED", url=f"{shop.url}/orders.jsonl", objects=orders * (1 + LINES), roots=orders)
    shop.answer("RunBulkQuery", started(done))
    finished = subprocess.run(
        [sys.executable, "-c", READER, shop.url], capture_output=True, text=True, check=False, timeout=900
    )
    assert finished.returncode == 0, finished.stderr
    count, peak = map(int, finished.stdout.split())
    assert count == 1 + orders * (1 + LINES)
    return peak / KIBIBYTES / 1024


def size(orders: int) -> int:
    return sum(map(len, pieces(orders)))


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop(scopes=["read_orders", "read_all_orders"]) as running:
        yield running


@pytest.mark.slow
def test_ten_times_the_file_takes_the_same_memory(shop: ScriptedShop) -> None:
    assert size(1_000) > 4_000_000
    small = peak_megabytes(shop, 2_500)
    large = peak_megabytes(shop, 25_000)
    # Held as a whole, the text alone would be 100 MB; of each record eight bytes stay.
    assert large - small < 25


@pytest.mark.soak
def test_r12_a_file_of_a_gigabyte_takes_less_than_200_megabytes(shop: ScriptedShop) -> None:
    per_order = size(1_000) / 1_000
    assert peak_megabytes(shop, int(1e9 / per_order)) < 200
