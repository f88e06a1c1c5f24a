"""The archive from the command line: rebuild raw tables from it, and query its history."""

import sys
from itertools import islice

import typer
from rich.console import Console
from rich.table import Table

from models import bookkeeping
from models.archive import batches
from models.archive_query import archive_sql
from models.engine import create_engine
from models.errors import MisconfiguredError
from models.raw import SOURCE_STREAMS
from models.rebuilding import rebuild_raw
from models.stage_builds import forget_builds
from orchestration.deployment import open_deployment
from orchestration.settings import Settings

_ROWS_SHOWN = 100


def rebuild(settings: Settings, source: str, stream: str | None, *, verify_only: bool) -> int:
    """Rebuild raw tables from the archive, or compare them with it.

    Returns:
        0 when the tables are as the archive says, 1 when `verify_only` found a difference.

    Raises:
        MisconfiguredError: There is no such source or stream.
    """
    streams = [s.name for s in SOURCE_STREAMS.get(source, ())]
    if not streams:
        raise MisconfiguredError("source", f"{source!r} is unknown; there are: {', '.join(SOURCE_STREAMS)}")
    if stream is not None and stream not in streams:
        raise MisconfiguredError("stream", f"{source} has no stream {stream!r}; it has: {', '.join(streams)}")
    deployment = open_deployment(settings)
    owner = create_engine(deployment.owner_url)
    is_equal = True
    with owner.begin() as connection:
        # A crash between landing and the manifest is healed here: the books know what landed.
        for _ in bookkeeping.complete_manifests(connection, batches(deployment.archive_root, source)):
            pass
    for name in [stream] if stream else streams:
        with owner.connect() as connection:
            result = rebuild_raw(connection, deployment.archive_root, source, name, is_verify_only=verify_only)
        if result.is_replaced:
            with owner.begin() as connection:
                forget_builds(connection)
        is_equal = is_equal and (result.is_equal or result.is_replaced)
        found = (
            "equal, row for row"
            if result.is_equal
            else f"{result.missing:,} missing, {result.unexpected:,} unexpected, {result.different:,} different"
        )
        done = "; rebuilt" if result.is_replaced else ""
        typer.echo(f"raw_{source}.{name}: {result.rows:,} rows in the archive; {found}{done}")
    return 0 if is_equal else 1


def query_archive(settings: Settings, query: str) -> None:
    """Run DuckDB SQL over the archive and print the result: a table on a terminal, CSV elsewhere."""
    result = archive_sql(settings.home / "archive", query)
    if not sys.stdout.isatty():
        import pyarrow.csv

        pyarrow.csv.write_csv(result, sys.stdout.buffer)
        return
    table = Table(box=None)
    for name in result.column_names:
        table.add_column(name)
    rows = (row for batch in result.to_batches() for row in batch.to_pylist())
    for row in islice(rows, _ROWS_SHOWN):
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
    if result.num_rows > _ROWS_SHOWN:
        typer.echo(f"... {result.num_rows - _ROWS_SHOWN:,} more rows; pipe the output to get them all as CSV")
