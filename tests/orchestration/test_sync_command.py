"""`perennial sync` and `perennial deliveries` over tables as a night leaves them, with a folder for a destination."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from paper_shop import LOYAL, MERCHANT
from typer.testing import CliRunner

from activation.customers import customer_360, customer_contacts
from models import identity
from models.activation import audience_members, deliveries
from models.engine import create_engine
from models.errors import MisconfiguredError, StopError
from orchestration import deliveries_cli, sync_cli
from orchestration.cli import app
from orchestration.settings import Settings

SYNCS = """
    syncs:
      - {audience: loyal, destination: folder, fields: {rfm_segment: Segment, order_count: Orders}}
      - {segment: nobody_defined, destination: folder, fields: [rfm_segment]}
      - {audience: loyal, destination: unset, fields: [rfm_segment]}
destinations:
  - {type: webhook, name: unset, url: "https://crm.example.com/a", secret: "${NOWHERE_SET}"}
  - {type: file, name: folder, folder: exports}
"""
KEY = {"merchant_id": "paper"}


@pytest.fixture
def warehouse(settings: Settings, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The warehouse of a deployment with two loyal customers, and a folder that is told of them."""
    path = tmp_path / "perennial.yml"
    path.write_text(MERCHANT + LOYAL + SYNCS, encoding="utf-8")
    engine = create_engine(database_url, application_name="perennial tests")
    with engine.begin() as connection:
        for table in (customer_360, customer_contacts, identity.dim_customer_identities):
            table.create(connection)
        connection.execute(sa.text("grant select on all tables in schema marts, vault to perennial_transformer"))
        for name in ("c1", "c2"):
            row = {**KEY, "customer_id": name, "as_of_date": date(2024, 6, 30), "order_count": 3}
            connection.execute(sa.insert(customer_360).values({**row, "rfm_segment": "champions"}))
            entered = {"audience": "loyal", "entered_at": datetime(2024, 6, 30, tzinfo=UTC), "rule_hash": "r"}
            connection.execute(sa.insert(audience_members).values({**KEY, "customer_id": name, **entered}))
    found = replace(settings, config_path=path, warehouse_url=database_url)
    for module in (sync_cli, deliveries_cli):
        monkeypatch.setattr(module, "current_settings", lambda: found)
    yield engine
    engine.dispose()


def said(*words: str, fails: bool = False, command: str = "sync") -> str:
    done = CliRunner().invoke(app, [command, *words])
    if not fails:
        assert done.exception is None, done.exception
        return done.output
    assert isinstance(done.exception, StopError | MisconfiguredError)
    return f"{done.output}{done.exception}"


def digest_of(shown: str) -> str:
    return shown.split("digest ")[1].split(maxsplit=1)[0]


def sent(tmp_path: Path) -> list[dict[str, Any]]:
    lines = [line for path in (tmp_path / "exports").rglob("*.jsonl") for line in path.read_text().splitlines()]
    return [json.loads(line)["payload"] for line in lines]


def test_a_plan_is_shown_and_carried_out_unless_the_data_has_drifted(warehouse: sa.Engine, tmp_path: Path) -> None:
    shown = said("plan", "--audience", "loyal", "--destination", "folder", "--limit", "1")
    assert "paper: loyal → folder (mirror)\n  2 upsert (entered the audience)\n" in shown
    assert "upsert c1 (entered the audience): Segment: champions; Orders: 3\n  … and 1 more\n" in shown
    assert sent(tmp_path) == []
    change = sa.update(customer_360).where(customer_360.c.customer_id == "c2").values(order_count=4)
    with warehouse.begin() as connection:
        connection.execute(change)
    assert "no sync has a plan of digest" in said("apply", "--digest", digest_of(shown), fails=True)
    assert sent(tmp_path) == []
    drifted = said("plan", "--merchant", "paper", "--destination", "folder", fails=True)
    assert "paper: nobody_defined → folder (mirror)\n  cannot be planned: merchant 'paper' has no segment" in drifted
    assert "2 accepted" in said("apply", "--digest", digest_of(drifted))
    assert sorted(payload["Orders"] for payload in sent(tmp_path)) == [3, 4]
    again = said("plan", "--audience", "loyal", "--destination", "folder")
    assert "2 unchanged" in again
    assert "nothing to send" in again
    with warehouse.begin() as connection:
        connection.execute(change.values(order_count=5))
    assert "upsert c2 (a sent value changed): Orders: 4 → 5" in said(
        "plan", "--audience", "loyal", "--destination", "folder"
    )


def test_what_a_destination_holds_already_is_taken_for_known(warehouse: sa.Engine, tmp_path: Path) -> None:
    assert warehouse is not None
    taken = said("backfill", "--audience", "loyal", "--destination", "folder")
    assert "2 customers are known, and nothing was sent" in taken
    assert sent(tmp_path) == []
    assert "nothing to send" in said("plan", "--audience", "loyal", "--destination", "folder")
    assert "no such sync" in said("plan", "--audience", "other", fails=True)


def test_a_destination_that_cannot_be_used_stops_only_what_is_sent_to_it(warehouse: sa.Engine) -> None:
    assert warehouse is not None
    shown = said("plan", "--audience", "loyal", fails=True)
    assert "paper: loyal → folder (mirror)\n  2 upsert" in shown
    fault = "destinations[0].secret: refers to ${NOWHERE_SET}, which the environment does not set"
    assert f"paper: loyal → unset (mirror)\n  cannot be planned: {fault}" in shown


def test_a_person_sees_what_waits_and_decides_it(warehouse: sa.Engine) -> None:
    assert "nothing waits for a person" in said("list", command="deliveries")
    row = {**KEY, "destination": "folder", "audience": "loyal", "operation": "upsert", "payload_hash": "h"}
    more = {"run_id": "r", "reserved_at": datetime(2024, 7, 1, tzinfo=UTC)}
    outcomes = {"c1": "dead", "c2": "maybe_sent", "c3": "rejected", "c4": "accepted"}
    with warehouse.begin() as connection:
        for name, outcome in outcomes.items():
            values = {"customer_id": name, "action_key": name, "outcome": outcome, "reason": f"why {name}"}
            connection.execute(sa.insert(deliveries).values({**row, **more, **values}))
    shown = said("list", command="deliveries")
    assert "1 paper dead upsert c1 loyal → folder, 0 attempts: why c1" in shown
    assert ("c2" in shown, "c3" in shown, "c4" in shown) == (True, True, False)
    assert "c4" in said("list", "--outcome", "accepted", command="deliveries")
    assert "no delivery 1 that waits" in said("resolve", "1", "--taken", command="deliveries", fails=True)
    assert "is sent by the next run" in said("resolve", "2", "--not-taken", command="deliveries")
    assert "1 deliveries are tried again" in said("replay", command="deliveries")
    assert "1 deliveries are tried again" in said("replay", "3", "--rejected", command="deliveries")
    assert "nothing waits for a person" in said("list", command="deliveries")
    with warehouse.connect() as connection:
        found = connection.execute(sa.select(deliveries.c.customer_id, deliveries.c.outcome)).all()
    assert dict(tuple(row) for row in found) == {"c1": "retry", "c2": "retry", "c3": "retry", "c4": "accepted"}
    del row["audience"]
    with warehouse.begin() as connection:
        for name in ("loyalty:points", "over"):
            values = {"customer_id": "c5", "action_key": name, "outcome": "dead", "campaign": name}
            connection.execute(sa.insert(deliveries).values({**row, **more, **values}))
    shown = said("replay", command="deliveries")
    assert "1 deliveries are tried again" in shown
    assert "1 stay as they are: campaign over is paused, over, yet to begin or not declared any more" in shown
    assert "dead upsert c5 over" in said("list", command="deliveries")
