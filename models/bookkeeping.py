"""The books of the `ops` schema: merchants, batches, cursors, checks, and which merchants are withheld.

Every function works inside the caller's transaction and takes its time as an argument. Decides nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models import ops
from models.archive import ArchivedBatch
from models.archive import batch_id as id_of_batch

UNFINISHED = "unfinished: a run has begun and not got as far as publishing; run the merchant again"
"""What withholds a merchant from its run's first step until its new numbers are ready: a run for others rebuilds the
tables of all, and would otherwise publish what a killed run left half-made."""


@dataclass(frozen=True)
class StoreCursor:
    """How far a store has been read.

    Attributes:
        state: The source's own state, as committed with the rows.
        batch_id: The batch that it was committed with; the next batch follows it.
        updated_at: When.
    """

    state: dict[str, Any]
    batch_id: str
    updated_at: datetime


@dataclass(frozen=True)
class Merchant:
    """A merchant as `perennial.yml` declares it, and the last day that a run describes.

    Attributes:
        merchant_id: The tenant.
        merchant_name: For people.
        time_zone: The IANA zone that decides its days.
        currency_code: The currency of analysis.
        as_of_date: The last day that the tables describe.
        counts_zero_amount_days: Whether a day whose orders cost nothing is a purchase occasion.
        identity_rules: What makes two records one person, as `perennial.yml` says it; None for what is usual.
        rfm_half_life_days: After how many days a purchase weighs half.
        rfm_recent_score: From which recency score on, 2 to 5, a customer counts as recent.
        rfm_frequent_score: The same of frequency.
        rfm_big_score: The same of spend.
    """

    merchant_id: str
    merchant_name: str
    time_zone: str
    currency_code: str
    as_of_date: date
    counts_zero_amount_days: bool
    identity_rules: Mapping[str, Any] | None = None
    rfm_half_life_days: int = 180
    rfm_recent_score: int = 4
    rfm_frequent_score: int = 4
    rfm_big_score: int = 4


@dataclass(frozen=True)
class Store:
    """A store as `perennial.yml` declares it.

    Attributes:
        merchant_id: The tenant.
        store_id: The store within it.
        accepted_difference_amount: How far any order's or refund's total may be from what its parts add up to.
        accepted_order_ids: Orders whose totals, and whose refunds' totals, may be anything.
    """

    merchant_id: str
    store_id: str
    accepted_difference_amount: Decimal = Decimal(0)
    accepted_order_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExchangeRate:
    """A declared rate.

    Attributes:
        merchant_id: The tenant.
        currency_code: The currency converted from.
        valid_from_date: Its first day.
        rate: Units of the merchant's currency per unit of this one.
    """

    merchant_id: str
    currency_code: str
    valid_from_date: date
    rate: Decimal


def read_cursor(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> StoreCursor | None:
    """How far a store has been read; None before its first batch landed."""
    table = ops.cursors
    row = connection.execute(
        sa.select(table.c.state, table.c.batch_id, table.c.updated_at).where(
            table.c.merchant_id == merchant_id, table.c.store_id == store_id, table.c.source == source
        )
    ).one_or_none()
    return None if row is None else StoreCursor(row.state, row.batch_id, row.updated_at)


def register_batch(connection: sa.Connection, batch: ArchivedBatch) -> int:
    """Enter a completed batch in the books; entering it again brings what was not landed yet up to date.

    Returns:
        The batch's number: its place in the order of all batches.
    """
    table = ops.archive_batches
    known = sa.select(table.c.batch_number).where(table.c.batch_id == batch.batch_id)
    described = {
        "row_counts": dict(batch.row_counts),
        "rejected_count": batch.rejected_count,
        "cursor": dict(batch.cursor),
        "archived_at": batch.archived_at,
    }
    connection.execute(
        table.update().where(table.c.batch_id == batch.batch_id, table.c.landed_at.is_(None)).values(described)
    )
    if connection.scalar(known) is None:
        insert = postgresql.insert(table).values(
            batch_id=batch.batch_id,
            merchant_id=batch.merchant_id,
            store_id=batch.store_id,
            source=batch.source,
            mode=batch.mode,
            fingerprint=batch.fingerprint,
            **described,
        )
        connection.execute(insert.on_conflict_do_nothing(index_elements=["batch_id"]))
    batch_number: int = connection.execute(known).scalar_one()
    return batch_number


def record_contract(connection: sa.Connection, batch_id: str, *, has_passed: bool, report: Mapping[str, Any]) -> None:
    """Note whether a batch holds its data contract, with what was found."""
    table = ops.archive_batches
    connection.execute(
        table.update()
        .where(table.c.batch_id == batch_id)
        .values(contract_passed=has_passed, contract_report=dict(report))
    )


def complete_manifests(
    connection: sa.Connection, batches_of_source: Iterable[ArchivedBatch]
) -> Iterator[ArchivedBatch]:
    """The batches with what the books know of their landing, which a crash may have kept from their manifests.

    Args:
        connection: A connection that may read `ops`.
        batches_of_source: `archive.batches(root, source)`.

    Yields:
        Each batch; those that have landed with their number and time, also on disk.
    """
    table = ops.archive_batches
    rows = connection.execute(
        sa.select(table.c.batch_id, table.c.batch_number, table.c.landed_at).where(table.c.landed_at.is_not(None))
    )
    landed = {row.batch_id: row for row in rows}
    for batch in batches_of_source:
        row = landed.get(batch.batch_id)
        yield batch if row is None else batch.landed(batch_number=row.batch_number, landed_at=row.landed_at)


def set_merchants(
    connection: sa.Connection,
    merchants: Sequence[Merchant],
    exchange_rates: Sequence[ExchangeRate],
    stores: Sequence[Store] = (),
    *,
    run_id: str,
    updated_at: datetime,
) -> None:
    """Enter merchants as they are declared now, and replace their rates and stores; others are left as they are.

    Whether a merchant is withheld does not change.
    """
    if not merchants:
        return
    table = ops.merchants
    insert = postgresql.insert(table)
    declared = [column for column in asdict(merchants[0]) if column != "merchant_id"]
    upsert = insert.on_conflict_do_update(
        index_elements=["merchant_id"],
        set_={name: insert.excluded[name] for name in (*declared, "run_id", "updated_at")},
    )
    connection.execute(upsert, [{**asdict(m), "run_id": run_id, "updated_at": updated_at} for m in merchants])
    own = [merchant.merchant_id for merchant in merchants]
    for belongings, declared_rows in ((ops.exchange_rates, exchange_rates), (ops.stores, stores)):
        connection.execute(belongings.delete().where(belongings.c.merchant_id.in_(own)))
        if declared_rows:
            connection.execute(belongings.insert(), [asdict(row) for row in declared_rows])


def withhold(connection: sa.Connection, merchant_id: str, reason: str, *, run_id: str, updated_at: datetime) -> None:
    """Withhold a merchant's publish and sends for one more reason; a reason already there is not repeated."""
    table = ops.merchants
    connection.execute(
        table.update()
        .where(table.c.merchant_id == merchant_id, sa.literal(reason) != sa.all_(table.c.withheld_reasons))
        .values(
            withheld_reasons=sa.func.array_append(sa.func.array_remove(table.c.withheld_reasons, UNFINISHED), reason),
            run_id=run_id,
            updated_at=updated_at,
        )
    )


def clear_withheld(connection: sa.Connection, merchant_id: str, *, run_id: str, updated_at: datetime) -> None:
    """Let a merchant be published: nothing is held against it."""
    _set_withheld(connection, merchant_id, [], run_id=run_id, updated_at=updated_at)


def begin_merchant(connection: sa.Connection, merchant_id: str, *, run_id: str, updated_at: datetime) -> None:
    """Begin a merchant's run: what was held against it is forgotten, and it is withheld until its numbers are ready."""
    _set_withheld(connection, merchant_id, [UNFINISHED], run_id=run_id, updated_at=updated_at)


def _set_withheld(
    connection: sa.Connection, merchant_id: str, reasons: list[str], *, run_id: str, updated_at: datetime
) -> None:
    table = ops.merchants
    connection.execute(
        table.update()
        .where(table.c.merchant_id == merchant_id)
        .values(withheld_reasons=reasons, run_id=run_id, updated_at=updated_at)
    )


def withheld_reasons(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """What is held against each merchant; nothing, an empty tuple, also while its run is under way."""
    table = ops.merchants
    rows = connection.execute(sa.select(table.c.merchant_id, table.c.withheld_reasons).order_by(table.c.merchant_id))
    return {row.merchant_id: tuple(r for r in row.withheld_reasons if r != UNFINISHED) for row in rows}


def record_check(
    connection: sa.Connection,
    *,
    run_id: str,
    merchant_id: str,
    check_name: str,
    has_passed: bool,
    message: str,
    checked_at: datetime,
) -> None:
    """Enter a check that can withhold a merchant; checking again within the run replaces it."""
    values = {"has_passed": has_passed, "message": message, "checked_at": checked_at}
    insert = postgresql.insert(ops.merchant_checks).values(
        run_id=run_id, merchant_id=merchant_id, check_name=check_name, **values
    )
    connection.execute(
        insert.on_conflict_do_update(index_elements=["run_id", "merchant_id", "check_name"], set_=values)
    )


def record_merchant_run(
    connection: sa.Connection,
    *,
    run_id: str,
    merchant_id: str,
    as_of_date: date,
    reasons: Sequence[str],
    finished_at: datetime,
) -> None:
    """Enter how a run ended for a merchant: published, or withheld for the reasons given."""
    values = {
        "as_of_date": as_of_date,
        "status": "withheld" if reasons else "published",
        "reasons": list(reasons),
        "finished_at": finished_at,
    }
    insert = postgresql.insert(ops.merchant_runs).values(run_id=run_id, merchant_id=merchant_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["run_id", "merchant_id"], set_=values))


def set_pending_aside(
    connection: sa.Connection, merchant_id: str, store_id: str, source: str, *, but: str | None = None
) -> None:
    """Let none of a store's waiting batches land any more, because a newer look at the source found something else.

    One of them lands after all if it is read and checked again.

    Args:
        connection: A connection in a transaction.
        merchant_id: The tenant.
        store_id: The store.
        source: The source's system name.
        but: The batch that holds what the newer look found; None when the source is as it last landed.
    """
    table = ops.archive_batches
    is_waiting = sa.and_(*_of_store(merchant_id, store_id, source), table.c.landed_at.is_(None))
    connection.execute(
        table.update().where(is_waiting, table.c.batch_id.is_distinct_from(but)).values(contract_passed=None)
    )


def pending_batch_id(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> str | None:
    """The store's batch that kept its contract and has not landed; None when there is nothing to land."""
    table = ops.archive_batches
    return connection.scalar(
        sa.select(table.c.batch_id)
        .where(*_of_store(merchant_id, store_id, source), table.c.landed_at.is_(None), table.c.contract_passed)
        .order_by(table.c.batch_number.desc())
        .limit(1)
    )


def pending_batches(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> list[str]:
    """The batches of a resumable source that wait to land, in the order in which they have to.

    They kept their contract, the first follows what the store's cursor was committed with, and each other one the one
    before it. A batch whose predecessor has gone from the books is none of them, for without it there would be a hole.
    """
    cursor = read_cursor(connection, merchant_id, store_id, source)
    chain = _pending_chain(connection, merchant_id, store_id, source, cursor)
    return [waiting.batch_id for waiting in chain]


def latest_state(connection: sa.Connection, merchant_id: str, store_id: str, source: str) -> StoreCursor | None:
    """How far a resumable source has been read: up to the newest of its `pending_batches`, or else what has landed.

    Returns:
        The state to go on from and the batch that the next one follows; None before anything was read.
    """
    cursor = read_cursor(connection, merchant_id, store_id, source)
    chain = _pending_chain(connection, merchant_id, store_id, source, cursor)
    return chain[-1] if chain else cursor


def _pending_chain(
    connection: sa.Connection, merchant_id: str, store_id: str, source: str, cursor: StoreCursor | None
) -> list[StoreCursor]:
    table = ops.archive_batches
    waiting = connection.execute(
        sa.select(table.c.batch_id, table.c.fingerprint, table.c.cursor, table.c.archived_at)
        .where(*_of_store(merchant_id, store_id, source), table.c.landed_at.is_(None), table.c.contract_passed)
        .order_by(table.c.batch_number)
    )
    chain: list[StoreCursor] = []
    follows = None if cursor is None else cursor.batch_id
    for row in waiting:
        # The id is a digest of what the batch follows, so the chain needs no column of its own.
        if row.batch_id == id_of_batch(source, merchant_id, store_id, row.fingerprint, follows=follows):
            chain.append(StoreCursor(row.cursor, row.batch_id, row.archived_at))
            follows = row.batch_id
    return chain


def _of_store(merchant_id: str, store_id: str, source: str) -> tuple[sa.ColumnElement[bool], ...]:
    table = ops.archive_batches
    return (table.c.merchant_id == merchant_id, table.c.store_id == store_id, table.c.source == source)
