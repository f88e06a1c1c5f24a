"""What each merchant's tables were last built from: the batches that had landed, and what was declared.

A model run keeps a copy of it (`ml.model_runs.inputs`), by which its history can be made again from the archive
whatever has landed or been declared since. JSON is copied and restored within PostgreSQL, so that no number passes
through a float. Must not know dbt.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from psycopg import sql
from psycopg.types.json import Jsonb

from models.copying import driver_connection, table_name
from models.ml import model_runs
from models.ops import built_merchants
from models.schema import OPS, metadata
from models.statements import statement


@dataclass(frozen=True)
class StorePosition:
    """How far a store had landed.

    Attributes:
        store_id: The store.
        source: The source's system name.
        batch_number: The last batch that had landed.
        batch_count: How many had.
    """

    store_id: str
    source: str
    batch_number: int
    batch_count: int


@dataclass(frozen=True)
class ModelRunInputs:
    """What the tables that a model run read were built from.

    Attributes:
        run_id: The pipeline run that built them.
        project_digest: Digest of the dbt project and of the dbt that built it.
        versions: Library or server to version.
        stores: How far each store had landed.
        declared: Per table of `ops`, the merchant's rows, as JSON.
    """

    run_id: str
    project_digest: str
    versions: Mapping[str, str]
    stores: tuple[StorePosition, ...]
    declared: Mapping[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """What `ml.model_runs.inputs` holds."""
        return cls(
            run_id=kept["run_id"],
            project_digest=kept["project_digest"],
            versions=kept["versions"],
            stores=tuple(StorePosition(**position) for position in kept["stores"]),
            declared=kept["declared"],
        )


def forget_built_merchants(connection: sa.Connection) -> None:
    """Forget what the tables were built from, before they are touched."""
    connection.execute(built_merchants.delete())


def record_built_merchants(
    connection: sa.Connection,
    declarations: Collection[str],
    *,
    run_id: str,
    built_at: datetime,
    project_digest: str,
    versions: Mapping[str, str],
) -> None:
    """Enter, for every merchant, what the tables have just been built from; nothing may have landed meanwhile.

    Args:
        connection: A connection in a transaction that may write `ops`.
        declarations: The tables of `ops` that the models read.
        run_id: The run that built them.
        built_at: The run's time.
        project_digest: Digest of the dbt project and of the dbt that built it.
        versions: Library to version; the server's is added.
    """
    forget_built_merchants(connection)
    of_tables = [
        statement("built_declarations").format(name=sql.Literal(name), table=table_name(_declared_table(name)))
        for name in sorted(declarations)
    ]
    declarations_of = sql.SQL("({}) as of_tables").format(sql.SQL(" union all ").join(of_tables))
    driver_connection(connection).execute(
        statement("record_built_merchants").format(declarations=declarations_of),
        {
            "run_id": run_id,
            "built_at": built_at,
            "project_digest": project_digest,
            "versions": Jsonb(dict(versions)),
        },
    )


def inputs_of(merchant_id: str) -> sa.ScalarSelect[Any]:
    """The merchant's entry as `ml.model_runs.inputs` keeps it; null where nothing is entered."""
    table = built_merchants
    kept = (
        table.c.run_id,
        table.c.built_at,
        table.c.project_digest,
        table.c.versions,
        table.c.stores,
        table.c.declared,
    )
    pairs = [part for column in kept for part in (sa.cast(column.name, sa.Text), column)]
    return sa.select(sa.func.jsonb_build_object(*pairs)).where(table.c.merchant_id == merchant_id).scalar_subquery()


def restore_declarations(
    connection: sa.Connection, scratch: sa.Connection, merchant_id: str, model_run_id: str
) -> None:
    """Enter what was declared of a merchant when a model run's tables were built into another database.

    Args:
        connection: Reads the run.
        scratch: Writes the tables of declarations, which have nothing of the merchant.
        merchant_id: The tenant.
        model_run_id: The run, which has inputs.
    """
    of_run = (model_runs.c.merchant_id == merchant_id, model_runs.c.model_run_id == model_run_id)
    names = connection.scalars(
        sa.select(sa.func.jsonb_object_keys(model_runs.c.inputs["declared"])).where(*of_run)
    ).all()
    for name in sorted(names):
        rows = sa.select(sa.cast(model_runs.c.inputs["declared"][name], sa.Text)).where(*of_run)
        as_json: str = connection.execute(rows).scalar_one()
        # What a later migration added to the table is left to its default.
        written = {column for row in json.loads(as_json) for column in row}
        table = _declared_table(name)
        columns = [sql.Identifier(column.name) for column in table.columns if column.name in written]
        driver_connection(scratch).execute(
            statement("restore_declarations").format(table=table_name(table), columns=sql.SQL(", ").join(columns)),
            {"rows": as_json},
        )


def _declared_table(name: str) -> sa.Table:
    return metadata.tables[f"{OPS}.{name}"]
