"""Audiences: who meets a declared rule over `marts.customer_360`, and since when.

Membership is a history of stays in `activation.audience_members`; times are the run's as-of time, never a clock's.
Must not know what is sent to whom.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from activation.arrays import rows
from activation.customers import customer_360
from activation.locks import lock_key
from activation.rules import Rule, compiled
from models.activation import audience_members
from models.errors import StopError
from models.identity import current_ids
from models.schema import Timestamp

_DEEPEST = 20


class Audience(BaseModel):
    """A named rule over the merchant's customers.

    Attributes:
        name: What syncs call it: small letters, digits and _.
        description: Who is in it, for people.
        rule: Whom it describes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    rule: Rule

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if self.rule.depth > _DEEPEST:
            raise ValueError(f"the rule nests {self.rule.depth} groups; at most {_DEEPEST} are allowed")
        return self

    @property
    def rule_hash(self) -> str:
        """SHA-256 of the canonical rule; changes when, and only when, the rule is another one."""
        text = json.dumps(self.rule.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class AudienceChange:
    """What a refresh did to an audience.

    Attributes:
        merchant_id: The tenant.
        audience: The audience's name.
        entered_count: Customers who are in it now and were not before.
        left_count: Customers who were in it and are no longer.
        stayed_count: Customers who were and are in it; their rows were not touched.
    """

    merchant_id: str
    audience: str
    entered_count: int
    left_count: int
    stayed_count: int

    @property
    def member_count(self) -> int:
        """Customers who are in the audience now."""
        return self.entered_count + self.stayed_count


def audience_select(audience: Audience, merchant_id: str) -> sa.Select[tuple[str, str | None]]:
    """The merchant's customers that the rule describes: `customer_id`, and the `model_run_id` that was read."""
    return sa.select(customer_360.c.customer_id, customer_360.c.model_run_id).where(
        customer_360.c.merchant_id == merchant_id, compiled(audience.rule)
    )


def refresh_audience(
    connection: sa.Connection, audience: Audience, *, merchant_id: str, as_of: datetime
) -> AudienceChange:
    """Bring an audience's members up to date with the customers' current rows, in the caller's transaction.

    Repeating a refresh over the same rows changes nothing. One at the same `as_of` over corrected rows takes that
    time's earlier result back: a stay that ended at `as_of` goes on.

    Args:
        connection: The warehouse, with a transaction that the caller commits.
        audience: The audience and its rule.
        merchant_id: The tenant.
        as_of: The run's as-of time, with a zone; stays begin and end at it.

    Raises:
        StopError: The merchant has members but no row at all in `marts.customer_360`, or a later refresh has already
            been made; either would end stays that have not ended.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    members = audience_members
    scope = sa.and_(members.c.merchant_id == merchant_id, members.c.audience == audience.name)
    is_open = members.c.left_at.is_(None)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key("audience", merchant_id, audience.name))))
    _refuse_damage(connection, merchant_id, audience.name, as_of)

    # Held against each other here, not in SQL: right after a rebuild the planner believes the tables to be nearly
    # empty, and compares every member with every customer.
    current = connection.execute(audience_select(audience, merchant_id)).all()
    model_runs: dict[str, str | None] = {row.customer_id: row.model_run_id for row in current}
    open_stays = set(connection.execute(sa.select(members.c.customer_id).where(scope, is_open)).scalars())
    open_stays = _carry_over(connection, scope, merchant_id, open_stays, model_runs.keys())
    ended_now = sa.select(members.c.customer_id).where(scope, members.c.left_at == as_of)
    reopened = model_runs.keys() & set(connection.execute(ended_now).scalars())
    left = open_stays - model_runs.keys()
    entered = sorted(model_runs.keys() - open_stays - reopened)
    _set_left_at(connection, sa.and_(scope, is_open), left, as_of)
    _set_left_at(connection, sa.and_(scope, members.c.left_at == as_of), reopened, None)
    if entered:
        newcomers = rows(
            "newcomers",
            customer_id=(sa.Text(), entered),
            model_run_id=(sa.Text(), [model_runs[customer_id] for customer_id in entered]),
        )
        values: dict[str, sa.ColumnElement[Any]] = {
            "merchant_id": sa.literal(merchant_id),
            "audience": sa.literal(audience.name),
            "customer_id": newcomers.c.customer_id,
            "entered_at": sa.literal(as_of, Timestamp),
            "rule_hash": sa.literal(audience.rule_hash),
            "model_run_id": newcomers.c.model_run_id,
        }
        connection.execute(sa.insert(members).from_select(list(values), sa.select(*values.values())))
    stayed = len(open_stays) - len(left)
    return AudienceChange(merchant_id, audience.name, len(entered) + len(reopened), len(left), stayed)


def _carry_over(
    connection: sa.Connection,
    scope: sa.ColumnElement[bool],
    merchant_id: str,
    open_stays: set[str],
    described: Collection[str],
) -> set[str]:
    """Let the stay of a customer who was merged into another go on under the new id; returns who is in the audience."""
    gone = sorted(open_stays - set(described))
    merged = current_ids(connection, merchant_id, gone) if gone else {}
    carried: dict[str, str] = {}
    for before, now in sorted(merged.items()):
        if now != before and now in described and now not in open_stays and now not in carried.values():
            carried[before] = now
    if carried:
        table = audience_members
        pairs = rows("carried", before=(sa.Text(), list(carried)), now=(sa.Text(), list(carried.values())))
        earlier = table.alias("earlier")
        is_free = ~sa.exists().where(
            earlier.c.merchant_id == table.c.merchant_id,
            earlier.c.audience == table.c.audience,
            earlier.c.customer_id == pairs.c.now,
            earlier.c.entered_at == table.c.entered_at,
        )
        moved = connection.execute(
            sa.update(table)
            .where(scope, table.c.left_at.is_(None), table.c.customer_id == pairs.c.before, is_free)
            .values(customer_id=pairs.c.now)
            .returning(pairs.c.before)
        )
        done = set(moved.scalars())
        return (open_stays - done) | {carried[before] for before in done}
    return open_stays


def _set_left_at(
    connection: sa.Connection, stays: sa.ColumnElement[bool], customer_ids: Collection[str], left_at: datetime | None
) -> None:
    if customer_ids:
        changed = rows("changed", customer_id=(sa.Text(), customer_ids))
        is_changed = audience_members.c.customer_id == changed.c.customer_id
        connection.execute(sa.update(audience_members).where(stays, is_changed).values(left_at=left_at))


def _refuse_damage(connection: sa.Connection, merchant_id: str, audience: str, as_of: datetime) -> None:
    members = audience_members
    latest, open_count = connection.execute(
        sa.select(
            sa.func.max(sa.func.greatest(members.c.entered_at, members.c.left_at)),
            sa.func.count().filter(members.c.left_at.is_(None)),
        ).where(members.c.merchant_id == merchant_id, members.c.audience == audience)
    ).one()
    if latest is not None and latest > as_of:
        raise StopError(
            f"audience '{audience}' of merchant '{merchant_id}' was last changed as of {latest:%Y-%m-%d %H:%M %Z}; "
            f"a refresh as of {as_of:%Y-%m-%d %H:%M} would rewrite its history. Run with a later as-of date."
        )
    has_rows = connection.execute(sa.select(sa.exists().where(customer_360.c.merchant_id == merchant_id))).scalar_one()
    if open_count and not has_rows:
        raise StopError(
            f"marts.customer_360 holds no row of merchant '{merchant_id}', yet audience '{audience}' has {open_count} "
            "members; they stay until the customers' rows are there again. Rebuild marts.customer_360."
        )
