"""A merchant of 200,000 customers, from the export to the last table, on one machine and in bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from installations import COMMAND, Installation
from synthetic_shops import sync, write_shop
from table_contents import rows

CUSTOMERS = 200_000
# Of the largest process; 969 MiB were measured, and orders held as Python objects would take several times that.
PEAK_BYTES = 1_450 << 20

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(3600)]


def test_two_hundred_thousand_customers_in_bounded_memory(tmp_path: Path, database_url: str) -> None:
    installation = Installation(tmp_path, database_url)
    merchant = write_shop(tmp_path, "large", customer_count=CUSTOMERS, seed=9)
    merchant["syncs"] = [sync("exports")]
    installation.declare(
        {"merchants": [merchant], "destinations": [{"name": "exports", "type": "file", "folder": "exports"}]}
    )
    log_path = tmp_path / "run.log"
    with (
        log_path.open("w", encoding="utf-8") as log,
        subprocess.Popen([COMMAND, "run"], env=installation.environment, stdout=log, stderr=log) as process,
    ):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, log_path.read_text(encoding="utf-8")[-3000:]
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"peak of {peak >> 20} MiB for {CUSTOMERS:,} customers")  # noqa: T201 - what a soak is run for
    assert peak < PEAK_BYTES, f"{peak >> 20} MiB"

    exported = pl.read_csv(tmp_path / "large" / "orders" / "web.csv", infer_schema=False)
    total = exported["total"].str.to_decimal(scale=2).sum()
    [(customers, valued, net)] = rows(
        database_url, "select count(*), count(clv_amount), sum(net_amount) from marts.customer_360"
    )
    assert (customers, valued, net) == (CUSTOMERS, CUSTOMERS, total)
    assert rows(database_url, "select count(*) from raw_files.orders") == [(exported.height,)]
    [(told,)] = rows(database_url, "select count(*) from activation.deliveries where outcome = 'accepted'")
    files = (tmp_path / "exports").rglob("*.jsonl")
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in files) == told > 10_000
