from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa
from activated_shop import Time
from code_shop import REWARD, TODAY, BareShop, CodeShop, Counter, open_counter
from loyalty_shop import programme

from activation.actions import Action, Cause
from activation.customers import customer_360
from activation.experiments.lift import Interval
from activation.experiments.uplift import MeasuredUplift
from activation.gates.gate import ALLOWED
from activation.loyalty.endings import Shop, cancel
from activation.loyalty.giving import give, propose
from activation.loyalty.programme import Budget
from activation.loyalty.redemptions import PointsAreHeld, occasion_of, target_of
from activation.loyalty.withdrawals import settle
from connectors.destination import Operation, Outcome
from models.activation import deliveries
from models.errors import RetryLaterError, StopError
from orchestration.configuration import Merchant
from orchestration.loyalty_stage import post_merchant
from orchestration.merchant_run import MerchantRun


@pytest.fixture
def counter(engine: sa.Engine) -> Counter:
    return open_counter(engine)


def test_points_are_held_then_a_code_is_issued_then_used(counter: Counter) -> None:
    asked = counter.ask()
    assert counter.shop.balance("a") == {"issued": -100, "available": 50, "held": 50}
    counter.issue()
    assert (counter.state(), counter.at.codes) == ("issued", {asked.code: 0})
    counter.shop.spend(asked.code.lower(), "2", "a", TODAY)
    counter.night()
    assert counter.state() == "used"
    assert counter.shop.balance("a") == {"issued": -110, "pending": 10, "available": 50, "spent": 50}
    assert counter.shop.prove().holds


def test_the_same_name_is_one_redemption_and_one_code(counter: Counter) -> None:
    assert counter.ask().is_new
    assert not counter.ask().is_new
    counter.issue()
    counter.issue()
    assert counter.at.made == ["CODEshopr1"]
    assert counter.shop.balance("a")["held"] == 50


def test_who_repeats_what_died_before_its_name_was_told_holds_points_once(counter: Counter) -> None:
    for customer in ("a", "b"):
        counter.shop.customer(customer)
    first = counter.ask("drawn", is_another=False)
    again = counter.ask("drawn later", is_another=False)
    assert (again.redemption_id, again.code, again.is_new) == ("drawn", first.code, False)
    counter.issue()
    counter.shop.is_now("a", "b")
    counter.shop.post(TODAY)
    assert counter.ask("drawn again", "b", is_another=False).redemption_id == "drawn", "a code that was not used yet"
    assert counter.shop.balance("b")["held"] == 50
    assert counter.ask("wanted", "b").is_new, "one more, for who says so"


def test_a_reference_of_another_customer_is_refused_by_name(counter: Counter) -> None:
    for customer in ("a", "b", "c"):
        counter.shop.customer(customer)
    counter.ask()
    counter.shop.order("2", "c", TODAY, {"x": 100})
    with pytest.raises(StopError, match="'r1' is the reference of another redemption already: five_off, by customer a"):
        counter.ask("r1", "c")
    counter.shop.is_now("a", "b")
    assert not counter.ask("r1", "b").is_new, "the same person under another id"


def test_who_has_not_enough_points_gets_nothing(counter: Counter) -> None:
    counter.ask("r1")
    counter.ask("r2")
    with pytest.raises(StopError, match="costs 50 points; customer a can spend 0"):
        counter.ask("r3")
    counter.issue()
    assert len(counter.at.codes) == 2


def test_a_refused_code_gives_the_points_back(counter: Counter) -> None:
    counter.at.answer = lambda _code: (Outcome.REJECTED, False)
    counter.ask()
    counter.issue()
    assert counter.state() == "refused"
    assert counter.shop.balance("a") == {"issued": -100, "available": 100}
    with counter.shop.engine.begin() as connection:  # somebody lets it be tried again
        connection.execute(sa.update(deliveries).values(outcome="retry"))
    counter.at.answer = lambda _code: (Outcome.ACCEPTED, True)
    counter.issue()
    assert counter.at.codes == {}, "its points went back"
    assert counter.shop.prove().holds


@pytest.mark.parametrize("was_made", [True, False])
def test_a_lost_answer_gives_no_points_back(counter: Counter, was_made: bool) -> None:
    counter.at = BareShop()
    counter.at.shop.answer = lambda _code: (Outcome.MAYBE_SENT, was_made)
    counter.ask()
    counter.issue()
    assert counter.state() == "held"
    with pytest.raises(StopError, match="cannot be told to take it back"):
        counter.cancel()
    counter.night()
    assert counter.shop.balance("a")["held"] == 50
    counter.later(days=40)
    counter.night(TODAY + timedelta(days=40))
    assert counter.state() == "refused", "whatever the shop has, it takes it no more"
    assert counter.shop.balance("a") == {"issued": -100, "available": 100}


def test_a_refusal_after_a_lost_answer_says_nothing_about_the_first_attempt(counter: Counter) -> None:
    answers = iter([(Outcome.MAYBE_SENT, True), (Outcome.REJECTED, False)])
    counter.at.answer = lambda _code: next(answers)
    counter.ask()
    counter.issue()
    assert counter.state() == "held"
    assert counter.shop.balance("a")["held"] == 50
    assert counter.cancel() == "withdrawing"


def test_what_was_never_asked_for_is_cancelled_at_once(counter: Counter) -> None:
    counter.ask()
    assert counter.cancel() == "cancelled"
    counter.issue()
    assert counter.at.codes == {}
    assert counter.shop.balance("a") == {"issued": -100, "available": 100}


def test_an_issued_code_is_taken_back_before_the_points_are(counter: Counter) -> None:
    counter.ask()
    counter.issue()
    assert counter.cancel() == "withdrawing"
    counter.issue()
    counter.later(minutes=10)
    counter.issue()
    assert (counter.state(), counter.shop.balance("a")["held"]) == ("withdrawing", 50), "the shop may still be counting"
    counter.later(hours=2)
    counter.issue()
    assert counter.state() == "cancelled"
    assert counter.shop.balance("a") == {"issued": -100, "available": 100}
    assert counter.shop.prove().holds


def test_a_code_that_was_used_before_it_was_taken_back_is_spent(counter: Counter) -> None:
    code = counter.ask().code
    counter.issue()
    counter.cancel()
    counter.issue()
    assert isinstance(counter.at, CodeShop)
    counter.at.codes[code] = 1  # counted late
    counter.later(hours=2)
    counter.issue()
    assert counter.state() == "used"
    assert counter.shop.balance("a") == {"issued": -100, "available": 50, "spent": 50}


@pytest.mark.parametrize(("returns", "left"), [(False, {"expired": 50}), (True, {})])
def test_a_code_that_runs_out_waits_for_late_orders(engine: sa.Engine, returns: bool, left: dict[str, int]) -> None:
    counter = open_counter(engine, returns_points=returns)
    code = counter.ask().code
    counter.issue()
    counter.later(days=40)
    counter.night(date(2026, 7, 3))
    assert counter.state() == "issued"
    counter.night(date(2026, 7, 4))
    assert counter.state() == "expired"
    assert counter.shop.balance("a") == {"issued": -100, "available": 100 - sum(left.values() or [0]), **left}
    counter.shop.spend(code, "9", "a", date(2026, 7, 1))  # the order of a till that was offline
    counter.night(date(2026, 7, 5))
    assert counter.state() == "used"
    assert counter.shop.balance("a")["spent"] == 50
    assert "expired" not in counter.shop.balance("a")
    assert counter.shop.prove().holds


@pytest.mark.parametrize(
    ("was_known", "used", "is_put_off"),
    [(True, 0, False), (True, 1, False), (False, 1, False), (False, 0, True), (True, 0, True)],
)
def test_a_code_that_ran_out_gives_no_points_back_before_the_shop_is_asked(
    engine: sa.Engine, was_known: bool, used: int, is_put_off: bool
) -> None:
    counter = open_counter(engine, returns_points=True)
    issuer = counter.at
    assert isinstance(issuer, CodeShop)
    issuer.answer = lambda _code: (Outcome.ACCEPTED if was_known else Outcome.MAYBE_SENT, True)
    code = counter.ask().code
    counter.issue()
    issuer.codes[code] = used  # at a till whose orders are not read
    if is_put_off:
        issuer.ends[code] = None
    counter.later(days=40)
    counter.night(date(2026, 7, 4))
    if is_put_off and not used:
        assert (counter.shop.balance("a")["held"], issuer.closed) == (50, {code}), "the shop may still be counting"
        counter.later(hours=2)
        counter.night(date(2026, 7, 4))
    unused = "expired" if was_known else "refused"
    assert counter.state() == ("used" if used else unused)
    left = {"available": 50, "spent": 50} if used else {"available": 100}
    assert counter.shop.balance("a") == {"issued": -100, **left}
    assert counter.shop.prove().holds


def test_points_that_come_back_after_their_lot_ran_out_are_gone_the_same_night(engine: sa.Engine) -> None:
    declared = programme(
        rewards=[REWARD | {"returns_points": True}], destination="shop", rules={"expiry_months": 6, "pending_days": 0}
    )
    counter = open_counter(engine, returns_points=True)
    counter.shop.programme = declared.model_copy(update={"name": "running_out"})
    counter.shop.post(TODAY)
    counter.ask()
    counter.issue()
    counter.later(days=40)
    deployment = SimpleNamespace(transformer=engine, destination=lambda _name: counter.at)
    days, pace = {"shop": date(2026, 7, 10)}, Time(counter.shop.now).pace
    run = SimpleNamespace(
        deployment=deployment, run_id="night", started_at=counter.shop.now, as_of_dates=days, pace=pace
    )
    merchant = SimpleNamespace(merchant_id="shop", loyalty=counter.shop.programme, time_zone="UTC", currency_code="EUR")
    night = post_merchant(cast("MerchantRun", run), cast("Merchant", merchant))
    assert counter.state() == "expired"
    assert counter.shop.balance("a") == {"issued": -100, "expired": 100}
    assert night is not None
    assert night.proof.holds


def test_points_that_come_back_by_day_after_their_lot_ran_out_cannot_be_spent_until_the_night(
    engine: sa.Engine,
) -> None:
    counter = open_counter(engine)
    rules = [rules.model_copy(update={"expiry_months": 6, "pending_days": 0}) for rules in counter.shop.programme.rules]
    counter.shop.programme = counter.shop.programme.model_copy(update={"name": "running_out", "rules": rules})
    counter.shop.order("2", "b", date(2026, 5, 1), {"x": 100})
    counter.shop.post(TODAY)
    counter.ask()
    counter.issue()
    counter.shop.post(date(2026, 7, 1))
    assert counter.shop.balance("a") == {"issued": -100, "expired": 50, "held": 50}
    counter.cancel()
    counter.issue()
    counter.later(hours=2)
    counter.issue()
    assert counter.state() == "cancelled"
    assert counter.shop.balance("a") == {"issued": -100, "expired": 100}
    assert counter.shop.prove().holds


@pytest.mark.parametrize("has_moved", [True, False])
def test_an_issued_code_that_is_not_found_gives_no_points_back(counter: Counter, has_moved: bool) -> None:
    code = counter.ask().code
    counter.issue()
    counter.cancel()
    issuer = counter.at
    assert isinstance(issuer, CodeShop)
    uses = dict(issuer.codes)
    issuer.codes.clear()
    another = CodeShop(name="another", codes={code: 0})  # somebody else's code of the same name
    if has_moved:
        counter.at = another
    for _ in range(3):
        counter.issue()
        counter.later(hours=2)
    assert (counter.state(), counter.shop.balance("a")["held"], another.closed) == ("withdrawing", 50, set())
    counter.at = issuer
    issuer.codes |= uses
    counter.issue()
    counter.later(hours=2)
    counter.issue()
    assert (counter.state(), issuer.closed) == ("cancelled", {code})


@pytest.mark.parametrize(
    ("was_used", "state", "left"), [(True, "used", {"spent": 50}), (False, "cancelled", {})], ids=["used", "unused"]
)
def test_what_no_shop_can_say_a_person_may(counter: Counter, was_used: bool, state: str, left: dict[str, int]) -> None:
    code = counter.ask().code
    counter.issue()
    issuer = counter.at
    assert isinstance(issuer, CodeShop)

    def say() -> str:
        return settle(counter.shop.engine, counter.shop.ledger, "r1", was_used=was_used, reason="seen", issuer=issuer)

    with pytest.raises(StopError, match="is issued; only what is being taken back"):
        say()
    counter.cancel()
    with pytest.raises(StopError, match="the shop has the code"):
        say()
    del issuer.codes[code]
    counter.issue()
    counter.later(days=60)
    counter.issue()
    assert counter.state() == "withdrawing"
    assert say() == counter.state() == state
    assert counter.shop.balance("a") == {"issued": -100, "available": 100 - sum(left.values()), **left}
    with pytest.raises(StopError, match=f"is {state}"):
        say()
    counter.shop.spend(code, "9", "a", TODAY)
    counter.night(TODAY + timedelta(days=60))
    assert (counter.state(), counter.shop.balance("a")["spent"]) == ("used", 50), "an order knows better"
    assert counter.shop.prove().holds


def test_a_customer_who_is_another_now_keeps_what_was_held(counter: Counter) -> None:
    for customer in ("a", "b"):
        counter.shop.customer(customer)
    counter.ask()
    counter.shop.is_now("a", "b")
    counter.night()
    assert counter.state() == "issued"
    assert counter.shop.balance("b") == {"issued": -100, "available": 50, "held": 50}
    assert counter.shop.balance("a") == {}
    assert counter.shop.prove().holds


def test_a_reward_is_what_it_was_when_it_was_asked_for(counter: Counter) -> None:
    seen = []
    counter.at.answer = lambda code: (seen.append(code) or Outcome.ACCEPTED, True)  # type: ignore[func-returns-value]
    counter.ask()
    reward = counter.shop.programme.rewards[0].model_copy(update={"amount": 9})
    counter.shop = replace(counter.shop, programme=counter.shop.programme.model_copy(update={"rewards": [reward]}))
    counter.issue()
    assert [(str(code.amount), code.currency_code, code.usage_limit) for code in seen] == [("5", "EUR", 1)]
    assert seen[0].ends_at == seen[0].starts_at + timedelta(days=30)


def test_a_budget_gives_points_once_within_the_horizon_and_the_cap(counter: Counter) -> None:
    values = {"merchant_id": "shop", "clv_amount": 1000, "clv_high_amount": 1500, "clv_horizon_days": 365}
    with counter.shop.engine.begin() as connection:
        connection.execute(sa.delete(customer_360))
        rows = [values | {"customer_id": name, "clv_amount": clv} for name, clv in (("a", 900), ("b", 1000), ("c", 1))]
        connection.execute(sa.insert(customer_360), rows)
    uplift = {"low": 0, "rate": 0.05, "high": 0.1, "source": "an experiment"}
    counter.shop.programme = programme(rewards=[REWARD | {"uplift": uplift}], destination="shop")
    budget = Budget.model_validate({"liability_cap_amount": "8.50", "margin_rate": 0.4})

    def once() -> tuple[float, int, int, int]:
        with counter.shop.engine.begin() as connection:
            proposal = propose(connection, counter.shop.ledger, budget)
            given = give(connection, counter.shop.ledger, proposal.choice)
        return proposal.outstanding, proposal.choice.choices.height, given, proposal.given_lately

    assert once() == (1.0, 3, 1, 0), "1.00 is owed, so that one reward of 5.00 is left"
    assert counter.shop.balance("b") == {"issued": -50, "available": 50}
    assert once() == (1.5, 2, 1, 1)
    counter.later(days=1)
    assert once() == (2.0, 1, 0, 2)
    counter.shop.customer("d", "b")  # b turned out to be d
    with counter.shop.engine.begin() as connection:
        connection.execute(sa.update(customer_360).where(customer_360.c.customer_id == "b").values(customer_id="d"))
    assert once() == (2.0, 1, 0, 2)
    counter.shop.post(TODAY)
    assert counter.shop.prove().holds


def test_a_budget_believes_a_campaign_rather_than_a_declaration(counter: Counter) -> None:
    values = {"merchant_id": "shop", "clv_amount": 1000, "clv_high_amount": 1000, "clv_horizon_days": 365}
    with counter.shop.engine.begin() as connection:
        connection.execute(sa.delete(customer_360))
        connection.execute(sa.insert(customer_360).values(values | {"customer_id": "a"}))
    uplift = {"low": 0, "rate": 0.05, "high": 0.1, "source": "a guess", "campaign": "win_back"}
    counter.shop.programme = programme(rewards=[REWARD | {"uplift": uplift}], destination="shop")
    budget = Budget.model_validate({"liability_cap_amount": 100, "margin_rate": 0.4})
    little = MeasuredUplift("win_back", Interval(0.05, 0, 0.1), window_days=73, customer_count=900)

    def proposed(**measured: MeasuredUplift) -> tuple[float, str | None, str]:
        with counter.shop.engine.connect() as connection:
            found = propose(connection, counter.shop.ledger, budget, measured=measured)
        return found.offers[0].uplift, found.choice.choices["reward"][0], found.sources["five_off"]

    assert proposed() == proposed(other=little) == (0.05, "five_off", "declared: a guess")
    share, reward, source = proposed(win_back=little)
    assert (share, reward) == (pytest.approx(0.01), None), "a fifth of the year was measured, and 4.00 pays for no 5.00"
    assert source == "measured by campaign win_back: +5.0% (+0.0% to +10.0%) of 73 days' revenue, 900 customers"


def test_points_cannot_go_back_while_an_attempt_is_being_claimed(counter: Counter) -> None:
    counter.ask()
    action = Action("key", "a", Operation.SEND, {}, "", 0, Cause.TRIGGERED, occasion=occasion_of("r1"))
    ledger = counter.shop.ledger
    target = target_of(ledger, "shop", is_idempotent=True)
    with counter.shop.engine.begin() as claiming:
        answers = PointsAreHeld(ledger).answers(claiming, target, [action], asked_at=counter.shop.now)
        assert answers == {"key": ALLOWED}
        with counter.shop.engine.begin() as cancelling:
            cancelling.execute(sa.text("set local lock_timeout = '50ms'"))
            with pytest.raises((sa.exc.OperationalError, RetryLaterError)):
                cancel(cancelling, ledger, "r1", reason="asked for", shop=Shop.of(counter.at))
    assert counter.cancel() == "cancelled"
