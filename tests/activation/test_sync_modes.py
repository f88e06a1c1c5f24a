"""How far a sync goes: what each mode sends, how fields are called, what a plan shows, and what is not sent unseen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import AUDIENCE, FIELDS, ScriptedDestination, Shop, sync_of
from pydantic import ValidationError

from activation.actions import Cause
from activation.customers import segment_memberships
from activation.members import SegmentMembers
from activation.payloads import Sync
from activation.syncs import backfill_audience
from connectors.destination import Operation, Outcome
from models.activation import sent_fields
from models.errors import MisconfiguredError, StopError
from models.ops import segments

UPSERT, INSERT, UPDATE, REMOVE = Operation.UPSERT, Operation.INSERT, Operation.UPDATE, Operation.REMOVE


def sent(crm: ScriptedDestination) -> list[tuple[str, Operation]]:
    return [(delivery.customer_id, delivery.operation) for delivery in crm.sent]


@pytest.mark.parametrize(
    ("mode", "first", "then"),
    [
        ("mirror", UPSERT, [("a", UPSERT), ("b", REMOVE), ("c", REMOVE), ("d", UPSERT)]),
        ("upsert", UPSERT, [("a", UPSERT), ("d", UPSERT)]),
        ("insert", INSERT, [("d", INSERT)]),
        ("update", UPDATE, [("a", UPDATE), ("d", UPDATE)]),
    ],
)
def test_a_mode_sends_what_it_says(shop: Shop, mode: str, first: Operation, then: list[tuple[str, Operation]]) -> None:
    for name in "abc":
        shop.customer(name)
    crm = ScriptedDestination()
    shop.sync(crm, mode=mode)
    assert sent(crm) == [(name, first) for name in "abc"]
    assert shop.sync(crm, mode=mode).plan.is_empty
    crm.batches.clear()
    shop.customer("a", rfm_segment="lost")  # changes
    shop.customer("b", clv_percent_rank=0.1)  # leaves
    shop.consent("c", value=False)  # withdraws
    shop.customer("d")  # enters
    shop.sync(crm, mode=mode)
    assert sent(crm) == then
    assert "withheld" in shop.outcomes()["c"]
    assert shop.sync(crm, mode=mode).plan.is_empty


def test_another_mode_takes_up_what_the_one_before_it_left(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm, mode="update")
    # An update adds nobody: whether the destination holds them is not known by it, so a mirror sends them.
    shop.sync(crm, mode="mirror")
    assert sent(crm) == [("a", UPDATE), ("a", UPSERT)]
    assert shop.sync(crm, mode="update").plan.is_empty
    assert shop.sync(crm, mode="insert").plan.is_empty


def test_what_waits_of_a_member_who_left_is_not_sent_in_any_mode(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    crm = ScriptedDestination(answer=lambda _delivery: Outcome.RETRY, is_idempotent=False)
    shop.sync(crm, mode="upsert")
    crm.batches.clear()
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    shop.customer("a", clv_percent_rank=0.1)
    shop.sync(crm, mode="upsert")
    assert sent(crm) == [("b", UPSERT)]
    assert shop.outcomes()["a"] == ["superseded"]


def test_fields_go_by_the_destinations_names(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    names = {"email": "Email", "clv_amount": "predicted_value", "currency_code": "currency"}
    shop.sync(crm, fields=names)
    assert crm.sent[0].payload == {"Email": "a@shop.example", "predicted_value": "100.00", "currency": "USD"}
    assert shop.sync(crm, fields=names).plan.is_empty
    # By another name it is another field.
    assert shop.sync(crm, fields={**names, "currency_code": "money"}).outcomes == {"accepted": 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fields": {"rfm_segment": "x", "order_count": "x"}}, "both be called x"),
        ({"fields": {"rfm_segment": ""}}, "a name is empty"),
        ({"fields": {"rfm": "x"}}, "cannot be sent"),
        ({"fields": {"clv_amount": "x"}}, "add currency_code"),
        ({"fields": {"email": "x"}}, "declare consent"),
        ({"segment": "big"}, "one audience or of one segment"),
        ({"audience": None}, "one audience or of one segment"),
        ({"mode": "delete"}, "mirror"),
        ({"largest_removal_share": 1.5}, "less than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Sync.model_validate({"audience": "a", "destination": "crm", "fields": ["rfm_segment"], **settings})


def test_a_mode_that_the_destination_cannot_be_asked_for_is_a_mistake_in_the_settings(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination(operations=frozenset({UPSERT}))
    with pytest.raises(MisconfiguredError, match=r"syncs.mode: mirror.* remove"):
        shop.sync(crm)
    assert shop.sync(crm, mode="upsert").is_successful


def test_a_plan_shows_each_field_that_changes_and_no_personal_value(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name, clv_amount=Decimal("919.0000"))
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.customer("a", clv_amount=Decimal("920.0000"))
    shop.customer("b", email="new@shop.example", clv_amount=Decimal("919.0000"), rfm_segment=None)
    shop.customer("c", clv_percent_rank=0.1)
    shop.customer("d")
    shop.sync(ScriptedDestination(name="other"))  # refreshes the audience
    previews = shop.planned(crm).previews
    shown = {preview.customer_id: [str(change) for change in preview.changes] for preview in previews}
    assert shown["a"] == ["clv_amount: 919.00 → 920.00"]
    assert shown["b"] == ["email: (personal) → another (personal)", "rfm_segment: champions → empty"]
    assert (shown["c"], next(p.operation for p in previews if p.customer_id == "c")) == ([], REMOVE)
    assert shown["d"] == [
        "email: (personal)",
        "first_name: (personal)",
        "rfm_segment: champions",
        "clv_amount: 100.00",
        "currency_code: USD",
        "churn_probability: 0.5",
    ]
    fewer = shop.planned(crm, fields=("email", "first_name", "clv_amount", "currency_code")).previews
    assert "rfm_segment: champions → not sent any more" in [str(change) for change in fewer[0].changes]
    assert "shop.example" not in repr(previews)
    assert "First" not in repr(previews)


def test_what_was_sent_is_kept_without_what_identifies_a_person(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    crm = ScriptedDestination(answer=lambda d: Outcome.REJECTED if d.customer_id == "b" else Outcome.ACCEPTED)
    shop.sync(crm)
    with shop.engine.connect() as connection:
        [row] = connection.execute(sa.select(sent_fields)).all()
    assert (row.customer_id, row.fields["clv_amount"], row.payload_hash) == (
        "a",
        "100.00",
        shop.ledger()[0].payload_hash,
    )
    assert set(row.fields) == set(FIELDS)
    assert "shop.example" not in repr(row)
    assert "Firsta" not in repr(row)
    shop.customer("a", clv_percent_rank=0.1)
    shop.sync(crm)
    with shop.engine.connect() as connection:
        assert connection.execute(sa.select(sent_fields)).all() == []


def test_what_was_sent_before_it_was_kept_is_shown_as_unknown(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm, fields=("rfm_segment",))
    with shop.engine.begin() as connection:
        connection.execute(sa.delete(sent_fields))
    shop.customer("a", rfm_segment="lost")
    assert [str(c) for c in shop.planned(crm, fields=("rfm_segment",)).previews[0].changes] == ["rfm_segment: ? → lost"]


def test_a_plan_is_carried_out_as_it_was_shown_or_not_at_all(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(ScriptedDestination(name="other"))
    digest = shop.planned(crm).plan.digest
    assert shop.planned(crm).plan.digest == digest
    shop.customer("a", clv_amount=Decimal("101.0000"))
    with pytest.raises(StopError, match="no longer what was approved"):
        shop.sync(crm, refresh=False, approved_digest=digest)
    assert (crm.sent, [row.destination for row in shop.ledger()]) == ([], ["other"])
    shop.customer("a")
    assert shop.sync(crm, refresh=False, approved_digest=digest).outcomes == {"accepted": 1}
    with pytest.raises(StopError, match="no longer what was approved"):
        shop.sync(crm, refresh=False, approved_digest=digest)


def test_a_removal_of_much_of_what_the_destination_holds_waits_for_a_person(shop: Shop) -> None:
    for name in "abcde":
        shop.customer(name)
    crm = ScriptedDestination()
    strict: dict[str, Any] = {"removals_always_allowed": 0}
    shop.sync(crm, **strict)
    shop.customer("a", clv_percent_rank=0.1)
    assert shop.sync(crm, **strict).outcomes == {"accepted": 1}  # a fifth
    shop.customer("b", clv_percent_rank=0.1)
    with pytest.raises(StopError, match=r"1 of the 4 .*25%.*syncs\.largest_removal_share allows 20%.*--digest"):
        shop.sync(crm, **strict)
    assert len(crm.sent) == 6
    digest = shop.planned(crm, **strict).plan.digest
    assert shop.sync(crm, approved_digest=digest, **strict).outcomes == {"accepted": 1}
    shop.customer("c", clv_percent_rank=0.1)
    assert shop.sync(crm, largest_removal_share=0.5, **strict).outcomes == {"accepted": 1}
    shop.customer("d", clv_percent_rank=0.1)
    assert shop.sync(crm).outcomes == {"accepted": 1}  # few are always allowed
    # Whoever may no longer be written to is taken back, however many they are.
    shop.consent("e", value=False)
    assert shop.sync(crm, **strict).plan.count(REMOVE) == 1


def test_a_backfill_messages_no_one_and_only_later_changes_are_sent(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b", has_email_consent=None)
    crm = ScriptedDestination()
    shop.sync(ScriptedDestination(name="other"))
    arguments: dict[str, Any] = {"merchant_id": "cdnow", "audience": AUDIENCE, "destination": crm, "run_id": "run"}
    sync = sync_of(AUDIENCE, crm, fields=FIELDS, consent="email")
    known = backfill_audience(shop.engine, sync=sync, pace=shop.time.pace, **arguments)
    assert [(action.customer_id, action.cause) for action in known.actions] == [("a", Cause.KNOWN)]
    assert crm.sent == []
    assert [(r.customer_id, r.outcome) for r in shop.ledger() if r.destination == "crm"] == [("a", "accepted")]
    # Whom nobody took for known is still asked about: they did not agree.
    assert shop.sync(crm).outcomes == {}
    shop.customer("a", rfm_segment="lost")
    assert [str(c) for c in shop.planned(crm).previews[0].changes] == ["rfm_segment: champions → lost"]
    shop.sync(crm)
    assert sent(crm) == [("a", UPSERT)]
    assert backfill_audience(shop.engine, sync=sync, pace=shop.time.pace, **arguments).actions == ()


def test_a_segments_members_are_kept_in_step(shop: Shop) -> None:
    vip, crm = SegmentMembers("vip"), ScriptedDestination()
    for name in "ab":
        shop.customer(name)
    with pytest.raises(StopError, match="no segment 'vip'"):
        shop.sync(crm, audience=vip)
    stays = [{"merchant_id": "cdnow", "segment_name": "vip", "customer_id": name} for name in "ab"]
    others = [replaced | change for replaced in stays[:1] for change in ({"merchant_id": "x"}, {"segment_name": "x"})]
    with shop.engine.begin() as connection:
        row = {"description": "", "declared_in": "perennial.yml", "criteria_hash": "c1", "run_id": "run"}
        connection.execute(sa.insert(segments).values(merchant_id="cdnow", segment_name="vip", **row))
        connection.execute(sa.insert(segment_memberships), [{**stay, "left_date": None} for stay in [*stays, *others]])
    shop.sync(crm, audience=vip)
    assert [(d.customer_id, d.audience, d.operation) for d in crm.sent] == [("a", "vip", UPSERT), ("b", "vip", UPSERT)]
    assert shop.ledger()[0].details["rule_hash"] == "c1"
    leaves = sa.update(segment_memberships).where(segment_memberships.c.customer_id == "b")
    with shop.engine.begin() as connection:
        connection.execute(leaves.values(left_date=date(1998, 6, 30)))
    shop.sync(crm, audience=vip)
    assert sent(crm)[2:] == [("b", REMOVE)]
    assert shop.sync(replace(crm), audience=vip).plan.is_empty
