from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from landing_samples import START, archive_batch, order, page, rejected_order, rows_of

from models import ops
from models.archive import ArchivedBatch, find_batch
from models.bookkeeping import (
    ExchangeRate,
    Merchant,
    Store,
    clear_withheld,
    latest_state,
    pending_batches,
    record_check,
    record_contract,
    record_merchant_run,
    register_batch,
    set_merchants,
    withheld_reasons,
    withhold,
)
from models.errors import MisconfiguredError
from models.landing import land_batch
from models.records import RejectedRecord
from models.rejections import corrections, save_correction, save_rejects

LATER = START + timedelta(days=1)
SHOP = Merchant("m", "Shop", "Europe/Berlin", "EUR", date(2020, 1, 1), counts_zero_amount_days=True)


def batch(name: str, mode: str = "snapshot", store_id: str = "s") -> ArchivedBatch:
    return ArchivedBatch(Path("/"), name, "files", "m", store_id, mode, name, START.date(), {}, START)


def reject(engine: sa.Engine, of: ArchivedBatch, *rejected: RejectedRecord, days: int = 0) -> None:
    with engine.begin() as connection:
        assert save_rejects(connection, batch=of, rejected=rejected, seen_at=START + timedelta(days=days)) == len(
            rejected
        )


def open_texts(engine: sa.Engine) -> list[str]:
    rows = rows_of(engine, ops.rejected_records)
    return sorted(row["raw_text"] for row in rows if row["resolved_at"] is None)


def test_registering_twice_is_registering_once(engine: sa.Engine, tmp_path: Path) -> None:
    first = archive_batch(tmp_path, [page([order("1")])], fingerprint="a")
    second = archive_batch(tmp_path, [page([order("1")])], fingerprint="b")
    with engine.begin() as connection:
        numbers = [register_batch(connection, one) for one in (first, second, first)]
        register_batch(connection, replace(first, rejected_count=5))
    assert numbers[0] == numbers[2] < numbers[1]
    counts = {row["batch_id"]: row["rejected_count"] for row in rows_of(engine, ops.archive_batches)}
    assert counts == {first.batch_id: 5, second.batch_id: 0}


def test_equal_texts_are_records_of_their_own(engine: sa.Engine) -> None:
    texts = [rejected_order(None, "x", 1), rejected_order(None, "x", 9), rejected_order(None, "y", 2)]
    for name in ("a", "b"):
        reject(engine, batch(name), *texts, days=1 if name == "b" else 0)
    rows = rows_of(engine, ops.rejected_records)
    assert sorted((r["raw_text"], r["line"]) for r in rows) == [("x", 1), ("x", 9), ("y", 2)]
    assert {(r["first_seen_at"], r["last_seen_at"], r["batch_id"]) for r in rows} == {(START, LATER, "b")}


def test_snapshot_resolves_what_it_no_longer_rejects(engine: sa.Engine) -> None:
    reject(engine, batch("a"), rejected_order(None, "x"), rejected_order(None, "y"))
    reject(engine, batch("other store", store_id="t"), rejected_order(None, "x"))
    reject(engine, batch("b"), rejected_order(None, "y"), days=1)
    assert open_texts(engine) == ["x", "y"]
    reject(engine, batch("c"), rejected_order(None, "x"), days=2)
    assert open_texts(engine) == ["x", "x"], "a record that is rejected again is open again"


def test_delta_resolves_only_what_was_corrected(engine: sa.Engine) -> None:
    reject(engine, batch("a", "delta"), rejected_order(None, "x"), rejected_order(None, "y"))
    with engine.begin() as connection:
        by_text = {r["raw_text"]: r["reject_id"] for r in rows_of(engine, ops.rejected_records)}
        save_correction(connection, by_text["x"], "better", corrected_at=START)
    reject(engine, batch("b", "delta"), days=1)
    assert open_texts(engine) == ["y"]
    with engine.connect() as connection:
        found = corrections(connection, "m", "s", "files")
        assert [(c.stream, c.raw_text, c.corrected_text, c.corrected_at) for c in found] == [
            ("orders", "x", "better", START)
        ]
        assert corrections(connection, "m", "other", "files") == []


def test_unreadable_texts_can_be_kept(engine: sa.Engine) -> None:
    reject(engine, batch("a"), rejected_order("k\x00", "a\x00b\udc80'\\"))
    row = rows_of(engine, ops.rejected_records)[0]
    assert (row["raw_text"], row["record_key"]) == ("a\ufffdb?'\\", "k\ufffd")


def test_correction_of_nothing_is_an_error(engine: sa.Engine) -> None:
    with engine.begin() as connection, pytest.raises(MisconfiguredError, match="no rejected record has the id 'nope'"):
        save_correction(connection, "nope", "text", corrected_at=START)


def test_merchants_are_updated_and_their_rates_replaced(engine: sa.Engine) -> None:
    other = replace(SHOP, merchant_id="n")
    old = ExchangeRate("m", "USD", date(2020, 1, 1), Decimal("0.9"))
    with engine.begin() as connection:
        rates = [old, replace(old, merchant_id="n")]
        set_merchants(connection, [SHOP, other], rates, run_id="1", updated_at=START)
        withhold(connection, "m", "late", run_id="1", updated_at=START)
        new = replace(old, currency_code="GBP", rate=Decimal("1.12345678"))
        set_merchants(connection, [replace(SHOP, currency_code="CHF")], [new], run_id="2", updated_at=LATER)
    merchants = {r["merchant_id"]: (r["currency_code"], r["run_id"]) for r in rows_of(engine, ops.merchants)}
    assert merchants == {"m": ("CHF", "2"), "n": ("EUR", "1")}
    found = {(r["merchant_id"], r["currency_code"], r["rate"]) for r in rows_of(engine, ops.exchange_rates)}
    assert found == {("m", "GBP", Decimal("1.12345678")), ("n", "USD", Decimal("0.9"))}
    with engine.connect() as connection:
        assert withheld_reasons(connection) == {"m": ("late",), "n": ()}


def test_a_merchants_stores_are_replaced_by_those_declared_now(engine: sa.Engine) -> None:
    old = Store("m", "web", Decimal("0.05"), ("1042",))
    with engine.begin() as connection:
        other = replace(SHOP, merchant_id="n")
        stores = [old, replace(old, store_id="pos"), replace(old, merchant_id="n")]
        set_merchants(connection, [SHOP, other], [], stores, run_id="1", updated_at=START)
        set_merchants(connection, [SHOP], [], [replace(old, accepted_order_ids=())], run_id="2", updated_at=LATER)
    found = {(r["merchant_id"], r["store_id"], tuple(r["accepted_order_ids"])) for r in rows_of(engine, ops.stores)}
    assert found == {("m", "web", ()), ("n", "web", ("1042",))}


def test_reasons_gather_and_are_cleared(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        set_merchants(connection, [SHOP], [], run_id="1", updated_at=START)
        for reason in ("a", "b", "a"):
            withhold(connection, "m", reason, run_id="1", updated_at=START)
        assert withheld_reasons(connection) == {"m": ("a", "b")}
        clear_withheld(connection, "m", run_id="2", updated_at=LATER)
        assert withheld_reasons(connection) == {"m": ()}


def test_checks_and_runs_are_entered_once(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for has_passed in (False, True):
            named = {"run_id": "r", "merchant_id": "m", "check_name": "totals"}
            record_check(connection, **named, has_passed=has_passed, message="x", checked_at=START)
        for reasons in (["late"], []):
            day = date(2020, 1, 1)
            record_merchant_run(
                connection, run_id="r", merchant_id="m", as_of_date=day, reasons=reasons, finished_at=START
            )
    assert [r["has_passed"] for r in rows_of(engine, ops.merchant_checks)] == [True]
    assert [(r["status"], r["reasons"]) for r in rows_of(engine, ops.merchant_runs)] == [("published", [])]


def chained(engine: sa.Engine, root: Path, names: str) -> list[str]:
    """Batches that follow each other, registered and found to keep their contract; their ids."""
    ids: list[str] = []
    with engine.begin() as connection:
        for name in names:
            pages = [page([order(name)])]
            one = archive_batch(root, pages, fingerprint=name, mode="delta", follows=ids[-1] if ids else None)
            register_batch(connection, one)
            record_contract(connection, one.batch_id, has_passed=True, report={})
            ids.append(one.batch_id)
    return ids


def test_batches_wait_as_a_chain(engine: sa.Engine, tmp_path: Path) -> None:
    store = ("m", "s", "files")
    with engine.connect() as connection:
        assert latest_state(connection, *store) is None
    first, second, third = chained(engine, tmp_path, "abc")
    with engine.connect() as connection:
        assert pending_batches(connection, *store) == [first, second, third]
        assert pending_batches(connection, "m", "other", "files") == []
        state = latest_state(connection, *store)
        assert state is not None
        assert (state.state, state.batch_id) == ({"read": "c"}, third)
    landed = find_batch(tmp_path, "files", "m", "s", first)
    assert landed is not None
    with engine.connect() as connection:
        land_batch(connection, batch=landed, loaded_at=START, max_shrink_rate=1.0)
    with engine.begin() as connection:
        assert pending_batches(connection, *store) == [second, third]
        record_contract(connection, third, has_passed=False, report={})
        state = latest_state(connection, *store)
        assert state is not None
        assert state.batch_id == second


def test_what_follows_a_batch_that_was_taken_out_waits_no_longer(engine: sa.Engine, tmp_path: Path) -> None:
    first, second, _ = chained(engine, tmp_path, "abc")
    with engine.begin() as connection:
        connection.execute(ops.archive_batches.delete().where(ops.archive_batches.c.batch_id == second))
        assert pending_batches(connection, "m", "s", "files") == [first]
