"""The summary of a run, over tables as a run leaves them, and as a run that came to nothing leaves them."""

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

from activation.customers import customer_360
from models import activation, ml, ops
from models.engine import create_engine
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.settings import Settings
from orchestration.summary import print_summary

AT = datetime(2026, 1, 14, 1, tzinfo=UTC)
COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}


def merchant(name: str) -> dict[str, Any]:
    return {
        "merchant_id": name,
        "merchant_name": f"The {name} shop",
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}],
        "audiences": [
            {"name": "loyal", "description": "Who bought [often].", "rule": {"column": "order_count", "at_least": 2}}
        ],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    opened = Deployment(settings, database_url)
    declared = Configuration.model_validate({"merchants": [merchant("paper"), merchant("young"), merchant("absent")]})
    opened.__dict__["configuration"] = declared  # as if perennial.yml said so
    yield opened
    opened.transformer.dispose()


def summary(deployment: Deployment, run_id: str | None = "run-2", width: int = 110) -> str:
    stream = io.StringIO()
    print_summary(deployment, Console(file=stream, width=width), run_id)
    return stream.getvalue()


def customer(merchant_id: str, number: int, **values: Any) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "customer_id": f"c{number}",
        "as_of_date": date(2026, 1, 13),
        "first_order_date": date(2024, 2, 1),
        "last_order_date": date(2025, 12, 24),
        "order_count": 3,
        "purchase_day_count": 1,
        "net_amount": Decimal("100.0000"),
        "currency_code": "EUR",
        "rfm_segment": "lost",
        "clv_amount": None,
        "expected_purchases": None,
        "clv_horizon_days": None,
        "churn_probability": None,
        "churn_horizon_days": None,
        **values,
    }


PREDICTED = {
    "clv_amount": Decimal("1234.5000"),
    "expected_purchases": 2.5,
    "clv_horizon_days": 365,
    "churn_probability": 0.25,
    "churn_horizon_days": 90,
}


def fill(url: str) -> None:
    """One merchant with everything, and one too young for a forecast."""
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        ops.merchants: [
            {
                "merchant_id": name,
                "merchant_name": f"The {name} shop",
                "time_zone": "UTC",
                "currency_code": "EUR",
                "as_of_date": date(2026, 1, 13),
                "counts_zero_amount_days": True,
                "updated_at": AT,
            }
            for name in ("paper", "young")
        ],
        customer_360: [
            customer("paper", 1, **PREDICTED, rfm_segment="champions", purchase_day_count=3),
            customer("paper", 2, **PREDICTED, rfm_segment="champions"),
            customer("paper", 3, **(PREDICTED | {"clv_amount": Decimal("1.0000"), "churn_probability": 0.75})),
            customer("young", 1),
        ],
        ops.sync_runs: [
            {
                "sync_run_id": f"s{number}",
                "run_id": "run-2",
                "merchant_id": "paper",
                "store_id": "web",
                "source": "files",
                "started_at": AT,
                **values,
            }
            for number, values in enumerate(
                [
                    {
                        "stream": "orders",
                        "status": "landed",
                        "rows_read": 12_345,
                        "rows_inserted": 12_000,
                        "rows_rejected": 7,
                    },
                    {
                        "stream": "customers",
                        "status": "unchanged",
                        "rows_read": 0,
                        "rows_inserted": 0,
                        "rows_rejected": 0,
                    },
                ]
            )
        ],
        ml.model_runs: [
            {
                "merchant_id": "paper",
                "model_run_id": "m1",
                "model_name": "bg_nbd",
                "as_of_date": date(2026, 1, 13),
                "parameters": {},
                "model_card": {},
                "data_hash": "d",
                "code_hash": "c",
                "customer_count": 3,
                "run_id": "run-2",
                "fitted_at": AT,
                "published_at": AT,
            }
        ],
        ml.backtests: [
            {
                "merchant_id": "paper",
                "model_run_id": "m1",
                "model_name": model,
                "metric": metric,
                "calibration_end_date": date(2025, 7, 17),
                "holdout_days": 180,
                "value": value,
            }
            for model, mae in (("bg_nbd", 0.333), ("naive", 0.777))
            for metric, value in (
                ("mae", mae),
                ("rmse", 1.5),
                ("expected_purchases", 110.0),
                ("actual_purchases", 100.0),
                ("median_error", None),
            )
        ],
        activation.audience_members: [
            {
                "merchant_id": name,
                "audience": "loyal",
                "customer_id": "c1",
                "entered_at": AT,
                "rule_hash": "h",
                "model_run_id": None,
            }
            for name in ("paper", "young")
        ],
        activation.deliveries: [
            {
                "merchant_id": name,
                "destination": "crm",
                "audience": "loyal",
                "customer_id": customer_id,
                "operation": "upsert",
                "action_key": f"{name}-{customer_id}",
                "payload_hash": "p",
                "outcome": outcome,
                "reason": reason,
                "run_id": run_id,
                "reserved_at": AT,
            }
            for name, customer_id, outcome, reason, run_id in (
                ("paper", "c1", "accepted", None, "run-2"),
                ("paper", "c2", "accepted", None, "run-1"),
                ("paper", "c3", "rejected", "no [such] customer", "run-1"),
                ("young", "c1", "accepted", None, "run-2"),
            )
        ],
    }
    engine = create_engine(url)
    with engine.begin() as connection:
        customer_360.create(connection)
        connection.execute(sa.text("grant select on marts.customer_360 to perennial_transformer"))
        for table, values in rows.items():
            connection.execute(sa.insert(table), values)
    engine.dispose()


def test_a_first_run_that_failed_has_nothing_to_show(deployment: Deployment) -> None:
    assert "Nothing is published yet." in summary(deployment, run_id=None)


def test_empty_tables_show_no_merchant(deployment: Deployment, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        customer_360.create(connection)
        connection.execute(sa.text("grant select on marts.customer_360 to perennial_transformer"))
    engine.dispose()
    shown = summary(deployment)
    assert "shop" not in shown


def section(shown: str, name: str) -> str:
    parts = shown.split("The ")
    (found,) = [part for part in parts if part.startswith(f"{name} shop")]
    return found


def test_amounts_forecasts_segments_and_deliveries_are_shown(deployment: Deployment, database_url: str) -> None:
    fill(database_url)
    shown = summary(deployment)
    paper = section(shown, "paper")
    for text in (
        "as of 2026-01-13",
        "web/orders: 12,345 records, 12,000 new",
        "7 rejected",
        "web/customers: nothing new",
        "9 by 3 customers, 2024-02-01 to 2025-12-24",
        "300 EUR net of refunds; 33.3% of the customers came back",
        "2,470 EUR over the next 365 days, 823.33 per customer",
        "1 customers will more likely than not buy nothing within 90 days",
        "fitted to 2025-07-17",
        "bg_nbd MAE 0.333, RMSE 1.500; naive MAE 0.777, RMSE 1.500",
        "110 expected, 100 came (+10%)",
        "loyal: Who bought [often].",
        "crm: 2 upsert accepted (1 in this run)",
        "crm: 1 upsert rejected (none in this run): no [such] customer",
    ):
        assert " ".join(text.split()) in " ".join(paper.split()), text
    segments = [line.split() for line in paper.splitlines() if line.strip().startswith(("champions", "lost"))]
    assert segments == [
        ["champions", "2", "200", "2,469", "1,234.50", "25%"],
        ["lost", "1", "100", "1", "1.00", "75%"],
    ]
    # A merchant too young for a forecast is shown with what there is, and one without customers not at all.
    young = section(shown, "young")
    assert "3 by 1 customers" in young
    assert not [line for line in young.splitlines() if line.startswith("  CLV ")]
    assert [line.split() for line in young.splitlines() if line.strip().startswith("lost")] == [
        ["lost", "1", "100", "-", "-", "-"]
    ]
    assert "the history is too short" in young
    assert "The absent shop" not in shown


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_can_be_printed_at_any_width(deployment: Deployment, database_url: str, width: int) -> None:
    fill(database_url)
    lines = summary(deployment, width=width).splitlines()
    assert max(len(line) for line in lines if "perennial warehouse url" not in line) <= max(width, 80)


def test_a_run_over_one_merchant_speaks_of_that_one(deployment: Deployment, database_url: str) -> None:
    fill(database_url)
    stream = io.StringIO()
    print_summary(deployment, Console(file=stream, width=110), "run-2", ["young"])
    shown = stream.getvalue()
    assert "The young shop" in shown
    assert "The paper shop" not in shown


def test_every_query_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(str(print_summary.__globals__["__file__"])).parent
    names = {path.stem for path in (folder / "queries").glob("*.sql")}
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    assert {name for name in names if f'"{name}"' not in text} == set()
