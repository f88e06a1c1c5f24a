"""What landing made of a store's batches, worked out from the archive alone.

DuckDB follows each record through the batches in their order. A batch may hold it (an occurrence), or say that it is
gone (an absence): by a snapshot without it, by the platform's word, by its parent's being gone, or by its parent's
being read without it. An occurrence is a new version if it is the first, if its content differs from the one before, or
if an absence lies between them; late echoes are no occurrences. A record is deleted if an absence follows its last one.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from psycopg import sql

from models.archive import CONTENT_HASH, SNAPSHOT, ArchivedBatch
from models.archive_query import duckdb_connection, duckdb_text, file_pattern
from models.raw import SOURCE_STREAMS
from models.records import TIMESTAMP, Stream
from models.statements import statement

_PIECE_ROWS = 65_536
_NO_TIME = sql.SQL("null::timestamp with time zone")


def landed_rows(of_store: Sequence[ArchivedBatch], source: str, stream: Stream) -> Iterator[pa.Table]:
    """The rows of one store as they have to be.

    Args:
        of_store: All batches of the store that have landed, in their order.
        source: The source's system name.
        stream: The stream.

    Yields:
        Pieces with the columns of the raw table.
    """
    first = of_store[0]
    with duckdb_connection() as duck:
        if stream.parent is not None:
            parent = next(s for s in SOURCE_STREAMS[source] if s.name == stream.parent)
            _state_parents(duck, of_store, parent, stream.parent_key)
        _follow(duck, of_store, stream)
        query = duckdb_text(
            statement("rebuild_rows"),
            keys=_columns(stream.key),
            followed_keys=_columns(stream.key, "followed"),
            versions_keys=_columns(stream.key, "versions"),
            columns=_columns(stream.column_names, "records"),
            source_updated_at=_updated_at(stream),
        )
        for records in duck.sql(query).to_arrow_reader(_PIECE_ROWS):
            rows = pa.Table.from_batches([records])
            rows = rows.append_column("merchant_id", pa.array([first.merchant_id] * len(rows), pa.string()))
            yield rows.append_column("store_id", pa.array([first.store_id] * len(rows), pa.string()))


def _state_parents(
    duck: duckdb.DuckDBPyConnection, of_store: Sequence[ArchivedBatch], parent: Stream, names: Sequence[str]
) -> None:
    """Make the table `parent_states`, with the parents' keys under the names that their parts have for them."""
    _follow(duck, of_store, parent)
    renamed = sql.SQL(", ").join(
        sql.SQL("{} as {}").format(sql.Identifier(key), sql.Identifier(name))
        for key, name in zip(parent.key, names, strict=True)
    )
    duck.execute(duckdb_text(statement("rebuild_parents"), keys_as_named_by_parts=renamed))


def _follow(duck: duckdb.DuckDBPyConnection, of_store: Sequence[ArchivedBatch], stream: Stream) -> None:
    """Make the tables `confirmed`, `absences` and `followed` of a stream."""
    files = [str(b.stream_path(stream.name)) if b.row_counts.get(stream.name) else None for b in of_store]
    gone = [str(b.deletions_path(stream.name)) if b.deletion_counts.get(stream.name) else None for b in of_store]
    batches: dict[str, Any] = {
        "batch_number": pa.array([b.batch_number for b in of_store], pa.int64()),
        "batch_id": [b.batch_id for b in of_store],
        "is_snapshot": [b.mode == SNAPSHOT for b in of_store],
        "loaded_at": pa.array([b.landed_at for b in of_store], TIMESTAMP),
        "filename": pa.array(files, pa.string()),
        "gone_filename": pa.array(gone, pa.string()),
    }
    protected = [(b.batch_number, key) for b in of_store for key in b.protected_keys.get(stream.name, ())]
    protections: dict[str, Any] = {
        "batch_number": pa.array([number for number, _ in protected], pa.int64()),
        "record_key": pa.array([key for _, key in protected], pa.string()),
    }
    duck.register("batches", pa.table(batches))
    duck.register("protections", pa.table(protections))
    _view(duck, "records", files, pa.schema([*stream.schema, CONTENT_HASH]))
    _view(duck, "gone", gone, pa.schema([stream.schema.field(name) for name in stream.key]))
    echoed = vanished = sql.Composed([])
    if stream.parent is not None:
        parts = {"keys": _columns(stream.key), "parent_keys": _columns(stream.parent_key)}
        echoed = statement("rebuild_echoed").format(**parts)
        vanished = statement("rebuild_vanished").format(**parts, known_keys=_columns(stream.key, "known"))
    text = duckdb_text(
        statement("rebuild_occurrences"),
        keys=_columns(stream.key),
        gone_keys=_columns(stream.key, "gone"),
        ordered_keys=_columns(stream.key, "ordered"),
        updated_at=_updated_at(stream) if stream.parent is None else _NO_TIME,
        leave_out_echoed=echoed,
        union_vanished=vanished,
    )
    duck.execute(text)


def _view(duck: duckdb.DuckDBPyConnection, name: str, files: Sequence[str | None], schema: pa.Schema) -> None:
    paths = [file_pattern(path) for path in files if path is not None]
    declared = pa.schema([*schema, pa.field("filename", pa.string())])
    if not paths:
        duck.from_arrow(declared.empty_table()).create_view(name, replace=True)
        return
    listed = sql.SQL("[{}]").format(sql.SQL(", ").join(paths))
    duck.execute(duckdb_text(statement("archive_files"), view=sql.Identifier(name), files=listed))
    if set(declared.names) <= set(duck.view(name).columns):
        return
    parts = {part: f"{name}_{part}" for part in ("archived", "declared")}
    duck.execute(duckdb_text(statement("archive_files"), view=sql.Identifier(parts["archived"]), files=listed))
    duck.from_arrow(declared.empty_table()).create_view(parts["declared"], replace=True)
    named = {part: sql.Identifier(of) for part, of in parts.items()}
    duck.execute(duckdb_text(statement("archive_completed"), view=sql.Identifier(name), **named))


def _updated_at(stream: Stream) -> sql.Composable:
    return _NO_TIME if stream.updated_at is None else sql.Identifier("records", stream.updated_at)


def _columns(names: Sequence[str], table: str | None = None) -> sql.Composed:
    prefix = [] if table is None else [table]
    return sql.SQL(", ").join(sql.Identifier(*prefix, name) for name in names)
