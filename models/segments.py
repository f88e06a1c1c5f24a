"""The books of segments in `ops`: definitions by hand, what a run made of all that are declared, and their queries.

Every function works inside the caller's transaction and takes its time as an argument. Knows no criteria.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models.ops import segment_definitions, segment_queries, segments


@dataclass(frozen=True)
class SegmentDefinition:
    """A row of `ops.segment_definitions`, as somebody wrote it.

    Attributes:
        segment_name: What it is called.
        description: Who is in it, for people.
        criteria: What its members meet, as JSON's text; nobody has checked it.
    """

    segment_name: str
    description: str
    criteria: str

    def read(self) -> Any:  # noqa: ANN401 - JSON holds anything
        """The criteria as JSON.

        Raises:
            ValueError: A number is too long, or they nest without end.
        """
        try:
            return json.loads(self.criteria)
        except RecursionError:
            raise ValueError("nests groups without end") from None


@dataclass(frozen=True)
class FoundSegment:
    """What a run made of a segment.

    Attributes:
        segment_name: What it is called.
        description: Who is in it, for people.
        declared_in: Where it is declared.
        criteria_hash: Digest of its criteria; None when they are wrong.
        error: What is wrong with them; None when nothing is.
    """

    segment_name: str
    description: str
    declared_in: str
    criteria_hash: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class StoredQuery:
    """A query for who is in some segments.

    Attributes:
        segment_names: The segments.
        query: Its text; None for a merchant without segments.
    """

    segment_names: tuple[str, ...] = ()
    query: str | None = None


def segment_definitions_of(connection: sa.Connection, merchant_id: str) -> list[SegmentDefinition]:
    """The merchant's segments that are defined by hand, by name."""
    table = segment_definitions
    # As text: what JSON holds may be more than JSON's reader takes, and then says so of that row alone.
    criteria = sa.cast(table.c.criteria, sa.Text).label("criteria")
    rows = connection.execute(
        sa.select(table.c.segment_name, table.c.description, criteria)
        .where(table.c.merchant_id == merchant_id)
        .order_by(table.c.segment_name)
    )
    return [SegmentDefinition(row.segment_name, row.description, row.criteria) for row in rows]


def save_segment_definition(
    connection: sa.Connection, merchant_id: str, name: str, description: str, criteria: object, *, updated_at: datetime
) -> bool:
    """Define a segment, or define it anew.

    Returns:
        Whether it was defined before.
    """
    values = {"description": description, "criteria": criteria, "updated_at": updated_at}
    table = segment_definitions
    key = {"merchant_id": merchant_id, "segment_name": name}
    is_known = sa.exists().where(*(table.c[column] == value for column, value in key.items()))
    was_known = bool(connection.scalar(sa.select(is_known)))
    insert = postgresql.insert(table).values(**key, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))
    return was_known


def remove_segment_definition(connection: sa.Connection, merchant_id: str, name: str) -> bool:
    """Remove a segment that is defined by hand.

    Returns:
        Whether there was one.
    """
    table = segment_definitions
    removed = connection.execute(table.delete().where(table.c.merchant_id == merchant_id, table.c.segment_name == name))
    return removed.rowcount > 0


def found_segments(connection: sa.Connection, merchant_id: str) -> list[FoundSegment]:
    """What the last run made of the merchant's segments, by name."""
    columns = [segments.c[name] for name in FoundSegment.__dataclass_fields__]
    of_merchant = sa.select(*columns).where(segments.c.merchant_id == merchant_id)
    return [FoundSegment(*row) for row in connection.execute(of_merchant.order_by(segments.c.segment_name))]


def replace_segments(
    connection: sa.Connection,
    merchant_id: str,
    found: Sequence[FoundSegment],
    queries: Sequence[StoredQuery],
    *,
    as_of_date: date,
    run_id: str,
) -> None:
    """Put what a run made of a merchant's segments in the place of what the run before made of them."""
    key = {"merchant_id": merchant_id, "run_id": run_id}
    for table in (segments, segment_queries):
        connection.execute(table.delete().where(table.c.merchant_id == merchant_id))
    if found:
        connection.execute(segments.insert(), [{**key, **asdict(one)} for one in found])
    # A merchant without segments has a row, too: else nobody could tell that its last segment is gone.
    rows = [
        {**key, "query_number": number, "as_of_date": as_of_date, **asdict(one)}
        for number, one in enumerate(queries or [StoredQuery()], start=1)
    ]
    connection.execute(segment_queries.insert(), [{**row, "segment_names": list(row["segment_names"])} for row in rows])
