"""`perennial trace` over tables as runs leave them."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from paper_shop import LOYAL, MERCHANT
from rich.console import Console
from typer.testing import CliRunner

from models.activation import audience_members, deliveries
from models.campaigns import campaign_versions
from models.engine import create_engine
from models.errors import StopError
from models.identity import dim_customer_identities
from models.ml import model_runs
from models.ops import segments
from orchestration import cli, delivery_trace
from orchestration.delivery_trace import trace_of
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings

DESTINATIONS = "destinations: [{type: file, name: folder, folder: exports}]"
AS_OF = date(2024, 6, 30)
AT = datetime(2024, 7, 1, 1, tzinfo=UTC)
RUN = "a1b2c3" * 10
SYNCED, CAMPAIGN, OLD = "1" * 64, "2" * 64, "3" * 64

_metadata = sa.MetaData()
fct_orders = sa.Table(
    "fct_orders",
    _metadata,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id", "customer_id", "source_name")),
    sa.Column("order_date", sa.Date),
    sa.Column("amount", sa.Numeric(18, 4)),
    sa.Column("currency_code", sa.Text),
    schema="marts",
)
segment_memberships = sa.Table(
    "segment_memberships",
    _metadata,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "segment_name", "customer_id")),
    sa.Column("entered_date", sa.Date),
    schema="marts",
)


@pytest.fixture
def deployment(settings: Settings, tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    path = tmp_path / "perennial.yml"
    path.write_text(MERCHANT + LOYAL + DESTINATIONS, encoding="utf-8")
    engine = create_engine(database_url, application_name="perennial tests")
    with engine.begin() as connection:
        _metadata.create_all(connection)
        dim_customer_identities.create(connection)
        connection.execute(sa.text("grant select on all tables in schema marts to perennial_transformer"))
    with open_deployment(replace(settings, config_path=path, warehouse_url=database_url)) as opened:
        with engine.begin() as connection:
            fill(connection, opened.configuration.merchant("paper").audiences[0].rule_hash)
        yield opened
    engine.dispose()


def order(number: int, day: date, *, customer_id: str = "c1", merchant_id: str = "paper") -> dict[str, Any]:
    ids = {"merchant_id": merchant_id, "store_id": "web", "order_id": f"#{number}", "customer_id": customer_id}
    return {**ids, "source_name": "shopify", "order_date": day, "amount": Decimal("12.5000"), "currency_code": "EUR"}


def delivery(action_key: str, **values: Any) -> dict[str, Any]:
    return {
        "merchant_id": "paper",
        "destination": "folder",
        "audience": "loyal",
        "customer_id": "c1",
        "operation": "upsert",
        "action_key": action_key,
        "payload_hash": "h",
        "outcome": "accepted",
        "run_id": "run-7",
        "model_run_id": RUN,
        "reserved_at": AT,
        "attempted_at": AT,
        "details": {"as_of_date": AS_OF.isoformat(), "cause": "entered the audience"},
        **values,
    }


def fill(connection: sa.Connection, rule_hash: str) -> None:
    days = [date(2024, 1, 2), date(2024, 6, 30), date(2024, 7, 1)]
    orders = [order(number, day) for number, day in enumerate(days, 1)]
    orders += [order(8, days[0], customer_id="c2"), order(9, days[0], merchant_id="other")]
    connection.execute(sa.insert(fct_orders), orders)
    stays = [(AT.replace(month=1), AT.replace(month=3)), (AT.replace(month=5), None), (AT.replace(month=8), None)]
    for entered_at, left_at in stays:
        stay = {"merchant_id": "paper", "audience": "loyal", "customer_id": "c1", "rule_hash": rule_hash}
        connection.execute(sa.insert(audience_members).values(stay | {"entered_at": entered_at, "left_at": left_at}))
    key = {"merchant_id": "paper", "segment_name": "slipping"}
    connection.execute(
        sa.insert(segment_memberships),
        [{**key, "customer_id": "c1", "entered_date": day} for day in (date(2024, 6, 29), date(2024, 7, 2))],
    )
    found = {"description": "", "declared_in": "perennial.yml", "criteria_hash": "newer", "run_id": "run-9"}
    connection.execute(sa.insert(segments).values(key | found))
    fitted = {"model_run_id": RUN, "model_name": "bg_nbd", "as_of_date": AS_OF, "parameters": {}, "model_card": {}}
    digests = {"data_hash": "d" * 64, "code_hash": "e" * 64, "customer_count": 3, "run_id": "run-7", "fitted_at": AT}
    connection.execute(sa.insert(model_runs).values({"merchant_id": "paper", **fitted, **digests}))
    details = {"as_of_date": AS_OF.isoformat(), "trigger": "segment_entered", "segment": "slipping"}
    of_campaign = {"campaign": "win_back", "campaign_version": "v" * 64, "arm": "message", "step": "message"}
    for row in (
        delivery(SYNCED, details=delivery("")["details"] | {"rule_hash": rule_hash}),
        delivery(CAMPAIGN, operation="send", audience=None, period="2024-06", details=details, **of_campaign),
        delivery(OLD, customer_id="c0", model_run_id=None, details={"rule_hash": "older", "as_of_date": "2024-01-31"}),
    ):
        connection.execute(sa.insert(deliveries).values(row))
    version = {"merchant_id": "paper", "campaign": "win_back", "campaign_version": "v" * 64, "first_run_id": "run-3"}
    known = {"declaration": {"trigger": {"segment_entered": "slipping"}}, "first_as_of_date": date(2024, 5, 1)}
    connection.execute(sa.insert(campaign_versions).values({**version, **known, "last_as_of_date": AS_OF}))
    who = {"merchant_id": "paper", "record_id": "c0", "customer_id": "c1"}
    connection.execute(sa.insert(dim_customer_identities).values(who))


def test_a_sync_leads_to_its_rule_its_model_run_and_the_orders_of_the_day(deployment: Deployment) -> None:
    trace = trace_of(deployment, SYNCED)
    assert trace.cause == {"audience": "loyal", "cause": "entered the audience"}
    assert trace.rule["audience"] == "loyal"
    assert trace.rule["is_as_declared_now"] is True
    assert trace.rule["rule"] == {"column": "order_count", "at_least": 2}
    assert trace.rule["entered_on"] == AT.replace(month=5).isoformat()
    assert (trace.model["model_run_id"], trace.model["model_name"]) == (RUN, "bg_nbd")
    assert trace.features == {"as_of_date": "2024-06-30", "model_as_of_date": "2024-06-30"}
    assert [one["order_id"] for one in trace.orders] == ["#1", "#2"]
    assert trace.orders[0] == {
        "platform": "shopify",
        "store_id": "web",
        "order_id": "#1",
        "order_date": "2024-01-02",
        "amount": "12.5000",
        "currency_code": "EUR",
    }


def test_a_campaigns_message_leads_to_its_version_and_its_segment(deployment: Deployment) -> None:
    trace = trace_of(deployment, CAMPAIGN)
    assert trace.cause == {
        "campaign": "win_back",
        "campaign_version": "v" * 64,
        "arm": "message",
        "step": "message",
        "period": "2024-06",
        "trigger": {"segment_entered": "slipping"},
        "first_as_of_date": "2024-05-01",
    }
    assert trace.rule == {"segment": "slipping", "rule_hash": "newer", "entered_on": "2024-06-29"}


def test_a_rule_that_changed_and_a_customer_who_was_merged_are_said(deployment: Deployment) -> None:
    trace = trace_of(deployment, "3" * 6)
    assert trace.delivery["customer_id_now"] == "c1"
    assert (trace.rule["rule_hash"], trace.rule["is_as_declared_now"]) == ("older", False)
    assert "rule" not in trace.rule
    assert trace.model == {}
    assert [one["order_id"] for one in trace.orders] == ["#1"]


def test_a_delivery_is_named_by_its_number_or_the_beginning_of_its_key(deployment: Deployment) -> None:
    number = str(trace_of(deployment, SYNCED).delivery["delivery_id"])
    assert trace_of(deployment, number) == trace_of(deployment, SYNCED)
    assert trace_of(deployment, "2" * 20, "paper").cause["campaign"] == "win_back"
    for name, words in (("abc", "at least 6"), ("123456789012", "no delivery"), ("x" * 30, "no delivery")):
        with pytest.raises(StopError, match=words):
            trace_of(deployment, name)
    with pytest.raises(StopError, match="no delivery"):
        trace_of(deployment, SYNCED, "other")
    with deployment.transformer.begin() as connection:
        connection.execute(sa.insert(deliveries).values(delivery("1" * 63 + "0")))
    with pytest.raises(StopError, match="several"):
        trace_of(deployment, "1" * 50)


def test_people_and_programs_read_the_same(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(delivery_trace, "summary_console", lambda: Console(file=shown, width=200))
    monkeypatch.setattr(cli, "current_settings", lambda: deployment.settings)
    for words in ([SYNCED], [CAMPAIGN, "--merchant", "paper"]):
        done = CliRunner().invoke(cli.app, ["trace", *words])
        assert done.exception is None, done.exception
    text = shown.getvalue()
    steps = [
        "Delivery",
        "sync of loyal",
        "audience loyal",
        "as declared now",
        "model run a1b2c3",
        "as of 2024-06-30",
        "#2",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert "campaign win_back, version vvv" in text
    assert "segment slipping" in text
    done = CliRunner().invoke(cli.app, ["trace", SYNCED, "--json"])
    assert json.loads(done.stdout) == trace_of(deployment, SYNCED).as_json
