"""The SQL files of this package, by name. Holds no SQL itself and runs none."""

from functools import cache
from pathlib import Path

from psycopg import sql

_FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> sql.SQL:
    """The text of `models/sql/<name>.sql`, whose `{placeholders}` take identifiers and literals by `format`.

    Args:
        name: The file's name without its ending.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return sql.SQL((_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
