"""Forecasts as they were stored: which model run of a merchant is meant, and a customer's purchases at its day.

What `perennial explain` and `perennial report` have in common. Reads only.
"""

import sqlalchemy as sa

from ml.forecasts.explanation import StoredRun
from ml.histories.known_history import KnownHistory
from models.errors import MisconfiguredError, StopError
from models.ml import model_runs
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.purchase_history import first_orders, purchase_history


def merchant_named(deployment: Deployment, merchant_id: str | None) -> Merchant:
    """The merchant that is meant; the only one where none is named.

    Raises:
        MisconfiguredError: There are several to choose from, or none of that name.
    """
    merchants = deployment.configuration.merchants
    if merchant_id is not None:
        return deployment.configuration.merchant(merchant_id)
    if len(merchants) > 1:
        names = ", ".join(merchant.merchant_id for merchant in merchants)
        raise MisconfiguredError("--merchant", f"several merchants are declared; say which: {names}")
    return merchants[0]


def stored_run(connection: sa.Connection, merchant_id: str, model_run_id: str | None = None) -> StoredRun:
    """A merchant's model run: the one in force, or the one whose id begins with what is given.

    Raises:
        StopError: There is no such run, or several whose ids begin so.
    """
    table = model_runs
    of_merchant = sa.select(table).where(table.c.merchant_id == merchant_id)
    is_in_force = sa.and_(table.c.published_at.is_not(None), table.c.superseded_at.is_(None))
    meant = is_in_force if model_run_id is None else table.c.model_run_id.startswith(model_run_id, autoescape=True)
    found = connection.execute(of_merchant.where(meant).limit(2)).all()
    if len(found) > 1:
        raise StopError(
            f"several model runs of merchant {merchant_id} begin with {model_run_id!r}; give more of the id"
        )
    if not found:
        latest = connection.execute(of_merchant.order_by(table.c.fitted_at.desc()).limit(5)).all()
        raise StopError(_no_run(merchant_id, model_run_id, [(row.model_run_id, str(row.as_of_date)) for row in latest]))
    row = found[0]
    if row.base_model_name is None:
        raise StopError(
            f"the model run {row.model_run_id} of merchant {merchant_id} is older than what is asked of it; run the "
            "pipeline once more: perennial run"
        )
    return StoredRun(
        merchant_id=row.merchant_id,
        model_run_id=row.model_run_id,
        as_of_date=row.as_of_date,
        model_name=row.model_name,
        base_model_name=row.base_model_name,
        prediction_basis=row.prediction_basis,
        is_in_force=row.published_at is not None and row.superseded_at is None,
        parameters=row.parameters,
        model_card=row.model_card,
    )


def _no_run(merchant_id: str, model_run_id: str | None, latest: list[tuple[str, str]]) -> str:
    if not latest:
        return f"merchant {merchant_id} has no model run yet; fit one: perennial run --merchant {merchant_id}"
    shown = ", ".join(f"{name[:12]} (as of {day})" for name, day in latest)
    if model_run_id is None:
        return (
            f"no model run of merchant {merchant_id} is published. Unpublished ones, the latest first: {shown}. Look "
            f"at one with --run, at why with: perennial report --merchant {merchant_id} --run {latest[0][0][:12]}"
        )
    return f"merchant {merchant_id} has no model run {model_run_id!r}; the latest are: {shown}"


def customer_history(connection: sa.Connection, run: StoredRun, customer_id: str) -> KnownHistory:
    """A customer's purchases up to the run's as-of date, as they are known now."""
    days, refunds = purchase_history(connection, run.merchant_id, customer_id)
    first = first_orders(connection, run.merchant_id, customer_id)
    return KnownHistory(days, refunds, run.as_of_date, first_orders=first)
