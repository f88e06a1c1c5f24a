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
    names = {segment.name for segment in declared}
    definitions = segment_definitions_of(connection, merchant_id)
    doubled = tuple(d.segment_name for d in definitions if d.segment_name in names)
    good: list[Segment] = list(declared)
    found = [FoundSegment(s.name, s.description, IN_CONFIGURATION, s.criteria_hash) for s in declared]
    for definition in definitions:
        if definition.segment_name in names:
            continue
        row = FoundSegment(definition.segment_name, definition.description, IN_TABLE)
        try:
            segment = segment_of(definition)
        except MisconfiguredError as error:
            found.append(replace(row, error=str(error)))
        else:
            good.append(segment)
            found.append(replace(row, criteria_hash=segment.criteria_hash))
    queries = [
        StoredQuery(query.segment_names, rendered(query.statement))
        for query in segment_queries(good, merchant_id=merchant_id, as_of_date=as_of_date)
    ]
    replace_segments(connection, merchant_id, found, queries, as_of_date=as_of_date, run_id=run_id)
    return CompiledSegments(merchant_id, tuple(found), len(queries), doubled)


def segment_of(definition: SegmentDefinition) -> Segment:
    """The segment of a row.

    Raises:
        MisconfiguredError: It is wrong; its key is the path within the criteria.
    """
    try:
        criteria = definition.read()
    except ValueError as error:
        raise MisconfiguredError("criteria", str(error)) from None
    return read_segment(definition.segment_name, definition.description, criteria)
