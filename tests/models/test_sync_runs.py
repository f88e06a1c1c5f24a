from datetime import timedelta

import sqlalchemy as sa
from landing_samples import START, rows_of

from models import ops
from models.landing import LandingResult
from models.sync_runs import finish_sync_run, record_api_budget, start_sync_run

LATER = START + timedelta(days=1)


def test_sync_run_of_a_retried_step_is_one_row(engine: sa.Engine) -> None:
    named = {"run_id": "r", "merchant_id": "m", "store_id": "s", "source": "files", "stream": "orders"}
    with engine.begin() as connection:
        first = start_sync_run(connection, **named, started_at=START)
        finish_sync_run(connection, first, status="failed", finished_at=START, message="away")
        again = start_sync_run(connection, **named, started_at=LATER)
        assert again == first
        result = LandingResult("orders", 5, rows_inserted=1, rows_updated=1, rows_unchanged=2, rows_deleted=1)
        finish_sync_run(
            connection, again, status="landed", finished_at=LATER, batch_id="b", result=result, rejected_count=3
        )
        assert start_sync_run(connection, **{**named, "run_id": "r2"}, started_at=LATER) != first
    row = next(r for r in rows_of(engine, ops.sync_runs) if r["sync_run_id"] == first)
    counts = [row[f"rows_{name}"] for name in ("read", "inserted", "updated", "unchanged", "deleted", "rejected")]
    with engine.connect() as connection:
        is_null = sa.select(sa.func.bool_and(ops.sync_runs.c.cursor.is_(None)))
        assert connection.scalar(is_null)
    assert (row["status"], row["message"], row["cursor"], counts) == ("landed", None, None, [5, 1, 1, 2, 1, 3])


def test_landing_leaves_what_reading_asked_of_the_platform(engine: sa.Engine) -> None:
    named = {"run_id": "r", "merchant_id": "m", "store_id": "s", "source": "shopify", "stream": "orders"}
    with engine.begin() as connection:
        row = start_sync_run(connection, **named, started_at=START)
        asked = {"request_count": 7, "wait_count": 2, "wait_seconds": 1.5}
        finish_sync_run(connection, row, status="archived", finished_at=START, **asked)  # type: ignore[arg-type] # counts
        start_sync_run(connection, **named, started_at=LATER)
        finish_sync_run(connection, row, status="landed", finished_at=LATER)
    found = rows_of(engine, ops.sync_runs)[0]
    assert {name: found[name] for name in asked} == asked
    assert found["status"] == "landed"


def test_readings_of_a_run_add_up_in_its_budget(engine: sa.Engine) -> None:
    named = {"run_id": "r", "merchant_id": "m", "store_id": "s", "source": "shopify", "budget_name": "points"}
    with engine.begin() as connection:
        for limit, used, peak in ((2000.0, 300.0, 0.5), (None, 50.0, 0.25), (1000.0, 1.0, 0.125)):
            record_api_budget(
                connection,
                **named,
                budget_limit=limit,
                used_total=used,
                peak_rate=peak,
                wait_count=1,
                wait_seconds=0.5,
                recorded_at=START,
            )
        other = {**named, "run_id": "r2"}
        figures = {"budget_limit": None, "used_total": 1.0, "peak_rate": 0.0, "wait_count": 0, "wait_seconds": 0.0}
        record_api_budget(connection, **other, **figures, recorded_at=LATER)  # type: ignore[arg-type] # figures
    first, second = rows_of(engine, ops.api_budget)
    figures = {"budget_limit": 1000.0, "used_total": 351.0, "peak_rate": 0.5, "wait_count": 3, "wait_seconds": 1.5}
    assert {name: first[name] for name in figures} == figures
    assert (second["run_id"], second["budget_limit"], second["used_total"]) == ("r2", None, 1.0)
