"""A night made again after others have followed: the same predictions, although every raw table has changed since."""

import csv
import subprocess
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from installations import Installation
from table_contents import rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

FIRST, SECOND = date(2025, 12, 31), date(2026, 1, 1)
CUSTOMERS = 60
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount")
Row = list[str]


def orders() -> list[Row]:
    """A year of a small shop: some customers come back every few weeks, most do not."""
    rng = np.random.default_rng(5)
    begin, found = datetime(2025, 1, 1, 12, tzinfo=UTC), []
    for number in range(CUSTOMERS):
        day = float(rng.uniform(0, 300))
        for _ in range(1 + int(rng.geometric(0.35))):
            if day >= 364:
                break
            at = begin + timedelta(days=day)
            amount = rng.lognormal(3.5, 0.5)
            found.append([f"o{len(found):04d}", f"c{number:03d}", at.strftime("%Y-%m-%dT%H:%M:%SZ"), f"{amount:.2f}"])
            day += float(rng.exponential(35)) + 1
    return found


def edited(first: list[Row]) -> list[Row]:
    """The export of the night after: an edit, a deletion, a refund, late orders, new ones, one that nobody can read."""
    second = [list(row) for row in first]
    second[3][3] = "199.00"
    del second[10]
    at = "2025-12-20T09:00:00Z"
    second.append([second[20][0], second[20][1], at, f"-{second[20][3]}"])
    second += [[f"late{number}", f"c{number:03d}", at, "45.00"] for number in range(3)]
    second += [[f"new{number}", f"n{number}", "2026-01-01T10:00:00Z", "30.00"] for number in range(4)]
    second.append(["bad", "c001", at, "a lot"])
    return second


def declaration(**merchant: Any) -> dict[str, Any]:
    columns = {name: name for name in COLUMNS} | {"currency_code": {"constant": "EUR"}}
    source = {"type": "files", "path": "orders.csv", "columns": columns, "refunds": "negative_amounts"}
    prediction = {"has_challengers": False, **merchant.pop("prediction", {})}
    return {
        "merchants": [
            {
                "merchant_id": "ink",
                "merchant_name": "Ink",
                "time_zone": "Europe/Berlin",
                "currency_code": "EUR",
                "max_rejected_rate": 0.1,
                "stores": [{"store_id": "web", "source": source}],
                "prediction": prediction,
                **merchant,
            }
        ]
    }


@dataclass(frozen=True)
class Nights:
    """Two nights of a shop and what was declared otherwise for the second; then both made again."""

    installation: Installation
    url: str
    raw_at_first: list[tuple[object, ...]]
    model_runs: tuple[str, str]
    replays: "tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]"


RAW = "select order_id, amount, is_deleted from raw_files.orders order by 1"


@pytest.fixture(scope="module")
def nights(module_folder: Path, standing_warehouse_url: str, parsed_project: Path) -> Nights:
    url = standing_warehouse_url
    installation = Installation(module_folder, url, parsed_project=parsed_project)

    def night(exported: list[Row], day: date) -> str:
        with (module_folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *exported])
        installation.succeed("run", "--as-of", day.isoformat())
        [(model_run_id,)] = rows(url, "select model_run_id from ml.model_runs where as_of_date = %s", day)
        return str(model_run_id)

    installation.declare(declaration())
    first = night(orders(), FIRST)
    raw_at_first = rows(url, RAW)
    installation.declare(
        declaration(time_zone="America/New_York", zero_amount_days="ignore", prediction={"horizon_days": 180})
    )
    second = night(edited(orders()), SECOND)
    replays = (installation.perennial("replay", first), installation.perennial("replay"))
    return Nights(installation, url, raw_at_first, (first, second), replays)


def test_the_raw_tables_have_changed_in_every_way(nights: Nights) -> None:
    then, now = set(nights.raw_at_first), set(rows(nights.url, RAW))
    assert {str(order_id) for order_id, *_ in now - then} >= {"o0003", "o0010", "late0", "new0"}
    assert [deleted for order_id, _, deleted in now if order_id == "o0010"] == [True]
    assert rows(nights.url, "select count(*) from raw_files.refunds") == [(1,)]
    assert rows(nights.url, "select count(*) from ops.rejected_records") == [(1,)]


def test_the_first_night_is_identical(nights: Nights) -> None:
    done = nights.replays[0]
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Model run {nights.model_runs[0]} of merchant ink, as of 2025-12-31" in done.stdout
    assert "1 batches, up to number" in done.stdout
    assert "; 1 landed since" in done.stdout
    assert f"{CUSTOMERS} rows, identical" in done.stdout
    [(stored,)] = rows(
        nights.url,
        "select sum(found) from (select count(*) as found from ml.predictions where model_run_id = %s union all "
        "select count(*) from ml.backtests where model_run_id = %s union all "
        "select count(*) from ml.calibration_deciles where model_run_id = %s union all "
        "select count(*) from ml.cohort_forecasts where model_run_id = %s union all "
        "select count(*) from ml.holdout_weeks where model_run_id = %s) as counted",
        *([nights.model_runs[0]] * 5),
    )
    assert f"identical: {int(str(stored)):,} rows and every decision, to the last bit" in done.stdout


def test_it_says_what_is_declared_otherwise_since(nights: Nights) -> None:
    said = nights.replays[0].stdout
    assert "prediction: horizon_days was 365 and is 180" in said
    assert "time_zone was Europe/Berlin and is America/New_York" in said
    assert "although" not in said


def test_the_night_after_is_identical_too_with_its_incumbent(nights: Nights) -> None:
    """Nothing is named: it is the one in force."""
    done = nights.replays[1]
    assert done.returncode == 0, done.stdout + done.stderr
    assert nights.model_runs[1] in done.stdout
    query = "select incumbent_run_id from ml.model_runs where model_run_id = %s"
    assert rows(nights.url, query, nights.model_runs[1]) == [(nights.model_runs[0],)]
    assert "Since then" not in done.stdout


def test_nothing_is_left_of_the_scratch_database(nights: Nights) -> None:
    query = (
        "select count(*) from pg_database where datname = 'perennial_scratch_' || "
        "(select oid from pg_database where datname = current_database())"
    )
    assert rows(nights.url, query) == [(0,)]


def test_a_changed_archive_is_found_out(nights: Nights) -> None:
    archive = nights.installation.home / "archive" / "source=files" / "stream=orders"
    with psycopg.connect(nights.url) as connection:
        found = connection.execute("select batch_id from ops.archive_batches order by batch_number").fetchone()
    assert found is not None
    (path,) = archive.rglob(f"{found[0]}.parquet")
    table = pq.ParquetFile(path).read()
    customers = table.column("customer_id").to_pylist()
    place = table.schema.get_field_index("customer_id")
    whole, other = path.read_bytes(), next(name for name in customers if name != customers[0])
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array([other, *customers[1:]])), path)
    try:
        done = nights.installation.perennial("replay", nights.model_runs[0][:12])
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1
    assert "purchase history    another one" in done.stdout
    assert "differ in" in done.stdout
    assert f"{path.name} of the archive was changed: 1 of its records are not what their hash says" in done.stdout
