"""Customers who turn out to be one person, or two, between two syncs: nobody is sent anything twice for it."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import sqlalchemy as sa
from activated_shop import ScriptedDestination, Shop

from activation.actions import LedgerOutcome
from activation.consent import Refusal
from connectors.destination import Operation, Outcome
from models.activation import audience_members

PLAIN = ("rfm_segment", "clv_amount", "currency_code")


def stays(shop: Shop) -> list[tuple[str, bool]]:
    with shop.engine.connect() as connection:
        rows = connection.execute(sa.select(audience_members).order_by(audience_members.c.customer_id)).all()
    return [(row.customer_id, row.left_at is None) for row in rows]


def merge(shop: Shop, before: str, now: str) -> None:
    shop.is_now(before, now)
    shop.is_now(now, now)


def test_a_person_with_another_id_is_not_sent_again(shop: Shop) -> None:
    shop.customer("young")
    crm = ScriptedDestination()
    shop.sync(crm, fields=PLAIN, consent=None)
    shop.customer("old")
    merge(shop, "young", "old")
    report = shop.sync(crm, fields=PLAIN, consent=None)
    assert [d.customer_id for d in crm.sent] == ["young"]
    assert (report.plan.is_empty, report.plan.unchanged_count) == (True, 1)
    assert stays(shop) == [("old", True)]


def test_changes_reach_the_destination_under_the_id_that_it_knows(shop: Shop) -> None:
    shop.customer("young")
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.customer("old", first_name="Ann")
    merge(shop, "young", "old")
    shop.sync(crm)
    assert [(d.customer_id, d.operation, d.payload.get("first_name")) for d in crm.sent[1:]] == [
        ("young", Operation.UPSERT, "Ann")
    ]
    # The person withdraws: what is asked just before sending is asked about the person, whatever the id.
    shop.consent("old", value=False)
    report = shop.sync(crm)
    assert [(d.customer_id, d.operation) for d in crm.sent[2:]] == [("young", Operation.REMOVE)]
    assert [w.reason for w in report.plan.withholdings] == [Refusal.NO_CONSENT]


def test_of_two_that_a_destination_has_one_is_taken_back(shop: Shop) -> None:
    shop.customer("young")
    shop.customer("old")
    crm = ScriptedDestination()
    shop.sync(crm, fields=PLAIN, consent=None)
    merge(shop, "young", "old")
    shop.sync(crm, fields=PLAIN, consent=None)
    assert [(d.customer_id, d.operation) for d in crm.sent[2:]] == [("young", Operation.REMOVE)]
    assert shop.sync(crm, fields=PLAIN, consent=None).plan.is_empty


@dataclass
class AccountDestination(ScriptedDestination):
    """Keeps what it is sent by person: whoever has several ids has the same accounts under each."""

    writes_to_accounts: ClassVar[bool] = True


def test_what_is_taken_back_under_the_old_id_is_written_again_under_the_new_one(shop: Shop) -> None:
    shop.customer("new")
    shop.customer("older")
    accounts = AccountDestination()
    shop.sync(accounts, fields=PLAIN, consent=None)
    merge(shop, "older", "new")
    shop.sync(accounts, fields=PLAIN, consent=None)
    assert [(d.customer_id, d.operation) for d in accounts.sent[2:]] == [
        ("older", Operation.REMOVE),
        ("new", Operation.UPSERT),
    ]
    assert len({d.action_key for d in accounts.sent}) == 4
    assert shop.sync(accounts, fields=PLAIN, consent=None).plan.is_empty


def test_what_is_taken_back_at_the_second_try_is_written_again_after_it(shop: Shop) -> None:
    shop.customer("new")
    shop.customer("older")
    accounts = AccountDestination()
    shop.sync(accounts, fields=PLAIN, consent=None)
    merge(shop, "older", "new")
    tries = iter([Outcome.RETRY])
    accounts.answer = lambda d: next(tries, Outcome.ACCEPTED) if d.operation is Operation.REMOVE else Outcome.ACCEPTED
    shop.sync(accounts, fields=PLAIN, consent=None)
    assert [(d.customer_id, d.operation) for d in accounts.sent[2:]] == [
        ("older", Operation.REMOVE),
        ("older", Operation.REMOVE),
        ("new", Operation.UPSERT),
    ]


def test_what_is_taken_back_late_is_written_again_afterwards(shop: Shop) -> None:
    shop.customer("new")
    shop.customer("older")
    accounts = AccountDestination()
    shop.sync(accounts, fields=PLAIN, consent=None)
    merge(shop, "older", "new")
    accounts.answer = lambda delivery: Outcome.RETRY if delivery.operation is Operation.REMOVE else Outcome.ACCEPTED
    shop.sync(accounts, fields=PLAIN, consent=None)
    accounts.answer = lambda _delivery: Outcome.ACCEPTED
    plans = [shop.sync(accounts, fields=PLAIN, consent=None).plan.is_empty for _ in range(3)]
    assert plans[-1]
    assert [(d.customer_id, d.operation) for d in accounts.sent[-2:]] == [
        ("older", Operation.REMOVE),
        ("new", Operation.UPSERT),
    ]


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.MAYBE_SENT])
def test_who_cannot_be_taken_back_under_the_old_id_is_not_written_every_night(shop: Shop, outcome: Outcome) -> None:
    shop.customer("new")
    shop.customer("older")
    accounts = AccountDestination(is_idempotent=False)
    shop.sync(accounts, fields=PLAIN, consent=None)
    merge(shop, "older", "new")
    accounts.answer = lambda delivery: outcome if delivery.operation is Operation.REMOVE else Outcome.ACCEPTED
    for _night in range(4):
        shop.sync(accounts, fields=PLAIN, consent=None)
    assert [(d.customer_id, d.operation) for d in accounts.sent[2:]] == [
        ("older", Operation.REMOVE),
        ("new", Operation.UPSERT),
    ]


def test_what_may_have_been_sent_under_the_old_id_is_not_sent_under_the_new_one(shop: Shop) -> None:
    shop.customer("young")
    once = ScriptedDestination(is_idempotent=False, answer=lambda _: Outcome.MAYBE_SENT)
    shop.sync(once, fields=PLAIN, consent=None)
    shop.customer("old")
    merge(shop, "young", "old")
    report = shop.sync(once, fields=PLAIN, consent=None)
    assert len(once.sent) == 1
    assert report.plan.blocked == ("young",)
    assert shop.outcomes() == {"young": [LedgerOutcome.MAYBE_SENT]}


def test_who_parts_again_is_told_apart_again(shop: Shop) -> None:
    shop.customer("young")
    crm = ScriptedDestination()
    shop.sync(crm, fields=PLAIN, consent=None)
    shop.customer("old")
    merge(shop, "young", "old")
    shop.sync(crm, fields=PLAIN, consent=None)
    shop.is_now("young", "young")
    shop.customer("young")
    shop.sync(crm, fields=PLAIN, consent=None)
    assert [(d.customer_id, d.operation) for d in crm.sent] == [
        ("young", Operation.UPSERT),
        ("old", Operation.UPSERT),
    ]
    assert stays(shop) == [("old", True), ("young", True)]
