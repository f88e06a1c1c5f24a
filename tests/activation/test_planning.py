"""Planning, held against a ledger and a destination in memory that can lose answers, refuse, and crash in between."""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from activation.actions import CLOSED, OPEN, Cause, LedgerEntry, LedgerMemory, LedgerOutcome, Member, Plan, Target
from activation.payloads import digest
from activation.planning import plan
from connectors.destination import Operation

TARGET = Target("cdnow", "crm", "at_risk", is_idempotent=True)
PLAIN = replace(TARGET, is_idempotent=False)


def member(customer_id: str, value: Any = 1, refusal: str | None = None) -> Member:
    return Member(customer_id, {} if refusal else {"value": value}, refusal)


@dataclass
class Ledger:
    """What `activation.ledger` does, over a list."""

    target: Target = TARGET
    rows: list[LedgerEntry] = field(default_factory=list)

    @property
    def memory(self) -> LedgerMemory:
        entries: dict[str, list[LedgerEntry]] = {}
        sequences: dict[str, int] = {}
        for row in self.rows:
            mine = [other for other in self.rows if other.customer_id == row.customer_id]
            last = max((r.delivery_id for r in mine if r.outcome is LedgerOutcome.ACCEPTED), default=0)
            sent = [r for r in mine if r.outcome is LedgerOutcome.ACCEPTED and r.operation is Operation.UPSERT]
            is_refusal = row.outcome is LedgerOutcome.WITHHELD and all(row.delivery_id > r.delivery_id for r in sent)
            if row.delivery_id >= last or row.outcome in {*OPEN, LedgerOutcome.MAYBE_SENT} or is_refusal:
                entries.setdefault(row.customer_id, []).append(row)
            sequences[row.customer_id] = sum(r.outcome in CLOSED for r in mine)
        return LedgerMemory(entries, sequences, len(self.rows))

    def plan(self, *members: Member) -> Plan:
        return plan(self.target, members, self.memory)

    def reserve(self, made: Plan) -> None:
        for delivery_id in made.superseded:
            self.set(delivery_id, LedgerOutcome.SUPERSEDED)
        for delivery_id in made.presumed_sent:
            self.set(delivery_id, LedgerOutcome.MAYBE_SENT)
        keys = {row.action_key for row in self.rows}
        for action in made.actions:
            if action.action_key not in keys:
                self._add(action.customer_id, action.operation, action.action_key, action.payload_hash)
        for refused in made.withholdings:
            assert refused.action_key not in keys
            self._add(refused.customer_id, Operation.UPSERT, refused.action_key, refused.payload_hash)
            self.rows[-1] = replace(self.rows[-1], outcome=LedgerOutcome.WITHHELD, reason=refused.reason)

    def _add(self, customer_id: str, operation: Operation, key: str, payload_hash: str) -> None:
        number = len(self.rows) + 1
        self.rows.append(LedgerEntry(number, customer_id, operation, key, payload_hash, LedgerOutcome.RESERVED))

    def set(self, delivery_id: int, outcome: LedgerOutcome, *, attempted: bool = False) -> None:
        row = self.rows[delivery_id - 1]
        self.rows[delivery_id - 1] = replace(row, outcome=outcome, attempt_count=row.attempt_count + attempted)

    def record(self, key: str, outcome: LedgerOutcome) -> None:
        [row] = [row for row in self.rows if row.action_key == key]
        assert row.outcome in OPEN
        self.set(row.delivery_id, outcome, attempted=True)

    def refuse(self, key: str, reason: str) -> None:
        """Consent withdrawn between planning and sending."""
        [row] = [row for row in self.rows if row.action_key == key]
        self.rows[row.delivery_id - 1] = replace(row, outcome=LedgerOutcome.WITHHELD, reason=reason)

    def run(self, *members: Member, outcome: LedgerOutcome = LedgerOutcome.ACCEPTED) -> Plan:
        made = self.plan(*members)
        self.reserve(made)
        for action in made.actions:
            self.record(action.action_key, outcome)
        return made


def said(made: Plan) -> list[tuple[str, str, str]]:
    return [(action.customer_id, action.operation.value, action.cause.value) for action in made.actions]


def test_who_enters_is_sent_and_who_is_known_is_not() -> None:
    ledger = Ledger()
    assert said(ledger.run(member("a"), member("b"))) == [
        ("a", "upsert", Cause.ENTERED),
        ("b", "upsert", Cause.ENTERED),
    ]
    again = ledger.run(member("a"), member("b"))
    assert again.is_empty
    assert again.unchanged_count == 2


def test_a_changed_value_sends_exactly_that_record() -> None:
    ledger = Ledger()
    ledger.run(member("a"), member("b"))
    assert said(ledger.run(member("a", 2), member("b"))) == [("a", "upsert", Cause.CHANGED)]


def test_there_and_back_is_three_actions() -> None:
    ledger = Ledger()
    keys = [ledger.run(member("a", value)).actions[0].action_key for value in (1, 2, 1)]
    assert len(set(keys)) == 3


def test_who_left_is_removed_once_with_identifiers_only() -> None:
    ledger = Ledger()
    ledger.run(member("a"))
    made = ledger.run()
    assert said(made) == [("a", "remove", Cause.LEFT)]
    assert made.actions[0].payload == {"customer_id": "a"}
    assert ledger.run().is_empty
    assert said(ledger.run(member("a"))) == [("a", "upsert", Cause.ENTERED)]


def test_what_was_never_accepted_needs_no_removal() -> None:
    for outcome in (LedgerOutcome.REJECTED, LedgerOutcome.RETRY):
        ledger = Ledger(PLAIN)
        ledger.run(member("a"), outcome=outcome)
        assert ledger.run().actions == ()
        assert ledger.run().is_empty


def test_what_may_have_been_taken_is_removed() -> None:
    ledger = Ledger()
    ledger.run(member("a"), outcome=LedgerOutcome.RETRY)  # an idempotent destination's lost answer
    assert said(ledger.run()) == [("a", "remove", Cause.LEFT)]
    assert ledger.run().is_empty


def test_a_refusal_is_recorded_once_per_change_and_takes_back_what_was_sent() -> None:
    ledger = Ledger()
    first = ledger.run(member("a", refusal="no consent"))
    assert ([w.reason for w in first.withholdings], first.actions) == (["no consent"], ())
    assert ledger.run(member("a", refusal="no consent")).is_empty
    assert [w.reason for w in ledger.run(member("a", refusal="no address")).withholdings] == ["no address"]
    assert said(ledger.run(member("a"))) == [("a", "upsert", Cause.ENTERED)]
    withdrawn = ledger.run(member("a", refusal="no consent"))
    assert said(withdrawn) == [("a", "remove", Cause.REFUSED)]
    assert len(withdrawn.withholdings) == 1
    assert ledger.run(member("a", refusal="no consent")).is_empty


def test_a_rejected_record_waits_until_it_changes() -> None:
    ledger = Ledger()
    ledger.run(member("a"), outcome=LedgerOutcome.REJECTED)
    standing = ledger.run(member("a"))
    assert standing.is_empty
    assert (standing.standing_rejection_count, standing.unchanged_count) == (1, 0)
    assert said(ledger.run(member("a", 2))) == [("a", "upsert", Cause.ENTERED)]


def test_an_open_action_goes_on_under_its_own_key() -> None:
    for outcome in OPEN:
        ledger = Ledger()
        first = ledger.run(member("a"), outcome=outcome)
        again = ledger.plan(member("a"))
        assert [action.action_key for action in again.actions] == [first.actions[0].action_key]
        assert again.actions[0].attempt_count == 1
        assert again.superseded == ()


def test_an_open_action_that_is_no_longer_wanted_is_replaced() -> None:
    ledger = Ledger()
    first = ledger.run(member("a", 1), outcome=LedgerOutcome.RETRY)
    second = ledger.plan(member("a", 2))
    assert second.superseded == (1,)
    ledger.reserve(second)
    ledger.record(second.actions[0].action_key, LedgerOutcome.RETRY)
    third = ledger.run(
        member("a", 1)
    )  # the first may have been taken, then the second: the third must not be its repeat
    assert third.actions[0].action_key not in {first.actions[0].action_key, second.actions[0].action_key}
    assert ledger.run(member("a", 1)).is_empty


def test_a_value_that_went_back_is_sent_again_when_the_other_may_have_arrived() -> None:
    ledger = Ledger()
    ledger.run(member("a", 1))
    ledger.run(member("a", 2), outcome=LedgerOutcome.RETRY)
    assert said(ledger.run(member("a", 1))) == [("a", "upsert", Cause.UNCONFIRMED)]
    plain = Ledger(PLAIN)
    plain.run(member("a", 1))
    plain.run(member("a", 2), outcome=LedgerOutcome.RETRY)  # here retry means: certainly not taken
    assert plain.run(member("a", 1)).actions == ()


def test_a_rejected_value_is_tried_again_when_another_may_have_taken_its_place() -> None:
    ledger = Ledger()
    rejected = ledger.run(member("a", 2), outcome=LedgerOutcome.REJECTED)
    ledger.run(member("a", 1), outcome=LedgerOutcome.RETRY)  # an answer that was lost
    again = ledger.run(member("a", 2))
    assert said(again) == [("a", "upsert", Cause.UNCONFIRMED)]
    # Under the rejected action's key it would be taken for that action, and not be sent.
    assert again.actions[0].action_key != rejected.actions[0].action_key


def test_a_sender_that_died_blocks_the_customer_where_repeats_are_not_told() -> None:
    ledger = Ledger(PLAIN)
    ledger.run(member("a"), outcome=LedgerOutcome.RESERVED)
    made = ledger.run(member("a"), member("b"))
    assert (made.presumed_sent, made.blocked) == ((1,), ("a",))
    assert said(made) == [("b", "upsert", Cause.ENTERED)]
    for members in ([member("a", 2)], [], [member("a", refusal="no consent")]):
        later = ledger.plan(*members)
        assert later.blocked == ("a",)
        assert all(action.customer_id != "a" for action in later.actions)


def test_a_reservation_that_was_never_attempted_was_never_sent() -> None:
    ledger = Ledger(PLAIN)
    ledger.reserve(ledger.plan(member("a")))
    assert [a.action_key for a in ledger.plan(member("a")).actions] == [ledger.rows[0].action_key]
    gone = ledger.run()
    assert (gone.actions, gone.superseded) == ((), (1,))


def test_keys_belong_to_one_merchant_audience_and_destination() -> None:
    targets = [TARGET, *(replace(TARGET, **{name: "other"}) for name in ("merchant_id", "destination", "audience"))]
    keys = {plan(target, [member("a")], LedgerMemory()).actions[0].action_key for target in targets}
    assert len(keys) == 4


def test_personal_values_stay_out_of_a_plans_text() -> None:
    made = plan(TARGET, [Member("a", {"email": "jo@shop.example"})], LedgerMemory())
    assert "jo@shop.example" not in repr(made)


# Any history: values change, consent comes and goes, answers get lost, processes die, and in the end all is quiet.


@dataclass
class World:
    """A destination with a memory of its own, and the ways in which an attempt can go wrong."""

    ledger: Ledger
    state: dict[str, Any] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)

    def attempt(self, action: Any, fate: str) -> None:
        is_taken = fate in {"accepted", "lost_taken", "died_taken"}
        is_repeat = action.action_key in {key for key, _ in self.effects}
        if is_taken and not (is_repeat and self.ledger.target.is_idempotent):
            self.effects.append((action.action_key, action.customer_id))
            self.state.pop(action.customer_id, None)
            if action.operation is Operation.UPSERT:
                self.state[action.customer_id] = action.payload["value"]
        lost = LedgerOutcome.RETRY if self.ledger.target.is_idempotent else LedgerOutcome.MAYBE_SENT
        outcome = {
            "accepted": LedgerOutcome.ACCEPTED,
            "rejected": LedgerOutcome.REJECTED,
            "busy": LedgerOutcome.RETRY,
            "lost_taken": lost,
            "lost": lost,
            "died_taken": LedgerOutcome.RESERVED,
            "died": LedgerOutcome.RESERVED,
        }[fate]
        self.ledger.record(action.action_key, outcome)


FATES = ("withheld", "accepted", "rejected", "busy", "lost_taken", "lost", "died_taken", "died", "not_reached")
MEMBERSHIP = st.fixed_dictionaries(
    {
        name: st.one_of(st.none(), st.sampled_from([1, 2, 3]), st.sampled_from(["no consent", "no address"]))
        for name in "abc"
    }
)


def members_of(wanted: dict[str, Any]) -> list[Member]:
    return [
        member(name, refusal=value) if isinstance(value, str) else member(name, value)
        for name, value in wanted.items()
        if value is not None
    ]


@given(
    st.booleans(), st.lists(st.tuples(MEMBERSHIP, st.lists(st.sampled_from(FATES), min_size=3, max_size=3)), max_size=8)
)
def test_any_history_ends_in_step_and_then_in_silence(
    is_idempotent: bool, nights: list[tuple[dict[str, Any], list[str]]]
) -> None:
    world = World(Ledger(TARGET if is_idempotent else PLAIN))
    wanted: dict[str, Any] = {}
    for wanted, fates in nights:
        made = world.ledger.plan(*members_of(wanted))
        world.ledger.reserve(made)
        for action, fate in zip(made.actions, fates, strict=False):
            if fate == "withheld" and action.operation is Operation.UPSERT:
                world.ledger.refuse(action.action_key, "no consent")
            elif fate not in {"withheld", "not_reached"}:
                world.attempt(action, fate)
    members = members_of(wanted)
    for _ in range(2):  # a night with answers; the second because what was put off may have hidden a change
        made = world.ledger.plan(*members)
        world.ledger.reserve(made)
        for action in made.actions:
            world.attempt(action, "accepted")
    last = world.ledger.plan(*members)
    assert last.is_empty
    keys = [key for key, _ in world.effects]
    assert len(keys) == len(set(keys)), "an action had two effects"
    waiting = set(last.blocked)
    assert not (is_idempotent and waiting)
    rejected = {row.customer_id for row in world.ledger.rows if row.outcome is LedgerOutcome.REJECTED}
    for name in wanted.keys() - waiting - rejected:
        expected = wanted[name] if isinstance(wanted[name], int) else None
        assert world.state.get(name) == expected


def test_the_digest_of_a_payload_is_the_ledgers() -> None:
    assert plan(TARGET, [member("a")], LedgerMemory()).actions[0].payload_hash == digest({"value": 1})
