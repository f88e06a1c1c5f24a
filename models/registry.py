"""The model registry: which runs there are, and which one is in force for each merchant."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models.built_merchants import inputs_of
from models.ml import model_runs


def register_model_run(
    connection: sa.Connection,
    *,
    merchant_id: str,
    model_run_id: str,
    model_name: str,
    as_of_date: date,
    parameters: Mapping[str, Any],
    model_card: Mapping[str, Any],
    data_hash: str,
    code_hash: str,
    customer_count: int,
    run_id: str,
    fitted_at: datetime,
    base_model_name: str,
    prediction_basis: str,
    incumbent_run_id: str | None,
    thread_count: int,
) -> bool:
    """Enter a model run with its card, and with what the tables that it read were built from.

    Args:
        connection: A connection in a transaction.
        merchant_id: The tenant.
        model_run_id: The run's digest.
        model_name: The champion.
        as_of_date: The last day of the data.
        parameters: Per model, its parameters by the papers' letters.
        model_card: The card.
        data_hash: Digest of the data.
        code_hash: Digest of the code.
        customer_count: Customers that predictions were made for.
        run_id: The pipeline run that arrived at it.
        fitted_at: The run's time.
        base_model_name: The parametric model under the champion.
        prediction_basis: `model`, `prior` or `naive`.
        incumbent_run_id: The model run that spoke before it.
        thread_count: Threads that the calculation had.

    Returns:
        Whether it was new; a repeat of a run changes nothing but which pipeline run last arrived at it, and gives a run
        that knows no inputs those that led to it again.
    """
    insert = postgresql.insert(model_runs).values(
        merchant_id=merchant_id,
        model_run_id=model_run_id,
        model_name=model_name,
        as_of_date=as_of_date,
        parameters=dict(parameters),
        model_card=dict(model_card),
        data_hash=data_hash,
        code_hash=code_hash,
        customer_count=customer_count,
        run_id=run_id,
        fitted_at=fitted_at,
        base_model_name=base_model_name,
        prediction_basis=prediction_basis,
        incumbent_run_id=incumbent_run_id,
        thread_count=thread_count,
        inputs=inputs_of(merchant_id),
    )
    is_new = connection.scalar(insert.on_conflict_do_nothing().returning(model_runs.c.model_run_id)) is not None
    if not is_new:
        connection.execute(
            model_runs.update()
            .where(model_runs.c.merchant_id == merchant_id, model_runs.c.model_run_id == model_run_id)
            .values(run_id=run_id, inputs=sa.func.coalesce(model_runs.c.inputs, inputs_of(merchant_id)))
        )
    return is_new


def model_runs_named(connection: sa.Connection, begins_with: str, merchant_id: str | None) -> list[sa.Row[Any]]:
    """The model runs whose ids begin so, of one merchant or of all; at most two, for two are one too many."""
    table = model_runs
    query = sa.select(table).where(table.c.model_run_id.startswith(begins_with, autoescape=True))
    if merchant_id is not None:
        query = query.where(table.c.merchant_id == merchant_id)
    return list(connection.execute(query.limit(2)))


def model_run(connection: sa.Connection, merchant_id: str, model_run_id: str) -> sa.Row[Any] | None:
    """A merchant's model run; None when there is no such run."""
    table = model_runs
    return connection.execute(
        sa.select(table).where(table.c.merchant_id == merchant_id, table.c.model_run_id == model_run_id)
    ).one_or_none()


def model_run_of(connection: sa.Connection, merchant_id: str, run_ids: Sequence[str]) -> str | None:
    """The merchant's model run that the first of these pipeline runs to fit any arrived at; None if none did."""
    rows = connection.execute(
        sa.select(model_runs.c.run_id, model_runs.c.model_run_id).where(
            model_runs.c.merchant_id == merchant_id, model_runs.c.run_id.in_(run_ids)
        )
    )
    found = dict(rows.tuples().all())
    return next((found[run_id] for run_id in run_ids if run_id in found), None)


def publish_model_run(
    connection: sa.Connection, *, merchant_id: str, model_run_id: str, published_at: datetime
) -> None:
    """Put a run in force; the one before is superseded. Publishing what is in force changes nothing.

    Args:
        connection: A connection in a transaction.
        merchant_id: The tenant.
        model_run_id: The run to put in force.
        published_at: The run's time.
    """
    table = model_runs
    of_merchant = table.c.merchant_id == merchant_id
    connection.execute(
        table.update()
        .where(
            of_merchant,
            table.c.model_run_id != model_run_id,
            table.c.published_at.is_not(None),
            table.c.superseded_at.is_(None),
        )
        .values(superseded_at=published_at)
    )
    connection.execute(
        table.update()
        .where(
            of_merchant,
            table.c.model_run_id == model_run_id,
            sa.or_(table.c.published_at.is_(None), table.c.superseded_at.is_not(None)),
        )
        .values(published_at=published_at, superseded_at=None)
    )


def incumbent_model_run(connection: sa.Connection, merchant_id: str, *, before: date) -> sa.Row[Any] | None:
    """The published run of the latest earlier day, in force or not: who spoke for a merchant up to a day.

    Not the run in force: the night of a past day that is run again has to find who spoke then, and a repeat of today's
    must not find itself.
    """
    table = model_runs
    return connection.execute(
        sa.select(table)
        .where(table.c.merchant_id == merchant_id, table.c.published_at.is_not(None), table.c.as_of_date < before)
        .order_by(table.c.as_of_date.desc(), table.c.published_at.desc(), table.c.model_run_id)
        .limit(1)
    ).one_or_none()


def current_model_run(connection: sa.Connection, merchant_id: str) -> sa.Row[Any] | None:
    """The run in force for a merchant; None before the first was published."""
    table = model_runs
    return connection.execute(
        sa.select(table).where(
            table.c.merchant_id == merchant_id, table.c.published_at.is_not(None), table.c.superseded_at.is_(None)
        )
    ).one_or_none()
