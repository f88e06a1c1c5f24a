"""What each stage's tables were last built from: a stage whose inputs are as they were need not be built again.

The digest covers all that dbt's sources can differ by, without reading them: raw tables change only by landing a batch,
predictions only by putting a model run in force. Must not know dbt.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models.ml import model_runs
from models.ops import (
    archive_batches,
    exchange_rates,
    identity_decisions,
    merchants,
    segment_queries,
    segments,
    stage_builds,
    stores,
)
from models.schema import is_there


def inputs_digest(
    connection: sa.Connection, *, code_digest: str, tables: Iterable[tuple[str, str]], reads_predictions: bool
) -> str | None:
    """A digest of all that the dbt project's tables are made from.

    Args:
        connection: A connection that may read `ops` and `ml`.
        code_digest: Digest of the dbt project.
        tables: The tables of the stage, as schema and name.
        reads_predictions: Whether the stage comes after the predictions, and publishes.

    Returns:
        The digest; None when one of the tables is not there, so that there is nothing to keep.
    """
    if not all(is_there(connection, f"{schema}.{name}") for schema, name in tables):
        return None
    landed = archive_batches
    unseen = {"run_id", "updated_at"} | (set() if reads_predictions else {"withheld_reasons"})
    queries: list[sa.Select[Any]] = [
        sa.select(landed.c.merchant_id, landed.c.store_id, landed.c.source, landed.c.batch_id).where(
            # A platform is asked again for what it may have shown late, which mostly changes nothing.
            landed.c.landed_at.is_not(None),
            landed.c.rows_changed.is_distinct_from(0),
        ),
        sa.select(*(column for column in merchants.c if column.name not in unseen)),
        sa.select(exchange_rates),
        sa.select(stores),
        sa.select(identity_decisions),
    ]
    if reads_predictions:
        in_force = model_runs.c.published_at.is_not(None) & model_runs.c.superseded_at.is_(None)
        queries.append(sa.select(model_runs.c.merchant_id, model_runs.c.model_run_id).where(in_force))
        queries += [
            sa.select(*(column for column in table.c if column.name != "run_id"))
            for table in (segments, segment_queries)
        ]
    rows = [sorted(json.dumps([*row], default=str) for row in connection.execute(query)) for query in queries]
    return hashlib.sha256(json.dumps([code_digest, rows]).encode()).hexdigest()


def built_by(connection: sa.Connection, stage: str, digest: str) -> str | None:
    """The run that built the stage's tables from these inputs, with every test passed; None when they are not so."""
    table = stage_builds
    return connection.scalar(sa.select(table.c.run_id).where(table.c.stage == stage, table.c.inputs_digest == digest))


def record_build(connection: sa.Connection, stage: str, digest: str, *, run_id: str, built_at: datetime) -> None:
    """Enter what a stage's tables were built from, once every test has passed."""
    insert = postgresql.insert(stage_builds).values(stage=stage, inputs_digest=digest, run_id=run_id, built_at=built_at)
    values = {name: insert.excluded[name] for name in ("inputs_digest", "run_id", "built_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=["stage"], set_=values))


def forget_build(connection: sa.Connection, stage: str) -> None:
    """Forget what a stage was built from, before its tables are touched."""
    connection.execute(stage_builds.delete().where(stage_builds.c.stage == stage))


def forget_builds(connection: sa.Connection) -> None:
    """Forget what every stage was built from: a raw table was changed by other means than landing a batch."""
    connection.execute(stage_builds.delete())
