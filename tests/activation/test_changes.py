"""Syncs that read only who changed send what those send that look at everybody."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import FIELDS, ScriptedDestination, Shop, a_night_later, looked_at
from campaign_sends import ReadableDestination

from activation.changes import latest_change, reconcile
from activation.customers import customer_360, segment_memberships
from activation.gates.suppressions import Entry, lift, suppress
from activation.members import SegmentMembers
from activation.resolutions import maybe_sent, resolve_maybe_sent
from connectors.destination import Outcome
from models.activation import customer_states, sync_cursors
from models.errors import StopError
from models.ops import segments

TAKEN = Outcome.ACCEPTED


def vanish(shop: Shop, customer_id: str) -> None:
    with shop.engine.begin() as connection:
        connection.execute(sa.delete(customer_360).where(customer_360.c.customer_id == customer_id))


def become(shop: Shop, persons: dict[str, str], record: str, person: str) -> None:
    """Every record of a customer becomes another's, or one of them a customer of its own."""
    moved = [record] if record == person else [one for one, whose in persons.items() if whose == persons[record]]
    for one in moved:
        persons[one] = person
        shop.is_now(one, person)


def happen(shop: Shop, persons: dict[str, str], name: str, chance: random.Random) -> None:
    """Something that a night may bring of a customer, or of a record that was one."""
    if persons[name] != name:
        become(shop, persons, name, name)
        shop.customer(name)
        return
    kinds = ["value", "leaves", "returns", "withdraws", "moves", "vanishes", "merges", "bounces", "lifted"]
    change = chance.choice(kinds)
    if change == "vanishes":
        vanish(shop, name)
    elif change == "merges":
        become(shop, persons, name, chance.choice([one for one in persons if persons[one] == one]))
        shop.customer(persons[name], order_count=chance.randint(1, 9))
    elif change in {"bounces", "lifted"}:
        with shop.engine.begin() as connection:
            if change == "bounces":
                suppress(connection, shop.merchant_id, [Entry("bounce", shop.time.now, customer_id=name)])
            else:
                lift(connection, shop.merchant_id, lifted_at=shop.time.now, because="asked", customer_id=name)
    elif change == "withdraws":
        shop.consent(name, value=False)
    else:
        values = {
            "value": {"order_count": chance.randint(1, 9), "rfm_segment": chance.choice(["new", "lost"])},
            "leaves": {"clv_percent_rank": 0.1},
            "returns": {"has_email_consent": True},
            "moves": {"email": f"{chance.randint(1, 9)}@shop.example"},
        }
        shop.customer(name, **values[change])


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 60))])
def test_who_reads_changes_sends_what_one_sends_who_reads_all(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    names = [f"c{number:02}" for number in range(12)]
    persons = dict(zip(names, names, strict=True))
    for name in names:
        shop.customer(name)
        shop.is_now(name, name)
    quick, thorough = ScriptedDestination(name="quick"), ScriptedDestination(name="thorough")
    narrow = 0
    for _night in range(8):
        moody = {name: chance.choice([Outcome.RETRY, Outcome.REJECTED]) for name in chance.sample(names, 2)}
        for crm in (quick, thorough):
            crm.answer = lambda d, moody=moody: moody.get(d.customer_id, Outcome.ACCEPTED)  # type: ignore[misc]
        before = looked_at(shop, quick)
        narrow += before is not None and len(before) < len(names)
        reports = [shop.sync(quick, knows_changes=True), shop.sync(thorough)]
        assert len({tuple(sorted(report.outcomes.items())) for report in reports}) == 1
        a_night_later(shop, days=2)
        for name in chance.sample(names, 2):
            happen(shop, persons, name, chance)
    assert [(d.customer_id, d.operation, d.payload) for d in quick.sent] == [
        (d.customer_id, d.operation, d.payload) for d in thorough.sent
    ]
    assert narrow >= 4


def test_only_who_changed_is_looked_at_and_who_is_gone_is_found(shop: Shop) -> None:
    for name in "abcde":
        shop.customer(name)
    crm = ScriptedDestination()
    assert looked_at(shop, crm) is None
    shop.sync(crm, knows_changes=True)
    for _ in range(2):
        a_night_later(shop)
        shop.sync(crm, knows_changes=True)
    a_night_later(shop)
    assert looked_at(shop, crm) == set()
    shop.customer("a", rfm_segment="lost")
    shop.customer("b", last_name="Other")
    vanish(shop, "c")
    assert looked_at(shop, crm) == {"a", "b", "c"}
    report = shop.sync(crm, knows_changes=True, removals_always_allowed=1)
    assert (report.outcomes, report.plan.unchanged_count) == ({"accepted": 2}, 3)
    assert [(d.customer_id, d.operation.value) for d in crm.sent[5:]] == [("a", "upsert"), ("c", "remove")]


def test_ties_and_what_comes_late_have_numbers_of_their_own(shop: Shop) -> None:
    shop.customer("a")
    with shop.engine.begin() as connection:
        assert reconcile(connection, "cdnow") == 1
    shop.customer("b")  # of the same day, written after the first was numbered
    with shop.engine.begin() as connection:
        assert reconcile(connection, "cdnow") == 1
        assert reconcile(connection, "cdnow") == 0
        found = connection.execute(sa.select(customer_states.c.customer_id, customer_states.c.change_number)).all()
        assert sorted(tuple(row) for row in found) == [("a", 1), ("b", 2)]
        connection.execute(sa.select(sa.func.set_config("timezone", "Pacific/Kiritimati", False)))
        assert (reconcile(connection, "cdnow"), latest_change(connection, "cdnow")) == (0, 2)


@pytest.mark.parametrize("what", ["settings", "week", "earlier day", "passing field"])
def test_all_are_looked_at_where_a_cursor_says_nothing(shop: Shop, what: str) -> None:
    for name in "ab":
        shop.customer(name)
    crm = ScriptedDestination()
    settings: dict[str, Any] = {"fields": (*FIELDS, "as_of_date")} if what == "passing field" else {}
    shop.sync(crm, knows_changes=True, **settings)
    a_night_later(shop)
    if what == "settings":
        settings = {"mode": "upsert"}
    elif what == "week":
        shop.time.now += timedelta(days=6)
    elif what == "earlier day":
        a_night_later(shop, days=-2)
    assert looked_at(shop, crm, **settings) is None


def test_a_merged_customer_goes_on_under_the_id_that_the_destination_knows(shop: Shop) -> None:
    shop.customer("a")
    crm = ScriptedDestination()
    shop.sync(crm, knows_changes=True)
    shop.customer("now", email="a@shop.example", first_name="Firsta")
    shop.is_now("a", "now")
    for segment in ("lost", "found"):
        a_night_later(shop)
        shop.customer("now", email="a@shop.example", first_name="Firsta", rfm_segment=segment)
        assert looked_at(shop, crm) == {"a", "now"}
        shop.sync(crm, knows_changes=True)
    a_night_later(shop)
    assert looked_at(shop, crm) == set()
    assert [(d.customer_id, d.payload["rfm_segment"]) for d in crm.sent] == [
        ("a", "champions"),
        ("a", "lost"),
        ("a", "found"),
    ]


def test_a_night_that_is_worked_out_again_takes_back_who_entered_and_who_left(shop: Shop) -> None:
    for name in "abc":
        shop.customer(name)
    quick, thorough, vip = (
        ScriptedDestination(name="quick"),
        ScriptedDestination(name="thorough"),
        SegmentMembers("vip"),
    )
    row = {"description": "", "declared_in": "perennial.yml", "criteria_hash": "c1", "run_id": "run"}
    with shop.engine.begin() as connection:
        connection.execute(sa.insert(segments).values(merchant_id="cdnow", segment_name="vip", **row))

    def works_out(**stays: tuple[date, date | None]) -> None:
        values = [
            {
                "merchant_id": "cdnow",
                "segment_name": "vip",
                "customer_id": name,
                "entered_date": since,
                "left_date": until,
            }
            for name, (since, until) in stays.items()
        ]
        with shop.engine.begin() as connection:
            connection.execute(sa.delete(segment_memberships))
            connection.execute(sa.insert(segment_memberships), values)
        for crm, knows_changes in ((quick, True), (thorough, False)):
            shop.sync(crm, audience=vip, knows_changes=knows_changes)

    before, day = date(1998, 6, 30), date(1998, 7, 3)
    works_out(a=(before, None), b=(before, None))
    a_night_later(shop)
    works_out(a=(before, None), b=(before, None))
    a_night_later(shop, days=2)
    works_out(a=(before, day), b=(before, None), c=(day, None))
    # The same night with other data: a did not leave, and c did not enter.
    works_out(a=(before, None), b=(before, None))
    assert looked_at(shop, quick, vip) == set()
    for crm in (quick, thorough):
        assert [(d.customer_id, d.operation.value) for d in crm.sent[2:4]] == [("a", "remove"), ("c", "upsert")]
        assert [(d.customer_id, d.operation.value) for d in crm.sent[4:]] == [("a", "upsert"), ("c", "remove")]


def test_what_a_stop_left_behind_is_looked_at_again(shop: Shop) -> None:
    for name in "abcd":
        shop.customer(name)
    crm = ScriptedDestination(batch_size=1)

    def stops(_batch: object) -> None:
        if len(crm.sent) == 2:
            raise SystemExit

    crm.before = stops
    with pytest.raises(SystemExit):
        shop.sync(crm, knows_changes=True)
    for _ in range(2):
        a_night_later(shop)
        assert looked_at(shop, crm) >= {"c", "d"}  # type: ignore[operator]
    crm.before = lambda _batch: None
    assert shop.sync(crm, knows_changes=True).outcomes == {"accepted": 2}


def test_whom_a_destination_is_known_to_hold_without_an_answer_counts_as_held(shop: Shop) -> None:
    for name in "abcd":
        shop.customer(name)
    strict = {"removals_always_allowed": 0, "largest_removal_share": 0.25}
    crm = ReadableDestination(name="crm", answer=lambda d: Outcome.MAYBE_SENT if d.customer_id in "ab" else TAKEN)
    shop.sync(crm, knows_changes=True, **strict)
    crm.answer, crm.tells = lambda _delivery: TAKEN, {"a": TAKEN}
    shop.sync(crm, knows_changes=True, **strict)
    with shop.engine.begin() as connection:
        [waiting] = maybe_sent(connection, "cdnow")
        told = {"delivery_id": waiting.delivery_id, "was_taken": True, "resolved_at": shop.time.now}
        resolve_maybe_sent(connection, merchant_id="cdnow", **told)
    vanish(shop, "c")
    a_night_later(shop)
    # One of four: of those alone whose answer was heard it would be one of two, and refused.
    report = shop.sync(crm, knows_changes=True, **strict)
    assert (report.outcomes, report.plan.held_count, report.plan.unchanged_count) == ({"accepted": 1}, 4, 3)
    a_night_later(shop)
    assert shop.sync(crm, knows_changes=True, **strict).plan.held_count == 3


def test_a_cursor_moves_with_the_plan_that_it_leaves_behind(shop: Shop) -> None:
    for name in "ab":
        shop.customer(name)
    crm, strict = ScriptedDestination(), {"removals_always_allowed": 0}
    shop.sync(crm, knows_changes=True, **strict)
    vanish(shop, "a")
    a_night_later(shop)
    with pytest.raises(StopError, match="1 of the 2"):
        shop.sync(crm, knows_changes=True, **strict)
    with shop.engine.connect() as connection:
        assert connection.execute(sa.select(sync_cursors.c.change_number)).scalar_one() == 1
    assert shop.sync(crm, knows_changes=True).outcomes == {"accepted": 1}
