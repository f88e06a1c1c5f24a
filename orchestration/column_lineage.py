"""Which columns each column of dbt's tables is made of, as Dagster's assets tell it.

It is worked out from the models' SQL when the documents are generated, and kept in a file: to work it out in a run, as
dagster-dbt can, would cost every night what it costs here once per change.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

FILE = Path(__file__).with_name("column_lineage.json")
# Of an asset, by column: assets and columns of theirs. Assets by their key, with a dot between its parts.
Lineage = Mapping[str, Mapping[str, list[tuple[str, str]]]]


def written(lineage: Lineage) -> str:
    """The file's text: a line per column, where an asset alone stands for its column of the same name."""
    tables = {
        table: {
            column: " ".join(f"{asset}.{origin}" if origin != column else asset for asset, origin in origins)
            for column, origins in columns.items()
        }
        for table, columns in sorted(lineage.items())
    }
    return json.dumps(tables, indent=0) + "\n"


def read(text: str) -> Lineage:
    """The lineage that a text of the file holds."""
    return {
        table: {column: [_origin(name, column) for name in origins.split()] for column, origins in columns.items()}
        for table, columns in json.loads(text).items()
    }


def lineage_metadata(key: dg.AssetKey, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """An asset's metadata with the lineage of its columns.

    Dagster keeps `dagster/column_lineage` for its API and for catalogues that ask it; its own pages show it in their
    paid edition only. So the description of a column, which they all show, names the columns too.

    Args:
        key: The asset's.
        metadata: What is known of it, with its columns under `dagster/column_schema`.
    """
    columns = _kept().get(".".join(key.path))
    schema = metadata.get("dagster/column_schema")
    if columns is None or schema is None:
        return dict(metadata)
    described = [
        dg.TableColumn(
            column.name,
            column.type,
            _described(column.description or "", columns.get(column.name, [])),
            column.constraints,
            column.tags,
        )
        for column in schema.columns
    ]
    deps = {
        column: [dg.TableColumnDep(dg.AssetKey(asset.split(".")), origin) for asset, origin in origins]
        for column, origins in columns.items()
    }
    return {
        **metadata,
        "dagster/column_schema": dg.TableSchema(described, schema.constraints),
        "dagster/column_lineage": dg.TableColumnLineage(deps),
    }


def _described(description: str, origins: list[tuple[str, str]]) -> str:
    if not origins:
        return description
    names = ", ".join(f"`{asset}.{column}`" for asset, column in origins)
    return f"{description.rstrip()}\n\nFrom {names}".lstrip()


def _origin(name: str, column: str) -> tuple[str, str]:
    schema, table, *named = name.split(".")
    return f"{schema}.{table}", named[0] if named else column


@cache
def _kept() -> Lineage:
    return read(FILE.read_text(encoding="utf-8"))
