"""A file of any size is read in the same memory, but for the bytes per row that tell rows apart."""

import subprocess
import sys
from pathlib import Path

import pytest

READER = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from connectors.source import ReadRequest
from connectors.sources.files import FilesSettings, FilesSource

columns = {"customer_id": "customer", "ordered_at": {"column": "at"}, "amount": "amount", "currency_code": "currency"}
settings = FilesSettings.model_validate({"type": "files", "path": sys.argv[1], "columns": columns})
source = FilesSource(settings, base_folder=Path("."), time_zone="UTC", key="source")
reading = source.read(ReadRequest("shop", "web", None, datetime(2025, 1, 1, tzinfo=UTC)))
count = sum(len(page.records) for page in reading.pages)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
KIBIBYTES = 1 if sys.platform != "darwin" else 1024


def peak_megabytes(path: Path, row_count: int) -> float:
    with path.open("w") as file:
        file.write("customer,at,amount,currency\n")
        for start in range(0, row_count, 10_000):
            rows = (
                f"c{n % 50_000},2024-01-{n % 28 + 1:02d}T10:00:00,{n % 9999}.25,EUR\n"
                for n in range(start, start + 10_000)
            )
            file.writelines(rows)
    finished = subprocess.run(
        [sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=True, timeout=300
    )
    count, peak = map(int, finished.stdout.split())
    assert count == row_count
    return peak / KIBIBYTES / 1024


@pytest.mark.slow
def test_ten_times_the_rows_take_the_same_memory(tmp_path: Path) -> None:
    small = peak_megabytes(tmp_path / "small.csv", 150_000)
    large = peak_megabytes(tmp_path / "large.csv", 1_500_000)
    # Held as a whole, the rows alone would be 50 MB of text and several times that as columns; ids keep 12 bytes a row.
    assert large - small < 100
