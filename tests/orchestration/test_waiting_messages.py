"""Messages that waited for their recipient's morning are sent in the hour in which it comes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models.activation import deliveries
from models.ops import merchants
from orchestration.waiting_messages import due_merchants, messages_job, messages_schedule

NOW = datetime(2026, 1, 5, 8, 15, tzinfo=UTC)


@pytest.fixture
def connection(engine: sa.Engine) -> Any:
    with engine.begin() as opened:
        opened.execute(
            sa.insert(merchants).values(
                merchant_id="paper",
                merchant_name="Paper",
                time_zone="Europe/Berlin",
                currency_code="EUR",
                as_of_date=date(2026, 1, 4),
                counts_zero_amount_days=True,
                run_id="run",
                updated_at=NOW,
            )
        )
        yield opened


def wait(connection: sa.Connection, **values: Any) -> None:
    row = {
        "merchant_id": "paper",
        "destination": "mail",
        "customer_id": "c1",
        "operation": "send",
        "action_key": "key",
        "payload_hash": "hash",
        "outcome": "retry",
        "campaign": "win_back",
        "retry_at": NOW - timedelta(minutes=15),
        "run_id": "run",
        "reserved_at": NOW - timedelta(hours=7),
    }
    connection.execute(sa.insert(deliveries).values(row | values))


@pytest.mark.parametrize("outcome", ["retry", "reserved"])
def test_a_message_whose_morning_has_come_is_due(connection: sa.Connection, outcome: str) -> None:
    wait(connection, outcome=outcome)
    assert due_merchants(connection, NOW) == {"paper": date(2026, 1, 4)}


@pytest.mark.parametrize(
    "values",
    [
        {"retry_at": NOW + timedelta(minutes=1)},
        {"retry_at": None},
        {"outcome": "accepted"},
        {"outcome": "withheld"},
        {"attempt_count": 1},
        {"campaign": None, "audience": "at_risk"},
    ],
    ids=["not yet", "no time", "accepted", "withheld", "attempted", "a sync"],
)
def test_nothing_else_is_due_before_the_night(connection: sa.Connection, values: dict[str, Any]) -> None:
    wait(connection, **values)
    assert due_merchants(connection, NOW) == {}


def test_the_hour_starts_a_run_of_its_own() -> None:
    assert messages_schedule.job_name == messages_job.name
    assert messages_schedule.cron_schedule == "15 * * * *"
    assert messages_schedule.default_status.value == "RUNNING"
