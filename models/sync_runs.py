"""The history of syncs in the `ops` schema: what each run read of each stream, and how much of a platform's allowance.

Every function works inside the caller's transaction and takes its time as an argument. Decides nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import ops
from models.landing import LandingResult


def start_sync_run(
    connection: sa.Connection,
    *,
    run_id: str,
    merchant_id: str,
    store_id: str,
    source: str,
    stream: str,
    started_at: datetime,
) -> str:
    """Enter that a store's stream is being read; a retry within the same run begins the same row anew.

    Returns:
        The row's id, for `finish_sync_run`.
    """
    named = [run_id, merchant_id, store_id, source, stream]
    sync_run_id = sha256(json.dumps(named, ensure_ascii=False).encode()).hexdigest()[:32]
    insert = postgresql.insert(ops.sync_runs).values(
        sync_run_id=sync_run_id,
        run_id=run_id,
        merchant_id=merchant_id,
        store_id=store_id,
        source=source,
        stream=stream,
        status="started",
        started_at=started_at,
    )
    again = {"status": "started", "started_at": started_at, "finished_at": None, "message": None}
    connection.execute(insert.on_conflict_do_update(index_elements=["sync_run_id"], set_=again))
    return sync_run_id


def finish_sync_run(
    connection: sa.Connection,
    sync_run_id: str,
    *,
    status: str,
    finished_at: datetime,
    batch_id: str | None = None,
    result: LandingResult | None = None,
    rejected_count: int = 0,
    request_count: int | None = None,
    wait_count: int | None = None,
    wait_seconds: float | None = None,
    cursor: Mapping[str, Any] | None = None,
    message: str | None = None,
) -> None:
    """Enter what became of it.

    Args:
        connection: A connection in a transaction.
        sync_run_id: From `start_sync_run`.
        status: unchanged, archived, landed, withheld or failed.
        finished_at: The run's time.
        batch_id: The batch that was read.
        result: What landing did, once it has.
        rejected_count: Records set aside.
        request_count: Requests made for the stream; None, as when what was read before lands, leaves the figure alone.
        wait_count: How often the store's read waited for the platform, for whichever stream; None as above.
        wait_seconds: How long in all; None as above.
        cursor: The state that was committed.
        message: What went wrong and what to do, when something did.
    """
    counts: dict[str, Any] = {}
    if result is not None:
        counts = {name: count for name, count in asdict(result).items() if name.startswith("rows_")}
    asked = {"request_count": request_count, "wait_count": wait_count, "wait_seconds": wait_seconds}
    counts |= {name: count for name, count in asked.items() if count is not None}
    table = ops.sync_runs
    connection.execute(
        table.update()
        .where(table.c.sync_run_id == sync_run_id)
        .values(
            status=status,
            finished_at=finished_at,
            batch_id=batch_id,
            rows_rejected=rejected_count,
            cursor=sa.null() if cursor is None else dict(cursor),  # None would be stored as JSON's null
            message=message,
            **counts,
        )
    )


def record_api_budget(
    connection: sa.Connection,
    *,
    run_id: str,
    merchant_id: str,
    store_id: str,
    source: str,
    budget_name: str,
    budget_limit: float | None,
    used_total: float,
    peak_rate: float,
    wait_count: int,
    wait_seconds: float,
    recorded_at: datetime,
) -> None:
    """Enter what one reading used of a platform's rate allowance; further readings of the same run add to it.

    Args:
        connection: A connection in a transaction.
        run_id: The pipeline run.
        merchant_id: The tenant.
        store_id: The store.
        source: The source's system name.
        budget_name: The allowance, such as `admin_api_points`.
        budget_limit: How much there is at most at one time, as the platform said last; None where it doesn't say.
        used_total: What the reading used of it in all.
        peak_rate: The largest share of the limit in use after any reply, 0 to 1.
        wait_count: How often the reading waited for the platform.
        wait_seconds: How long in all.
        recorded_at: The run's time.
    """
    table = ops.api_budget
    insert = postgresql.insert(table).values(
        run_id=run_id,
        merchant_id=merchant_id,
        store_id=store_id,
        source=source,
        budget_name=budget_name,
        budget_limit=budget_limit,
        used_total=used_total,
        peak_rate=peak_rate,
        wait_count=wait_count,
        wait_seconds=wait_seconds,
        recorded_at=recorded_at,
    )
    added = {name: table.c[name] + insert.excluded[name] for name in ("used_total", "wait_count", "wait_seconds")}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["run_id", "merchant_id", "store_id", "source", "budget_name"],
            set_={
                **added,
                "budget_limit": sa.func.coalesce(insert.excluded.budget_limit, table.c.budget_limit),
                "peak_rate": sa.func.greatest(table.c.peak_rate, insert.excluded.peak_rate),
                "recorded_at": insert.excluded.recorded_at,
            },
        )
    )
