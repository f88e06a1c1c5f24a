"""What stands in a warehouse's tables, whole, so that two states can be compared row by row."""

from collections import Counter
from dataclasses import dataclass

import psycopg
from psycopg import sql

SCHEMAS = (
    "raw_files",
    "raw_shopify",
    "raw_bigcommerce",
    "raw_woocommerce",
    "intermediate",
    "marts",
    "vault",
    "ml",
    "activation",
)
# What says when and by which run a row was written, and nothing about the merchant. Everything else counts.
BOOKKEEPING = frozenset(
    {
        "loaded_at",
        "run_id",
        "fitted_at",
        "published_at",
        "delivery_id",
        "reserved_at",
        "attempted_at",
        "attempt_count",
        "provider_reference",
        "reconciled_at",
        "touched_by",
        # Of a model run: batches by their numbers, and the run that built its tables.
        "inputs",
    }
)
# A second run over unchanged input notes that it arrived at the same model, and otherwise leaves every byte alone.
RUN_ONLY = frozenset({("ml", "model_runs", "run_id")})

_COLUMNS = """
select table_schema, table_name, column_name from information_schema.columns
where table_schema = any(%s) order by table_schema, table_name, ordinal_position
"""


@dataclass(frozen=True)
class Contents:
    """Every row of every table, as text, with how often it occurs."""

    tables: dict[str, Counter[str]]

    def differences(self, other: "Contents") -> dict[str, str]:
        """Per table that is not the same in both, what is only here and only there."""
        found = {}
        for name in sorted(self.tables.keys() | other.tables.keys()):
            here, there = self.tables.get(name, Counter()), other.tables.get(name, Counter())
            only_here, only_there = here - there, there - here
            if only_here or only_there:
                found[name] = (
                    f"{only_here.total():,} rows only before, such as {sorted(only_here)[:2]}; "
                    f"{only_there.total():,} only after, such as {sorted(only_there)[:2]}"
                )
        return found

    def row_counts(self) -> dict[str, int]:
        """Rows per table."""
        return {name: rows.total() for name, rows in self.tables.items()}


def contents(url: str, *, without: frozenset[str] | frozenset[tuple[str, str, str]] = BOOKKEEPING) -> Contents:
    """Read every table and view of the schemas that a run writes.

    Args:
        url: The warehouse.
        without: Columns that do not count: names, or (schema, table, name) for one table's.
    """
    tables: dict[str, Counter[str]] = {}
    with psycopg.connect(url) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(_COLUMNS, (list(SCHEMAS),)):
            kept = columns.setdefault((schema, table), [])
            if column not in without and (schema, table, column) not in without:
                kept.append(column)
        for (schema, table), names in columns.items():
            query = sql.SQL("select row({})::text from {}").format(
                sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, table)
            )
            tables[f"{schema}.{table}"] = Counter(row for (row,) in connection.execute(query))
    return Contents(tables)


def rows(url: str, query: str, *parameters: object) -> list[tuple[object, ...]]:
    """The rows that a query gives."""
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode(), parameters).fetchall()
