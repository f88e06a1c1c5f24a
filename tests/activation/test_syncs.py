"""Whole syncs over real tables: what is sent, what is not, and what the ledger says about it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from activated_shop import AS_OF, AUDIENCE, FIELDS, ScriptedDestination, Shop, make_shop

from activation.actions import Cause, LedgerOutcome
from activation.consent import Refusal
from activation.customers import customer_360
from activation.payloads import Sync
from activation.syncs import preview_sync, sync_audience
from connectors.destination import Operation
from models.errors import MisconfiguredError, StopError
from models.ops import merchants


def test_members_with_consent_receive_the_declared_fields(shop: Shop) -> None:
    shop.customer("a", churn_probability=0.123456)
    shop.customer("b", clv_percent_rank=0.1)
    crm = ScriptedDestination()
    report = shop.sync(crm)
    assert report.is_successful
    [sent] = crm.sent
    assert (sent.merchant_id, sent.audience, sent.customer_id) == ("cdnow", "at_risk", "a")
    assert sent.payload == {
        "email": "a@shop.example",
        "first_name": "Firsta",
        "rfm_segment": "champions",
        "clv_amount": "100.00",
        "currency_code": "USD",
        "churn_probability": 0.1235,
    }
    [row] = shop.ledger()
    assert (row.outcome, row.attempt_count, row.run_id, row.model_run_id) == ("accepted", 1, "run 1", "run-1")
    assert (row.reserved_at, row.attempted_at) == (shop.time.now, shop.time.now)
    assert row.details == {
        "as_of_date": "1998-06-30",
        "rule_hash": AUDIENCE.rule_hash,
        "cause": Cause.ENTERED,
        "sequence": 0,
    }


def test_a_second_run_sends_nothing(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    crm = ScriptedDestination()
    shop.sync(crm)
    before = shop.ledger()
    report = shop.sync(crm, run_id="second")
    assert len(crm.sent) == 3
    assert (report.plan.is_empty, report.plan.unchanged_count, report.is_successful) == (True, 3, True)
    assert shop.ledger() == before


def test_a_changed_value_sends_exactly_that_record(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.customer("b", clv_amount=Decimal("101.0000"))
    shop.customer("c", order_count=99, churn_probability=0.5 + 1e-13)  # not sent, and jitter
    shop.sync(crm)
    assert [(d.customer_id, d.payload["clv_amount"]) for d in crm.sent[3:]] == [("b", "101.00")]


def test_who_left_is_removed_without_personal_data(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.customer("a", clv_percent_rank=0.0)
    shop.as_of += timedelta(days=1)
    shop.sync(crm)
    [removal] = crm.sent[2:]
    assert (removal.customer_id, removal.operation, removal.payload) == ("a", Operation.REMOVE, {"customer_id": "a"})
    shop.sync(crm)
    assert len(crm.sent) == 3


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"has_email_consent": None}, Refusal.CONSENT_UNKNOWN),
        ({"has_email_consent": False}, Refusal.NO_CONSENT),
        ({"email": None}, Refusal.NO_EMAIL),
        ({"email": "nobody"}, Refusal.BAD_EMAIL),
    ],
)
def test_refusals_are_recorded_once(shop: Shop, values: dict[str, Any], refusal: Refusal) -> None:
    shop.customer("a", **values)
    crm = ScriptedDestination()
    for run_id in ("one", "two", "three"):
        report = shop.sync(crm, run_id=run_id)
        assert report.plan.refused_count == 1
        assert report.is_successful
    [row] = shop.ledger()
    assert (row.outcome, row.reason, row.run_id, row.attempted_at) == ("withheld", refusal, "one", None)
    assert crm.sent == []


def test_a_missing_contact_is_a_refusal(shop: Shop) -> None:
    shop.customer("a")
    shop.forget_contact("a")
    crm = ScriptedDestination()
    shop.sync(crm)
    assert [row.reason for row in shop.ledger()] == [Refusal.NO_CONTACT]
    assert crm.sent == []


def test_consent_withdrawn_after_sending_takes_the_record_back(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.consent("a", False)
    shop.sync(crm)
    shop.sync(crm)
    assert [(d.operation, d.payload) for d in crm.sent[1:]] == [(Operation.REMOVE, {"customer_id": "a"})]
    shop.consent("a", True)
    shop.sync(crm)
    assert [d.operation for d in crm.sent] == [Operation.UPSERT, Operation.REMOVE, Operation.UPSERT]
    assert len({d.action_key for d in crm.sent}) == 3


def test_without_personal_fields_no_consent_is_asked_for(shop: Shop) -> None:
    shop.customer("a", has_email_consent=None)
    crm = ScriptedDestination()
    shop.sync(crm, fields=("rfm_segment",), consent=None)
    assert [d.payload for d in crm.sent] == [{"rfm_segment": "champions"}]


def test_a_sync_of_personal_data_without_consent_is_misconfigured(shop: Shop) -> None:
    shop.customer("a")
    sly = Sync.model_construct(audience=AUDIENCE.name, destination="crm", fields=("email",), consent=None)
    crm = ScriptedDestination()
    with pytest.raises(MisconfiguredError, match=r"merchants\[0\]\.syncs\[2\]\.consent"):
        sync_audience(
            shop.engine,
            merchant_id="cdnow",
            sync=sly,
            audience=AUDIENCE,
            destination=crm,
            run_id="run",
            pace=shop.time.pace,
            key="merchants[0].syncs[2]",
        )
    assert crm.sent == []


def test_a_prediction_that_is_no_number_withholds_its_record_only(shop: Shop) -> None:
    shop.customer("a", churn_probability=float("nan"))
    shop.customer("b")
    crm = ScriptedDestination()
    shop.sync(crm)
    assert [d.customer_id for d in crm.sent] == ["b"]
    assert shop.outcomes()["a"] == [LedgerOutcome.WITHHELD]


def test_merchants_share_destinations_and_nothing_else(engine: sa.Engine) -> None:
    one, other = make_shop(engine, "one"), make_shop(engine, "other")
    one.customer("a", rfm_segment="of one")
    other.customer("a", rfm_segment="of other", has_email_consent=False)
    crm = ScriptedDestination()
    one.sync(crm)
    other.sync(crm)
    assert [(d.merchant_id, d.payload["rfm_segment"]) for d in crm.sent] == [("one", "of one")]
    other.consent("a", True)
    other.sync(crm)
    one.sync(crm)
    assert [d.merchant_id for d in crm.sent] == ["one", "other"]
    assert len({d.action_key for d in crm.sent}) == 2


def test_the_same_audience_at_two_destinations_is_two_syncs(shop: Shop) -> None:
    shop.customer("a")
    crm, export = ScriptedDestination(), ScriptedDestination(name="export")
    shop.sync(crm)
    shop.sync(export)
    assert (len(crm.sent), len(export.sent)) == (1, 1)
    assert crm.sent[0].action_key != export.sent[0].action_key


def test_neither_ledger_nor_log_holds_personal_data(shop: Shop) -> None:
    shop.customer("a", email="jo.doe@shop.example", first_name="Josephine")
    shop.customer("b", email="no address of Josephine", has_email_consent=True)
    crm = ScriptedDestination()
    with structlog.testing.capture_logs() as logs:
        shop.sync(crm)
    written = json.dumps([dict(row._mapping) for row in shop.ledger()], default=str) + json.dumps(logs, default=str)
    assert "delivered" in written
    for secret in ("jo.doe", "Josephine", "shop.example"):
        assert secret not in written


def test_an_earlier_day_messages_no_one(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm)
    with shop.engine.begin() as connection:
        connection.execute(sa.update(customer_360).values(as_of_date=date(1998, 6, 1), rfm_segment="of old"))
    with pytest.raises(StopError, match="replay of an earlier day messages no one"):
        shop.sync(crm)
    assert len(crm.sent) == 1


def test_an_empty_mart_removes_no_one(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm)
    with shop.engine.begin() as connection:
        connection.execute(sa.delete(customer_360))
    with pytest.raises(StopError, match="holds no row of merchant 'cdnow'"):
        shop.sync(crm, refresh=False)
    assert len(crm.sent) == 1


def test_a_withheld_merchant_messages_no_one(shop: Shop) -> None:
    shop.customer("a")
    row = {
        "merchant_id": "cdnow",
        "merchant_name": "CDNOW",
        "time_zone": "UTC",
        "currency_code": "USD",
        "as_of_date": AS_OF.date(),
        "counts_zero_amount_days": True,
        "updated_at": AS_OF,
    }
    with shop.engine.begin() as connection:
        connection.execute(sa.insert(merchants).values(**row, withheld_reasons=["revenue does not add up"]))
    crm = ScriptedDestination()
    with pytest.raises(StopError, match="revenue does not add up"):
        shop.sync(crm)
    with shop.engine.begin() as connection:
        connection.execute(sa.update(merchants).values(withheld_reasons=[]))
    shop.sync(crm)
    assert len(crm.sent) == 1
    # What failed after publishing says nothing about the numbers, and could else never be mended by sending.
    with shop.engine.begin() as connection:
        connection.execute(sa.update(merchants).values(withheld_reasons=["deliveries: at_risk → crm: refused"]))
    shop.customer("b")
    shop.sync(crm)
    assert len(crm.sent) == 2


def test_a_preview_shows_what_would_happen_and_does_none_of_it(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b", has_email_consent=False)
    crm = ScriptedDestination()
    shop.sync(crm)
    rows_before = shop.ledger()
    shop.customer("a", rfm_segment="hibernating")
    shop.customer("c", has_email_consent=None)
    shop.sync(ScriptedDestination(name="other"))  # refreshes the audience; another destination's ledger
    rows_before = shop.ledger()
    sync = Sync(audience=AUDIENCE.name, destination="crm", fields=FIELDS, consent="email")
    previews = preview_sync(shop.engine, merchant_id="cdnow", sync=sync, audience=AUDIENCE, destination=crm)
    assert [(p.customer_id, p.operation, p.reason) for p in previews] == [
        ("a", Operation.UPSERT, Cause.CHANGED),
        ("c", None, Refusal.CONSENT_UNKNOWN),
    ]
    assert previews[0].fields == {
        "rfm_segment": "hibernating",
        "clv_amount": "100.00",
        "currency_code": "USD",
        "churn_probability": 0.5,
    }
    assert "shop.example" not in repr(previews)
    assert shop.ledger() == rows_before
    assert len(crm.sent) == 1


def test_a_sync_is_given_its_own_audience_and_destination(shop: Shop) -> None:
    crm = replace(ScriptedDestination(), name="elsewhere")
    sync = Sync(audience=AUDIENCE.name, destination="crm", fields=("rfm_segment",))
    with pytest.raises(ValueError, match="elsewhere"):
        preview_sync(shop.engine, merchant_id="cdnow", sync=sync, audience=AUDIENCE, destination=crm)
