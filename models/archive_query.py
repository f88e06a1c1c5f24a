"""SQL over the archive, through DuckDB: one view per source and stream, over every batch that was ever read.

Reads and never writes: one `select` at a time, of files below the archive's folder only.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
from psycopg import sql

from models.errors import MisconfiguredError
from models.statements import statement

_READING_STATEMENTS = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})


@contextmanager
def duckdb_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that downloads no extensions, works in UTC, and spills to a folder that goes with it."""
    with TemporaryDirectory(prefix="perennial_duckdb_") as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": spill,
        }
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute(duckdb_text(statement("prepare_duckdb")))
            yield connection


def duckdb_text(template: sql.SQL, **parts: sql.Composable) -> str:
    """A statement for DuckDB, which quotes identifiers and literals as PostgreSQL does."""
    return template.format(**parts).as_string(None)


def file_pattern(folder: Path | str, *below: str) -> sql.Literal:
    """A path as DuckDB's functions take it: what is special to it in the folder's own name stands for itself.

    Args:
        folder: A folder or file, taken literally.
        *below: Patterns of what lies below it.
    """
    literal = re.sub(r"([*?\[])", r"[\1]", str(folder))
    return sql.Literal("/".join((literal, *below)))


def archive_views(root: Path) -> dict[str, sql.Literal]:
    """The views that the archive has something for, with the pattern of their files."""
    found = sorted(root.glob("source=*/stream=*"))
    return {
        f"{folder.parent.name.removeprefix('source=')}_{folder.name.removeprefix('stream=')}": file_pattern(
            folder, "*", "*", "*", "*.parquet"
        )
        for folder in found
        if any(folder.glob("*/*/*/*.parquet"))
    }


def archive_sql(root: Path, text: str) -> pa.Table:
    """Run one query over the archive.

    Views are named `<source>_<stream>`; to a stream's columns they add `content_hash`, `row_number`, `merchant_id`,
    `store_id`, `day`, `source` and `stream`, and of a platform's records `payload`, the whole text as it was sent, for
    DuckDB's JSON functions. What a platform confirmed to be gone is in `<source>_<stream>__deleted`, by its key.

    Args:
        root: The archive's folder.
        text: One `select` in DuckDB's dialect.

    Returns:
        The result.

    Raises:
        MisconfiguredError: The text is not one readable query, or names what is not there; the message says what is.
    """
    root = root.resolve()
    views = archive_views(root)
    with duckdb_connection() as connection:
        for view, files in views.items():
            connection.execute(duckdb_text(statement("archive_view"), view=sql.Identifier(view), files=files))
        folder, pattern = sql.Literal(str(root)), file_pattern(root)
        connection.execute(duckdb_text(statement("lock_down_duckdb"), folder=folder, pattern=pattern))
        try:
            statements = connection.extract_statements(text)
            if len(statements) != 1 or statements[0].type not in _READING_STATEMENTS:
                raise MisconfiguredError("archive sql", "write exactly one select; the archive is never changed by SQL")
            result: pa.Table = connection.sql(text).to_arrow_table()
        except duckdb.CatalogException as error:
            there = f"the archive has {', '.join(views)}" if views else f"the archive at {root} is empty as yet"
            raise MisconfiguredError("archive sql", f"{_first_line(error)} ({there})") from error
        except duckdb.Error as error:
            raise MisconfiguredError("archive sql", _first_line(error)) from error
        return result


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]
