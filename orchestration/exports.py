"""`perennial export`: a mart, or a segment's part of one, as a file.

It is read as those read it who may see marts and nothing else.
"""

from contextlib import closing
from difflib import get_close_matches
from pathlib import Path

import sqlalchemy as sa
import typer

from models.copied_rows import CopiedRows, read_ahead
from models.errors import MisconfiguredError, StopError
from models.table_files import FileFormat, table_file
from models.whole_files import written_whole
from orchestration.deployment import open_deployment
from orchestration.settings import Settings

_SCHEMA = "marts"
_SIMILAR_SHOWN = 3
_MERCHANT, _CUSTOMER = "merchant_id", "customer_id"


def export_mart(
    settings: Settings,
    mart: str,
    path: Path,
    *,
    segment: str | None = None,
    merchant_ids: list[str],
    column_names: str | None,
    format_name: str | None,
    replaces: bool,
    is_exact_text: bool,
) -> None:
    """Write a mart's rows to a file, and say how many there were.

    Args:
        settings: The deployment.
        mart: The mart's name, with its schema or without.
        path: The file.
        segment: Only rows of customers who are in this segment now; None means all rows.
        merchant_ids: Whose rows; none means everybody's.
        column_names: The columns in the order wanted, with commas between them; None means all.
        format_name: What kind of file it is; None leaves it to the path.
        replaces: Whether it takes the place of a file that is there.
        is_exact_text: Whether a CSV file keeps text that a spreadsheet would run.

    Raises:
        MisconfiguredError: There is no such mart, segment, column, merchant, format or folder, or a file is there.
        StopError: The file cannot be written, or cannot hold what the mart does.
    """
    file_format = _format(path, format_name)
    _check_place(path, replaces=replaces)
    with open_deployment(settings) as deployment, deployment.reader.connect() as connection:
        wanted = [merchant.merchant_id for merchant in deployment.merchants(merchant_ids)] if merchant_ids else []
        query = mart_query(connection, mart, wanted, column_names, segment)
        rows = CopiedRows(connection, query)
        name = mart.removeprefix(f"{_SCHEMA}.")
        count = 0
        try:
            with (
                written_whole(path, replaces=replaces) as file,
                table_file(file, rows.schema, file_format, title=name, is_exact_text=is_exact_text) as write,
                # Closed before the connection is: a failure may come in the middle of what the server sends.
                closing(read_ahead(iter(rows))) as batches,
            ):
                for batch in batches:
                    write(batch)
                    count += batch.num_rows
        except FileExistsError:
            raise _taken(path) from None
        except OSError as error:
            raise StopError(f"{path} cannot be written: {error.strerror}") from None
    size = path.stat().st_size / 1e6
    typer.echo(f"{path}: {count:,} rows of {_SCHEMA}.{name}, {len(rows.schema)} columns, {size:,.1f} MB")


def mart_query(
    connection: sa.Connection, mart: str, merchant_ids: list[str], column_names: str | None, segment: str | None = None
) -> sa.Select[tuple[object, ...]]:
    """What selects a mart's rows.

    Raises:
        MisconfiguredError: There is no such mart, column or segment.
    """
    table = _mart(connection, mart)
    query = sa.select(*_columns(table, column_names))
    if merchant_ids:
        query = query.where(table.c[_MERCHANT].in_(merchant_ids))
    if segment is not None:
        query = query.where(_is_member(connection, table, merchant_ids, segment))
    return query


def _is_member(
    connection: sa.Connection, table: sa.Table, merchant_ids: list[str], segment: str
) -> sa.ColumnElement[bool]:
    """The condition that a row's customer is in a segment now.

    Raises:
        MisconfiguredError: The rows are of no customer, or none of the merchants has such a segment.
    """
    if _CUSTOMER not in table.c:
        raise MisconfiguredError("--segment", f"{table.fullname} has no {_CUSTOMER}; its rows are in no segment")
    sizes = _mart(connection, "segment_sizes")
    known = sa.select(sizes.c.segment_name).distinct()
    if merchant_ids:
        known = known.where(sizes.c[_MERCHANT].in_(merchant_ids))
    names = sorted(connection.scalars(known))
    if segment not in names:
        found = _similar(segment, names) if names else "none has been counted yet; see perennial segment list"
        raise MisconfiguredError("--segment", f"there is no segment {segment!r}; {found}")
    members = _mart(connection, "segment_memberships")
    return sa.exists().where(
        members.c[_MERCHANT] == table.c[_MERCHANT],
        members.c[_CUSTOMER] == table.c[_CUSTOMER],
        members.c.segment_name == segment,
        members.c.is_current,
    )


def _mart(connection: sa.Connection, name: str) -> sa.Table:
    inspector = sa.inspect(connection)
    there = sorted([*inspector.get_table_names(_SCHEMA), *inspector.get_view_names(_SCHEMA)])
    if not there:
        raise MisconfiguredError("MART", "there are no marts yet; make them: perennial run")
    bare = name.removeprefix(f"{_SCHEMA}.")
    if bare not in there:
        raise MisconfiguredError("MART", f"{name!r} is none of the {len(there)} marts; {_similar(bare, there)}")
    return sa.Table(bare, sa.MetaData(), schema=_SCHEMA, autoload_with=connection, resolve_fks=False)


def _columns(table: sa.Table, names: str | None) -> list[sa.Column[object]]:
    if names is None:
        return list(table.c)
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in table.c:
            similar = _similar(name, list(table.c.keys()))
            raise MisconfiguredError("--columns", f"{table.fullname} has no column {name!r}; {similar}")
    if len(set(wanted)) < len(wanted):
        raise MisconfiguredError("--columns", "a column is named twice")
    return [table.c[name] for name in wanted]


def _similar(name: str, there: list[str]) -> str:
    """What to say is there instead of a name that is not: the nearest, or all."""
    nearest = get_close_matches(name, there, n=_SIMILAR_SHOWN, cutoff=0.5)
    return f"the nearest: {', '.join(nearest)}" if nearest else f"there are: {', '.join(there)}"


def _format(path: Path, name: str | None) -> FileFormat:
    written = (name or path.suffix.removeprefix(".")).lower()
    try:
        return FileFormat(written)
    except ValueError:
        known = ", ".join(FileFormat)
        if name is None:
            raise MisconfiguredError("--to", f"{path.name!r} ends in none of {known}; say --format") from None
        raise MisconfiguredError("--format", f"{name!r}; use one of {known}") from None


def _check_place(path: Path, *, replaces: bool) -> None:
    """Refuse a place that cannot be written to before anything is read."""
    if path.is_dir():
        raise MisconfiguredError("--to", f"{path} is a folder; name a file in it")
    if not path.parent.is_dir():
        raise MisconfiguredError("--to", f"there is no folder {path.parent}")
    if path.exists() and not replaces:
        raise _taken(path)


def _taken(path: Path) -> MisconfiguredError:
    return MisconfiguredError("--to", f"{path} is there already; replace it with --force")
