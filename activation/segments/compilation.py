"""The one compiler: segments into queries for who is in them.

A query reads each customer once for all of its segments, and each kind of fact once, however many segments count it.
Days are relative to the merchant's as-of date, which is an argument. Runs nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from psycopg.sql import Literal
from sqlalchemy.dialects import postgresql

from activation.rules import condition
from activation.segments.criteria import DAY_OPERATORS, Criteria, Segment
from activation.segments.fact_criteria import FactCriteria
from activation.segments.fact_queries import counted
from activation.segments.traits import TRAITS, customers, described

# PostgreSQL takes at most 1,664 columns of a query.
_MOST_NUMBERS = 500
_MOST_SEGMENTS = 200


@dataclass(frozen=True)
class SegmentQuery:
    """Who is in some segments: rows of `merchant_id`, `customer_id` and `segment_name`.

    Attributes:
        segment_names: The segments.
        statement: The query, with its values bound.
    """

    segment_names: tuple[str, ...]
    statement: sa.Select[Any]


def segment_queries(segments: Sequence[Segment], *, merchant_id: str, as_of_date: date) -> list[SegmentQuery]:
    """The queries for a merchant's segments, of which each is in one."""
    queries: list[SegmentQuery] = []
    waiting: list[Segment] = []
    asked: set[str] = set()
    for segment in segments:
        own = {fact.number_key for fact in _facts_of(segment.criteria)}
        if waiting and (len(asked | own) > _MOST_NUMBERS or len(waiting) == _MOST_SEGMENTS):
            queries.append(_query(waiting, merchant_id, as_of_date))
            waiting, asked = [], set()
        waiting.append(segment)
        asked |= own
    return [*queries, _query(waiting, merchant_id, as_of_date)] if waiting else queries


def rendered(statement: sa.Select[Any]) -> str:
    """The statement as a text of its own, each value quoted as the database's driver quotes it."""
    dialect = sa.make_url("postgresql+psycopg://").get_dialect()()
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    quoted = {name: Literal(value).as_string(None) for name, value in compiled.params.items()}
    return str(compiled) % quoted


def _facts_of(criteria: Criteria) -> Iterator[FactCriteria]:
    if criteria.counted is not None:
        yield criteria.counted
    for inner in (*(criteria.all or ()), *(criteria.any or ()), *((criteria.not_,) if criteria.not_ else ())):
        yield from _facts_of(inner)


def _query(segments: Sequence[Segment], merchant_id: str, as_of_date: date) -> SegmentQuery:
    sources: sa.FromClause = customers.outerjoin(
        described,
        sa.and_(described.c.merchant_id == customers.c.merchant_id, described.c.customer_id == customers.c.customer_id),
    )
    numbers: dict[str, sa.ColumnElement[Any]] = {}
    asked = [fact for segment in segments for fact in _facts_of(segment.criteria)]
    for key in dict.fromkeys(fact.key for fact in asked):
        own = {fact.number_key: fact for fact in asked if fact.key == key}
        per_customer = counted(key, list(own.values()), merchant_id=merchant_id, as_of_date=as_of_date)
        sources = sources.outerjoin(
            per_customer,
            sa.and_(
                per_customer.c.merchant_id == customers.c.merchant_id,
                per_customer.c.customer_id == customers.c.customer_id,
            ),
        )
        numbers |= {
            number_key: sa.func.coalesce(per_customer.c[f"number_{place}"], 0)
            for place, number_key in enumerate(own, start=1)
        }
    names: list[Any] = [
        sa.case((_compiled(segment.criteria, numbers, as_of_date), sa.literal(segment.name, sa.Text)))
        for segment in segments
    ]
    listed: postgresql.array[str] = postgresql.array(names, type_=sa.Text())
    met = sa.func.array_remove(listed, sa.null())
    statement = (
        sa.select(customers.c.merchant_id, customers.c.customer_id, sa.func.unnest(met).label("segment_name"))
        .select_from(sources)
        .where(customers.c.merchant_id == merchant_id)
    )
    return SegmentQuery(tuple(segment.name for segment in segments), statement)


def _compiled(
    criteria: Criteria, numbers: Mapping[str, sa.ColumnElement[Any]], as_of_date: date
) -> sa.ColumnElement[bool]:
    """The criteria as a condition, true or false and never null."""
    if criteria.all is not None:
        return sa.and_(*(_compiled(inner, numbers, as_of_date) for inner in criteria.all))
    if criteria.any is not None:
        return sa.or_(*(_compiled(inner, numbers, as_of_date) for inner in criteria.any))
    if criteria.not_ is not None:
        return sa.not_(_compiled(criteria.not_, numbers, as_of_date))
    if (fact := criteria.counted) is not None:
        kind = fact.fact.measures[fact.measure]
        return condition(numbers[fact.number_key], kind, fact.operator, fact.value)
    trait = TRAITS[str(criteria.trait)]
    value = getattr(criteria, criteria.operator)
    if criteria.operator in DAY_OPERATORS:
        return _within_days(trait.column, criteria.operator, value, as_of_date)
    return condition(trait.column, trait.kind, criteria.operator, value)


def _within_days(column: sa.ColumnElement[Any], operator: str, days: int, as_of_date: date) -> sa.ColumnElement[bool]:
    day = timedelta(days=1)
    first, last = as_of_date - (days - 1) * day, as_of_date
    if operator == "in_next_days":
        first, last = as_of_date + day, as_of_date + days * day
    return sa.func.coalesce(column.between(first, last), sa.false())
