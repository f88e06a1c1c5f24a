"""The ledger of points: posts what facts lead to and does not stand yet, keeps the balances, and proves them.

Everything of a programme is written under one lock and in the caller's transaction: postings and balances move together
or not at all. Must not decide how many points anything is worth.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.arrays import rows as array_rows
from activation.locks import lock_key
from activation.loyalty.facts import note_categories, note_members, read_facts
from activation.loyalty.movements import POSTED, Kind, balances, differences
from activation.loyalty.planning import wanted_movements
from activation.loyalty.programme import Programme, rule_hashes
from models.errors import StopError
from models.loyalty import ACCOUNTS, postings, programmes
from models.loyalty import balances as stored_balances
from models.reading import read_frame, write_frame
from models.schema import Timestamp

_CHUNK_ROWS = 50_000
_COLUMNS = [f"{name}_points" for name in ACCOUNTS]


@dataclass(frozen=True)
class Ledger:
    """Whose ledger it is, and who writes to it now.

    Attributes:
        merchant_id: The tenant.
        programme: What is declared.
        zone: The merchant's, which decides its days.
        currency_code: The merchant's.
        run_id: The run or the command, for the postings.
        recorded_at: Now, in UTC.
    """

    merchant_id: str
    programme: Programme
    zone: ZoneInfo
    currency_code: str
    run_id: str
    recorded_at: datetime

    def lock(self, connection: sa.Connection) -> None:
        """Wait until nobody else writes to the ledger; holds until the transaction ends."""
        key = lock_key("loyalty", self.merchant_id, self.programme.name)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


@dataclass(frozen=True)
class PostingReport:
    """What was posted.

    Attributes:
        as_of_date: The last day whose facts count.
        posting_count: How many postings were added.
        corrected_count: How many of them correct an earlier one.
        points: Points by kind of source, as they moved.
    """

    as_of_date: date
    posting_count: int
    corrected_count: int
    points: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """Whether every balance follows from facts.

    Attributes:
        as_of_date: The last day whose facts were posted; None when nothing was posted yet.
        customer_count: Customers with a balance.
        posting_count: Postings that were added up.
        differences: What differs, in words; empty when nothing does.
    """

    as_of_date: date | None
    customer_count: int
    posting_count: int
    differences: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def post_programme(connection: sa.Connection, ledger: Ledger, *, as_of_date: date) -> PostingReport:
    """Post everything that facts lead to by the end of a day and that does not stand yet.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        as_of_date: The day that the marts describe.

    Raises:
        StopError: The facts are of an earlier day than those posted last, or rules of the past were changed.
    """
    ledger.lock(connection)
    posted_until = _enter_programme(connection, ledger, as_of_date)
    if posted_until is not None and posted_until > as_of_date:
        raise StopError(
            f"points of merchant '{ledger.merchant_id}' are posted up to {posted_until}; the tables describe "
            f"{as_of_date}, and an earlier day takes back nothing"
        )
    name = ledger.programme.name
    if any(rules.sign_up_points for rules in ledger.programme.rules):
        note_members(connection, ledger.merchant_id, name, as_of_date=as_of_date, zone=ledger.zone)
    if ledger.programme.has_multipliers:
        note_categories(connection, ledger.merchant_id, name, as_of_date=as_of_date)
    facts = read_facts(connection, ledger.merchant_id, ledger.programme)
    wanted = wanted_movements(facts, ledger.programme, as_of_date=as_of_date, zone=ledger.zone)
    return _post(connection, ledger, wanted, _posted(connection, ledger), as_of_date)


def post_sources(
    connection: sa.Connection, ledger: Ledger, wanted: pl.DataFrame, *, kinds: list[str], source_id: str
) -> PostingReport:
    """Post what a single fact leads to, such as an adjustment; the caller holds the lock.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        wanted: Every movement that the fact leads to.
        kinds: The kinds of source that it can be.
        source_id: Which of them.
    """
    is_its = sa.and_(postings.c.source_kind.in_(kinds), postings.c.source_id == source_id)
    return _post(connection, ledger, wanted, _posted(connection, ledger, is_its), ledger.recorded_at.date())


def post_expiry(connection: sa.Connection, ledger: Ledger, customers: Collection[str]) -> None:
    """Post what has run out of some customers' points by the last day that was posted; the caller holds the lock.

    Points that come back by day may be of a lot whose time is over: nobody may spend them until the night.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        customers: Whose points came back, by their ids of now.
    """
    programme = ledger.programme
    as_of_date = _posted_date(connection, ledger)
    if as_of_date is None or not customers or all(rules.expiry_months is None for rules in programme.rules):
        return
    facts = read_facts(connection, ledger.merchant_id, programme, customers=customers)
    wanted = wanted_movements(facts, programme, as_of_date=as_of_date, zone=ledger.zone)
    is_theirs = sa.and_(
        postings.c.source_kind == Kind.EXPIRY,
        postings.c.customer_id == sa.any_(sa.cast(sorted(customers), sa.ARRAY(sa.Text))),
    )
    run_out = wanted.filter(pl.col("source_kind") == Kind.EXPIRY)
    _post(connection, ledger, run_out, _posted(connection, ledger, is_theirs), as_of_date)


def prove(connection: sa.Connection, ledger: Ledger) -> Proof:
    """Make every balance again, from postings and from facts, and compare it with the one that is stored.

    Args:
        connection: The warehouse, in one snapshot.
        ledger: The ledger.
    """
    stored = read_frame(
        connection,
        sa.select(stored_balances.c.customer_id, *(stored_balances.c[name] for name in _COLUMNS)).where(
            stored_balances.c.merchant_id == ledger.merchant_id,
            stored_balances.c.programme == ledger.programme.name,
        ),
    )
    stored = stored.filter(pl.any_horizontal(pl.col(_COLUMNS) != 0))
    as_of_date = _posted_date(connection, ledger)
    if as_of_date is None:
        return Proof(None, stored.height, 0)
    posted = _posted(connection, ledger)
    facts = read_facts(connection, ledger.merchant_id, ledger.programme)
    wanted = wanted_movements(facts, ledger.programme, as_of_date=as_of_date, zone=ledger.zone)
    differing = [
        *_compared(stored, balances(posted), "its postings come to"),
        *_compared(stored, balances(wanted), "its facts come to"),
    ]
    count = sa.select(sa.func.count()).select_from(postings).where(*_of(ledger))
    return Proof(as_of_date, stored.height, connection.execute(count).scalar_one(), tuple(differing))


def note_proof(connection: sa.Connection, ledger: Ledger) -> None:
    """Enter that every balance was found to follow from facts."""
    connection.execute(
        sa.update(programmes)
        .where(programmes.c.merchant_id == ledger.merchant_id, programmes.c.programme == ledger.programme.name)
        .values(proven_at=ledger.recorded_at)
    )


def balance_of(connection: sa.Connection, ledger: Ledger, customer_id: str, *, locked: bool = False) -> dict[str, int]:
    """A customer's balance by account.

    Args:
        connection: The warehouse.
        ledger: The ledger.
        customer_id: The customer.
        locked: Whether nobody may change it until the transaction ends.
    """
    query = sa.select(*(stored_balances.c[name] for name in _COLUMNS)).where(
        stored_balances.c.merchant_id == ledger.merchant_id,
        stored_balances.c.programme == ledger.programme.name,
        stored_balances.c.customer_id == customer_id,
    )
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return dict(zip(ACCOUNTS, row or [0] * len(ACCOUNTS), strict=True))


def _posted_date(connection: sa.Connection, ledger: Ledger) -> date | None:
    """The last day that was posted."""
    day: date | None = connection.scalar(
        sa.select(programmes.c.posted_as_of_date).where(
            programmes.c.merchant_id == ledger.merchant_id, programmes.c.programme == ledger.programme.name
        )
    )
    return day


def _of(ledger: Ledger) -> tuple[sa.ColumnElement[bool], ...]:
    return postings.c.merchant_id == ledger.merchant_id, postings.c.programme == ledger.programme.name


def _posted(connection: sa.Connection, ledger: Ledger, scope: sa.ColumnElement[bool] | None = None) -> pl.DataFrame:
    """What stands, as `POSTED`, each pair of accounts in one direction."""
    ranks = sa.literal(list(ACCOUNTS), sa.ARRAY(sa.Text))
    debit, credit = postings.c.debit_account, postings.c.credit_account
    is_back = sa.func.array_position(ranks, debit) > sa.func.array_position(ranks, credit)
    key = [
        postings.c.customer_id,
        postings.c.source_kind,
        postings.c.source_id,
        sa.case((is_back, credit), else_=debit).label("debit_account"),
        sa.case((is_back, debit), else_=credit).label("credit_account"),
    ]
    points = sa.func.sum(sa.case((is_back, -postings.c.points), else_=postings.c.points))
    conditions = [*_of(ledger), *([] if scope is None else [scope])]
    inner = (
        sa.select(
            *key, sa.cast(points, sa.BigInteger).label("points"), sa.func.max(postings.c.revision).label("revision")
        )
        .where(*conditions)
        .group_by(*(sa.literal_column(str(number)) for number in range(1, len(key) + 1)))
    )
    return read_frame(connection, inner).cast(dict(POSTED))  # type: ignore[arg-type] # a mapping of types


def _post(
    connection: sa.Connection, ledger: Ledger, wanted: pl.DataFrame, posted: pl.DataFrame, as_of_date: date
) -> PostingReport:
    due = differences(wanted, posted).with_columns(
        pl.col("effective_at").fill_null(pl.lit(ledger.recorded_at).cast(pl.Datetime("us", "UTC")))
    )
    if due.height:
        _insert(connection, ledger, due)
    changed = balances(due)
    for chunk in changed.iter_slices(_CHUNK_ROWS):
        _move_balances(connection, ledger, chunk)
    by_kind = due.group_by("source_kind").agg(pl.col("points").sum()).sort("source_kind")
    corrected = due.filter(pl.col("revision") > 1).height
    return PostingReport(as_of_date, due.height, corrected, dict(by_kind.iter_rows()))


def _insert(connection: sa.Connection, ledger: Ledger, due: pl.DataFrame) -> None:
    said = {"merchant_id": ledger.merchant_id, "programme": ledger.programme.name, "run_id": ledger.run_id}
    at = pl.lit(ledger.recorded_at).cast(pl.Datetime("us", "UTC")).alias("recorded_at")
    write_frame(connection, postings, due.with_columns(at, **{k: pl.lit(v) for k, v in said.items()}).to_arrow())


def _move_balances(connection: sa.Connection, ledger: Ledger, changed: pl.DataFrame) -> None:
    names = ["customer_id", *_COLUMNS]
    moved = array_rows("moved", **{name: (stored_balances.c[name].type, changed[name].to_list()) for name in names})
    constants: dict[str, sa.ColumnElement[object]] = {
        "merchant_id": sa.literal(ledger.merchant_id),
        "programme": sa.literal(ledger.programme.name),
        "updated_at": sa.literal(ledger.recorded_at, Timestamp),
    }
    values: list[sa.ColumnElement[object]] = [*constants.values(), *(moved.c[name] for name in names)]
    adding = insert(stored_balances).from_select([*constants, *names], sa.select(*values))
    sums = {name: stored_balances.c[name] + adding.excluded[name] for name in _COLUMNS}
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=["merchant_id", "programme", "customer_id"],
            set_={**sums, "updated_at": adding.excluded.updated_at},
        )
    )


def _enter_programme(connection: sa.Connection, ledger: Ledger, as_of_date: date) -> date | None:
    """Note the programme as it is declared; says up to which day it was posted before.

    Raises:
        StopError: Rules under which points were posted are other rules now.
    """
    table, programme = programmes, ledger.programme
    key = {"merchant_id": ledger.merchant_id, "programme": programme.name}
    found = connection.execute(
        sa.select(table.c.rule_hashes, table.c.posted_as_of_date).where(*(table.c[k] == v for k, v in key.items()))
    ).one_or_none()
    posted_until: date | None = found.posted_as_of_date if found is not None else None
    hashes = rule_hashes(programme.rules)
    if found is not None and posted_until is not None:
        # Rules that have not begun may change; those that have, and the day on which they ended, may not.
        begun = {day for day in {*found.rule_hashes, *hashes} if day <= posted_until.isoformat()}
        changed = sorted(day for day in begun if found.rule_hashes.get(day) != hashes.get(day))
        if changed:
            raise StopError(
                f"the rules of programme '{programme.name}' from {changed[0]} on are not those under which points were "
                "posted; declare new rules with a later valid_from_date, or revalue what was earned with: perennial "
                "loyalty revalue"
            )
    values = {
        "point_value_amount": programme.point_value_amount,
        "currency_code": ledger.currency_code,
        "rule_hashes": hashes,
        "posted_as_of_date": max(as_of_date, posted_until or as_of_date),
        "posted_at": ledger.recorded_at,
    }
    entered = insert(table).values(**key, **values)
    connection.execute(entered.on_conflict_do_update(index_elements=list(key), set_=values))
    return posted_until


def accept_rules(connection: sa.Connection, ledger: Ledger) -> bool:
    """Let past points be valued by the rules as they are now; says whether the programme was posted before."""
    changed = connection.execute(
        sa.update(programmes)
        .where(programmes.c.merchant_id == ledger.merchant_id, programmes.c.programme == ledger.programme.name)
        .values(rule_hashes=rule_hashes(ledger.programme.rules))
    )
    return changed.rowcount > 0


def _compared(stored: pl.DataFrame, made: pl.DataFrame, words: str) -> list[str]:
    both = stored.join(made, on="customer_id", how="full", coalesce=True, suffix="_made").fill_null(0)
    is_other = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_made") for name in _COLUMNS)
    return [
        f"customer {row['customer_id']}: "
        + ", ".join(
            f"{name.removesuffix('_points')} is {row[name]}, {words} {row[f'{name}_made']}"
            for name in _COLUMNS
            if row[name] != row[f"{name}_made"]
        )
        for row in both.filter(is_other).sort("customer_id").iter_rows(named=True)
    ]
