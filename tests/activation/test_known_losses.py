"""The ways in which syncs are known to lose records or to send them twice, each tried here by its name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import AUDIENCE, ScriptedDestination, Shop, Time, make_shop

from connectors.destination import Delivery, DeliveryResult, Outcome
from connectors.destinations.webhook import WebhookDestination, WebhookSettings
from connectors.sandbox.receiver import Fault, running_receiver
from models.activation import deliveries, sent_fields
from models.errors import StopError

SECRET = "a secret of the test"


def known(crm: ScriptedDestination) -> dict[str, Any]:
    """What the destination holds of each customer by what it was sent."""
    held: dict[str, Any] = {}
    for delivery in crm.sent:
        held[delivery.customer_id] = delivery.payload
    return held


def webhook(url: str, idempotency: str) -> WebhookDestination:
    settings = {"type": "webhook", "name": "crm", "url": url, "secret": SECRET, "idempotency": idempotency}
    return WebhookDestination(WebhookSettings.model_validate(settings))


def test_ties_and_late_rows_at_the_cursor_are_sent(shop: Shop) -> None:
    """There is no cursor over times: rows of the same moment, and rows that come with an earlier one, count."""
    crm = ScriptedDestination()
    for name in "ab":
        shop.customer(name, last_order_date=date(1998, 6, 30))
    shop.sync(crm, fields=("last_order_date",))
    shop.customer("tie", last_order_date=date(1998, 6, 30))
    shop.customer("late", last_order_date=date(1998, 1, 1))
    assert shop.sync(crm, fields=("last_order_date",)).outcomes == {"accepted": 2}
    assert set(known(crm)) == {"a", "b", "tie", "late"}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_a_sessions_time_zone_changes_nothing(shop: Shop, zone: str) -> None:
    shop.customer("a", last_order_date=date(1998, 1, 2))
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.RETRY)
    with shop.engine.begin() as connection:
        name = connection.execute(sa.select(sa.func.current_database())).scalar_one()
        connection.exec_driver_sql(f"alter database \"{name}\" set timezone to '{zone}'")
    shop.engine.dispose()
    fields = ("last_order_date", "next_purchase_date")
    later = shop.time.now + timedelta(minutes=30)
    crm_asks = replace(crm)

    def send(batch: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        crm_asks.batches.append(list(batch))
        local = later.astimezone(timezone(timedelta(hours=-8)))
        return [DeliveryResult(d.action_key, Outcome.RETRY, retry_at=local) for d in batch if sent_at]

    crm_asks.send = send  # type: ignore[method-assign]
    shop.sync(crm_asks, fields=fields)
    assert shop.ledger()[0].retry_at == later
    shop.time.now = later - timedelta(seconds=1)
    assert shop.sync(crm, fields=fields).deferred_count == 1
    shop.time.now = later
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    assert shop.sync(crm, fields=fields).is_successful
    assert crm.sent[0].payload == {"last_order_date": "1998-01-02", "next_purchase_date": None}
    assert shop.sync(crm, fields=fields).plan.is_empty


def test_a_graceful_stop_in_mid_run_loses_nothing(shop: Shop) -> None:
    for number in range(10):
        shop.customer(str(number))
    crm = ScriptedDestination(batch_size=3)

    def stops(_batch: object) -> None:
        if len(crm.batches) == 2:
            raise SystemExit

    crm.before = stops
    with pytest.raises(SystemExit):
        shop.sync(crm)
    assert len(crm.sent) == 6
    crm.before = lambda _batch: None
    assert shop.sync(crm).outcomes == {"accepted": 4}
    assert sorted(delivery.customer_id for delivery in crm.sent) == [str(number) for number in range(10)]


def test_errors_per_item_inside_a_200_fail_those_items_and_the_sync(shop: Shop, tmp_path: Path) -> None:
    for name in "abc":
        shop.customer(name)
    with running_receiver(tmp_path / "receiver.jsonl", SECRET) as receiver:
        settings = {
            "type": "webhook",
            "name": "crm",
            "url": receiver.url,
            "secret": SECRET,
            "idempotency": "action_key",
        }
        crm = WebhookDestination(WebhookSettings.model_validate(settings))
        receiver.faults.append(Fault(takes=True, omits=frozenset({"b"})))
        shop.sync(crm, pace=replace(shop.time.pace, attempts=1))
        assert shop.outcomes() == {"a": ["accepted"], "b": ["retry"], "c": ["accepted"]}
        report = shop.sync(crm)
        assert report.outcomes == {"accepted": 1}
        assert sorted(effect["customer_id"] for effect in receiver.effects()) == ["a", "b", "c"]


@pytest.mark.parametrize("idempotency", ["action_key", "none"])
def test_a_connection_dropped_after_the_provider_worked_doubles_nothing(
    shop: Shop, tmp_path: Path, idempotency: str
) -> None:
    shop.customer("a")
    with running_receiver(tmp_path / "receiver.jsonl", SECRET) as receiver:
        crm = webhook(receiver.url, idempotency)
        receiver.forgets = idempotency == "none"
        receiver.faults.append(Fault(takes=True, drops=True))
        first = shop.sync(crm)
        shop.sync(crm)
        assert len(receiver.effects()) == 1
        assert first.is_successful is (idempotency == "action_key")


def test_decimals_and_times_survive_waiting_to_be_sent_again(shop: Shop) -> None:
    """What waits is no stored payload: it is made anew, and every value that a column can hold can be written."""
    columns = ("clv_amount", "currency_code", "churn_probability", "last_order_date", "order_count")
    shop.customer("a", clv_amount=Decimal("1234567890123.4567"), currency_code="BHD", churn_probability=1 / 3)
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.RETRY)
    shop.sync(crm, fields=columns)
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    shop.sync(crm, fields=columns)
    expected = {
        "clv_amount": "1234567890123.457",
        "currency_code": "BHD",
        "churn_probability": 0.3333,
        "last_order_date": "1998-01-02",
        "order_count": 3,
    }
    assert [delivery.payload for delivery in crm.sent] == [expected] * 4
    with shop.engine.connect() as connection:
        assert connection.execute(sa.select(sent_fields.c.fields)).scalar_one() == expected


def test_a_dead_letter_cannot_overflow(shop: Shop) -> None:
    """Of what waits, however long its payload and however many there are, the ledger holds one short row each."""
    for number in range(50):
        shop.customer(f"c{number}", rfm_segment="x" * 100_000)
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.RETRY)
    for _ in range(4):
        shop.sync(crm, fields=("rfm_segment",), pace=replace(shop.time.pace, attempts=1))
    with shop.engine.connect() as connection:
        text = sa.cast(sa.literal_column("deliveries.*", sa.Text), sa.Text)
        longest, count = connection.execute(
            sa.select(sa.func.max(sa.func.length(text)), sa.func.count()).select_from(deliveries)
        ).one()
    assert count == 50
    assert longest < 1_000


def test_one_merchants_trouble_stops_no_other_sync(shop: Shop) -> None:
    shop.customer("a")
    other = make_shop(shop.engine, "other")
    with pytest.raises(StopError, match="holds no row"):
        other.sync(ScriptedDestination())
    broken = ScriptedDestination(name="broken", before=lambda _batch: 1 / 0)  # type: ignore[arg-type, return-value]
    assert not shop.sync(broken).is_successful
    assert shop.sync(ScriptedDestination()).is_successful


def test_a_run_of_an_earlier_day_messages_no_one(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm)
    earlier = replace(shop, as_of=shop.as_of - timedelta(days=1), time=Time(datetime(2026, 2, 1, tzinfo=UTC)))
    earlier.customer("a", rfm_segment="as it was then")
    with pytest.raises(StopError, match="messages no one"):
        earlier.sync(crm, refresh=False, audience=AUDIENCE)
    assert len(crm.sent) == 1
