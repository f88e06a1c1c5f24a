"""Delivery over a real ledger: processes that collide."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Barrier, Event, Thread

import pytest
import sqlalchemy as sa
from activated_shop import AUDIENCE, FIELDS, ScriptedDestination, Shop

from activation import ledger
from activation.actions import LedgerOutcome, Target
from activation.delivery import lock_parts
from activation.locks import exclusive
from activation.payloads import Sync
from activation.syncs import PlannedSync, plan_sync
from connectors.destination import Delivery, DeliveryResult, Outcome
from models.activation import deliveries
from models.engine import create_engine
from models.errors import RetryLaterError

TARGET = Target("cdnow", "crm", AUDIENCE.name, is_idempotent=True, consent="email")


def planned(shop: Shop, *, is_idempotent: bool = True) -> PlannedSync:
    sync = Sync(audience=AUDIENCE.name, destination="crm", fields=FIELDS, consent="email")
    return plan_sync(shop.engine, target=replace(TARGET, is_idempotent=is_idempotent), sync=sync, audience=AUDIENCE)


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_two_processes_at_once_send_each_action_once(shop: Shop, database_url: str, is_idempotent: bool) -> None:
    for number in range(30):
        shop.customer(str(number))
    shop.sync(ScriptedDestination(name="other"))
    start = Barrier(2)
    crms = [ScriptedDestination(batch_size=4, is_idempotent=is_idempotent) for _ in range(2)]
    failures: list[BaseException] = []

    def run(crm: ScriptedDestination) -> None:
        engine = create_engine(database_url)
        try:
            start.wait()
            replace(shop, engine=engine).sync(crm, refresh=False)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)
        finally:
            engine.dispose()

    threads = [Thread(target=run, args=(crm,)) for crm in crms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    keys = [d.action_key for crm in crms for d in crm.sent]
    assert len(keys) == len(set(keys)) == 30


def test_without_the_lock_a_claim_still_has_one_winner(shop: Shop) -> None:
    for number in range(20):
        shop.customer(str(number))
    shop.sync(ScriptedDestination(name="other"))
    made = planned(shop)
    with shop.engine.begin() as connection:
        ledger.reserve(connection, made.plan, run_id="run", reserved_at=shop.time.now, facts={})
    start = Barrier(4)
    won: list[frozenset[str]] = []

    def claim() -> None:
        with shop.engine.begin() as connection:
            start.wait()
            won.append(ledger.claim(connection, TARGET, made.plan.actions, run_id="run", attempted_at=shop.time.now))

    threads = [Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(keys) for keys in won) == [0, 0, 0, 20]


def test_who_waits_too_long_for_the_other_is_told_to_come_back(shop: Shop) -> None:
    held, done = Event(), Event()

    def hold() -> None:
        with exclusive(shop.engine, *lock_parts(TARGET)):
            held.set()
            done.wait()

    thread = Thread(target=hold)
    thread.start()
    held.wait()
    try:
        with (
            pytest.raises(RetryLaterError, match="another process"),
            exclusive(shop.engine, *lock_parts(TARGET), wait_seconds=0.05),
        ):
            pytest.fail("the lock was given twice")
        other = replace(TARGET, merchant_id="other")
        with exclusive(shop.engine, *lock_parts(other), wait_seconds=0.05) as lock:
            lock.require_held()
    finally:
        done.set()
        thread.join()


def test_a_lost_lock_stops_before_the_next_batch(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")

    def kill_lock(_deliveries: Sequence[Delivery]) -> None:
        locks = sa.table("pg_locks", sa.column("pid"), sa.column("locktype"), sa.column("database"))
        databases = sa.table("pg_database", sa.column("oid"), sa.column("datname"))
        # This test's own database only: the server may hold the locks of others.
        holders = (
            sa.select(sa.func.pg_terminate_backend(locks.c.pid))
            .join(databases, databases.c.oid == locks.c.database)
            .where(locks.c.locktype == "advisory", databases.c.datname == sa.func.current_database())
        )
        with shop.engine.begin() as connection:
            connection.execute(holders)

    crm = ScriptedDestination(batch_size=1, before=kill_lock)
    with pytest.raises(RetryLaterError, match=r"lock .* was lost"):
        shop.sync(crm)
    assert [d.customer_id for d in crm.sent] == ["a"]
    assert shop.outcomes() == {"a": [LedgerOutcome.ACCEPTED], "b": [LedgerOutcome.RESERVED]}
    crm.before = lambda _deliveries: None
    assert shop.sync(crm).outcomes == {"accepted": 1}


def test_a_late_answer_is_still_an_answer(shop: Shop) -> None:
    shop.customer("a")
    sms = ScriptedDestination(is_idempotent=False, answer=lambda _delivery: Outcome.MAYBE_SENT)
    shop.sync(sms)
    accepted = DeliveryResult(sms.sent[0].action_key, Outcome.ACCEPTED)
    with shop.engine.begin() as connection:
        ledger.record(connection, replace(TARGET, merchant_id="other"), [accepted])
        assert connection.execute(sa.select(deliveries.c.outcome)).scalar_one() == "maybe_sent"
        ledger.record(connection, TARGET, [accepted])
        assert connection.execute(sa.select(deliveries.c.outcome)).scalar_one() == "accepted"
        ledger.record(connection, TARGET, [replace(accepted, outcome=Outcome.RETRY)])
        assert connection.execute(sa.select(deliveries.c.outcome)).scalar_one() == "accepted"
