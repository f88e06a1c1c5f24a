"""`perennial report`: a page per merchant that says how far its forecast can be trusted, from the stored tables."""

from pathlib import Path

import sqlalchemy as sa
import typer

from models import ml
from models.errors import StopError
from models.reading import read_frame
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.report_page import report_page
from orchestration.report_verdict import ReportData
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named, stored_run
from orchestration.summary import query


def write_reports(
    settings: Settings, merchant_ids: list[str], output: Path | None, model_run_id: str | None = None
) -> None:
    """Write a page per merchant and say where it is.

    Args:
        settings: The deployment.
        merchant_ids: Whose; none means everybody's.
        output: The folder, made where it is not there; None is `reports` in the home.
        model_run_id: The model run to show, or how its id begins; None is the one in force.

    Raises:
        MisconfiguredError: A run is named and it is not said of which merchant.
        StopError: A merchant has no such run; the others' pages are written.
    """
    folder = output or settings.home / "reports"
    with open_deployment(settings) as deployment:
        if model_run_id is None:
            merchants = deployment.merchants(merchant_ids)
        else:
            merchants = [merchant_named(deployment, merchant_ids[0] if merchant_ids else None)]
        missing = []
        for merchant in merchants:
            try:
                page = report_page(report_data(deployment, merchant, model_run_id))
            except StopError as error:  # the other merchants' pages are no worse for it
                missing.append(str(error))
                continue
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{merchant.merchant_id}.html"
            path.write_text(page, encoding="utf-8")
            typer.echo(f"{merchant.merchant_id}: {path}")
    if missing:
        raise StopError("; ".join(missing))


def report_data(deployment: Deployment, merchant: Merchant, model_run_id: str | None = None) -> ReportData:
    """What a merchant's page is made of.

    Raises:
        StopError: See `write_reports`.
    """
    with deployment.transformer.connect() as connection:
        run = stored_run(connection, merchant.merchant_id, model_run_id)
        runs = ml.model_runs
        times = connection.execute(
            sa.select(runs.c.published_at, runs.c.superseded_at).where(
                runs.c.merchant_id == run.merchant_id, runs.c.model_run_id == run.model_run_id
            )
        ).one()

        def rows(table: sa.Table, *columns: str) -> sa.Select[tuple[object, ...]]:
            chosen = [table.c[name] for name in columns] if columns else list(table.c)
            return sa.select(*chosen).where(
                table.c.merchant_id == run.merchant_id, table.c.model_run_id == run.model_run_id
            )

        values = rows(ml.predictions, "clv_amount", "currency_code").where(
            ml.predictions.c.as_of_date == run.as_of_date
        )
        frames = [
            read_frame(connection, one)
            for one in (
                values,
                *(
                    rows(table)
                    for table in (ml.backtests, ml.calibration_deciles, ml.holdout_weeks, ml.cohort_forecasts)
                ),
            )
        ]
    (totals,) = query(
        deployment,
        "forecast_totals",
        merchant_id=run.merchant_id,
        model_run_id=run.model_run_id,
        as_of_date=run.as_of_date,
    )
    return ReportData(
        merchant.merchant_name,
        merchant.currency_code,
        run,
        times.published_at,
        times.superseded_at,
        {name: getattr(totals, name) for name in totals._fields},
        *frames,
    )
