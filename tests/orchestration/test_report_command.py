"""`perennial report` over tables as a run leaves them."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from stored_reports import AS_OF, AT, CARD, backtest, cohorts, deciles, weeks
from typer.testing import CliRunner

from models import ml
from models.engine import create_engine
from models.errors import MisconfiguredError, StopError
from orchestration import merchant_report
from orchestration.cli import app
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.merchant_report import report_data, write_reports
from orchestration.report_page import report_page
from orchestration.settings import Settings

COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}


def merchant(name: str) -> dict[str, Any]:
    return {
        "merchant_id": name,
        "merchant_name": f"The {name} shop",
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    opened = Deployment(settings, database_url)
    opened.__dict__["configuration"] = Configuration.model_validate({"merchants": [merchant("paper"), merchant("new")]})
    of_run = {"merchant_id": "paper", "model_run_id": "a" * 32}
    names = {"model_name": "bg_nbd", "base_model_name": "bg_nbd", "prediction_basis": "model", "as_of_date": AS_OF}
    run = {**of_run, **names, "parameters": {}, "model_card": CARD, "data_hash": "d", "code_hash": "c"}
    numbers = dict.fromkeys(("recency_days", "age_days", "probability_alive", "annual_discount_rate"), 0.5)
    amounts = {"expected_spend_amount": Decimal(1), "clv_amount": Decimal("12.5"), "currency_code": "EUR"}
    days = {"clv_horizon_days": 365, "churn_horizon_days": 90, "churn_probability": 0.75, "prior_share": 0.5}
    predicted = {**of_run, **names, **numbers, **amounts, **days, "frequency": 1, "expected_purchases": 1.5}
    tables: dict[sa.Table, list[dict[str, Any]]] = {
        ml.model_runs: [{**run, "customer_count": 2, "run_id": "run-1", "fitted_at": AT, "published_at": AT}],
        ml.predictions: [{**predicted, "customer_id": name} for name in ("c1", "c2")],
        ml.backtests: [{**of_run, **row} for row in backtest().to_dicts()],
        ml.calibration_deciles: [{**of_run, **row} for row in deciles().to_dicts()],
        ml.holdout_weeks: [{**of_run, **row} for row in weeks().to_dicts()],
        ml.cohort_forecasts: [{**of_run, **row} for row in cohorts().to_dicts()],
    }
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for table, rows in tables.items():
            connection.execute(sa.insert(table), rows)
    engine.dispose()
    yield opened
    opened.transformer.dispose()


def test_stored_rows_make_the_page(deployment: Deployment) -> None:
    found = report_data(deployment, deployment.configuration.merchant("paper"))
    assert found.totals == {
        "customer_count": 2,
        "expected_purchases": 3.0,
        "clv_amount": 25.0,
        "likely_churned_count": 2,
        "prior_share": 0.5,
    }
    assert found.published_at is not None
    assert [frame.height for frame in (found.backtest, found.deciles, found.weeks, found.cohorts)] == [19, 30, 2, 6]
    assert "The paper shop" in report_page(found)


def test_the_command_writes_a_page_and_says_where(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merchant_report, "open_deployment", lambda _: deployment)
    folder = tmp_path / "pages"
    result = CliRunner().invoke(app, ["report", "--merchant", "paper", "--run", "aaaa", "--output", str(folder)])
    assert result.exit_code == 0, result.output
    assert str(folder / "paper.html") in result.output.replace("\n", "")
    assert (folder / "paper.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(StopError, match="merchant new has no model run yet"):
        write_reports(deployment.settings, ["new", "paper"], tmp_path / "all")
    assert (tmp_path / "all" / "paper.html").exists()
    with pytest.raises(MisconfiguredError, match="say which: paper, new"):
        write_reports(deployment.settings, [], folder, "aaaa")
