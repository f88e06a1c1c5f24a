import subprocess
import sys
from pathlib import Path

import pytest

# Archives and lands orders in pages, and prints how much the process grew while it did.
PROGRAM = """
import resource
import sys
from pathlib import Path

from landing_samples import archive_and_land, order, page
from models.engine import create_engine

url, root, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
engine = create_engine(url)


def pages(first, last):
    for start in range(first, last, 5000):
        yield page([order(f"order-{i:09d}", email=f"person-{i}@example.com") for i in range(start, start + 5000)])


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


archive_and_land(engine, root, pages(0, 20_000), fingerprint="warm", merchant_id="warm")
before = peak()
archive_and_land(engine, root, pages(0, count), fingerprint="all", merchant_id="all")
print(peak() - before)
engine.dispose()
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_batch(database_url: str, tmp_path: Path) -> None:
    here = Path(__file__).parent
    grown = subprocess.run(
        [sys.executable, "-c", PROGRAM, database_url, str(tmp_path), "300000"],
        check=True,
        capture_output=True,
        text=True,
        cwd=here.parents[1],
        env={"PYTHONPATH": f"{here.parents[1]}:{here}", "POLARS_MAX_THREADS": "2"},
        timeout=300,
    )
    # 300,000 of these orders are 200 MB as rows in Python and 45 MB in Arrow; row groups and key hashes are a fraction.
    assert int(grown.stdout) < 60, f"grew by {grown.stdout.strip()} MB"
