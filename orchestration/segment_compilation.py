"""From declared segments to the queries that dbt builds memberships from, merchant by merchant.

A definition in `ops.segment_definitions` that is wrong is told and set aside: its members stay as they were, and the
night goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from activation.segments.compilation import rendered, segment_queries
from activation.segments.criteria import Segment, read_segment
from models.errors import MisconfiguredError
from models.segments import (
    FoundSegment,
    SegmentDefinition,
    StoredQuery,
    replace_segments,
    segment_definitions_of,
)
from orchestration.merchant_run import MerchantRun

IN_CONFIGURATION = "perennial.yml"
IN_TABLE = "ops.segment_definitions"


@dataclass(frozen=True)
class CompiledSegments:
    """What became of a merchant's segments.

    Attributes:
        merchant_id: The tenant.
        segments: All that are declared, those that are wrong among them.
        query_count: How many queries say who is in them.
        doubled: Names that the table defines and `perennial.yml` declares, which counts.
    """

    merchant_id: str
    segments: tuple[FoundSegment, ...]
    query_count: int
    doubled: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """What somebody has to correct, a sentence each."""
        wrong = [f"{one.segment_name}: {one.error}" for one in self.segments if one.error]
        twice = [f"{name}: stands in {IN_TABLE} and in {IN_CONFIGURATION}, which counts" for name in self.doubled]
        return [f"{self.merchant_id}: {problem}" for problem in (*wrong, *twice)]


@dataclass(frozen=True)
class KnownSegment:
    """A segment that a merchant has, whether or not it can be worked out.

    Attributes:
        name: Its name.
        description: Who is in it, for people.
        declared_in: Where it stands.
        segment: The segment, or what is wrong with its criteria.
        is_doubled: Whether it stands in the table and in `perennial.yml`, which counts.
    """

    name: str
    description: str
    declared_in: str
    segment: Segment | MisconfiguredError
    is_doubled: bool = False


def known_segments(connection: sa.Connection, merchant_id: str, declared: Sequence[Segment]) -> list[KnownSegment]:
    """The segments of `perennial.yml`, and then those of the table; of a name that stands in both, the first counts."""
    names = {segment.name for segment in declared}
    known = [KnownSegment(one.name, one.description, IN_CONFIGURATION, one) for one in declared]
    for definition in segment_definitions_of(connection, merchant_id):
        name = definition.segment_name
        known.append(KnownSegment(name, definition.description, IN_TABLE, _read(definition), name in names))
    return known


def compile_segments(run: MerchantRun) -> list[CompiledSegments]:
    """Compile the segments of the run's merchants, and put the result in the place of the last one."""
    compiled = []
    for merchant in run.merchants:
        with run.deployment.loader.begin() as connection:
            compiled.append(
                compile_merchant(
                    connection,
                    merchant.merchant_id,
                    merchant.segments,
                    as_of_date=run.as_of_dates[merchant.merchant_id],
                    run_id=run.run_id,
                )
            )
    return compiled


def compile_merchant(
    connection: sa.Connection, merchant_id: str, declared: Sequence[Segment], *, as_of_date: date, run_id: str
) -> CompiledSegments:
    """Compile one merchant's segments, those that are declared and those of the table."""
    known = known_segments(connection, merchant_id, declared)
    counting = [one for one in known if not one.is_doubled]
    doubled = tuple(one.name for one in known if one.is_doubled)
    found, good = [], []
    for one in counting:
        row = FoundSegment(one.name, one.description, one.declared_in)
        if isinstance(one.segment, MisconfiguredError):
            found.append(replace(row, error=str(one.segment)))
        else:
            found.append(replace(row, criteria_hash=one.segment.criteria_hash))
            good.append(one.segment)
    queries = [
        StoredQuery(query.segment_names, rendered(query.statement))
        for query in segment_queries(good, merchant_id=merchant_id, as_of_date=as_of_date)
    ]
    replace_segments(connection, merchant_id, found, queries, as_of_date=as_of_date, run_id=run_id)
    return CompiledSegments(merchant_id, tuple(found), len(queries), doubled)


def _read(definition: SegmentDefinition) -> Segment | MisconfiguredError:
    """The segment of a row, or what is wrong with it, its key the path within the criteria."""
    try:
        criteria = definition.read()
    except ValueError as error:
        return MisconfiguredError("criteria", str(error))
    try:
        return read_segment(definition.segment_name, definition.description, criteria)
    except MisconfiguredError as error:
        return error
