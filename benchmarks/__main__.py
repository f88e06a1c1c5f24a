"""`make bench`: every benchmark in turn, peers beside us in the same run.

CPU seconds and ratios, for wall-clock seconds on shared machines say who else was at work. The commit and the machine
stand above the figures; docs/benchmarks.md says what has been reached.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = (
    "clv_fit",
    "clv_value",
    "clv_growth",
    "landing",
    "extraction",
    "export",
    "segments",
    "sending",
    "loyalty",
    "night",
)


def main() -> int:
    """Run the benchmarks named on the command line, or all of them; 1 when one failed."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
        return 2
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    print(f"commit {commit.strip() or 'unknown'}, Python {platform.python_version()}, {os.cpu_count()} cores")
    codes = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, str(ROOT / "benchmarks" / f"{name}.py")], check=False).returncode)
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
