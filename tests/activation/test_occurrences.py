"""What happens once: however often it is wanted, and whatever became of the run that sent it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from activated_shop import ScriptedDestination, Shop
from campaign_sends import ACTIVE_SINCE, TARGET, Answers, Page, ReadableDestination, occurrence, send

from activation.actions import Occasion
from activation.gates.gate import Postponed, Refused
from activation.occurrences.planning import occurrence_key
from activation.occurrences.sending import send_occurrences
from connectors.destination import Operation, Outcome
from models.errors import StopError

MORNING = datetime(2026, 1, 6, 8, 0, tzinfo=UTC)


@pytest.fixture
def mail() -> ScriptedDestination:
    return ScriptedDestination(name="mail", is_idempotent=False)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    for name in "abc":
        shop.customer(name)
    return shop


def test_an_occurrence_is_named_by_whom_it_is_about_and_by_its_occasion_alone() -> None:
    occasion = Occasion("treated", "first", "2026-01-04")
    key = occurrence_key(TARGET, "a", occasion)
    same = [replace(TARGET, destination="other", campaign_version="v2", is_idempotent=True), TARGET]
    assert {occurrence_key(target, "a", occasion) for target in same} == {key}
    others = [
        occurrence_key(replace(TARGET, merchant_id="other"), "a", occasion),
        occurrence_key(replace(TARGET, campaign="other"), "a", occasion),
        occurrence_key(TARGET, "b", occasion),
        occurrence_key(TARGET, "a", replace(occasion, arm="held_out")),
        occurrence_key(TARGET, "a", replace(occasion, step="second")),
        occurrence_key(TARGET, "a", replace(occasion, period="2026-01-05")),
    ]
    assert len({key, *others}) == len(others) + 1


def test_what_is_wanted_again_happens_once_though_its_text_changed(shop: Shop, mail: ScriptedDestination) -> None:
    first = send(shop, mail, occurrence("a", rule_hash="r1"), occurrence("b"), occurrence("b"))
    assert (first.outcomes, first.is_successful) == ({"accepted": 2}, True)
    again = send(shop, mail, occurrence("a"), occurrence("b"), occurrence("c"), page=Page("Come back"), version="v2")
    assert (again.outcomes, again.plan.unchanged_count) == ({"accepted": 1}, 2)
    assert [(d.customer_id, d.operation, d.audience, d.payload["subject"]) for d in mail.sent] == [
        ("a", Operation.SEND, "win_back", "We miss you"),
        ("b", Operation.SEND, "win_back", "We miss you"),
        ("c", Operation.SEND, "win_back", "Come back"),
    ]
    rows = shop.ledger()
    assert {(row.audience, row.campaign, row.arm, row.step, row.period) for row in rows} == {
        (None, "win_back", "treated", "first", "2026-01-04")
    }
    assert [row.campaign_version for row in rows] == ["v1", "v1", "v2"]
    assert (rows[0].details["rule_hash"], rows[0].details["as_of_date"]) == ("r1", "1998-06-30")
    assert "shop.example" not in repr(rows)


def test_an_occurrence_is_apart_from_an_audience_of_the_same_name(shop: Shop, mail: ScriptedDestination) -> None:
    shop.sync(mail)
    assert send(shop, mail, occurrence("a")).outcomes == {"accepted": 1}
    assert shop.sync(mail).plan.is_empty


def test_what_a_gate_refuses_never_happens_and_what_it_postpones_happens_later(
    shop: Shop, mail: ScriptedDestination
) -> None:
    gate = Answers({"a": Refused("unsubscribed"), "b": Postponed(MORNING, "quiet hours")})
    wanted = [occurrence(name) for name in "abc"]
    report = send(shop, mail, *wanted, gates=[gate])
    assert report.outcomes == {"withheld": 1, "postponed": 1, "accepted": 1}
    assert report.is_successful
    assert [(r.outcome, r.reason, r.retry_at, r.attempt_count) for r in shop.ledger()] == [
        ("withheld", "unsubscribed", None, 0),
        ("retry", "quiet hours", MORNING, 0),
        ("accepted", None, None, 1),
    ]
    gate.by_customer.clear()
    assert send(shop, mail, *wanted, gates=[gate]).outcomes == {}
    shop.time.now = MORNING
    # The occasion is no longer wanted by then; it goes on nevertheless, and the page decides whether it is out of date.
    assert send(shop, mail, gates=[gate], page=Page("Good morning")).outcomes == {"accepted": 1}
    assert [(d.customer_id, d.payload["subject"]) for d in mail.sent] == [("c", "We miss you"), ("b", "Good morning")]


def test_a_gate_is_asked_again_before_every_attempt(shop: Shop, mail: ScriptedDestination) -> None:
    gate = Answers()

    def unsubscribes(_delivery: object) -> Outcome:
        gate.by_customer["a"] = Refused("unsubscribed")
        return Outcome.RETRY

    mail.answer = unsubscribes
    report = send(shop, mail, occurrence("a"), gates=[gate])
    assert len(mail.sent) == 1
    assert report.outcomes == {"withheld": 1}
    assert [(row.outcome, row.reason) for row in shop.ledger()] == [("withheld", "unsubscribed")]


def test_consent_that_was_withdrawn_since_the_plan_stops_the_message(shop: Shop, mail: ScriptedDestination) -> None:
    shop.consent("a", value=False)
    target = replace(TARGET, consent="email")
    report = send_occurrences(
        shop.engine,
        target=target,
        wanted=[occurrence("a"), occurrence("b")],
        destination=mail,
        active_since=ACTIVE_SINCE,
        render=Page(),
        gates=[],
        run_id="run",
        pace=shop.time.pace,
    )
    assert report.outcomes == {"withheld": 1, "accepted": 1}
    assert [d.customer_id for d in mail.sent] == ["b"]


def test_a_repeated_attempt_sends_the_same_and_a_later_run_what_is_so_then(
    shop: Shop, mail: ScriptedDestination
) -> None:
    page = Page("Old")

    def refuses(_delivery: object) -> Outcome:
        page.subject = "New"
        return Outcome.RETRY

    mail.answer = refuses
    assert not send(shop, mail, occurrence("a"), page=page).is_successful
    assert [d.payload["subject"] for d in mail.sent] == ["Old"] * 3
    mail.answer = lambda _delivery: Outcome.ACCEPTED
    assert send(shop, mail, page=page).outcomes == {"accepted": 1}
    assert mail.sent[-1].payload["subject"] == "New"


def test_what_the_page_has_nothing_to_say_about_is_withheld(shop: Shop, mail: ScriptedDestination) -> None:
    report = send(shop, mail, occurrence("a"), page=Page(refused={"a": "they ordered meanwhile"}))
    assert report.outcomes == {"withheld": 1}
    assert [row.reason for row in shop.ledger()] == ["they ordered meanwhile"]
    assert mail.sent == []


def test_history_and_replays_message_no_one(shop: Shop, mail: ScriptedDestination) -> None:
    before = occurrence("a", at=ACTIVE_SINCE - timedelta(seconds=1))
    report = send(shop, mail, before, occurrence("b"))
    assert (report.plan.untriggered_count, [d.customer_id for d in mail.sent]) == (1, ["b"])
    shop.as_of -= timedelta(days=1)
    for name in "abc":
        shop.customer(name)
    replayed = send(shop, mail, occurrence("b"), occurrence("c"))
    assert (replayed.plan.untriggered_count, replayed.plan.actions, len(mail.sent)) == (1, (), 1)


def test_what_another_destination_may_have_taken_is_not_sent_by_this_one(shop: Shop) -> None:
    ses = ScriptedDestination(name="ses", is_idempotent=True, answer=lambda _delivery: Outcome.RETRY)
    send(shop, ses, occurrence("a"), gates=[Answers({"b": Postponed(MORNING, "quiet hours")})])
    send(shop, ses, occurrence("b"), gates=[Answers({"b": Postponed(MORNING, "quiet hours")})])
    shop.time.now = MORNING
    other = ScriptedDestination(name="sendgrid", is_idempotent=False)
    report = send(shop, other)
    # Of a, the first destination may have taken an attempt whose answer was lost; b was never tried.
    assert [d.customer_id for d in other.sent] == ["b"]
    assert report.plan.blocked == ("a",)
    assert [(r.customer_id, r.outcome, r.destination) for r in shop.ledger()] == [
        ("a", "maybe_sent", "ses"),
        ("b", "accepted", "sendgrid"),
    ]


def test_a_destination_that_sends_nothing_once_is_refused(shop: Shop, mail: ScriptedDestination) -> None:
    mail.operations = frozenset({Operation.UPSERT, Operation.REMOVE})
    with pytest.raises(StopError, match="sends no messages"):
        send(shop, mail, occurrence("a"))


@pytest.mark.parametrize(
    ("told", "sends", "outcome"),
    [(Outcome.ACCEPTED, 1, "accepted"), (Outcome.RETRY, 2, "accepted"), (Outcome.MAYBE_SENT, 1, "maybe_sent")],
)
def test_what_may_have_been_sent_is_read_back_before_anything_is_planned(
    shop: Shop, told: Outcome, sends: int, outcome: str
) -> None:
    mail = ReadableDestination(answer=lambda _delivery: Outcome.MAYBE_SENT)
    assert not send(shop, mail, occurrence("a")).is_successful
    mail.answer = lambda _delivery: Outcome.ACCEPTED
    mail.tells = {"a": told}
    report = send(shop, mail, occurrence("a"), page=Page("Later"))
    assert (len(mail.sent), shop.ledger()[0].outcome) == (sends, outcome)
    assert report.is_successful is (outcome == "accepted")
    [asked] = mail.asked
    assert (asked.action_key, asked.payload["subject"]) == (mail.sent[0].action_key, "Later")


def test_what_a_process_died_sending_is_read_back_too(shop: Shop) -> None:
    def dies(_batch: object) -> None:
        raise KeyboardInterrupt

    mail = ReadableDestination(before=dies)
    with pytest.raises(KeyboardInterrupt):
        send(shop, mail, occurrence("a"), occurrence("b"))
    mail.before = lambda _batch: None
    mail.tells = {"a": Outcome.ACCEPTED, "b": Outcome.RETRY}
    assert send(shop, mail).outcomes == {"accepted": 1}
    assert [d.customer_id for d in mail.sent] == ["b"]
    assert [(r.outcome, r.provider_reference) for r in shop.ledger()] == [("accepted", "found"), ("accepted", None)]


def test_an_audience_that_may_have_been_told_is_read_back_too(shop: Shop) -> None:
    crm = ReadableDestination(name="crm", answer=lambda _delivery: Outcome.MAYBE_SENT)
    shop.sync(crm)
    crm.answer = lambda _delivery: Outcome.ACCEPTED
    crm.tells = {"a": Outcome.ACCEPTED, "b": Outcome.RETRY}
    report = shop.sync(crm)
    assert (report.outcomes, report.plan.blocked) == ({"accepted": 1}, ("c",))
    assert [d.customer_id for d in crm.sent] == ["a", "b", "c", "b"]


def test_a_destination_that_fails_to_tell_leaves_it_to_a_person(shop: Shop) -> None:
    mail = ReadableDestination(answer=lambda _delivery: Outcome.MAYBE_SENT)
    send(shop, mail, occurrence("a"))
    mail.tells = {}
    mail.read_back = lambda *_arguments, **_named: 1 / 0  # type: ignore[assignment, method-assign]
    report = send(shop, mail, occurrence("b"))
    assert report.plan.blocked == ("a",)
    assert len(mail.sent) == 2
