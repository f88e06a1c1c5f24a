"""Time and memory of `perennial export`: the widest mart, customer_360, to each format.

Usage: python benchmarks/export.py [--rows 1000000]

The mart has the columns of its contract and made-up values, of which one in eleven or so is null. Each file is written
by a process of its own, of which the wall-clock and CPU seconds and the peak of memory are given, and the CPU of the
server's process beside it, read from /proc: Linux only. A quarter of the rows goes first: memory must not grow. The
server is an embedded one that is removed afterwards.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.scratch_server import ScratchServer, scratch_server, server_cpu_seconds  # noqa: E402  # run as a script
from models.engine import connect  # noqa: E402
from models.migration import migrate  # noqa: E402
from models.roles import TRANSFORMER  # noqa: E402
from models.table_files import FileFormat  # noqa: E402

MART = "customer_360"
CONTRACT = ROOT / "dbt_project" / "models" / "marts" / "customers" / "_customers__marts.yml"
KNOWN = {
    "merchant_id": "'paper_and_ink'",
    "customer_id": "'woocommerce:' || number",
    "currency_code": "'EUR'",
    "model_run_id": "md5('run')",
}
VALUES = {
    "text": "(array['champions', 'loyal_customers', 'about_to_sleep', 'lapsed'])[1 + number * {salt} % 4]",
    "date": "case when number * {salt} % 11 > 0 then date '2024-01-01' + (number * {salt} % 700)::int end",
    "numeric": "case when number * {salt} % 13 > 0 then number * {salt} * 1.37 % 100000 / 100 end",
    "double": "case when number * {salt} % 7 > 0 then random() end",
    "boolean": "number * {salt} % 3 = 0",
}


def fill(url: str, rows: int) -> int:
    """Make the mart; returns how many columns it has."""
    models = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    columns = next(model["columns"] for model in models if model["name"] == MART)
    values = []
    for place, column in enumerate(columns):
        name, kind = column["name"], column["data_type"]
        value = KNOWN.get(name) or VALUES.get(kind.split("(")[0].split()[0], "number * {salt} % 400")
        values.append(f"({value.format(salt=17 + 6 * place)})::{kind} as {name}")
    with connect(url, role=TRANSFORMER, autocommit=True) as connection:
        connection.execute(f"drop table if exists marts.{MART}".encode())
        made = (
            f"create table marts.{MART} as select {', '.join(values)} from generate_series(1::bigint, {rows}) as number"
        )
        connection.execute(made.encode())
        connection.execute(f"vacuum analyze marts.{MART}".encode())
    return len(columns)


def export(path: Path, environment: dict[str, str]) -> None:
    """Write one file, in this process, and print what it took, its imports left out."""
    os.environ.update(environment)
    from orchestration import exports
    from orchestration.settings import current_settings

    settings = current_settings()
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    exports.export_mart(
        settings, MART, path, merchant_ids=[], column_names=None, format_name=None, replaces=True, is_exact_text=False
    )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mib": after.ru_maxrss / 1024}))


def measure(rows: int, columns: int, server: ScratchServer) -> None:
    for file_format in FileFormat:
        path = server.home / f"out.{file_format}"
        before = server_cpu_seconds(server.pid)
        done = subprocess.run(
            [sys.executable, __file__, "--export", path, "--home", server.home],
            capture_output=True,
            text=True,
            check=True,
        )
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        result |= {
            "format": file_format,
            "rows": rows,
            "columns": columns,
            "server_cpu": server_cpu_seconds(server.pid) - before,
        }
        result["megabytes"] = path.stat().st_size / 1e6
        path.unlink()
        print(json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in result.items()}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--export", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.export:
        export(arguments.export, {"PERENNIAL_HOME": str(arguments.home), "PERENNIAL_WAREHOUSE_URL": ""})
        return
    with scratch_server() as server:
        migrate(server.url)
        for rows in (arguments.rows // 4, arguments.rows):
            measure(rows, fill(server.url, rows), server)


if __name__ == "__main__":
    main()
