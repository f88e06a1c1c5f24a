"""`perennial explain` over tables as a run leaves them."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console
from typer.testing import CliRunner

from ml.forecasts.explanation_wording import worded
from models import ml
from models.engine import create_engine
from models.errors import MisconfiguredError, StopError
from orchestration import customer_explanation
from orchestration.cli import app
from orchestration.configuration import Configuration
from orchestration.customer_explanation import explanation_of, print_explanation
from orchestration.deployment import Deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

AS_OF = date(2024, 6, 30)
AT = datetime(2024, 7, 1, 1, tzinfo=UTC)
COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
IN_FORCE, WITHHELD = "a" * 32, "b" * 32


def merchant(name: str) -> dict[str, Any]:
    return {
        "merchant_id": name,
        "merchant_name": f"The [{name}] shop",
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    opened = Deployment(settings, database_url)
    opened.__dict__["configuration"] = Configuration.model_validate({"merchants": [merchant("paper"), merchant("new")]})
    fill(database_url)
    yield opened
    opened.transformer.dispose()


def model_run(model_run_id: str, published_at: datetime | None) -> dict[str, Any]:
    spend = {"p": 6.25, "q": 3.74, "v": 15.44}
    fit = {
        "model_name": "gamma_gamma",
        "status": "converged",
        "parameters": {name: {"value": value, "standard_error": 0.1} for name, value in spend.items()},
        "log_likelihood": -1.0,
        "customer_count": 9,
        "repeat_customer_count": 9,
    }
    return {
        "merchant_id": "paper",
        "model_run_id": model_run_id,
        "model_name": "bg_nbd",
        "base_model_name": "bg_nbd",
        "prediction_basis": "model",
        "as_of_date": AS_OF,
        "parameters": {"bg_nbd": {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}, "gamma_gamma": spend},
        "model_card": {
            "settings": {"currency_minor_digits": 2},
            "fits": [fit],
            "facts": {"expected_spend_of_new_customer_amount": 35.2},
        },
        "data_hash": "d",
        "code_hash": "c",
        "customer_count": 3,
        "run_id": "run-1",
        "fitted_at": AT,
        "published_at": published_at,
    }


def predicted(model_run_id: str, customer_id: str, frequency: int, silent_days: int, clv: str) -> dict[str, Any]:
    return {
        "merchant_id": "paper",
        "model_run_id": model_run_id,
        "customer_id": customer_id,
        "as_of_date": AS_OF,
        "model_name": "bg_nbd",
        "base_model_name": "bg_nbd",
        "prediction_basis": "model",
        "prior_share": 0.0,
        "frequency": frequency,
        "recency_days": 300.0 - silent_days,
        "age_days": 300.0,
        "probability_alive": 0.7,
        "expected_purchases": 2.0,
        "purchases_low": 0.0,
        "purchases_high": 5.0,
        "expected_spend_amount": Decimal("40.0000"),
        "clv_amount": Decimal(clv),
        "clv_low_amount": Decimal("0.0000"),
        "clv_high_amount": Decimal("310.0000"),
        "interval_level": 0.8,
        "clv_horizon_days": 365,
        "annual_discount_rate": 0.1,
        "residual_clv_amount": Decimal("120.0000"),
        "churn_probability": 0.5,
        "churn_horizon_days": 90,
        "next_purchase_date": None,
        "currency_code": "EUR",
    }


def fill(url: str) -> None:
    """One run in force and one that is withheld, and the purchases of a customer."""
    metadata = sa.MetaData()
    days = sa.Table(
        "int_purchase_days_aggregated",
        metadata,
        *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
        sa.Column("purchase_date", sa.Date),
        sa.Column("amount", sa.Numeric(18, 4)),
        schema="intermediate",
    )
    refunds = sa.Table(
        "int_refunds_attributed",
        metadata,
        *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id")),
        *(sa.Column(name, sa.Date) for name in ("purchase_date", "refund_date")),
        sa.Column("amount", sa.Numeric(18, 4)),
        schema="intermediate",
    )
    first = sa.Table(
        "int_first_orders_described",
        metadata,
        *(sa.Column(name, sa.Text) for name in ("merchant_id", "customer_id", "channel", "country_code")),
        sa.Column("purchase_date", sa.Date),
        sa.Column("has_discount", sa.Boolean),
        schema="intermediate",
    )
    bought = {"merchant_id": "paper", "customer_id": "c:[1]"}
    engine = create_engine(url)
    with engine.begin() as connection:
        metadata.create_all(connection)
        for table in (days, refunds, first):
            connection.execute(sa.text(f"grant select on {table.fullname} to perennial_transformer"))
        amounts = {300: 20, 200: 30, 90: 50, -5: 70}  # the last came after the run's day
        connection.execute(
            sa.insert(days),
            [
                {**bought, "purchase_date": AS_OF - timedelta(days=ago), "amount": amount}
                for ago, amount in amounts.items()
            ],
        )
        connection.execute(
            sa.insert(refunds),
            [
                {
                    **bought,
                    "purchase_date": AS_OF - timedelta(days=90),
                    "refund_date": AS_OF - timedelta(days=80),
                    "amount": 10,
                }
            ],
        )
        connection.execute(sa.insert(ml.model_runs), [model_run(IN_FORCE, AT), model_run(WITHHELD, None)])
        connection.execute(
            sa.insert(ml.predictions),
            [
                predicted(IN_FORCE, "c:[1]", 2, 90, "80.0000"),
                predicted(IN_FORCE, "c:2", 2, 30, "79.0000"),
                predicted(IN_FORCE, "c:3", 2, 10, "90.0000"),
                predicted(IN_FORCE, "d:4", 0, 300, "5.0000"),
                predicted(WITHHELD, "c:[1]", 2, 90, "11.0000"),
            ],
        )
    engine.dispose()


def test_what_the_champion_knows_of_a_first_order_is_looked_up_and_said(
    deployment: Deployment, database_url: str
) -> None:
    own = {
        "parameters": {
            name: {"value": value}
            for name, value in (
                *{"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}.items(),
                *((f"{letter}[channel=pos]", 0.5) for letter in ("alpha", "a", "b")),
            )
        },
        "facts": {
            "covariates": {"reference": {"channel": "web"}, "levels": {"channel": ["pos"]}, "pooled": {"channel": []}}
        },
    }
    first = sa.Table(
        "int_first_orders_described",
        sa.MetaData(),
        schema="intermediate",
        autoload_with=(engine := create_engine(database_url)),
    )
    card = model_run(IN_FORCE, AT)["model_card"]
    in_force = sa.and_(ml.model_runs.c.merchant_id == "paper", ml.model_runs.c.model_run_id == IN_FORCE)
    with engine.begin() as connection:
        came = {"merchant_id": "paper", "customer_id": "c:[1]", "purchase_date": AS_OF - timedelta(days=300)}
        connection.execute(sa.insert(first).values(**came, channel="pos", has_discount=None, country_code=None))
        connection.execute(
            sa.update(ml.model_runs)
            .where(in_force)
            .values(
                model_name="bg_nbd_covariates",
                model_card={**card, "facts": {**card["facts"], "champion_fit": own}},
            )
        )
        connection.execute(sa.update(ml.predictions).values(model_name="bg_nbd_covariates"))
    engine.dispose()
    found = explanation_of(deployment, "paper", "c:[1]")
    assert [(fact.level, fact.reference) for fact in found.grounds.first_order] == [("pos", "web")]
    assert "times as many as channel web would" in worded(found)["purchases to come"]


def test_a_customer_is_explained_by_the_run_in_force(deployment: Deployment) -> None:
    found = explanation_of(deployment, "paper", "c:[1]")
    assert found.is_in_force
    assert found.prediction["clv_amount"] == 80.0
    assert found.history.total_spend_amount == pytest.approx(90.0)  # after the refund, without what came later
    assert found.history.mean_spend_amount == pytest.approx(35.0)
    assert not found.history.has_changed
    standing = found.standing
    assert (standing.customer_count, standing.lower_value_count) == (4, 2)
    assert (standing.comparable_count, standing.less_silent_count, standing.comparable_silent_days) == (3, 2, 30.0)


def test_a_run_can_be_named_by_the_beginning_of_its_id(deployment: Deployment) -> None:
    found = explanation_of(deployment, "paper", "c:[1]", WITHHELD[:6])
    assert not found.is_in_force
    assert found.prediction["clv_amount"] == 11.0


def test_it_is_printed_at_any_width(deployment: Deployment) -> None:
    explanation = explanation_of(deployment, "paper", "c:[1]")
    for width in (60, 120):
        stream = io.StringIO()
        print_explanation(Console(file=stream, width=width), "The [paper] shop", explanation)
        shown = stream.getvalue()
        assert max(map(len, shown.splitlines())) <= width
        together = " ".join(shown.split())
        assert "c:[1], The [paper] shop" in together
        assert "35.00 EUR on average after the first" in together
    assert " 2.00 80.00 50.0% had they bought on the last day" in together
    stream = io.StringIO()
    alone = replace(explanation, outlooks=explanation.outlooks[:1])
    print_explanation(Console(file=stream, width=120), "The [paper] shop", alone)
    assert "what would change Not known" in " ".join(stream.getvalue().split())


@pytest.mark.parametrize(
    ("merchant_id", "customer_id", "model_run_id", "message"),
    [
        ("paper", "c:9", None, "no customer 'c:9' .* such as c:2, c:3, c:\\[1\\]"),
        ("paper", "d:", None, "such as d:4$"),
        ("paper", "c:2", "c", f"no model run 'c'; the latest are: .*{WITHHELD[:12]}"),
        ("new", "c:2", None, "has no model run yet; fit one: perennial run --merchant new"),
        ("paper", "c:2", None, "no purchases up to 2024-06-30 any more"),
    ],
)
def test_what_is_missing_is_named_with_the_way_out(
    deployment: Deployment, merchant_id: str, customer_id: str, model_run_id: str | None, message: str
) -> None:
    with pytest.raises(StopError, match=message):
        explanation_of(deployment, merchant_id, customer_id, model_run_id)


def test_without_a_published_run_the_unpublished_are_named(deployment: Deployment, database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(ml.model_runs).values(published_at=None))
    engine.dispose()
    with pytest.raises(StopError, match=f"is published. .*{IN_FORCE[:12]} .*perennial report --merchant paper --run"):
        explanation_of(deployment, "paper", "c:[1]")


def test_several_merchants_have_to_be_told_apart(deployment: Deployment) -> None:
    with pytest.raises(MisconfiguredError, match="say which: paper, new"):
        merchant_named(deployment, None)
    assert merchant_named(deployment, "new").merchant_id == "new"
    deployment.__dict__["configuration"] = Configuration.model_validate({"merchants": [merchant("paper")]})
    assert merchant_named(deployment, None).merchant_id == "paper"


def test_the_command_prints_json(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_explanation, "open_deployment", lambda _: deployment)
    result = CliRunner().invoke(app, ["explain", "c:[1]", "--merchant", "paper", "--format", "json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.output)
    assert said["prediction"]["customer_id"] == "c:[1]"
    assert said["outlooks"][0]["clv_amount"] == pytest.approx(80.0)
    assert said["in_words"]["churn"].startswith("With a probability of 50%")
    wrong = CliRunner().invoke(app, ["explain", "c:[1]", "--format", "xml"])
    assert isinstance(wrong.exception, MisconfiguredError)
