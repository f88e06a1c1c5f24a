"""Who is on the suppression list is in no audience that needs consent, from the next run on, until it is lifted."""

from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import ScriptedDestination, Shop, a_night_later, looked_at

from activation.gates.suppressions import Entry, address_hash, lift, suppress, suppressed
from connectors.destination import Operation

BOUNCED = "they are on the suppression list: bounce"
KINDS = ("address", "customer", "former id")


def put_on_list(shop: Shop, customer_id: str, kind: str = "customer", reason: str = "bounce") -> None:
    who: dict[str, Any] = {"customer_id": customer_id}
    if kind == "address":
        who = {"address_hash": address_hash(f"{customer_id}@shop.example")}
    elif kind == "former id":
        shop.is_now("before", customer_id)
        who = {"customer_id": "before"}
    with shop.engine.begin() as connection:
        assert suppress(connection, shop.merchant_id, [Entry(reason, shop.time.now, **who)]) == 1


def take_off(shop: Shop, customer_id: str, kind: str) -> None:
    who: dict[str, Any] = {"customer_id": "before" if kind == "former id" else customer_id}
    if kind == "address":
        who = {"address": f"{customer_id}@shop.example"}
    with shop.engine.begin() as connection:
        assert lift(connection, shop.merchant_id, lifted_at=shop.time.now, because="they wrote", **who) == 1


@pytest.mark.parametrize(("kind", "knows_changes"), [*((kind, True) for kind in KINDS), ("address", False)])
def test_who_comes_on_the_list_is_taken_back_and_comes_again_when_it_is_lifted(
    shop: Shop, kind: str, knows_changes: bool
) -> None:
    for name in "abc":
        shop.customer(name, email=f"{name.upper()}@Shop.example")
    crm = ScriptedDestination()
    for _night in range(3):  # who entered on the cursor's day is looked at once more
        shop.sync(crm, knows_changes=knows_changes)
        a_night_later(shop)
    crm.batches.clear()
    put_on_list(shop, "b", kind)
    theirs = {"b", "before"} if kind == "former id" else {"b"}
    assert looked_at(shop, crm) == (theirs if knows_changes else None)
    report = shop.sync(crm, knows_changes=knows_changes)
    assert [(d.customer_id, d.operation) for d in crm.sent] == [("b", Operation.REMOVE)]
    assert [(row.customer_id, row.reason) for row in shop.ledger() if row.outcome == "withheld"] == [("b", BOUNCED)]
    assert report.is_successful
    a_night_later(shop)
    assert shop.sync(crm, knows_changes=knows_changes).plan.is_empty
    take_off(shop, "b", kind)
    shop.sync(crm, knows_changes=knows_changes)
    assert [(d.customer_id, d.operation) for d in crm.sent[1:]] == [("b", Operation.UPSERT)]


def test_who_is_on_the_list_is_refused_where_consent_is_asked_and_nowhere_else(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    put_on_list(shop, "a", "address", "complaint")
    put_on_list(shop, "b", "customer", "unsubscribe")
    crm, plain = ScriptedDestination(), ScriptedDestination(name="plain")
    report = shop.sync(crm, mode="upsert")
    assert [d.customer_id for d in crm.sent] == ["c"]
    assert {w.customer_id: w.reason for w in report.plan.withholdings} == {
        "a": "they are on the suppression list: complaint",
        "b": "they are on the suppression list: unsubscribe",
    }
    shop.sync(plain, fields=("rfm_segment",), consent=None)
    assert [d.customer_id for d in plain.sent] == ["a", "b", "c"]


def test_who_comes_on_the_list_between_the_plan_and_the_sending_is_not_sent(shop: Shop) -> None:
    for name in "ab":
        shop.customer(name)

    def complain(_batch: object) -> None:
        crm.before = lambda _batch: None
        put_on_list(shop, "b")

    crm = ScriptedDestination(batch_size=1, before=complain)
    assert shop.sync(crm).outcomes == {"accepted": 1, "withheld": 1}
    assert ([d.customer_id for d in crm.sent], shop.ledger()[1].reason) == (["a"], BOUNCED)


def test_an_entry_under_the_id_of_now_stops_what_is_sent_under_the_one_of_then(shop: Shop) -> None:
    shop.customer("then")
    crm = ScriptedDestination()
    shop.sync(crm)
    shop.customer("now", first_name="Other")
    shop.is_now("then", "now")
    shop.is_now("now", "now")

    def complain(_batch: object) -> None:
        crm.before = lambda _batch: None
        put_on_list(shop, "now")

    shop.customer("a")
    crm.before, crm.batch_size = complain, 1
    assert shop.sync(crm).outcomes == {"accepted": 1, "withheld": 1}
    assert [d.customer_id for d in crm.sent] == ["then", "a"]


@pytest.mark.parametrize("asked", ["now", "then", "before"])
def test_of_the_list_only_what_is_about_those_who_are_asked_for_is_read(shop: Shop, asked: str) -> None:
    for record in ("now", "then", "before"):
        shop.is_now(record, "now")
    with shop.engine.begin() as connection:
        listed = [Entry("bounce", shop.time.now, customer_id=f"other{number}") for number in range(50)]
        suppress(connection, shop.merchant_id, [*listed, Entry("bounce", shop.time.now, customer_id="then")])
        read = []
        sa.event.listen(connection, "after_cursor_execute", lambda _c, cursor, *_rest: read.append(cursor.rowcount))
        assert suppressed(connection, shop.merchant_id, [asked, "nobody"], {}) == {asked: BOUNCED}
        assert sum(read) == 1
